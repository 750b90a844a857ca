/*-------------------------------------------------------------------------
 *
 * json_schema/export.c
 *	  One integration's config as a JSON Schema, draft 2020-12.
 *
 * The schema passes exactly the configs in which validation at level
 * "effective" finds nothing, where the integration is in use.  Three of our
 * rules shape it:
 *
 * - a field set to null is not checked, so every property admits null;
 * - null and the empty string are no value, so a required property admits
 *	 neither (of an optional one the empty string is refused where a rule does,
 *	 for a schema that says otherwise is none that forms can show);
 * - a default is a value, so a field that has one is never required, and a
 *	 condition on it is settled here and now.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"
#include "json_schema/names.h"
#include "json_schema/pattern_dialect.h"
#include "jsonb/build.h"
#include "miscadmin.h"
#include "utils/builtins.h"

/* A field as the schema has it. */
typedef struct FieldExport
{
	const Field *field;
	Demand		demand;
	char	   *pattern;		/* NULL where ECMA-262 cannot say it */
	bool		pattern_differs;	/* from the definition's */
	bool		format_differs;
	bool		demand_differs;
	bool		length_differs;
} FieldExport;

PG_FUNCTION_INFO_V1(integration_schema_json_schema);

/*
 * demand_scope_begin: for that many fields; the caller then fills has_default.
 */
void
demand_scope_begin(DemandScope *scope, int nfields)
{
	scope->has_default = palloc0(nfields * sizeof(bool) + 1);
	scope->seen = palloc0(nfields * sizeof(int) + 1);
	scope->nlists = 0;
}

/*
 * is_new: is the field for the first time in the list that was begun last?
 */
static bool
is_new(DemandScope *scope, int field)
{
	bool		new = scope->seen[field] != scope->nlists;

	scope->seen[field] = scope->nlists;
	return new;
}

/*
 * demand_distinct: a list of fields with each of them once.
 */
List *
demand_distinct(DemandScope *scope, List *fields)
{
	List	   *distinct = NIL;
	ListCell   *cell;

	scope->nlists++;
	foreach(cell, fields)
	{
		CHECK_FOR_INTERRUPTS();
		if (is_new(scope, lfirst_int(cell)))
			distinct = lappend_int(distinct, lfirst_int(cell));
	}
	return distinct;
}

/*
 * reduce_list: the fields of a list, each once, without the field itself (a
 * field that is missing has no value that could matter).  Sets *settled where
 * one of the others has a default.
 */
static List *
reduce_list(DemandScope *scope, int field, List *others, bool *settled)
{
	List	   *reduced = NIL;
	ListCell   *cell;

	*settled = false;
	scope->nlists++;
	foreach(cell, others)
	{
		int			other = lfirst_int(cell);

		CHECK_FOR_INTERRUPTS();
		if (other == field)
			continue;
		if (scope->has_default[other])
			*settled = true;
		if (is_new(scope, other))
			reduced = lappend_int(reduced, other);
	}
	return reduced;
}

/*
 * demand_reduce: when must this field have a value, given which fields have a
 * default?
 */
Demand
demand_reduce(DemandScope *scope, int field, bool required, List *with,
			  List *unless)
{
	Demand		demand = {0};
	bool		settled;

	if (scope->has_default[field])
		return demand;

	demand.always = required;

	demand.with = reduce_list(scope, field, with, &settled);
	demand.always |= settled;

	if (unless != NIL)
	{
		demand.unless = reduce_list(scope, field, unless, &settled);
		if (settled)
			demand.unless = NIL;
		else if (demand.unless == NIL)
			demand.always = true;
	}

	if (demand.always)
		demand.with = demand.unless = NIL;
	return demand;
}

/*
 * demand_equal: do two demands come to the same, in the same order?
 */
bool
demand_equal(const Demand *a, const Demand *b)
{
	return a->always == b->always &&
		equal(a->with, b->with) && equal(a->unless, b->unless);
}

/*
 * int_list: an array of field numbers as a list.
 */
static List *
int_list(const int *numbers, int count)
{
	List	   *list = NIL;

	for (int i = 0; i < count; i++)
		list = lappend_int(list, numbers[i]);
	return list;
}

/*
 * is_text: are the field's values strings?
 */
static bool
is_text(const Field *field)
{
	return field->type == FIELD_STRING || field->type == FIELD_SECRET;
}

/*
 * least_length: the minLength of a string; -1 for none.  The empty string is
 * no value, so a required one has at least one character.
 */
static int64
least_length(const FieldExport *export)
{
	const Field *field = export->field;

	if (export->demand.always && is_text(field))
		return Max(field->min_length, 1);
	return field->min_length;
}

/*
 * prepare_field: settle what of a field's definition the standard keywords
 * say, and what of it they would not bring back.
 */
static void
prepare_field(const Field *field, DemandScope *scope, FieldExport *export)
{
	static const FieldExtra no_extra = {0};
	const FieldExtra *extra = field->extra != NULL ? field->extra : &no_extra;

	export->field = field;
	export->demand = demand_reduce(scope, field->index, field->required,
								   int_list(extra->required_with, extra->nrequired_with),
								   int_list(extra->required_unless, extra->nrequired_unless));
	export->demand_differs = export->demand.always != field->required ||
		list_length(export->demand.with) != extra->nrequired_with ||
		list_length(export->demand.unless) != extra->nrequired_unless;

	/* 1 follows from being required */
	export->length_differs = export->demand.always && is_text(field) &&
		(field->min_length == 0 || field->min_length == 1);

	/* http-url and host are no formats of JSON Schema's */
	if (field->format != FORMAT_NONE)
	{
		const char *format = field_format_json_schema(field->format);

		export->format_differs = format == NULL ||
			strcmp(format, field_format_name(field->format)) != 0;
	}

	if (field->pattern.type == JREF_STRING)
	{
		export->pattern = pattern_to_ecma(field->pattern.ptr, field->pattern.len);
		export->pattern_differs = export->pattern == NULL ||
			!jsonb_ref_is(field->pattern, export->pattern, strlen(export->pattern));
	}
}

/*
 * build_member: a member with a value from the definition, where it has one.
 */
static void
build_member(JsonbBuild *build, const char *key, JsonbRef value)
{
	if (value.type == JREF_NONE)
		return;
	build_key(build, key);
	build_value(build, value);
}

static void
build_string_member(JsonbBuild *build, const char *key, JsonbRef value)
{
	if (value.type == JREF_STRING)
		build_member(build, key, value);
}

static void
build_length(JsonbBuild *build, const char *key, int64 length)
{
	if (length < 0)
		return;
	build_key(build, key);
	build_integer(build, length);
}

/*
 * build_type: the property's type; any but a required one may be null, too.
 */
static void
build_type(JsonbBuild *build, const FieldExport *export)
{
	FieldType	type = export->field->type;
	const char *name = field_type_name(type == FIELD_SECRET ? FIELD_STRING : type);

	build_key(build, "type");
	if (export->demand.always)
		build_string(build, name);
	else
	{
		build_array(build);
		build_string(build, name);
		build_string(build, "null");
		build_end(build);
	}
}

/*
 * build_enum: the allowed values, with null wherever the type has it.
 */
static void
build_enum(JsonbBuild *build, const FieldExport *export)
{
	JsonbWalk	walk;
	JsonbRef	value;

	if (export->field->allowed_values.type != JREF_ARRAY)
		return;
	build_key(build, "enum");
	build_array(build);
	jsonb_walk_begin(&walk, export->field->allowed_values);
	while (jsonb_walk_element(&walk, &value))
	{
		CHECK_FOR_INTERRUPTS();
		build_value(build, value);
	}
	if (!export->demand.always)
		build_value(build, (JsonbRef) {.type = JREF_NULL});
	build_end(build);
}

/*
 * build_property: a field as the schema of its property.
 */
static void
build_property(JsonbBuild *build, const FieldExport *export)
{
	const Field *field = export->field;
	bool		is_array = field->type == FIELD_ARRAY;
	JsonbRef	placeholder = JREF_MEMBER(field->definition, "placeholder");
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	build_object(build);

	/* the x- keys are handed through; ours have no such names */
	jsonb_walk_begin(&walk, field->definition);
	while (jsonb_walk_member(&walk, &key, &value))
		if (key.len >= 2 && memcmp(key.ptr, "x-", 2) == 0)
		{
			build_key_ref(build, key);
			build_value(build, value);
		}

	build_string_member(build, "title", JREF_MEMBER(field->definition, "display_name"));
	build_string_member(build, "description", JREF_MEMBER(field->definition, "description"));
	if (placeholder.type == JREF_STRING)
	{
		build_key(build, "examples");
		build_array(build);
		build_value(build, placeholder);
		build_end(build);
	}
	build_member(build, "default", field->default_value);
	if (field->type == FIELD_SECRET)
		build_member(build, "writeOnly", jsonb_ref_bool(true));
	if (field->multiline)
		build_member(build, "multiline", jsonb_ref_bool(true));

	build_type(build, export);
	build_enum(build, export);
	if (export->pattern != NULL)
	{
		build_key(build, "pattern");
		build_string(build, export->pattern);
	}
	if (field_format_json_schema(field->format) != NULL)
	{
		build_key(build, "format");
		build_string(build, field_format_json_schema(field->format));
	}
	build_member(build, "minimum", field->min);
	build_member(build, "maximum", field->max);
	build_length(build, is_array ? "minItems" : "minLength", least_length(export));
	build_length(build, is_array ? "maxItems" : "maxLength", field->max_length);
	build_end(build);
}

/*
 * build_has_value: the schema that an object passes in which the field has a
 * value.
 */
static void
build_has_value(JsonbBuild *build, const Field *field)
{
	build_object(build);
	build_key(build, "required");
	build_array(build);
	build_value(build, field->name);
	build_end(build);
	build_key(build, "properties");
	build_object(build);
	build_key_ref(build, field->name);
	build_object(build);
	build_key(build, "not");
	build_object(build);
	build_key(build, "enum");
	build_array(build);
	build_value(build, (JsonbRef) {.type = JREF_NULL});
	build_string(build, "");
	build_end(build);
	build_end(build);
	build_end(build);
	build_end(build);
	build_end(build);
}

/*
 * build_condition: a demand that hangs on other fields: if one of them has a
 * value, then ("then", or "else" for the contrary) the field has one.
 */
static void
build_condition(JsonbBuild *build, const Integration *integration,
				const FieldExport *export, const char *branch, List *others)
{
	ListCell   *cell;

	if (others == NIL)
		return;
	build_object(build);
	build_key(build, "if");
	if (list_length(others) > 1)
	{
		build_object(build);
		build_key(build, "anyOf");
		build_array(build);
	}
	foreach(cell, others)
	{
		CHECK_FOR_INTERRUPTS();
		build_has_value(build, &integration->config.fields[lfirst_int(cell)]);
	}
	if (list_length(others) > 1)
	{
		build_end(build);
		build_end(build);
	}
	build_key(build, branch);
	build_has_value(build, export->field);
	build_end(build);
}

/*
 * build_demands: what is required, always ("required") and in the light of
 * other fields ("allOf").
 */
static void
build_demands(JsonbBuild *build, const Integration *integration,
			  const FieldExport *exports)
{
	bool		conditions = false;

	build_key(build, "required");
	build_array(build);
	for (int i = 0; i < integration->config.nfields; i++)
	{
		if (exports[i].demand.always)
			build_value(build, exports[i].field->name);
		if (exports[i].demand.with != NIL || exports[i].demand.unless != NIL)
			conditions = true;
	}
	build_end(build);

	/* unlike "required", "allOf" may not be empty */
	if (!conditions)
		return;
	build_key(build, "allOf");
	build_array(build);
	for (int i = 0; i < integration->config.nfields; i++)
	{
		build_condition(build, integration, &exports[i], "then", exports[i].demand.with);
		build_condition(build, integration, &exports[i], "else", exports[i].demand.unless);
	}
	build_end(build);
}

/*
 * build_definitions: the parts of definitions that the rest does not bring
 * back.
 */
static void
build_definitions(JsonbBuild *build, const Integration *integration,
				  const FieldExport *exports)
{
	bool		begun = false;

	for (int i = 0; i < integration->config.nfields; i++)
	{
		const FieldExport *export = &exports[i];
		JsonbRef	definition = export->field->definition;

		if (!export->demand_differs && !export->length_differs &&
			!export->pattern_differs && !export->format_differs)
			continue;
		if (!begun)
		{
			build_key(build, SCHEMA_DEFINITION);
			build_object(build);
			begun = true;
		}
		build_key_ref(build, export->field->name);
		build_object(build);
		if (export->demand_differs)
		{
			build_member(build, "required", jsonb_ref_bool(export->field->required));
			build_member(build, "required_with",
						 JREF_MEMBER(definition, "required_with"));
			build_member(build, "required_unless",
						 JREF_MEMBER(definition, "required_unless"));
		}
		if (export->length_differs)
			build_length(build, "min_length", export->field->min_length);
		if (export->pattern_differs)
			build_member(build, "pattern", export->field->pattern);
		if (export->format_differs)
			build_member(build, "format", JREF_MEMBER(definition, "format"));
		build_end(build);
	}
	if (begun)
		build_end(build);
}

/*
 * export_integration: the schema of an integration's config.
 */
static Jsonb *
export_integration(const Integration *integration)
{
	JsonbBuild	build = {0};
	int			nfields = integration->config.nfields;
	DemandScope scope;
	FieldExport *exports = palloc0(nfields * sizeof(FieldExport) + 1);

	demand_scope_begin(&scope, nfields);
	for (int i = 0; i < nfields; i++)
		scope.has_default[i] = value_present(integration->config.fields[i].default_value);
	for (int i = 0; i < nfields; i++)
		prepare_field(integration->config.ordered[i], &scope, &exports[i]);

	build_object(&build);
	build_key(&build, "$schema");
	build_string(&build, "https://json-schema.org/draft/2020-12/schema");
	build_string_member(&build, "title", integration->name);
	if (integration->description.len > 0)
		build_string_member(&build, "description", integration->description);
	build_key(&build, "type");
	build_string(&build, "object");

	build_key(&build, "properties");
	build_object(&build);
	for (int i = 0; i < nfields; i++)
	{
		CHECK_FOR_INTERRUPTS();
		build_key_ref(&build, exports[i].field->name);
		build_property(&build, &exports[i]);
	}
	build_end(&build);
	build_member(&build, "additionalProperties", jsonb_ref_bool(false));
	build_demands(&build, integration, exports);

	build_key(&build, SCHEMA_ORDER);
	build_array(&build);
	for (int i = 0; i < nfields; i++)
		build_value(&build, exports[i].field->name);
	build_end(&build);
	build_key(&build, SCHEMA_LEVEL);
	build_object(&build);
	for (int i = 0; i < nfields; i++)
	{
		build_key_ref(&build, exports[i].field->name);
		build_string(&build, exports[i].field->team_level ? "team" : "org");
	}
	build_end(&build);
	build_definitions(&build, integration, exports);
	build_end(&build);
	return build_finish(&build);
}

/*
 * integration_schema_json_schema(id text) returns jsonb
 */
Datum
integration_schema_json_schema(PG_FUNCTION_ARGS)
{
	text	   *id = PG_GETARG_TEXT_PP(0);
	const Catalogue *catalogue = catalogue_current(fcinfo);
	const Integration *integration;

	integration = catalogue_require(catalogue, VARDATA_ANY(id),
									VARSIZE_ANY_EXHDR(id));
	PG_RETURN_JSONB_P(export_integration(integration));
}
