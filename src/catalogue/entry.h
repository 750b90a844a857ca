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

/* What has become of an integration, beside its config. */
typedef struct IntegrationStatus
{
	bool		enabled;
	bool		in_use;			/* required, or a field is not at its default */
	int			nmissing;		/* configured where 0 */
	const Field **missing;		/* in the order of definitions */
} IntegrationStatus;

extern void entry_begin(JsonbWriter *writer, JsonbFrame *outer,
						JsonbFrame *entry, const Integration *integration,
						bool described);
extern void entry_end(JsonbWriter *writer, JsonbFrame *entry,
					  const Integration *integration,
					  const IntegrationStatus *status, JsonbRef description);
extern void entry_write_missing(JsonbWriter *writer, JsonbFrame *outer,
								const IntegrationStatus *status);
extern JsonbRef entry_keys(bool described, bool team_fields);

#endif							/* CATALOGUE_ENTRY_H */
