/*-------------------------------------------------------------------------
 *
 * merge/explain.c
 *	  The rows of the functions that explain a merged configuration.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "merge/explain.h"
#include "server/sql_result.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

/* The columns, in their order. */
enum
{
	EXPLAIN_INTEGRATION,
	EXPLAIN_FIELD,
	EXPLAIN_VALUE,
	EXPLAIN_SOURCE,
	EXPLAIN_LEVEL,
	EXPLAIN_REQUIRED,
	EXPLAIN_LOCKED,
	EXPLAIN_IGNORED,
	EXPLAIN_LOCKED_BY,
	EXPLAIN_UNSET_BY,
	EXPLAIN_COLUMNS
};

typedef struct ExplainArg
{
	ReturnSetInfo *result;
	const LayerNames *names;
} ExplainArg;

/*
 * set_layer: a column that names one layer, or none; zero is what stands in its
 * place where that is not a layer's but the catalogue's.
 */
static void
set_layer(const LayerNames *names, int layer, const char *zero,
		  Datum *value, bool *isnull)
{
	*isnull = layer < 0;
	*value = layer < 0 ? (Datum) 0 : names->name(layer, zero, names->arg);
}

/*
 * layer_array: a set of layers as an array of their names.
 */
static Datum
layer_array(const LayerNames *names, const Bitmapset *layers)
{
	Datum	   *elements = palloc_extended(sizeof(Datum) * ((Size) bms_num_members(layers) + 1),
										   MCXT_ALLOC_HUGE);
	bool		is_text = names->type == TEXTOID;
	int			count = 0;
	Datum		array;

	for (int layer = -1; (layer = bms_next_member(layers, layer)) >= 0;)
		elements[count++] = names->name(layer, NULL, names->arg);
	array = PointerGetDatum(construct_array(elements, count, names->type,
											is_text ? -1 : (int) sizeof(int32),
											!is_text, TYPALIGN_INT));
	pfree(elements);
	return array;
}

/*
 * explain_row: FieldTraceCallback that puts a row into the result.
 */
static void
explain_row(const FieldTrace *trace, void *arg)
{
	ExplainArg *explain = arg;
	const LayerNames *names = explain->names;
	const Field *field = trace->field;
	Datum		values[EXPLAIN_COLUMNS];
	bool		nulls[EXPLAIN_COLUMNS] = {false};

	values[EXPLAIN_INTEGRATION] = text_from_ref(trace->key);
	nulls[EXPLAIN_FIELD] = field == NULL;
	values[EXPLAIN_FIELD] = field ? text_from_ref(trace->path) : (Datum) 0;
	nulls[EXPLAIN_VALUE] = trace->value == NULL;
	values[EXPLAIN_VALUE] = PointerGetDatum(trace->value);
	set_layer(names, trace->source, "default",
			  &values[EXPLAIN_SOURCE], &nulls[EXPLAIN_SOURCE]);
	values[EXPLAIN_LEVEL] = field == NULL ? text_from_ref(trace->integration->level) :
		CStringGetTextDatum(field->team_level ? "team" : "org");
	values[EXPLAIN_REQUIRED] = BoolGetDatum(trace->required);
	values[EXPLAIN_LOCKED] = BoolGetDatum(trace->locked_by >= 0);
	values[EXPLAIN_IGNORED] = layer_array(names, trace->ignored);
	set_layer(names, trace->locked_by, "catalogue",
			  &values[EXPLAIN_LOCKED_BY], &nulls[EXPLAIN_LOCKED_BY]);
	set_layer(names, trace->unset_by, NULL,
			  &values[EXPLAIN_UNSET_BY], &nulls[EXPLAIN_UNSET_BY]);
	tuplestore_putvalues(explain->result->setResult, explain->result->setDesc,
						 values, nulls);
}

/*
 * explain_rows: put a row for each field of the catalogue, and one for each
 * integration's "enabled", into the result of a set-returning function.
 *
 * names says how layers are named.  What stands for the catalogue (layer 0) is
 * named by the word in zero, if the type has words.
 */
void
explain_rows(ReturnSetInfo *result, const Catalogue *catalogue,
			 const JsonbRef *layers, int nlayers, const LayerNames *names)
{
	ExplainArg	arg = {.result = result, .names = names};

	merge_explain(catalogue, layers, nlayers, explain_row, &arg);
}
