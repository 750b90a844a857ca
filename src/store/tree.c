/*-------------------------------------------------------------------------
 *
 * store/tree.c
 *	  An organisation's nodes, read at once and put together to their tree.
 *
 * The tree is walked from the top, children after their parent; the layers on
 * the way down to a node are those that it is merged from.  The whole tree is
 * there, since a node inherits from all that is above it; which nodes the
 * caller may see, and those alone are his to get, is in each of them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "store/store.h"
#include "store/tree.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

static int
compare_nodes(const void *a, const void *b)
{
	const JsonbRef *na = &((const TreeNode *) a)->node_id;
	const JsonbRef *nb = &((const TreeNode *) b)->node_id;

	return jsonb_key_compare(na->ptr, na->len, nb->ptr, nb->len);
}

/*
 * find_node: a node by its name; NULL where it is not there.
 */
static TreeNode *
find_node(const Tree *tree, JsonbRef node_id)
{
	int			place = key_search(&tree->nodes->node_id, tree->count,
								   sizeof(TreeNode), node_id.ptr, node_id.len);

	if (place < tree->count &&
		jsonb_ref_is(tree->nodes[place].node_id, node_id.ptr, node_id.len))
		return &tree->nodes[place];
	return NULL;
}

/*
 * read_nodes: all nodes of an organisation, in key order of their names.
 */
static void
read_nodes(Tree *tree, NodeReader *reader, text *org_id)
{
	int			allocated = 64;
	NodeScan	scan;
	NodeRow		row;

	tree->nodes = palloc(sizeof(TreeNode) * allocated);
	node_scan_begin(&scan, &reader->table, org_id, true, reader->snapshot);
	while (node_scan_next(&scan, &row))
	{
		TreeNode   *node;

		if (row.node_id == NULL)
			continue;			/* the table's owner lets nulls in */
		if (tree->count == allocated)
		{
			allocated *= 2;
			tree->nodes = repalloc_huge(tree->nodes, sizeof(TreeNode) * allocated);
		}
		node = &tree->nodes[tree->count++];
		memset(node, 0, sizeof(TreeNode));
		node->row = row;
		node->node_id = store_text_ref(row.node_id);
		node->visible = reader->access.table && !reader->access.row_security;
		node->reveal = node->visible && access_reveals(true, 0);
	}
	node_scan_end(&scan);
	qsort(tree->nodes, tree->count, sizeof(TreeNode), compare_nodes);
}

/*
 * set_visible: a NameCallback.
 */
static void
set_visible(text *name, void *arg)
{
	TreeNode   *node = find_node(arg, store_text_ref(name));

	if (node != NULL)
	{
		node->visible = true;
		node->reveal = access_reveals(true, 0);
	}
}

/*
 * ask: find out what is granted to the caller at a node, and at those above it.
 *
 * The way up ends where it was asked already; then what was found goes down it.
 * Where the tree is broken nothing more is granted.
 */
static void
ask(const Tree *tree, const GrantSet *grants, JsonbRef org_id, TreeNode *from)
{
	TreeNode   *above = NULL;
	TreeNode   *node = from;

	while (node != NULL && !node->asked)
	{
		CHECK_FOR_INTERRUPTS();
		node->asked = true;
		node->privileges = grants_at(grants, org_id, node->node_id, node->row.incarnation);
		node->walk = above;
		above = node;
		node = node->row.parent_id == NULL ? NULL :
			find_node(tree, store_text_ref(node->row.parent_id));
	}
	for (int privileges = node != NULL ? node->privileges : grants->platform; above != NULL;
		 above = above->walk)
	{
		above->privileges |= privileges;
		privileges = above->privileges;
	}
}

/*
 * set_granted: which nodes the caller sees by privileges, and which secrets.
 */
static void
set_granted(Tree *tree, const GrantSet *grants, JsonbRef org_id)
{
	for (int i = 0; i < tree->count; i++)
	{
		TreeNode   *node = &tree->nodes[i];

		ask(tree, grants, org_id, node);
		if (node->visible)
			node->reveal = access_reveals(true, node->privileges);
		else if (node->privileges & PRIVILEGE_READ)
		{
			node->visible = true;
			node->reveal = access_reveals(false, node->privileges);
		}
	}
	for (int i = 0; i < tree->count; i++)
		tree->nodes[i].walk = NULL;
}

/*
 * layer: a node's document as a layer; JREF_NONE for what can be none, where
 * that is asked for.
 */
static JsonbRef
layer(const Tree *tree, const NodeRow *row)
{
	JsonbRef	none = {0};

	if (tree->any_document &&
		(row->document == NULL || jsonb_ref_root(row->document).type != JREF_OBJECT))
		return none;
	return store_layer(row);
}

/*
 * push: put a layer inside those that are there.
 */
static void
push(Tree *tree, JsonbRef node_id, JsonbRef document)
{
	tree->layers[tree->nlayers] = document;
	tree->names[tree->nlayers] = node_id;
	tree->named[tree->nlayers].node_id = node_id;
	tree->named[tree->nlayers].document = document;
	tree->nlayers++;
}

/*
 * link_up: let the nodes above a visible one know that they are needed.
 *
 * Errors: those of a tree that was changed past its triggers.
 */
static void
link_up(Tree *tree, JsonbRef org_id, TreeNode *from)
{
	for (TreeNode *node = from; !node->needed; node = node->parent)
	{
		CHECK_FOR_INTERRUPTS();
		node->needed = true;
		node->walk = from;
		node->layer = layer(tree, &node->row);
		if (node->row.parent_id == NULL)
			break;
		node->parent = find_node(tree, store_text_ref(node->row.parent_id));
		if (node->parent == NULL)
			store_no_parent(org_id, node->node_id, store_text_ref(node->row.parent_id));
		if (node->parent->walk == from)
			store_cycle(org_id);
	}
}

/*
 * link_down: let parents know those children that are needed; siblings are in
 * key order of their names.
 */
static void
link_down(Tree *tree)
{
	for (int i = tree->count - 1; i >= 0; i--)
	{
		TreeNode   *node = &tree->nodes[i];
		TreeNode  **list = node->parent != NULL ? &node->parent->child : &tree->top;

		if (!node->needed)
			continue;
		node->sibling = *list;
		*list = node;
	}
}

/*
 * tree_read: an organisation's tree, into the current memory context; false
 * where the caller sees no node of it.
 *
 * Errors: object_not_in_prerequisite_state where a parent of a node that he
 * sees is not there, data_corrupted where a cycle has no end.
 */
bool
tree_read(Tree *tree, NodeReader *reader, text *org_id)
{
	bool		any = false;

	read_nodes(tree, reader, org_id);
	if (reader->access.row_security)
		reader_visible_nodes(reader, org_id, set_visible, tree);
	if (reader->access.grants != NULL)
		set_granted(tree, reader->access.grants, store_text_ref(org_id));
	for (int i = 0; i < tree->count; i++)
	{
		if (!tree->nodes[i].visible)
			continue;
		any = true;
		link_up(tree, store_text_ref(org_id), &tree->nodes[i]);
	}
	if (!any)
		return false;
	link_down(tree);

	tree->layers = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(JsonbRef) * ((Size) tree->count + 1));
	tree->names = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(JsonbRef) * ((Size) tree->count + 1));
	tree->named = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(NamedLayer) * ((Size) tree->count + 1));
	if (!jsonb_ref_is(store_text_ref(org_id), "*", 1))
	{
		text	   *star = cstring_to_text("*");
		NodeRow		platform;

		if (node_find(&reader->table, star, star, reader->snapshot, &platform))
			push(tree, store_text_ref(star), layer(tree, &platform));
	}
	return true;
}

/*
 * step: the node after that one, or with NULL the first; NULL at the end.
 */
static TreeNode *
step(Tree *tree, TreeNode *node)
{
	CHECK_FOR_INTERRUPTS();
	if (node == NULL)
		node = tree->top;
	else if (node->child != NULL)
		node = node->child;
	else
	{
		tree->nlayers--;
		while (node->sibling == NULL && node->parent != NULL)
		{
			node = node->parent;
			tree->nlayers--;
		}
		node = node->sibling;
	}
	if (node != NULL)
		push(tree, node->node_id, node->layer);
	return node;
}

/*
 * tree_next: the next node that the caller sees, or with NULL the first; NULL
 * at the end.
 *
 * The tree's layers are then the node's.
 */
TreeNode *
tree_next(Tree *tree, TreeNode *node)
{
	do
		node = step(tree, node);
	while (node != NULL && !node->visible);
	return node;
}
