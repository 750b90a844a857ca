/*-------------------------------------------------------------------------
 *
 * store/node_functions.c
 *	  The SQL-callable functions that read one node's merged configuration.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "catalogue/shown.h"
#include "funcapi.h"
#include "merge/explain.h"
#include "merge/instances.h"
#include "server/sql_result.h"
#include "store/answers.h"
#include "store/layers.h"
#include "store/opened.h"
#include "store/store.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(integration_config_effective);
PG_FUNCTION_INFO_V1(integration_config_resolve);
PG_FUNCTION_INFO_V1(integration_config_instances);
PG_FUNCTION_INFO_V1(integration_config_values);
PG_FUNCTION_INFO_V1(integration_config_explain);
PG_FUNCTION_INFO_V1(integration_config_get);

/*
 * read_to_answer: the layers of the node that a function's first two arguments
 * name, and how they are shown to its caller; returns the catalogue for him.
 */
static const Catalogue *
read_to_answer(NodeLayers *layers, LayersOpener *opener, FunctionCallInfo fcinfo)
{
	layers_read(layers, fcinfo, PRIVILEGE_READ);
	layers_opener_begin(opener, fcinfo, store_text_ref(PG_GETARG_TEXT_PP(0)), layers);
	return access_catalogue(fcinfo, &layers->access);
}

/*
 * integration_config_effective(org_id text, node_id text) returns jsonb: the
 * merged document of a node.
 */
Datum
integration_config_effective(PG_FUNCTION_ARGS)
{
	NodeLayers	layers;
	LayersOpener opener;
	const Catalogue *catalogue = read_to_answer(&layers, &opener, fcinfo);

	PG_RETURN_JSONB_P(answer_config(catalogue, &opener));
}

/*
 * integration_config_resolve(org_id text, node_id text, id text) returns
 * jsonb: one integration of a node.
 */
Datum
integration_config_resolve(PG_FUNCTION_ARGS)
{
	text	   *id = PG_GETARG_TEXT_PP(2);
	NodeLayers	layers;
	LayersOpener opener;
	const Catalogue *catalogue = read_to_answer(&layers, &opener, fcinfo);

	PG_RETURN_JSONB_P(answer_resolve(catalogue, store_text_ref(id), &opener));
}

/*
 * integration_config_instances(org_id text, node_id text, id text) returns
 * setof record: the instances of an integration that a node has.
 */
Datum
integration_config_instances(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = result_begin(fcinfo);
	NodeLayers	layers;

	layers_read(&layers, fcinfo, PRIVILEGE_READ);
	instance_rows(result, access_catalogue(fcinfo, &layers.access), PG_GETARG_TEXT_PP(2),
				  layers.documents, layers.count);
	return (Datum) 0;
}

/*
 * integration_config_values(org_id text, node_id text) returns jsonb: what a
 * service of that node starts up with.
 */
Datum
integration_config_values(PG_FUNCTION_ARGS)
{
	NodeLayers	layers;
	LayersOpener opener;
	const Catalogue *catalogue = read_to_answer(&layers, &opener, fcinfo);

	PG_RETURN_JSONB_P(answer_values(catalogue, &opener));
}

/*
 * layer_name: LayerNames' name of a layer that is a node's.
 */
static Datum
layer_name(int layer, const char *zero, const void *arg)
{
	const NodeLayers *layers = arg;

	return layer == 0 ? CStringGetTextDatum(zero) : text_from_ref(layers->names[layer - 1]);
}

/*
 * integration_config_explain(org_id text, node_id text) returns setof record:
 * where each field's value of a node comes from.
 */
Datum
integration_config_explain(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = result_begin(fcinfo);
	NodeLayers	layers;
	LayerNames	names = {.type = TEXTOID, .name = layer_name, .arg = &layers};

	layers_read(&layers, fcinfo, PRIVILEGE_READ);
	explain_rows(result, access_catalogue(fcinfo, &layers.access), layers.documents,
				 layers.count, &names);
	return (Datum) 0;
}

/*
 * node_read: the row of the node that a function's first two arguments name;
 * returns the catalogue for its caller.
 */
static const Catalogue *
node_read(FunctionCallInfo fcinfo, NodeRow *row)
{
	static const NodeColumn columns[] = {
		NODE_ORG_ID, NODE_NODE_ID, NODE_CONFIG_JSON, NODE_VERSION
	};
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	text	   *node_id = PG_GETARG_TEXT_PP(1);
	NodeReader	reader;
	bool		found;

	reader_begin(&reader, fcinfo, PRIVILEGE_READ, lengthof(columns), columns);
	found = reader_find(&reader, org_id, node_id, row);
	reader_require(&reader, org_id, node_id, found,
				   reader_privileges(&reader, fcinfo, org_id, node_id));
	reader_end(&reader);
	return access_catalogue(fcinfo, &reader.access);
}

/*
 * integration_config_get(org_id text, node_id text) returns record: a node's own
 * document, redacted, and its version.
 */
Datum
integration_config_get(PG_FUNCTION_ARGS)
{
	NodeRow		row;
	Walk		walk = {.visit = shown_visit};
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	walk.catalogue = node_read(fcinfo, &row);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	values[0] = JsonbPGetDatum(walk_document(&walk, store_layer(&row), (JsonbRef) {0},
											 PLACE_DOCUMENT));
	values[1] = Int32GetDatum(row.version);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
