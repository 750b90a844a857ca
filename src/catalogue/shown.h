/*-------------------------------------------------------------------------
 *
 * catalogue/shown.h
 *	  A field's value as it may be shown.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_SHOWN_H
#define CATALOGUE_SHOWN_H

#include "catalogue/catalogue.h"
#include "jsonb/writer.h"

extern void shown_write_value(JsonbWriter *writer, JsonbFrame *frame,
							  const Field *field, JsonbRef value);
extern Jsonb *shown_document(const Field *field, JsonbRef value);

#endif							/* CATALOGUE_SHOWN_H */
