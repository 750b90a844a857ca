/*-------------------------------------------------------------------------
 *
 * store/node_check.h
 *	  A node's document against the catalogue and the layers above it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_NODE_CHECK_H
#define STORE_NODE_CHECK_H

#include "store/history.h"
#include "store/lookup.h"
#include "store/tree_rules.h"

extern void node_check_document(FunctionCallInfo fcinfo, const NodeTable *table,
								const NodeVersion *node, const Jsonb *before,
								const OuterLayers *outer);

#endif							/* STORE_NODE_CHECK_H */
