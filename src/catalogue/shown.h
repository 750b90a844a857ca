/*-------------------------------------------------------------------------
 *
 * catalogue/shown.h
 *	  A field's value as it may be shown.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_SHOWN_H
#define CATALOGUE_SHOWN_H

#include "catalogue/walk.h"

/* How a sealed secret begins. */
#define SEALED_PREFIX "sealed:1:"

extern bool shown_is_sealed(JsonbRef value);
extern JsonbRef shown_string(JsonbRef string);
extern bool shown_is_of(JsonbRef string, JsonbRef stored);
extern bool shown_visit(Walk *walk, JsonbFrame *frame, JsonbRef value,
						JsonbRef beside, Place place);
extern Jsonb *shown_document(const Field *field, JsonbRef value);

#endif							/* CATALOGUE_SHOWN_H */
