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
#include "secrets/cipher.h"
#include "server/sql_result.h"
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
 * name, and the opener of what an answer shows of them.
 */
static void
read_to_answer(NodeLayers *layers, LayersOpener *opener, FunctionCallInfo fcinfo)
{
	layers_read(layers, fcinfo);
	layers_opener_begin(opener, fcinfo, store_text_ref(PG_GETARG_TEXT_PP(0)), true);
	opener->documents = layers->documents;
	opener->names = layers->names;
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
	Jsonb	   *answer;

	read_to_answer(&layers, &opener, fcinfo);
	answer = merge_config(catalogue_current(fcinfo), layers.documents, layers.count,
						  &opener.opener);
	cipher_forget();
	PG_RETURN_JSONB_P(answer);
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
	Jsonb	   *answer;

	read_to_answer(&layers, &opener, fcinfo);
	answer = merge_resolve(catalogue_current(fcinfo),
						   jsonb_ref_string(VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id)),
						   layers.documents, layers.count, &opener.opener);
	cipher_forget();
	PG_RETURN_JSONB_P(answer);
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

	layers_read(&layers, fcinfo);
	instance_rows(result, catalogue_current(fcinfo), PG_GETARG_TEXT_PP(2),
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
	Jsonb	   *answer;

	read_to_answer(&layers, &opener, fcinfo);
	answer = merge_values(catalogue_current(fcinfo), layers.documents, layers.count,
						  &opener.opener);
	cipher_forget();
	PG_RETURN_JSONB_P(answer);
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

	layers_read(&layers, fcinfo);
	explain_rows(result, catalogue_current(fcinfo), layers.documents, layers.count,
				 &names);
	return (Datum) 0;
}

/*
 * integration_config_get(org_id text, node_id text) returns record: a node's own
 * document, redacted, and its version.
 */
Datum
integration_config_get(PG_FUNCTION_ARGS)
{
	static const NodeColumn columns[] = {
		NODE_ORG_ID, NODE_NODE_ID, NODE_CONFIG_JSON, NODE_VERSION
	};
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	text	   *node_id = PG_GETARG_TEXT_PP(1);
	Walk		walk = {.visit = shown_visit};
	NodeReader	reader;
	NodeRow		row;
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};

	reader_begin(&reader, fcinfo, lengthof(columns), columns);
	reader_find(&reader, org_id, node_id, &row);
	reader_end(&reader);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	walk.catalogue = catalogue_current(fcinfo);
	values[0] = JsonbPGetDatum(walk_document(&walk, store_layer(&row), (JsonbRef) {0},
											 PLACE_DOCUMENT));
	values[1] = Int32GetDatum(row.version);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
