/*-------------------------------------------------------------------------
 *
 * store/places.c
 *	  The values that a document has at a field's path, of which there may be
 *	  several: "*" in it is any element of an array.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "jsonb/writer.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/sql_result.h"
#include "store/places.h"
#include "store/store.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(value_places);
PG_FUNCTION_INFO_V1(without_values);

/*
 * leads_to: does the step lead to the array's element of that index?
 */
static bool
leads_to(JsonbRef step, uint32 index)
{
	char		number[12];

	return JREF_IS(step, "*") ||
		jsonb_ref_is(step, number, snprintf(number, sizeof(number), "%u", index));
}

/*
 * places_path: a field's path from the document on, palloc'd; key is that of the
 * entry.
 */
FieldPath
places_path(JsonbRef key, const FieldPath *field)
{
	FieldPath	path;

	path.nsteps = field->nsteps + 3;
	path.steps = palloc_extended(sizeof(JsonbRef) * (Size) path.nsteps, MCXT_ALLOC_HUGE);
	path.steps[0] = jsonb_ref_string("integrations", 12);
	path.steps[1] = key;
	path.steps[2] = jsonb_ref_string("config", 6);
	memcpy(path.steps + 3, field->steps, sizeof(JsonbRef) * (Size) field->nsteps);
	return path;
}

/*
 * any_at: is there a value, which null is none, at the end of the steps?
 */
static bool
any_at(JsonbRef value, const JsonbRef *steps, int nsteps)
{
	JsonbWalk	walk;
	JsonbRef	element;

	for (; nsteps > 0 && value.type == JREF_OBJECT; steps++, nsteps--)
		value = jsonb_ref_member(value, steps->ptr, steps->len);
	if (nsteps == 0)
		return value.type > JREF_NULL;
	if (value.type != JREF_ARRAY)
		return false;
	check_stack_depth();
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_element(&walk, &element))
	{
		CHECK_FOR_INTERRUPTS();
		if (leads_to(*steps, walk.index - 1) && any_at(element, steps + 1, nsteps - 1))
			return true;
	}
	return false;
}

/*
 * places_any: has a document a value, which null is none, at the path?
 */
bool
places_any(JsonbRef document, const FieldPath *path)
{
	return any_at(document, path->steps, path->nsteps);
}

/*
 * write_emptied: a value with null in the place of each that is at the end of the
 * steps.
 */
static void
write_emptied(JsonbWriter *writer, JsonbFrame *outer, JsonbRef value,
			  const JsonbRef *steps, int nsteps)
{
	JsonbRef	null = {.type = JREF_NULL};
	JsonbFrame	frame;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	inner;

	if (nsteps == 0 || JREF_IS_SCALAR(value))
	{
		jsonb_write_value(writer, outer, nsteps == 0 ? null : value);
		return;
	}
	check_stack_depth();
	jsonb_walk_begin(&walk, value);
	if (value.type == JREF_ARRAY)
	{
		jsonb_write_array(writer, outer, &frame, jsonb_ref_count(value));
		while (jsonb_walk_element(&walk, &inner))
		{
			CHECK_FOR_INTERRUPTS();
			if (leads_to(*steps, walk.index - 1))
				write_emptied(writer, &frame, inner, steps + 1, nsteps - 1);
			else
				jsonb_write_value(writer, &frame, inner);
		}
	}
	else
	{
		jsonb_write_object(writer, outer, &frame, jsonb_ref_count(value));
		jsonb_write_keys_of(writer, &frame, value);
		while (jsonb_walk_member(&walk, &key, &inner))
		{
			CHECK_FOR_INTERRUPTS();
			if (jsonb_ref_is(key, steps->ptr, steps->len))
				write_emptied(writer, &frame, inner, steps + 1, nsteps - 1);
			else
				jsonb_write_value(writer, &frame, inner);
		}
	}
	jsonb_write_end(writer, &frame);
}

/*
 * places_emptied: a document, which is an object, with null in the place of each
 * value at the path; palloc'd.
 */
Jsonb *
places_emptied(JsonbRef document, const FieldPath *path)
{
	JsonbWriter writer;

	jsonb_write_begin(&writer, (Size) document.len + VARHDRSZ);
	write_emptied(&writer, NULL, document, path->steps, path->nsteps);
	return jsonb_write_finish(&writer);
}

/*
 * add_places: append the JSON Pointers of the values at the end of the steps.
 */
static void
add_places(ArrayBuildState **places, StringInfo pointer, JsonbRef value,
		   const JsonbRef *steps, int nsteps)
{
	int			length = pointer->len;
	JsonbWalk	walk;
	JsonbRef	element;

	for (; nsteps > 0 && value.type == JREF_OBJECT; steps++, nsteps--)
	{
		value = jsonb_ref_member(value, steps->ptr, steps->len);
		append_pointer_step(pointer, *steps);
	}
	if (nsteps == 0 && value.type > JREF_NULL)
		*places = accumArrayResult(*places,
								   PointerGetDatum(cstring_to_text_with_len(pointer->data, pointer->len)),
								   false, TEXTOID, CurrentMemoryContext);
	else if (nsteps > 0 && value.type == JREF_ARRAY)
	{
		int			inner = pointer->len;

		check_stack_depth();
		jsonb_walk_begin(&walk, value);
		while (jsonb_walk_element(&walk, &element))
		{
			CHECK_FOR_INTERRUPTS();
			if (!leads_to(*steps, walk.index - 1))
				continue;
			appendStringInfo(pointer, "/%u", walk.index - 1);
			add_places(places, pointer, element, steps + 1, nsteps - 1);
			pointer->len = inner;
		}
	}
	pointer->len = length;
	pointer->data[length] = '\0';
}

/*
 * path_argument: the second argument, an array of steps.
 */
static FieldPath
path_argument(FunctionCallInfo fcinfo)
{
	FieldPath	path = {0};
	Datum	   *steps;
	bool	   *nulls;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &steps, &nulls,
					  &path.nsteps);
	path.steps = palloc_extended(sizeof(JsonbRef) * ((Size) path.nsteps + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < path.nsteps; i++)
		path.steps[i] = nulls[i] ? jsonb_ref_string("", 0) : store_text_ref(DatumGetTextPP(steps[i]));
	return path;
}

/*
 * integration_schemas_internal.value_places(document jsonb, path text[]) returns
 * text[]: the JSON Pointers of the values, which nulls are none, at a path.
 */
Datum
value_places(PG_FUNCTION_ARGS)
{
	FieldPath	path = path_argument(fcinfo);
	ArrayBuildState *places = NULL;
	StringInfoData pointer;

	initStringInfo(&pointer);
	add_places(&places, &pointer, jsonb_ref_root(PG_GETARG_JSONB_P(0)), path.steps, path.nsteps);
	if (places == NULL)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	PG_RETURN_DATUM(makeArrayResult(places, CurrentMemoryContext));
}

/*
 * integration_schemas_internal.without_values(document jsonb, path text[]) returns
 * jsonb: a document with null in the place of each of them.
 */
Datum
without_values(PG_FUNCTION_ARGS)
{
	FieldPath	path = path_argument(fcinfo);
	JsonbRef	root = jsonb_ref_root(PG_GETARG_JSONB_P(0));

	if (root.type != JREF_OBJECT || path.nsteps == 0)
		PG_RETURN_JSONB_P(PG_GETARG_JSONB_P(0));
	PG_RETURN_JSONB_P(places_emptied(root, &path));
}
