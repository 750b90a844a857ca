/*-------------------------------------------------------------------------
 *
 * store/store.c
 *	  The SQL-callable functions that read one node's merged configuration.
 *
 * The layers of a node are its own document and those above it: one look-up
 * by primary key a level, and one for the platform's node.  They are read
 * with the caller's rights under the caller's snapshot, all before the merge
 * begins, and are used where they lie until it has ended.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "merge/explain.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/messages.h"
#include "server/sql_result.h"
#include "store/lookup.h"
#include "store/plans.h"
#include "store/store.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(integration_config_effective);
PG_FUNCTION_INFO_V1(integration_config_resolve);
PG_FUNCTION_INFO_V1(integration_config_explain);
PG_FUNCTION_INFO_V1(integration_config_shown);

/* A node's layers, outermost first. */
typedef struct NodeLayers
{
	int			count;
	int			allocated;
	JsonbRef   *documents;
	JsonbRef   *names;			/* node_id of each */
} NodeLayers;

/*
 * store_text_ref: a text where it lies.
 */
JsonbRef
store_text_ref(text *string)
{
	return jsonb_ref_string(VARDATA_ANY(string), VARSIZE_ANY_EXHDR(string));
}

/*
 * store_layer: a node's document as a layer.
 *
 * The trigger lets no other document in than an object, but it may have been
 * disabled.
 */
JsonbRef
store_layer(Datum document, JsonbRef node_id)
{
	JsonbRef	layer = jsonb_ref_root(DatumGetJsonbP(document));

	if (unlikely(layer.type != JREF_OBJECT))
	{
		StringInfoData name;

		initStringInfo(&name);
		append_name(&name, node_id);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("document of node %s is not a JSON object", name.data),
				 errdetail("It is a JSON %s.", jsonb_ref_type_name(layer))));
	}
	return layer;
}

/*
 * store_no_document: the error for a node whose document is null, which the
 * table as it was made lets nobody write.
 */
void
store_no_document(JsonbRef node_id)
{
	StringInfoData name;

	initStringInfo(&name);
	append_name(&name, node_id);
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("document of node %s is null", name.data)));
}

/*
 * store_no_such: the error for a node, or with JREF_NONE an organisation, that
 * is not there, or that row security does not let the caller see.
 */
void
store_no_such(JsonbRef org_id, JsonbRef node_id)
{
	StringInfoData message;

	initStringInfo(&message);
	if (node_id.type != JREF_NONE)
	{
		appendStringInfoString(&message, "node ");
		append_name(&message, node_id);
		appendStringInfoString(&message, " of ");
	}
	appendStringInfoString(&message, "organisation ");
	append_name(&message, org_id);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("%s does not exist", message.data)));
}

/*
 * add_layer: look a node up and add its document to the layers; false where it
 * is not there.
 */
static bool
add_layer(NodeLayers *layers, NodeLookup *lookup, text *org_id, text *node_id,
		  text **parent_id)
{
	Datum		document;

	if (!node_lookup(lookup, org_id, node_id, parent_id, &document))
		return false;
	if (layers->count == layers->allocated)
	{
		layers->allocated *= 2;
		layers->documents = repalloc(layers->documents,
									 sizeof(JsonbRef) * layers->allocated);
		layers->names = repalloc(layers->names, sizeof(JsonbRef) * layers->allocated);
	}
	layers->names[layers->count] = store_text_ref(node_id);
	layers->documents[layers->count] = store_layer(document, layers->names[layers->count]);
	layers->count++;
	return true;
}

/*
 * read_layers: the layers of the node that the function's first two arguments
 * name.
 *
 * The caller is connected to SPI, and what is read lives until it is not.
 * What row security hides ends the walk, or leaves the platform out.  Errors:
 * undefined_object where there is no such node.
 */
static void
read_layers(FunctionCallInfo fcinfo, NodeLayers *layers)
{
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	text	   *node_id = PG_GETARG_TEXT_PP(1);
	NodeLookup	lookup;
	text	   *parent_id = NULL;

	layers->count = 0;
	layers->allocated = 8;
	layers->documents = palloc(sizeof(JsonbRef) * layers->allocated);
	layers->names = palloc(sizeof(JsonbRef) * layers->allocated);

	node_lookup_begin(&lookup, own_namespace(fcinfo), false);
	if (!add_layer(layers, &lookup, org_id, node_id, &parent_id))
		store_no_such(store_text_ref(org_id), store_text_ref(node_id));
	while (parent_id != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (layers->count > STORE_MAX_LEVELS)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("tree of nodes has a cycle"),
					 errhint("It was changed while the triggers of table \"%s\" were disabled.",
							 STORE_TABLE)));
		if (!add_layer(layers, &lookup, org_id, parent_id, &parent_id))
			break;
	}
	if (!jsonb_ref_is(store_text_ref(org_id), "*", 1))
	{
		text	   *star = cstring_to_text("*");

		(void) add_layer(layers, &lookup, star, star, &parent_id);
	}
	node_lookup_end(&lookup);

	for (int i = 0, j = layers->count - 1; i < j; i++, j--)
	{
		JsonbRef	document = layers->documents[i];
		JsonbRef	name = layers->names[i];

		layers->documents[i] = layers->documents[j];
		layers->names[i] = layers->names[j];
		layers->documents[j] = document;
		layers->names[j] = name;
	}
}

/*
 * integration_config_effective(org_id text, node_id text) returns jsonb: the
 * merged document of a node.
 */
Datum
integration_config_effective(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	NodeLayers	layers;
	Jsonb	   *result;

	SPI_connect();
	read_layers(fcinfo, &layers);
	MemoryContextSwitchTo(caller);
	result = merge_config(catalogue_current(fcinfo), layers.documents, layers.count);
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}

/*
 * integration_config_resolve(org_id text, node_id text, id text) returns
 * jsonb: one integration of a node.
 */
Datum
integration_config_resolve(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	text	   *id = PG_GETARG_TEXT_PP(2);
	NodeLayers	layers;
	Jsonb	   *result;

	SPI_connect();
	read_layers(fcinfo, &layers);
	MemoryContextSwitchTo(caller);
	result = merge_resolve(catalogue_require(catalogue_current(fcinfo), VARDATA_ANY(id),
											 VARSIZE_ANY_EXHDR(id)),
						   layers.documents, layers.count);
	SPI_finish();
	PG_RETURN_JSONB_P(result);
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
	MemoryContext caller = CurrentMemoryContext;
	NodeLayers	layers;
	ReturnSetInfo *result = result_begin(fcinfo);
	LayerNames	names = {.type = TEXTOID, .name = layer_name, .arg = &layers};

	SPI_connect();
	read_layers(fcinfo, &layers);
	MemoryContextSwitchTo(caller);
	explain_rows(result, catalogue_current(fcinfo), layers.documents, layers.count,
				 &names);
	SPI_finish();
	return (Datum) 0;
}

/*
 * integration_config_shown(name text) returns text: a name as messages show
 * it, for those that are written in PL/pgSQL.
 */
Datum
integration_config_shown(PG_FUNCTION_ARGS)
{
	StringInfoData shown;

	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text("null"));
	initStringInfo(&shown);
	append_name(&shown, store_text_ref(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(shown.data, shown.len));
}
