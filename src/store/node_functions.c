/*-------------------------------------------------------------------------
 *
 * store/node_functions.c
 *	  The SQL-callable functions that read one node's merged configuration.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "funcapi.h"
#include "merge/merge.h"
#include "server/sql_result.h"
#include "store/layers.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(integration_config_effective);
PG_FUNCTION_INFO_V1(integration_config_resolve);
PG_FUNCTION_INFO_V1(integration_config_values);
PG_FUNCTION_INFO_V1(integration_config_explain);

/*
 * integration_config_effective(org_id text, node_id text) returns jsonb: the
 * merged document of a node.
 */
Datum
integration_config_effective(PG_FUNCTION_ARGS)
{
	NodeLayers	layers;

	layers_read(&layers, fcinfo);
	PG_RETURN_JSONB_P(merge_config(catalogue_current(fcinfo),
								   layers.documents, layers.count));
}

/*
 * integration_config_resolve(org_id text, node_id text, id text) returns
 * jsonb: one integration of a node.
 */
Datum
integration_config_resolve(PG_FUNCTION_ARGS)
{
	text	   *id = PG_GETARG_TEXT_PP(2);
	const Integration *integration;
	NodeLayers	layers;

	layers_read(&layers, fcinfo);
	integration = catalogue_require(catalogue_current(fcinfo),
									VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
	PG_RETURN_JSONB_P(merge_resolve(integration, layers.documents, layers.count));
}

/*
 * integration_config_values(org_id text, node_id text) returns jsonb: what a
 * service of that node starts up with.
 */
Datum
integration_config_values(PG_FUNCTION_ARGS)
{
	NodeLayers	layers;

	layers_read(&layers, fcinfo);
	PG_RETURN_JSONB_P(merge_values(catalogue_current(fcinfo),
								   layers.documents, layers.count));
}

/* What explain_row needs. */
typedef struct ExplainArg
{
	ReturnSetInfo *result;
	const NodeLayers *layers;
} ExplainArg;

/*
 * ignored_nodes: a set of layers as the names of their nodes.
 */
static Datum
ignored_nodes(const NodeLayers *layers, const Bitmapset *ignored)
{
	Datum	   *names = palloc(sizeof(Datum) * (bms_num_members(ignored) + 1));
	int			count = 0;

	for (int layer = -1; (layer = bms_next_member(ignored, layer)) >= 0;)
		names[count++] = text_from_ref(layers->names[layer - 1]);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/*
 * explain_row: FieldTraceCallback that puts a row into the result.
 */
static void
explain_row(const FieldTrace *trace, void *arg)
{
	ExplainArg *explain = arg;
	Datum		values[8];
	bool		nulls[8] = {false};

	values[0] = text_from_ref(trace->integration->id);
	values[1] = text_from_ref(trace->field->name);
	nulls[2] = trace->value == NULL;
	values[2] = PointerGetDatum(trace->value);
	nulls[3] = trace->source < 0;
	if (trace->source == 0)
		values[3] = CStringGetTextDatum("default");
	else if (trace->source > 0)
		values[3] = text_from_ref(explain->layers->names[trace->source - 1]);
	else
		values[3] = (Datum) 0;
	values[4] = CStringGetTextDatum(trace->field->team_level ? "team" : "org");
	values[5] = BoolGetDatum(trace->required);
	values[6] = BoolGetDatum(trace->locked);
	values[7] = ignored_nodes(explain->layers, trace->ignored);
	tuplestore_putvalues(explain->result->setResult, explain->result->setDesc,
						 values, nulls);
}

/*
 * integration_config_explain(org_id text, node_id text) returns setof record:
 * where each field's value of a node comes from.
 */
Datum
integration_config_explain(PG_FUNCTION_ARGS)
{
	NodeLayers	layers;
	ExplainArg	explain;

	explain.result = result_begin(fcinfo);
	explain.layers = &layers;
	layers_read(&layers, fcinfo);
	merge_explain(catalogue_current(fcinfo), layers.documents, layers.count,
				  explain_row, &explain);
	return (Datum) 0;
}

