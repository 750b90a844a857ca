/*-------------------------------------------------------------------------
 *
 * store_tree.c
 *	  The SQL-callable functions that read a whole organisation.
 *
 * All nodes are read with one query and put together to the tree that the
 * caller may see, which is then walked from the top, children after their
 * parent; the layers on the way down to a node are those that it is merged
 * from, once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "merge.h"
#include "miscadmin.h"
#include "missing.h"
#include "sql_result.h"
#include "store.h"
#include "store_plans.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(integration_config_effective_all);
PG_FUNCTION_INFO_V1(integration_config_status);

typedef struct TreeNode
{
	JsonbRef	node_id;
	JsonbRef	parent_id;		/* JREF_NONE for the root */
	JsonbRef	document;
	Datum		node_id_datum;
	Datum		node_type;
	struct TreeNode *parent;	/* NULL at the top of what the caller sees */
	struct TreeNode *child;		/* the first one */
	struct TreeNode *sibling;	/* the next one */
} TreeNode;

/* An organisation's nodes, and the walk through them. */
typedef struct Tree
{
	int			count;
	TreeNode   *nodes;			/* in key order of their names */
	TreeNode   *top;			/* the first node that has no parent here */
	JsonbRef   *layers;			/* from the platform's to the current node's */
	int			nlayers;
} Tree;

static int
compare_nodes(const void *a, const void *b)
{
	const JsonbRef *na = &((const TreeNode *) a)->node_id;
	const JsonbRef *nb = &((const TreeNode *) b)->node_id;

	return jsonb_key_compare(na->ptr, na->len, nb->ptr, nb->len);
}

/*
 * link_tree: let parents and children know each other.
 *
 * Siblings are in key order of their names.
 */
static void
link_tree(Tree *tree)
{
	qsort(tree->nodes, tree->count, sizeof(TreeNode), compare_nodes);
	for (int i = tree->count - 1; i >= 0; i--)
	{
		TreeNode   *node = &tree->nodes[i];
		TreeNode  **list = &tree->top;

		if (node->parent_id.type != JREF_NONE)
		{
			TreeNode	key;

			key.node_id = node->parent_id;
			node->parent = bsearch(&key, tree->nodes, tree->count,
								   sizeof(TreeNode), compare_nodes);
			if (node->parent != NULL)
				list = &node->parent->child;
		}
		node->sibling = *list;
		*list = node;
	}
}

/*
 * read_tree: read the organisation that the function's first argument names.
 *
 * The caller is connected to SPI, and what is read lives until it is not.
 * Errors: undefined_object where there is no node of it.
 */
static void
read_tree(FunctionCallInfo fcinfo, Tree *tree)
{
	Oid			namespace = catalogue_namespace(fcinfo);
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	Datum		values[2] = {PointerGetDatum(org_id)};
	SPITupleTable *rows;

	memset(tree, 0, sizeof(Tree));
	tree->count = store_execute(namespace, STORE_NODES, values);
	rows = SPI_tuptable;
	if (tree->count == 0)
		store_no_such(store_text_ref(org_id), (JsonbRef) {0});

	tree->nodes = MemoryContextAllocExtended(CurrentMemoryContext,
											 sizeof(TreeNode) * tree->count,
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < tree->count; i++)
	{
		TreeNode   *node = &tree->nodes[i];
		Datum		parent_id;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		node->node_id_datum = SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull);
		node->node_id = store_text_ref(DatumGetTextPP(node->node_id_datum));
		parent_id = SPI_getbinval(rows->vals[i], rows->tupdesc, 2, &isnull);
		if (!isnull)
			node->parent_id = store_text_ref(DatumGetTextPP(parent_id));
		node->node_type = SPI_getbinval(rows->vals[i], rows->tupdesc, 3, &isnull);
		node->document = store_layer(SPI_getbinval(rows->vals[i], rows->tupdesc, 4, &isnull),
									 node->node_id);
	}
	link_tree(tree);

	tree->layers = MemoryContextAllocExtended(CurrentMemoryContext,
											  sizeof(JsonbRef) * ((Size) tree->count + 1),
											  MCXT_ALLOC_HUGE);
	if (!jsonb_ref_is(store_text_ref(org_id), "*", 1))
	{
		Datum		star = CStringGetTextDatum("*");
		bool		isnull;

		values[0] = values[1] = star;
		if (store_execute(namespace, STORE_NODE, values) > 0)
			tree->layers[tree->nlayers++] =
				store_layer(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
										  2, &isnull),
							store_text_ref(DatumGetTextPP(star)));
	}
}

/*
 * next_node: the node after that one, or with NULL the first; NULL at the end.
 *
 * The tree's layers are then the node's.
 */
static TreeNode *
next_node(Tree *tree, TreeNode *node)
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
		tree->layers[tree->nlayers++] = node->document;
	return node;
}

/*
 * integration_config_effective_all(org_id text) returns setof record: every
 * node's merged document.
 */
Datum
integration_config_effective_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = result_begin(fcinfo);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(caller, "effective configuration",
											  ALLOCSET_DEFAULT_SIZES);
	const Catalogue *catalogue;
	Tree		tree;

	SPI_connect();
	read_tree(fcinfo, &tree);
	MemoryContextSwitchTo(caller);
	catalogue = catalogue_current(fcinfo);
	MemoryContextSwitchTo(row);
	for (TreeNode *node = next_node(&tree, NULL); node != NULL;
		 node = next_node(&tree, node))
	{
		Datum		values[2];
		bool		nulls[2] = {false};

		MemoryContextReset(row);
		values[0] = node->node_id_datum;
		values[1] = PointerGetDatum(merge_config(catalogue, tree.layers, tree.nlayers));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row);
	SPI_finish();
	return (Datum) 0;
}

/*
 * in_use: is an integration required by the catalogue, or has one of its
 * fields a value other than its default?
 *
 * For most integrations of most nodes no layer says anything, and there is
 * nothing to merge.
 */
static bool
in_use(const Integration *integration, const JsonbRef *layers, int nlayers)
{
	JsonbRef	config;
	bool		given = false;

	if (integration->required)
		return true;
	for (int i = 0; i < nlayers && !given; i++)
	{
		JsonbRef	entry;

		entry = jsonb_ref_member(JREF_MEMBER(layers[i], "integrations"),
								 integration->id.ptr, integration->id.len);
		given = jsonb_ref_count(JREF_MEMBER(entry, "config")) > 0;
	}
	if (!given)
		return false;

	config = JREF_MEMBER(jsonb_ref_root(merge_resolve(integration, layers, nlayers)),
						 "config");
	for (int i = 0; i < integration->nfields; i++)
	{
		const Field *field = &integration->fields[i];
		JsonbRef	value = jsonb_ref_member(config, field->name.ptr, field->name.len);

		if (value_present(value) && !jsonb_ref_equal(value, field->default_value))
			return true;
	}
	return false;
}

/*
 * missing_names: fields as a text[] of their names.
 */
static Datum
missing_names(const IntegrationStatus *status)
{
	Datum	   *names = palloc(sizeof(Datum) * (status->nmissing + 1));

	for (int i = 0; i < status->nmissing; i++)
		names[i] = text_from_ref(status->missing[i]->name);
	return PointerGetDatum(construct_array(names, status->nmissing, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/*
 * integration_config_status(org_id text) returns setof record: what of every
 * node and integration.
 */
Datum
integration_config_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = result_begin(fcinfo);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(caller, "status of a node",
											  ALLOCSET_DEFAULT_SIZES);
	const Catalogue *catalogue;
	Tree		tree;

	SPI_connect();
	read_tree(fcinfo, &tree);
	MemoryContextSwitchTo(caller);
	catalogue = catalogue_current(fcinfo);
	MemoryContextSwitchTo(row);
	for (TreeNode *node = next_node(&tree, NULL); node != NULL;
		 node = next_node(&tree, node))
	{
		for (int i = 0; i < catalogue->nintegrations; i++)
		{
			const Integration *integration = catalogue->displayed[i];
			IntegrationStatus status;
			Datum		values[7];
			bool		nulls[7] = {false};

			MemoryContextReset(row);
			merge_status(integration, tree.layers, tree.nlayers, &status);
			values[0] = node->node_id_datum;
			values[1] = node->node_type;
			values[2] = text_from_ref(integration->id);
			values[3] = BoolGetDatum(status.enabled);
			values[4] = BoolGetDatum(status.nmissing == 0);
			values[5] = missing_names(&status);
			values[6] = BoolGetDatum(in_use(integration, tree.layers, tree.nlayers));
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row);
	SPI_finish();
	return (Datum) 0;
}
