/*-------------------------------------------------------------------------
 *
 * catalogue/definition.h
 *	  The strict check of an integration's field definitions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_DEFINITION_H
#define CATALOGUE_DEFINITION_H

#include "utils/relcache.h"

#include "jsonb/reader.h"

/*
 * What an integration's definitions may have at most, far from what any needs:
 * each backend keeps them compiled, so they must not be without bounds.
 */
#define DEFINITIONS_SIZE (16 * 1024 * 1024)
#define DEFINITIONS_FIELDS 50000
#define DEFINITION_VALUES 100000
#define DEFINITION_PATTERN 4096

/*
 * Refuses definitions, with an error of the caller's, for what is at a path:
 * "/fields/0/pattern".  detail and hint are sentences.
 */
typedef void (*DefinitionRefusal) (void *arg, const char *path,
								   const char *detail, const char *hint);

#define FIELD_NAME_LIMIT 64

/* What can be a field's name, as advice. */
#define FIELD_NAME_HINT \
	"Write a name of 1 to 64 letters, digits and underscores, with \".\" and \"-\" inside, that does not begin with a digit."

extern bool is_field_name(JsonbRef name);
extern void definition_check(Relation catalogue, JsonbRef integration_id,
							 JsonbRef fields);

extern void definition_check_with(JsonbRef fields, DefinitionRefusal refusal,
								  void *arg);

#endif							/* CATALOGUE_DEFINITION_H */
