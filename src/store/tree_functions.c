/*-------------------------------------------------------------------------
 *
 * store/tree_functions.c
 *	  The SQL-callable functions that read a whole organisation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "funcapi.h"
#include "merge/instances.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/sql_result.h"
#include "store/answers.h"
#include "store/store.h"
#include "store/tree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(integration_config_effective_all);
PG_FUNCTION_INFO_V1(integration_config_status);

/*
 * read_tree: read the organisation that the function's first argument names,
 * into the current memory context; returns the catalogue for its caller.
 *
 * Errors: those of reader_begin_all and tree_read, and of reader_refuse_all where
 * the caller sees no node of it.
 */
static const Catalogue *
read_tree(Tree *tree, FunctionCallInfo fcinfo)
{
	static const NodeColumn columns[] = {
		NODE_ORG_ID, NODE_NODE_ID, NODE_PARENT_ID, NODE_TYPE, NODE_CONFIG_JSON
	};
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	NodeReader	reader;

	reader_begin_all(&reader, fcinfo, org_id, lengthof(columns), columns);
	if (!tree_read(tree, &reader, org_id))
		reader_refuse_all(&reader, org_id);
	reader_end(&reader);
	return access_catalogue(fcinfo, &reader.access);
}

/* What integration_config_effective_all keeps from row to row. */
typedef struct EffectiveAll
{
	const Catalogue *catalogue;
	Tree		tree;
	TreeNode   *node;			/* the last one given */
	LayersOpener opener;
	bool		opens;			/* what is sealed, for who has every privilege */
} EffectiveAll;

/*
 * effective_all_begin: read what is to be merged, into the current memory
 * context.
 */
static EffectiveAll *
effective_all_begin(FunctionCallInfo fcinfo)
{
	EffectiveAll *all = palloc0(sizeof(EffectiveAll));

	all->catalogue = read_tree(&all->tree, fcinfo);
	catalogue_pin(all->catalogue);
	layers_opener_begin(&all->opener, fcinfo, store_text_ref(PG_GETARG_TEXT_P_COPY(0)), NULL);
	/* asked now: with a cursor the tables may be gone before the last row */
	all->opens = access_has_all(own_table_required(fcinfo, OWN_NODES, NoLock));
	all->opener.documents = all->tree.layers;
	all->opener.names = all->tree.names;
	return all;
}

/*
 * integration_config_effective_all(org_id text) returns setof record: every
 * node's merged document, a row at a time, of which none is kept.
 *
 * SQL calls it in a select list alone (see sql/61_store_reading.sql): in FROM
 * the server would write the whole set to disk first.
 */
Datum
integration_config_effective_all(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	EffectiveAll *all;
	Datum		values[2];
	bool		nulls[2] = {false};

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		call->tuple_desc = BlessTupleDesc(CreateTupleDescCopy(result_descriptor(fcinfo)));
		call->user_fctx = effective_all_begin(fcinfo);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	all = call->user_fctx;
	all->node = tree_next(&all->tree, all->node);
	if (all->node == NULL)
		SRF_RETURN_DONE(call);
	values[0] = PointerGetDatum(all->node->row.node_id);
	all->opener.fcinfo = fcinfo;
	all->opener.count = all->tree.nlayers;
	all->opener.shown = shown_to(all->node->reveal,
								 all->opens || all->node->privileges & PRIVILEGE_REVEAL);
	values[1] = PointerGetDatum(answer_config(all->catalogue, &all->opener));
	SRF_RETURN_NEXT(call, HeapTupleGetDatum(heap_form_tuple(call->tuple_desc,
															values, nulls)));
}

/* A node whose rows are being told. */
typedef struct NodeStatus
{
	ReturnSetInfo *result;
	const TreeNode *node;
} NodeStatus;

/*
 * status_row: StatusCallback that puts a row into the result.
 */
static void
status_row(JsonbRef key, const IntegrationStatus *status, void *arg)
{
	NodeStatus *of = arg;
	Datum		values[7];
	bool		nulls[7] = {false};

	values[0] = PointerGetDatum(of->node->row.node_id);
	nulls[1] = of->node->row.node_type == NULL;
	values[1] = PointerGetDatum(of->node->row.node_type);
	values[2] = text_from_ref(key);
	values[3] = BoolGetDatum(status->enabled);
	values[4] = BoolGetDatum(status->nmissing == 0);
	values[5] = missing_array(status);
	values[6] = BoolGetDatum(status->in_use);
	tuplestore_putvalues(of->result->setResult, of->result->setDesc, values, nulls);
}

/*
 * integration_config_status(org_id text) returns setof record: what of every
 * node, integration and instance.
 */
Datum
integration_config_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = result_begin(fcinfo);
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(caller, "status of a node",
											  ALLOCSET_DEFAULT_SIZES);
	const Catalogue *catalogue;
	Tree		tree = {0};

	catalogue = read_tree(&tree, fcinfo);
	MemoryContextSwitchTo(row);
	for (TreeNode *node = tree_next(&tree, NULL); node != NULL;
		 node = tree_next(&tree, node))
	{
		NodeStatus	of = {result, node};

		MemoryContextReset(row);
		merge_status(catalogue, tree.layers, tree.nlayers, status_row, &of);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row);
	return (Datum) 0;
}
