/*-------------------------------------------------------------------------
 *
 * catalogue/entry.h
 *	  Writing an integration's entry of the merged document.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_ENTRY_H
#define CATALOGUE_ENTRY_H

#include "catalogue/catalogue.h"
#include "jsonb/writer.h"

extern void entry_begin(JsonbWriter *writer, JsonbFrame *outer,
						JsonbFrame *entry, const Integration *integration,
						bool described);
extern void entry_end(JsonbWriter *writer, JsonbFrame *entry,
					  const Integration *integration, bool enabled,
					  const Field *const *missing, int nmissing,
					  JsonbRef description);
extern void entry_write_missing(JsonbWriter *writer, JsonbFrame *outer,
								const Field *const *missing, int nmissing);
extern JsonbRef entry_keys(bool described, bool team_fields);

#endif							/* CATALOGUE_ENTRY_H */
