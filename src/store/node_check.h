/*-------------------------------------------------------------------------
 *
 * store/node_check.h
 *	  What a write adds to a node's document, held against the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_NODE_CHECK_H
#define STORE_NODE_CHECK_H

#include "store/history.h"
#include "store/tree_rules.h"

extern void node_check_document(FunctionCallInfo fcinfo, const NodeTable *table,
								const NodeVersion *version, const Jsonb *before,
								const OuterLayers *outer);

#endif							/* STORE_NODE_CHECK_H */
