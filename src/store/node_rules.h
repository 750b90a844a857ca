/*-------------------------------------------------------------------------
 *
 * store/node_rules.h
 *	  What a row of node_configurations must be to be a node.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_NODE_RULES_H
#define STORE_NODE_RULES_H

#include "store/lookup.h"

extern void node_rules_row(Relation nodes, const Datum *values, const bool *nulls);
extern void node_rules_document(Relation nodes, const Jsonb *document);
extern bool node_rules_declared(const char *constraint);
extern char *node_phrase(text *org_id, text *node_id);
extern int	node_error_fields(Relation nodes, const char *constraint);

/*
 * The constraints that errors name, for programs: of a document the trigger's,
 * of the tree what they would be called if they could be declared.
 */
#define NODE_CHECK "node_configurations_check"
#define NODE_PARENT "node_configurations_parent_fkey"
#define NODE_TREE "node_configurations_tree"

#endif							/* STORE_NODE_RULES_H */
