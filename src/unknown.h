/*-------------------------------------------------------------------------
 *
 * unknown.h
 *	  Entries for integrations that the catalogue does not know.
 *
 *-------------------------------------------------------------------------
 */
#ifndef UNKNOWN_H
#define UNKNOWN_H

#include "jsonb_writer.h"

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

#endif							/* UNKNOWN_H */
