/*-------------------------------------------------------------------------
 *
 * catalogue/field_path.h
 *	  Paths of fields: "credentials/api_key".
 *
 * A path is a JSON Pointer (RFC 6901) less its first slash, from an entry's config
 * on.  Where it tells of definitions, or of any element of an array, "*" stands
 * for the step; no field has that name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_FIELD_PATH_H
#define CATALOGUE_FIELD_PATH_H

#include "catalogue/catalogue.h"

/* The steps of a path, unescaped. */
typedef struct FieldPath
{
	int			nsteps;
	JsonbRef   *steps;
} FieldPath;

/* What a path leads to, by some of the choices there are on the way. */
typedef enum FieldPathEnd
{
	FIELD_PATH_NOWHERE,
	FIELD_PATH_MEMBER,			/* a member of objects in objects */
	FIELD_PATH_ELEMENT,			/* any of an array's elements, or what is in one */
	FIELD_PATH_POSITION			/* the same, of one at a position */
} FieldPathEnd;

extern FieldPath field_path_parse(JsonbRef path);
extern FieldPathEnd field_path_end(const FieldSet *config, const FieldPath *path);
extern const Field *field_path_field(const FieldSet *config, const FieldPath *path);
extern JsonbRef field_path_nearest(const FieldSet *config, const FieldPath *path);
extern bool field_path_holds(JsonbRef config, const FieldPath *path, JsonbRef string);
extern bool field_path_matches(JsonbRef pattern, JsonbRef path);
extern JsonbRef field_path_renamed(JsonbRef path, JsonbRef from, JsonbRef to);

#endif							/* CATALOGUE_FIELD_PATH_H */
