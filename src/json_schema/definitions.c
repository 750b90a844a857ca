/*-------------------------------------------------------------------------
 *
 * json_schema/definitions.c
 *	  From the fields that were read in a JSON Schema to their definitions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "json_schema/import.h"
#include "jsonb/build.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"

/*
 * read_order: where each field stands among the others.
 */
static void
read_order(Import *import)
{
	JsonbRef	listed = JREF_MEMBER(import->root, SCHEMA_ORDER);
	JsonbWalk	walk;
	JsonbRef	name;
	int			place = 0;

	for (int i = 0; i < import->nfields; i++)
	{
		FieldImport *field = &import->fields[i];
		JsonbRef	order = field->given[KEYWORD_ORDER];

		field->place = INT_MAX;
		field->order = order.type != JREF_NUMERIC ? get_float8_infinity() :
			DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
											   PointerGetDatum(order.ptr)));
	}

	if (listed.type != JREF_ARRAY)
		return;
	jsonb_walk_begin(&walk, listed);
	while (jsonb_walk_element(&walk, &name))
	{
		int			number = import_field(import, name);

		if (number >= 0)
			import->fields[number].place = place++;
	}
}

/*
 * compare_order: our own order first, then Airbyte's, then the rest as they
 * lie.  (jsonb does not keep the order that the schema's text had.)
 */
static int
compare_order(const void *a, const void *b)
{
	const FieldImport *left = *(const FieldImport *const *) a;
	const FieldImport *right = *(const FieldImport *const *) b;

	if (left->place != right->place)
		return left->place < right->place ? -1 : 1;
	if (left->order != right->order)
		return left->order < right->order ? -1 : 1;
	return left < right ? -1 : 1;
}

/*
 * build_given: a member of the definition from a keyword, where it is given.
 */
static void
build_given(JsonbBuild *build, const char *key, JsonbRef value)
{
	if (value.type <= JREF_NULL)
		return;
	build_key(build, key);
	build_value(build, value);
}

/*
 * build_names: a member of the definition with names of fields.
 */
static void
build_names(JsonbBuild *build, const Import *import, const char *key, List *fields)
{
	ListCell   *cell;

	if (fields == NIL)
		return;
	build_key(build, key);
	build_array(build);
	foreach(cell, fields)
		build_value(build, import->fields[lfirst_int(cell)].name);
	build_end(build);
}

/*
 * build_placeholder: the first example, if it is a scalar, as text.
 */
static void
build_placeholder(JsonbBuild *build, JsonbRef examples)
{
	JsonbWalk	walk;
	JsonbRef	example;

	if (examples.type != JREF_ARRAY)
		return;
	jsonb_walk_begin(&walk, examples);
	if (!jsonb_walk_element(&walk, &example))
		return;
	if (example.type == JREF_NUMERIC)
	{
		build_key(build, "placeholder");
		build_string(build, DatumGetCString(DirectFunctionCall1(numeric_out,
																PointerGetDatum(example.ptr))));
	}
	else if (example.type == JREF_STRING)
		build_given(build, "placeholder", example);
}

/*
 * build_allowed_values: "enum" or "const" as allowed_values.  null is no
 * value that a field could have; a value given twice says nothing more.
 */
static void
build_allowed_values(JsonbBuild *build, const FieldImport *field)
{
	JsonbRef	values = field->given[KEYWORD_ENUM];
	JsonbRef	constant = field->given[KEYWORD_CONST];
	JsonbWalk	walk;
	JsonbRef	value;
	JsonbRef   *seen;
	int			nseen = 0;

	if (values.type == JREF_NONE && constant.type == JREF_NONE)
		return;
	seen = palloc((values.type == JREF_ARRAY ? jsonb_ref_count(values) : 0) * sizeof(JsonbRef) + 1);
	build_key(build, "allowed_values");
	build_array(build);
	if (constant.type != JREF_NONE)
		build_value(build, constant);
	else
	{
		jsonb_walk_begin(&walk, values);
		while (jsonb_walk_element(&walk, &value))
		{
			bool		again = value.type == JREF_NULL;

			CHECK_FOR_INTERRUPTS();
			for (int i = 0; i < nseen && !again; i++)
				again = jsonb_ref_equal(seen[i], value);
			if (again)
				continue;
			seen[nseen++] = value;
			build_value(build, value);
		}
	}
	build_end(build);
}

/*
 * build_definition: the field's definition.
 */
static void
build_definition(JsonbBuild *build, const Import *import, const FieldImport *field)
{
	const JsonbRef *given = field->given;
	bool		is_array = field->type == FIELD_ARRAY;
	ListCell   *cell;

	build_object(build);
	foreach(cell, field->sources)
	{
		JsonbWalk	walk;
		JsonbRef	key;
		JsonbRef	value;

		jsonb_walk_begin(&walk, *(JsonbRef *) lfirst(cell));
		while (jsonb_walk_member(&walk, &key, &value))
			if (key.len >= 2 && memcmp(key.ptr, "x-", 2) == 0)
			{
				build_key_ref(build, key);
				build_value(build, value);
			}
	}

	build_given(build, "name", field->name);
	build_key(build, "type");
	build_string(build, field_type_name(field->type));
	if (field->required)
		build_given(build, "required", jsonb_ref_bool(true));
	build_names(build, import, "required_with", field->required_with);
	build_names(build, import, "required_unless", field->required_unless);
	if (field->team_level)
	{
		build_key(build, "level");
		build_string(build, "team");
	}
	build_given(build, "display_name", given[KEYWORD_TITLE]);
	build_given(build, "description", given[KEYWORD_DESCRIPTION]);
	build_placeholder(build, given[KEYWORD_EXAMPLES]);
	build_given(build, "default_value", given[KEYWORD_DEFAULT]);
	build_allowed_values(build, field);
	if (field->pattern != NULL)
	{
		build_key(build, "pattern");
		build_string(build, field->pattern);
	}
	if (field->format != FORMAT_NONE)
	{
		build_key(build, "format");
		build_string(build, field_format_name(field->format));
	}
	build_given(build, "min", given[KEYWORD_MINIMUM]);
	build_given(build, "max", given[KEYWORD_MAXIMUM]);
	build_given(build, "min_length", given[is_array ? KEYWORD_MIN_ITEMS : KEYWORD_MIN_LENGTH]);
	build_given(build, "max_length", given[is_array ? KEYWORD_MAX_ITEMS : KEYWORD_MAX_LENGTH]);
	build_end(build);
}

/*
 * import_definitions: the row's "fields".
 */
Jsonb *
import_definitions(Import *import)
{
	const FieldImport **ordered = palloc((import->nfields + 1) * sizeof(FieldImport *));
	JsonbBuild	build = {0};

	read_order(import);
	for (int i = 0; i < import->nfields; i++)
		ordered[i] = &import->fields[i];
	qsort(ordered, import->nfields, sizeof(FieldImport *), compare_order);

	build_array(&build);
	for (int i = 0; i < import->nfields; i++)
		build_definition(&build, import, ordered[i]);
	build_end(&build);
	return build_finish(&build);
}
