/*-------------------------------------------------------------------------
 *
 * store/places.h
 *	  The values that a document has at a field's path.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_PLACES_H
#define STORE_PLACES_H

#include "catalogue/field_path.h"

extern FieldPath places_path(JsonbRef key, const FieldPath *field);
extern bool places_any(JsonbRef document, const FieldPath *path);
extern Jsonb *places_emptied(JsonbRef document, const FieldPath *path);

#endif							/* STORE_PLACES_H */
