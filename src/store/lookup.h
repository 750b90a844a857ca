/*-------------------------------------------------------------------------
 *
 * store/lookup.h
 *	  Looking nodes up by their names.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_LOOKUP_H
#define STORE_LOOKUP_H

#include "utils/rel.h"

/* The table, opened for look-ups with one user's rights. */
typedef struct NodeLookup
{
	Oid			namespace;
	bool		as_owner;		/* for the trigger, not a reader */
	Relation	table;			/* NULL: ask the executor */
	Oid			index;			/* the primary key's */
} NodeLookup;

extern void node_lookup_begin(NodeLookup *lookup, Oid namespace, bool as_owner);
extern bool node_lookup(NodeLookup *lookup, text *org_id, text *node_id,
						text **parent_id, Datum *document);
extern void node_lookup_end(NodeLookup *lookup);

#endif							/* STORE_LOOKUP_H */
