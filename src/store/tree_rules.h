/*-------------------------------------------------------------------------
 *
 * store/tree_rules.h
 *	  What keeps an organisation's nodes a tree.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_TREE_RULES_H
#define STORE_TREE_RULES_H

#include "store/lookup.h"
#include "validation/layer_locks.h"

/* The layers above a node, outermost first. */
typedef struct OuterLayers
{
	int			count;
	NamedLayer *layers;
} OuterLayers;

/* A node as a write leaves it. */
typedef struct TreePlace
{
	text	   *org_id;
	text	   *node_id;
	text	   *parent_id;		/* NULL: none */
	bool		placed;			/* the write puts it there */
	bool		made;			/* and it was not there before */
} TreePlace;

extern void tree_lock(Relation nodes, text *org_id);
extern void tree_above(const NodeTable *table, const TreePlace *place,
					   Snapshot snapshot, OuterLayers *outer);
extern void tree_require_parent(const NodeTable *table, const TreePlace *place,
								Snapshot snapshot);
extern void tree_refuse_parent(const NodeTable *table, text *org_id, text *node_id,
							   Snapshot snapshot);

#endif							/* STORE_TREE_RULES_H */
