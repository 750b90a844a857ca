/*-------------------------------------------------------------------------
 *
 * json_schema/definitions.c
 *	  From the fields that were read in a JSON Schema to their definitions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "catalogue/definition.h"
#include "json_schema/import.h"
#include "jsonb/sorted_refs.h"
#include "jsonb/writer.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

/* A definition that is being put together. */
typedef struct Definition
{
	JsonbMember *members;
	int			nmembers;
} Definition;

/* What was written, for an error about a part of it. */
typedef struct Written
{
	Import	   *import;
	const FieldImport **ordered;	/* as the definitions are */
} Written;

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

		CHECK_FOR_INTERRUPTS();
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
 * add: a member of the definition, where there is a value for it.
 */
static void
add(Definition *definition, const char *key, JsonbRef value)
{
	if (value.type <= JREF_NULL)
		return;
	definition->members[definition->nmembers].key = jsonb_ref_string(key, strlen(key));
	definition->members[definition->nmembers++].value = value;
}

static void
add_string(Definition *definition, const char *key, const char *value)
{
	if (value != NULL)
		add(definition, key, jsonb_ref_string(value, strlen(value)));
}

/*
 * add_names: a member with names of fields.
 */
static void
add_names(Definition *definition, const Import *import, const char *key, List *fields)
{
	JsonbWriter writer;
	JsonbFrame	array;
	ListCell   *cell;

	if (fields == NIL)
		return;
	jsonb_write_begin(&writer, list_length(fields) * 16);
	jsonb_write_array(&writer, NULL, &array, list_length(fields));
	foreach(cell, fields)
		jsonb_write_value(&writer, &array, import->fields[lfirst_int(cell)].name);
	jsonb_write_end(&writer, &array);
	add(definition, key, jsonb_ref_root(jsonb_write_finish(&writer)));
}

/*
 * add_placeholder: the first example, if it is a string or a number, as text.
 */
static void
add_placeholder(Definition *definition, JsonbRef examples)
{
	JsonbWalk	walk;
	JsonbRef	example;

	if (examples.type != JREF_ARRAY)
		return;
	jsonb_walk_begin(&walk, examples);
	if (!jsonb_walk_element(&walk, &example))
		return;
	if (example.type == JREF_NUMERIC)
		add_string(definition, "placeholder",
				   DatumGetCString(DirectFunctionCall1(numeric_out,
													   PointerGetDatum(example.ptr))));
	else if (example.type == JREF_STRING)
		add(definition, "placeholder", example);
}

/*
 * distinct_values: those of "enum" that say something, in their order.  null
 * is no value that a field could have, and one given twice says nothing more.
 */
static int
distinct_values(JsonbRef values, JsonbRef *distinct)
{
	uint32		count = jsonb_ref_count(values);
	SortedRef  *sorted = palloc(count * sizeof(SortedRef));
	JsonbWalk	walk;
	JsonbRef	value;
	int			nsorted = 0;
	int			ndistinct = 0;

	jsonb_walk_begin(&walk, values);
	while (jsonb_walk_element(&walk, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (value.type == JREF_NULL)
			continue;
		sorted[nsorted].value = value;
		sorted[nsorted].index = nsorted;
		nsorted++;
	}
	nsorted = distinct_refs(sorted, nsorted);
	for (int i = 0; i < nsorted; i++)
		distinct[ndistinct++] = sorted[i].value;
	pfree(sorted);
	return ndistinct;
}

/*
 * add_allowed_values: "enum" or "const" as allowed_values.
 */
static void
add_allowed_values(Definition *definition, const FieldImport *field)
{
	JsonbRef	values = field->given[KEYWORD_ENUM];
	JsonbRef	constant = field->given[KEYWORD_CONST];
	JsonbRef   *distinct;
	int			ndistinct = 1;
	JsonbWriter writer;
	JsonbFrame	array;

	if (constant.type != JREF_NONE)
		distinct = &constant;
	else if (values.type != JREF_NONE)
	{
		distinct = palloc(jsonb_ref_count(values) * sizeof(JsonbRef));
		ndistinct = distinct_values(values, distinct);
	}
	else
		return;
	jsonb_write_begin(&writer, values.len);
	jsonb_write_array(&writer, NULL, &array, ndistinct);
	for (int i = 0; i < ndistinct; i++)
		jsonb_write_value(&writer, &array, distinct[i]);
	jsonb_write_end(&writer, &array);
	add(definition, "allowed_values", jsonb_ref_root(jsonb_write_finish(&writer)));
}

/*
 * is_own_key: a key that a definition hands through.
 */
static bool
is_own_key(JsonbRef key)
{
	return key.len >= 2 && memcmp(key.ptr, "x-", 2) == 0;
}

/*
 * add_own_keys: those of a field's schemas; where several have one, that
 * closest to the property counts, which is the last.
 */
static void
add_own_keys(Definition *definition, const FieldImport *field)
{
	for (int i = 0; i < list_length(field->sources); i++)
	{
		const FieldSource *source = list_nth(field->sources, i);
		JsonbMember member;
		JsonbWalk	walk;

		jsonb_walk_begin(&walk, source->schema);
		while (jsonb_walk_member(&walk, &member.key, &member.value))
		{
			bool		counts = is_own_key(member.key);

			CHECK_FOR_INTERRUPTS();
			for (int j = i + 1; counts && j < list_length(field->sources); j++)
			{
				const FieldSource *closer = list_nth(field->sources, j);

				counts = jsonb_ref_member(closer->schema, member.key.ptr,
										  member.key.len).type == JREF_NONE;
			}
			if (counts)
				definition->members[definition->nmembers++] = member;
		}
	}
}

/*
 * most_members: how many members a field's definition can have.
 */
static int
most_members(const FieldImport *field)
{
	int			most = NKEYWORDS + 8;
	ListCell   *cell;

	foreach(cell, field->sources)
		most += jsonb_ref_count(((const FieldSource *) lfirst(cell))->schema);
	return most;
}

/*
 * write_definition: the field's definition, as the array's next element.
 */
static void
write_definition(JsonbWriter *writer, JsonbFrame *array, const Import *import,
				 const FieldImport *field)
{
	const JsonbRef *given = field->given;
	bool		is_array = field->type == FIELD_ARRAY;
	bool		is_text = field->type == FIELD_STRING || field->type == FIELD_SECRET;
	Definition	definition = {0};

	definition.members = palloc(most_members(field) * sizeof(JsonbMember));
	add_own_keys(&definition, field);
	add(&definition, "name", field->name);
	add_string(&definition, "type", field_type_name(field->type));
	if (field->required)
		add(&definition, "required", jsonb_ref_bool(true));
	add_names(&definition, import, "required_with", field->required_with);
	add_names(&definition, import, "required_unless", field->required_unless);
	if (field->team_level)
		add_string(&definition, "level", "team");
	add(&definition, "display_name", given[KEYWORD_TITLE]);
	add(&definition, "description", given[KEYWORD_DESCRIPTION]);
	add_placeholder(&definition, given[KEYWORD_EXAMPLES]);
	add(&definition, "default_value", given[KEYWORD_DEFAULT]);
	add_allowed_values(&definition, field);
	add_string(&definition, "pattern", field->pattern);
	if (field->format != FORMAT_NONE)
		add_string(&definition, "format", field_format_name(field->format));
	if (is_text && given[KEYWORD_MULTILINE].type == JREF_BOOL &&
		given[KEYWORD_MULTILINE].boolean)
		add(&definition, "multiline", given[KEYWORD_MULTILINE]);
	add(&definition, "min", given[KEYWORD_MINIMUM]);
	add(&definition, "max", given[KEYWORD_MAXIMUM]);
	add(&definition, "min_length", given[is_array ? KEYWORD_MIN_ITEMS : KEYWORD_MIN_LENGTH]);
	add(&definition, "max_length", given[is_array ? KEYWORD_MAX_ITEMS : KEYWORD_MAX_LENGTH]);
	jsonb_write_members(writer, array, definition.members, definition.nmembers);
}

/*
 * refuse_definition: the error for a definition that the catalogue would
 * refuse, at the place in the schema that it comes from.
 */
static void
refuse_definition(void *arg, const char *path, const char *detail, const char *hint)
{
	Written    *written = arg;
	Import	   *import = written->import;
	const FieldImport *field;
	const char *keyword;
	int			index;
	int			length = 0;
	JsonbRef	key;

	import_enter_name(import, "properties");
	if (sscanf(path, "/fields/%d%n", &index, &length) != 1)
		import_refuse(import, detail, hint);
	field = written->ordered[index];
	import_enter(import, field->name);
	if (path[length] == '/')
	{
		key = jsonb_ref_string(path + length + 1, strcspn(path + length + 1, "/"));
		keyword = import_keyword_name(field, key);
		if (keyword != NULL)
			import_enter_name(import, keyword);
		else if (is_own_key(key))
			import_enter(import, key);
	}
	import_refuse(import, detail, hint);
}

/*
 * import_definitions: the row's "fields".  They are checked as the catalogue
 * checks them, so what is returned can be inserted.
 */
Jsonb *
import_definitions(Import *import)
{
	Written		written = {import, palloc((import->nfields + 1) * sizeof(FieldImport *))};
	JsonbWriter writer;
	JsonbFrame	array;
	MemoryContext per_field;
	Jsonb	   *fields;

	read_order(import);
	for (int i = 0; i < import->nfields; i++)
		written.ordered[i] = &import->fields[i];
	qsort(written.ordered, import->nfields, sizeof(FieldImport *), compare_order);

	jsonb_write_begin(&writer, import->root.len);
	jsonb_write_array(&writer, NULL, &array, import->nfields);
	per_field = AllocSetContextCreate(CurrentMemoryContext,
									  "integration_schemas import",
									  ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < import->nfields; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(per_field);

		CHECK_FOR_INTERRUPTS();
		write_definition(&writer, &array, import, written.ordered[i]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(per_field);
	}
	MemoryContextDelete(per_field);
	jsonb_write_end(&writer, &array);
	fields = jsonb_write_finish(&writer);
	definition_check_with(jsonb_ref_root(fields), refuse_definition, &written);
	return fields;
}
