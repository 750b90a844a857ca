/*-------------------------------------------------------------------------
 *
 * merge/unknown.h
 *	  Entries for integrations that the catalogue does not know.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_UNKNOWN_H
#define MERGE_UNKNOWN_H

#include "jsonb/writer.h"

/* The entry that one layer has for an integration. */
typedef struct LayerEntry
{
	JsonbRef	id;
	JsonbRef	entry;
	int			layer;			/* from 1, outermost first */
	int			next;			/* index of the next inner one, or -1 */
} LayerEntry;

extern void unknown_write_entry(JsonbWriter *writer, JsonbFrame *outer,
								const LayerEntry *entries, int nentries);

#endif							/* MERGE_UNKNOWN_H */
