/*-------------------------------------------------------------------------
 *
 * store/tree.c
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

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "merge/merge.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/sql_result.h"
#include "store/plans.h"
#include "store/store.h"
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
	text	   *node_id_text;
	text	   *node_type;
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
			JsonbRef	parent_id = node->parent_id;
			int			place = key_search(&tree->nodes->node_id, tree->count,
										   sizeof(TreeNode), parent_id.ptr, parent_id.len);

			if (place < tree->count &&
				jsonb_ref_is(tree->nodes[place].node_id, parent_id.ptr, parent_id.len))
			{
				node->parent = &tree->nodes[place];
				list = &node->parent->child;
			}
		}
		node->sibling = *list;
		*list = node;
	}
}

/*
 * copy_text: a text of a row, copied; NULL for a null.
 */
static text *
copy_text(HeapTuple row, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, desc, column, &isnull);

	return isnull ? NULL : DatumGetTextPCopy(value);
}

/*
 * copy_layer: the document of a row, copied.
 */
static JsonbRef
copy_layer(HeapTuple row, TupleDesc desc, int column, JsonbRef node_id)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, desc, column, &isnull);

	if (isnull)
		store_no_document(node_id);
	return store_layer(PointerGetDatum(PG_DETOAST_DATUM_COPY(value)), node_id);
}

/*
 * read_tree: read the organisation that the function's first argument names,
 * into the current memory context.
 *
 * Errors: undefined_object where there is no node of it.
 */
static void
read_tree(FunctionCallInfo fcinfo, Tree *tree)
{
	MemoryContext cxt = CurrentMemoryContext;
	Oid			namespace = own_namespace(fcinfo);
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	Datum		values[2] = {PointerGetDatum(org_id)};
	SPITupleTable *rows;

	memset(tree, 0, sizeof(Tree));
	SPI_connect();
	tree->count = store_execute(namespace, STORE_NODES, values);
	rows = SPI_tuptable;
	MemoryContextSwitchTo(cxt);
	if (tree->count == 0)
		store_no_such(store_text_ref(org_id), (JsonbRef) {0});

	tree->nodes = MemoryContextAllocExtended(cxt, sizeof(TreeNode) * tree->count,
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < tree->count; i++)
	{
		TreeNode   *node = &tree->nodes[i];
		HeapTuple	row = rows->vals[i];
		text	   *parent_id;

		CHECK_FOR_INTERRUPTS();
		node->node_id_text = copy_text(row, rows->tupdesc, 1);
		if (node->node_id_text == NULL)	/* the table's owner lets nulls in */
			node->node_id_text = cstring_to_text("");
		node->node_id = store_text_ref(node->node_id_text);
		parent_id = copy_text(row, rows->tupdesc, 2);
		if (parent_id != NULL)
			node->parent_id = store_text_ref(parent_id);
		node->node_type = copy_text(row, rows->tupdesc, 3);
		node->document = copy_layer(row, rows->tupdesc, 4, node->node_id);
	}
	link_tree(tree);

	tree->layers = MemoryContextAllocExtended(cxt, sizeof(JsonbRef) * ((Size) tree->count + 1),
											  MCXT_ALLOC_HUGE);
	if (!jsonb_ref_is(store_text_ref(org_id), "*", 1))
	{
		text	   *star = cstring_to_text("*");

		values[0] = values[1] = PointerGetDatum(star);
		if (store_execute(namespace, STORE_NODE, values) > 0)
		{
			rows = SPI_tuptable;
			MemoryContextSwitchTo(cxt);
			tree->layers[tree->nlayers++] =
				copy_layer(rows->vals[0], rows->tupdesc, 2, store_text_ref(star));
		}
	}
	SPI_finish();
	MemoryContextSwitchTo(cxt);
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

/* What integration_config_effective_all keeps from row to row. */
typedef struct EffectiveAll
{
	const Catalogue *catalogue;
	Tree		tree;
	TreeNode   *node;			/* the last one given */
} EffectiveAll;

/*
 * effective_all_begin: read what is to be merged, into the current memory
 * context.
 */
static EffectiveAll *
effective_all_begin(FunctionCallInfo fcinfo)
{
	EffectiveAll *all = palloc0(sizeof(EffectiveAll));

	read_tree(fcinfo, &all->tree);
	all->catalogue = catalogue_current(fcinfo);
	catalogue_pin(all->catalogue);
	return all;
}

/*
 * effective_all_next: the next row; false at the end.
 */
static bool
effective_all_next(EffectiveAll *all, Datum *values)
{
	all->node = next_node(&all->tree, all->node);
	if (all->node == NULL)
		return false;
	values[0] = PointerGetDatum(all->node->node_id_text);
	values[1] = PointerGetDatum(merge_config(all->catalogue, all->tree.layers,
											 all->tree.nlayers));
	return true;
}

/*
 * integration_config_effective_all(org_id text) returns setof record: every
 * node's merged document.
 *
 * In FROM the server keeps the whole set in any case, and takes it best at
 * once; in a select list it takes a row at a time, and nothing is kept.
 */
Datum
integration_config_effective_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (result != NULL && IsA(result, ReturnSetInfo) &&
		(result->allowedModes & SFRM_Materialize_Preferred) == 0 &&
		(result->allowedModes & SFRM_ValuePerCall) != 0)
	{
		FuncCallContext *call;

		if (SRF_IS_FIRSTCALL())
		{
			MemoryContext caller;
			TupleDesc	desc;

			call = SRF_FIRSTCALL_INIT();
			caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
			if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
				elog(ERROR, "return type must be a row type");
			call->tuple_desc = BlessTupleDesc(desc);
			call->user_fctx = effective_all_begin(fcinfo);
			MemoryContextSwitchTo(caller);
		}
		call = SRF_PERCALL_SETUP();
		if (!effective_all_next(call->user_fctx, values))
			SRF_RETURN_DONE(call);
		SRF_RETURN_NEXT(call, HeapTupleGetDatum(heap_form_tuple(call->tuple_desc,
																values, nulls)));
	}
	else
	{
		MemoryContext caller = CurrentMemoryContext;
		MemoryContext row;
		EffectiveAll *all;

		result = result_begin(fcinfo);
		all = effective_all_begin(fcinfo);
		row = AllocSetContextCreate(caller, "effective configuration",
									ALLOCSET_DEFAULT_SIZES);
		MemoryContextSwitchTo(row);
		while (effective_all_next(all, values))
		{
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
			MemoryContextReset(row);
		}
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(row);
		return (Datum) 0;
	}
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

	read_tree(fcinfo, &tree);
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
			values[0] = PointerGetDatum(node->node_id_text);
			nulls[1] = node->node_type == NULL;
			values[1] = PointerGetDatum(node->node_type);
			values[2] = text_from_ref(integration->id);
			values[3] = BoolGetDatum(status.enabled);
			values[4] = BoolGetDatum(status.nmissing == 0);
			values[5] = missing_names(&status);
			values[6] = BoolGetDatum(status.in_use);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row);
	return (Datum) 0;
}
