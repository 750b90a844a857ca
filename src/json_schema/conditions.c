/*-------------------------------------------------------------------------
 *
 * json_schema/conditions.c
 *	  What a JSON Schema says of required properties, as required,
 *	  required_with and required_unless.
 *
 * Read are "required", "dependentRequired" and conditions of the form
 *
 *		{"if": one of these has a value, "then": that has a value}
 *
 * or with "else" in place of "then"; "has a value" is {"required": ["name"]},
 * alone or with the name's property being neither null nor the empty string,
 * as the export has it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"
#include "json_schema/import.h"
#include "json_schema/pattern_dialect.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define HINT_CONDITION "The conditions that can be expressed are {\"if\": {\"required\": [\"a\"]}, \"then\": {\"required\": [\"b\"]}}, or with \"else\" in place of \"then\", and in \"if\" also an \"anyOf\" of such."

/*
 * import_is_demand: is this one of the keywords that are read here?
 */
bool
import_is_demand(JsonbRef keyword)
{
	return JREF_IS(keyword, "required") || JREF_IS(keyword, "dependentRequired") ||
		JREF_IS(keyword, "dependencies") || JREF_IS(keyword, "allOf") ||
		JREF_IS(keyword, "if") || JREF_IS(keyword, "then") || JREF_IS(keyword, "else");
}

/*
 * is_not_no_value: {"not": {"enum": [null, ""]}}, in either order?
 */
static bool
is_not_no_value(JsonbRef schema)
{
	JsonbRef	values = JREF_MEMBER(JREF_MEMBER(schema, "not"), "enum");
	JsonbWalk	walk;
	JsonbRef	first = {0};
	JsonbRef	second = {0};

	if (values.type != JREF_ARRAY || jsonb_ref_count(values) != 2 ||
		jsonb_ref_count(schema) != 1 ||
		jsonb_ref_count(JREF_MEMBER(schema, "not")) != 1)
		return false;
	jsonb_walk_begin(&walk, values);
	(void) jsonb_walk_element(&walk, &first);
	(void) jsonb_walk_element(&walk, &second);
	return !value_present(first) && !value_present(second) && first.type != second.type;
}

/*
 * read_has_value: the field that must have a value; -1 if the schema says
 * something else.
 */
static int
read_has_value(const Import *import, JsonbRef schema)
{
	JsonbRef	names = JREF_MEMBER(schema, "required");
	JsonbRef	properties = JREF_MEMBER(schema, "properties");
	JsonbRef	name = {0};
	JsonbWalk	walk;

	if (names.type != JREF_ARRAY || jsonb_ref_count(names) != 1 ||
		jsonb_ref_count(schema) != (properties.type == JREF_NONE ? 1 : 2))
		return -1;
	jsonb_walk_begin(&walk, names);
	(void) jsonb_walk_element(&walk, &name);
	if (name.type != JREF_STRING)
		return -1;
	if (properties.type != JREF_NONE &&
		(properties.type != JREF_OBJECT || jsonb_ref_count(properties) != 1 ||
		 !is_not_no_value(jsonb_ref_member(properties, name.ptr, name.len))))
		return -1;
	return import_field(import, name);
}

/*
 * read_any_has_value: the fields one of which must have a value; NIL if the
 * schema says something else.
 */
static List *
read_any_has_value(const Import *import, JsonbRef schema)
{
	JsonbRef	alternatives = JREF_MEMBER(schema, "anyOf");
	JsonbRef	alternative;
	JsonbWalk	walk;
	List	   *fields = NIL;
	int			field;

	if (alternatives.type != JREF_ARRAY)
	{
		field = read_has_value(import, schema);
		return field < 0 ? NIL : list_make1_int(field);
	}
	if (jsonb_ref_count(schema) != 1)
		return NIL;
	jsonb_walk_begin(&walk, alternatives);
	while (jsonb_walk_element(&walk, &alternative))
	{
		CHECK_FOR_INTERRUPTS();
		field = read_has_value(import, alternative);
		if (field < 0)
			return NIL;
		fields = lappend_int(fields, field);
	}
	return fields;
}

/*
 * read_condition: a schema's "if" with its "then" or "else".
 */
static void
read_condition(Import *import, JsonbRef schema)
{
	JsonbRef	then_schema = JREF_MEMBER(schema, "then");
	JsonbRef	else_schema = JREF_MEMBER(schema, "else");
	List	   *fields = read_any_has_value(import, JREF_MEMBER(schema, "if"));
	int			field;

	if (fields == NIL ||
		(then_schema.type == JREF_NONE && else_schema.type == JREF_NONE))
		import_refuse(import, "a field can be required only with or unless others have a value",
					  HINT_CONDITION);
	if (then_schema.type != JREF_NONE)
	{
		field = read_has_value(import, then_schema);
		if (field < 0)
		{
			import_enter_name(import, "then");
			import_refuse(import, "a condition can make one field required, and nothing else",
						  HINT_CONDITION);
		}
		import->fields[field].required_with =
			list_concat(import->fields[field].required_with, fields);
	}
	if (else_schema.type != JREF_NONE)
	{
		field = read_has_value(import, else_schema);
		if (field < 0 || import->fields[field].required_unless != NIL)
		{
			import_enter_name(import, "else");
			import_refuse(import, field < 0 ?
						  "a condition can make one field required, and nothing else" :
						  "a field has room for one such condition only",
						  HINT_CONDITION);
		}
		import->fields[field].required_unless = list_copy(fields);
	}
}

/*
 * read_names: an array of names of fields; the fields' numbers.
 */
static List *
read_names(Import *import, JsonbRef names)
{
	JsonbWalk	walk;
	JsonbRef	name;
	List	   *fields = NIL;
	int			index = 0;

	if (names.type != JREF_ARRAY)
		import_refuse(import, "it must be an array of names of properties",
					  "Correct the schema.");
	jsonb_walk_begin(&walk, names);
	while (jsonb_walk_element(&walk, &name))
	{
		int			field = import_field(import, name);

		CHECK_FOR_INTERRUPTS();
		if (field < 0)
		{
			import_enter_index(import, index);
			import_refuse(import, "the schema has no property of that name",
						  "Correct the name, or add the property.");
		}
		fields = lappend_int(fields, field);
		index++;
	}
	return fields;
}

/*
 * read_dependencies: {"a": ["b"]}, where a in the object asks for b.
 */
static void
read_dependencies(Import *import, const char *keyword)
{
	JsonbRef	dependencies = jsonb_ref_member(import->root, keyword, strlen(keyword));
	int			outer = import_enter_name(import, keyword);
	JsonbWalk	walk;
	JsonbRef	name;
	JsonbRef	names;

	if (dependencies.type != JREF_NONE && dependencies.type != JREF_OBJECT)
		import_refuse(import, "it must be an object", "Correct the schema.");
	jsonb_walk_begin(&walk, dependencies);
	while (jsonb_walk_member(&walk, &name, &names))
	{
		int			inner = import_enter(import, name);
		int			field = import_field(import, name);
		ListCell   *cell;

		if (field < 0)
			import_refuse(import, "the schema has no property of that name",
						  "Correct the name, or add the property.");
		foreach(cell, read_names(import, names))
		{
			FieldImport *asked = &import->fields[lfirst_int(cell)];

			CHECK_FOR_INTERRUPTS();
			asked->required_with = lappend_int(asked->required_with, field);
		}
		import_leave(import, inner);
	}
	import_leave(import, outer);
}

/*
 * read_conditions: those in "allOf", and the schema's own.
 */
static void
read_conditions(Import *import)
{
	JsonbRef	schemas = JREF_MEMBER(import->root, "allOf");
	int			outer = import_enter_name(import, "allOf");
	JsonbRef	schema;
	JsonbWalk	walk;
	int			index = 0;

	if (schemas.type != JREF_NONE && schemas.type != JREF_ARRAY)
		import_refuse(import, "it must be an array", "Correct the schema.");
	jsonb_walk_begin(&walk, schemas);
	while (jsonb_walk_element(&walk, &schema))
	{
		int			inner = import_enter_index(import, index++);
		JsonbWalk	members;
		JsonbRef	key;
		JsonbRef	value;

		CHECK_FOR_INTERRUPTS();
		if (schema.type != JREF_OBJECT)
			import_refuse(import, "only conditions can be expressed", HINT_CONDITION);
		jsonb_walk_begin(&members, schema);
		while (jsonb_walk_member(&members, &key, &value))
			if (!JREF_IS(key, "if") && !JREF_IS(key, "then") &&
				!JREF_IS(key, "else") && !JREF_IS(key, "$comment"))
				import_refuse(import, "only conditions can be expressed", HINT_CONDITION);
		read_condition(import, schema);
		import_leave(import, inner);
	}
	import_leave(import, outer);

	/* without "if", the standard ignores "then" and "else" */
	if (JREF_MEMBER(import->root, "if").type != JREF_NONE)
		read_condition(import, import->root);
}

/*
 * noted_names: the fields that a note names, each once; *understood becomes
 * false where one is none, or is the field itself.
 */
static List *
noted_names(const Import *import, int number, JsonbRef names,
			DemandScope *scope, bool *understood)
{
	JsonbWalk	walk;
	JsonbRef	name;
	List	   *fields = NIL;

	if (names.type != JREF_ARRAY)
	{
		*understood &= names.type == JREF_NONE;
		return NIL;
	}
	jsonb_walk_begin(&walk, names);
	while (jsonb_walk_element(&walk, &name))
	{
		int			field = import_field(import, name);

		CHECK_FOR_INTERRUPTS();
		if (field < 0 || field == number)
			*understood = false;
		fields = lappend_int(fields, field);
	}
	return *understood ? demand_distinct(scope, fields) : NIL;
}

/*
 * is_integer: is the value that number?
 */
static bool
is_integer(JsonbRef value, int64 number)
{
	return value.type == JREF_NUMERIC &&
		DatumGetBool(DirectFunctionCall2(numeric_eq, PointerGetDatum(value.ptr),
										 DirectFunctionCall1(int8_numeric,
															 Int64GetDatum(number))));
}

/*
 * apply_text_note: of a string, the pattern and format.
 */
static void
apply_text_note(FieldImport *field, JsonbRef note)
{
	JsonbRef	pattern = JREF_MEMBER(note, "pattern");
	FieldFormat format = FORMAT_NONE;

	if (pattern.type == JREF_STRING)
	{
		JsonbRef	given = field->given[KEYWORD_PATTERN];
		char	   *exported = pattern_to_ecma(pattern.ptr, pattern.len);

		if (exported == NULL ? given.type == JREF_NONE :
			given.type == JREF_STRING && jsonb_ref_is(given, exported, strlen(exported)))
			field->pattern = jsonb_ref_cstring(pattern);
	}

	if (field_format_parse(JREF_MEMBER(note, "format"), &format))
	{
		const char *exported = field_format_json_schema(format);

		if (field->format == FORMAT_NONE ? exported == NULL : exported != NULL &&
			strcmp(exported, field_format_name(field->format)) == 0)
			field->format = format;
	}
}

/*
 * apply_note: give a field the form that its definition had before the
 * export.
 *
 * A note is believed only where it changes nothing about what the schema's
 * standard keywords pass: whoever edits an exported schema edits those.
 */
static void
apply_note(const Import *import, FieldImport *field, JsonbRef note,
		   DemandScope *scope)
{
	int			number = field - import->fields;
	JsonbRef	required = JREF_MEMBER(note, "required");
	JsonbRef	min_length = JREF_MEMBER(note, "min_length");
	Demand		said = demand_reduce(scope, number, field->required,
									 field->required_with, field->required_unless);

	/* 1 is what the export makes of required */
	if (said.always && is_integer(field->given[KEYWORD_MIN_LENGTH], 1))
	{
		if (!is_integer(min_length, 0) && !is_integer(min_length, 1))
			min_length.type = JREF_NONE;
		field->given[KEYWORD_MIN_LENGTH] = min_length;
	}

	if (required.type == JREF_BOOL)
	{
		bool		understood = true;
		List	   *with = noted_names(import, number,
									   JREF_MEMBER(note, "required_with"),
									   scope, &understood);
		List	   *unless = noted_names(import, number,
										 JREF_MEMBER(note, "required_unless"),
										 scope, &understood);

		if (understood)
		{
			Demand		noted = demand_reduce(scope, number, required.boolean,
											  with, unless);

			if (demand_equal(&noted, &said))
			{
				field->required = required.boolean;
				field->required_with = with;
				field->required_unless = unless;
			}
		}
	}

	if (field->type == FIELD_STRING || field->type == FIELD_SECRET)
		apply_text_note(field, note);
}

/*
 * settle_demands: a field's conditions with each other field once, and without
 * the field itself: that it is there if it is there says nothing, and that it
 * is there if it is not asks for it.
 */
static void
settle_demands(const Import *import, FieldImport *field, DemandScope *scope)
{
	int			number = field - import->fields;
	bool		conditional = field->required_unless != NIL;

	field->required_with = list_delete_int(demand_distinct(scope, field->required_with),
										   number);
	field->required_unless = list_delete_int(demand_distinct(scope, field->required_unless),
											 number);
	if (conditional && field->required_unless == NIL)
		field->required = true;
}

/*
 * import_demands: when each field must have a value.
 */
void
import_demands(Import *import)
{
	JsonbRef	required = JREF_MEMBER(import->root, "required");
	JsonbRef	notes = JREF_MEMBER(import->root, SCHEMA_DEFINITION);
	DemandScope scope;
	ListCell   *cell;

	if (required.type != JREF_NONE)
	{
		int			before = import_enter_name(import, "required");

		foreach(cell, read_names(import, required))
			import->fields[lfirst_int(cell)].required = true;
		import_leave(import, before);
	}
	read_dependencies(import, "dependentRequired");
	read_dependencies(import, "dependencies");
	read_conditions(import);

	demand_scope_begin(&scope, import->nfields);
	for (int i = 0; i < import->nfields; i++)
		scope.has_default[i] = value_present(import->fields[i].given[KEYWORD_DEFAULT]);
	for (int i = 0; i < import->nfields; i++)
	{
		FieldImport *field = &import->fields[i];

		CHECK_FOR_INTERRUPTS();
		settle_demands(import, field, &scope);
		apply_note(import, field,
				   jsonb_ref_member(notes, field->name.ptr, field->name.len), &scope);
	}
}
