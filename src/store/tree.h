/*-------------------------------------------------------------------------
 *
 * store/tree.h
 *	  An organisation's nodes, read at once and put together to their tree.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "jsonb/reader.h"
#include "store/reader.h"
#include "validation/layer_locks.h"

typedef struct TreeNode
{
	JsonbRef	node_id;
	NodeRow		row;
	bool		visible;		/* to the caller */
	bool		reveal;			/* with its secrets in clear */
	bool		asked;			/* for the privileges: */
	int			privileges;		/* that are granted to him there */
	bool		needed;			/* it is, or one below it */
	struct TreeNode *walk;		/* from which one on the way up it was reached */
	JsonbRef	layer;			/* its document; of one that is needed */
	struct TreeNode *parent;
	struct TreeNode *child;		/* the first one that is needed */
	struct TreeNode *sibling;	/* the next one */
} TreeNode;

/* An organisation's nodes, and the walk through them; zero before it is read. */
typedef struct Tree
{
	int			count;
	TreeNode   *nodes;			/* in key order of their names */
	TreeNode   *top;			/* the first node that has no parent */
	bool		any_document;	/* also what is no object; set by the reader */
	int			nlayers;
	JsonbRef   *layers;			/* from the platform's to the current node's */
	JsonbRef   *names;			/* node_id of each */
	NamedLayer *named;			/* the same, with their nodes */
} Tree;

extern bool tree_read(Tree *tree, NodeReader *reader, text *org_id);
extern TreeNode *tree_next(Tree *tree, TreeNode *node);

#endif							/* STORE_TREE_H */
