/*-------------------------------------------------------------------------
 *
 * store/store.h
 *	  What the store says of nodes, and the names and documents in its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "jsonb/reader.h"
#include "store/lookup.h"

/* More levels than any tree can have: integration_schemas.max_depth's most. */
#define STORE_MAX_LEVELS 1000

extern JsonbRef store_text_ref(text *string);
extern void append_node(StringInfo message, JsonbRef org_id, JsonbRef node_id);
extern JsonbRef store_layer(const NodeRow *row);
extern void store_no_document(JsonbRef node_id);
extern void store_no_such(JsonbRef org_id, JsonbRef node_id);
extern void store_no_parent(JsonbRef org_id, JsonbRef node_id, JsonbRef parent_id);
extern void store_cycle(JsonbRef org_id);

#endif							/* STORE_STORE_H */
