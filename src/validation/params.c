/*-------------------------------------------------------------------------
 *
 * validation/params.c
 *	  The facts of a violation, for programs.
 *
 * A form that says what is wrong in words of its own needs what the message
 * says in a shape that it can take apart.  Of the document there is nothing in
 * it but names and JSON types; of a secret's allowed values there is nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/text_rules.h"
#include "jsonb/build.h"
#include "jsonb/number.h"
#include "server/sql_result.h"
#include "utils/builtins.h"
#include "validation/validate.h"

/*
 * build_member: a member of the object, where there is a value.
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
build_text(JsonbBuild *build, const char *key, const char *text)
{
	if (text == NULL)
		return;
	build_key(build, key);
	build_string(build, text);
}

/*
 * build_types: what JSON types would be right: one, or an array of several.
 */
static void
build_types(JsonbBuild *build, const char *types)
{
	const char *comma = strchr(types, ',');

	build_key(build, "expected");
	if (comma == NULL)
	{
		build_string(build, types);
		return;
	}
	build_array(build);
	build_value(build, jsonb_ref_string(types, comma - types));
	build_string(build, comma + 1);
	build_end(build);
}

/*
 * build_limit: the limit that a value is beyond, and the key of the definition
 * that sets it.
 */
static void
build_limit(JsonbBuild *build, const Violation *violation)
{
	const Field *field = violation->definition;
	bool		minimum = field_rule_is_minimum(field, violation->rule,
												violation->value);

	build_key(build, "limit");
	if (violation->rule == RULE_RANGE)
	{
		const FieldExtra *extra = field->extra;
		JsonbRef	plain = minimum ? field->min : field->max;
		JsonbRef	exclusive = {0};
		bool		is_plain;

		if (extra != NULL)
			exclusive = minimum ? extra->exclusive_min : extra->exclusive_max;
		is_plain = exclusive.type == JREF_NONE ||
			(plain.type != JREF_NONE &&
			 (minimum ? number_compare(violation->value, plain) < 0 :
			  number_compare(violation->value, plain) > 0));
		build_value(build, is_plain ? plain : exclusive);
		build_text(build, "limited_by", is_plain ? (minimum ? "min" : "max") :
				   (minimum ? "exclusive_min" : "exclusive_max"));
	}
	else
	{
		build_integer(build, minimum ? field->min_length : field->max_length);
		build_text(build, "limited_by", minimum ? "min_length" : "max_length");
	}
}

/*
 * build_rule: the facts of a field's rule that is broken.
 */
static void
build_rule(JsonbBuild *build, const Violation *violation)
{
	const Field *field = violation->definition;

	switch (violation->rule)
	{
		case RULE_TYPE:
			build_text(build, "expected",
					   field->type == FIELD_SECRET ? "string" : field_type_name(field->type));
			build_text(build, "actual", jsonb_ref_type_name(violation->value));
			break;
		case RULE_CHARACTERS:
			build_text(build, "found",
					   field_has_control(field, violation->value) ?
					   "control character" : "white space at an end");
			break;
		case RULE_ALLOWED_VALUES:
			if (field->type != FIELD_SECRET)
				build_member(build, "allowed", field->allowed_values);
			break;
		case RULE_PATTERN:
			build_member(build, "pattern", field->pattern);
			break;
		case RULE_FORMAT:
			build_text(build, "format", field_format_name(field->format));
			break;
		case RULE_RANGE:
		case RULE_LENGTH:
			build_limit(build, violation);
			break;
		case RULE_MULTIPLE_OF:
			build_member(build, "multiple_of", field->extra->multiple_of);
			break;
		case RULE_DEPRECATED:
			if (field->extra->deprecated.type == JREF_STRING)
				build_member(build, "instead", field->extra->deprecated);
			break;
		case RULE_MASKED:
		case RULE_UNIQUE_ITEMS:
		case RULE_URI_PASSWORD:
			break;
	}
}

/*
 * build_required: why a field is required: it is, one field has a value, or
 * none of several has one.
 */
static void
build_required(JsonbBuild *build, const Violation *violation)
{
	const Field *field = violation->definition;

	if (field->required)
		return;
	if (violation->required_with.type != JREF_NONE)
	{
		build_member(build, "required_with", violation->required_with);
		return;
	}
	build_key(build, "required_unless");
	build_array(build);
	for (int i = 0; i < field->extra->nrequired_unless; i++)
		build_value(build, field_at(violation->required_in,
									field->extra->required_unless[i])->name);
	build_end(build);
}

/*
 * violation_params: the facts of a violation's message, an object, palloc'd.
 *
 * To be called in the callback that is given the violation.
 */
static Jsonb *
violation_params(const Violation *violation)
{
	JsonbBuild	build = {0};

	build_object(&build);
	if (violation->expected != NULL)
	{
		build_types(&build, violation->expected);
		build_text(&build, "actual", jsonb_ref_type_name(violation->value));
	}
	build_member(&build, "name", violation->name);
	build_member(&build, "suggestion", violation->suggestion);
	build_text(&build, "belongs_in", violation->belongs_in);
	build_member(&build, "applies_when", violation->applies_when);
	if (violation->locked)
	{
		build_key(&build, "locked_by");
		build_value(&build, violation->locked_by);
		build_text(&build, "level", violation->level);
	}
	if (violation->required_in != NULL)
		build_required(&build, violation);
	else if (violation->definition != NULL)
		build_rule(&build, violation);
	build_end(&build);
	return build_finish(&build);
}

/*
 * violation_columns: a violation as the columns path, integration, field, code,
 * message, params and severity of a row, palloc'd.
 */
void
violation_columns(const Violation *violation, Datum *values, bool *nulls)
{
	memset(nulls, 0, sizeof(bool) * VIOLATION_COLUMNS);
	values[0] = CStringGetTextDatum(violation->path);
	nulls[1] = violation->integration.type == JREF_NONE;
	values[1] = nulls[1] ? (Datum) 0 : text_from_ref(violation->integration);
	nulls[2] = violation->field.type == JREF_NONE;
	values[2] = nulls[2] ? (Datum) 0 : text_from_ref(violation->field);
	values[3] = CStringGetTextDatum(violation->code);
	values[4] = CStringGetTextDatum(violation->message);
	values[5] = JsonbPGetDatum(violation_params(violation));
	values[6] = CStringGetTextDatum(violation->warning ? "warning" : "error");
}
