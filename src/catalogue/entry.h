/*-------------------------------------------------------------------------
 *
 * catalogue/entry.h
 *	  Writing an integration's entry of the merged document.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_ENTRY_H
#define CATALOGUE_ENTRY_H

#include "catalogue/inside.h"
#include "jsonb/writer.h"

/* What has become of an integration, beside its config. */
typedef struct IntegrationStatus
{
	bool		enabled;
	bool		in_use;			/* a field is not at its default, or it is
								 * required */
	JsonbRef	instance;		/* its name; JREF_NONE for the plain entry */
	int			nmissing;		/* configured where 0 */
	int			missing_room;	/* allocated */
	JsonbRef   *missing;		/* paths, in the order of definitions; palloc'd */
} IntegrationStatus;

extern void entry_begin(JsonbWriter *writer, JsonbFrame *outer,
						JsonbFrame *entry, const Integration *integration,
						const IntegrationStatus *status, bool described);
extern void entry_end(JsonbWriter *writer, JsonbFrame *entry,
					  const Integration *integration,
					  const IntegrationStatus *status, JsonbRef description);
extern void status_missing(IntegrationStatus *status, const FieldSet *config,
						   const FieldStates *states);
extern void entry_write_missing(JsonbWriter *writer, JsonbFrame *outer,
								const IntegrationStatus *status);
extern JsonbRef entry_keys(bool described, bool team_fields, bool instance);

#endif							/* CATALOGUE_ENTRY_H */
