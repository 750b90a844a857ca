/*-------------------------------------------------------------------------
 *
 * catalogue/field_rules.c
 *	  A value against the rules of one field.
 *
 * This runs for every value of every document that is written, so nothing is
 * allocated for a value that passes, and a pattern is compiled once in the
 * life of a compiled catalogue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalogue/field_rules.h"
#include "catalogue/formats.h"
#include "catalogue/simple_pattern.h"
#include "catalogue/text_rules.h"
#include "jsonb/number.h"
#include "jsonb/sorted_refs.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "regex/regex.h"
#include "server/messages.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#define PATTERN_FLAGS (REG_ADVANCED | REG_NOSUB)

/* Allowed values that a message lists, and bytes of a pattern that it shows. */
#define ALLOWED_VALUES_SHOWN 10
#define PATTERN_SHOWN 128

/* Characters of a string that are converted on the stack. */
#define WCHARS_ON_STACK 256

/*
 * A compiled pattern: one that we match ourselves, or the engine's form of
 * it.  It lies in a memory context of its own, a child of the catalogue's.
 */
struct FieldPattern
{
	SimplePattern *simple;
	bool		compiled;		/* is there something to be freed in regex? */
	regex_t		regex;
	MemoryContextCallback callback;
};

/*
 * to_wchars: a string as the engine wants it; buffer where it is large
 * enough, otherwise palloc'd.
 */
static pg_wchar *
to_wchars(JsonbRef string, pg_wchar *buffer, int size, int *len)
{
	/* a string of 256 MB needs more than an ordinary chunk can have */
	if (string.len >= (uint32) size)
		buffer = MemoryContextAllocHuge(CurrentMemoryContext,
										((Size) string.len + 1) * sizeof(pg_wchar));
	*len = pg_mb2wchar_with_len(string.ptr, buffer, string.len);
	return buffer;
}

/*
 * pattern_free: the engine's part of a pattern goes with its context.
 */
static void
pattern_free(void *arg)
{
	struct FieldPattern *pattern = arg;

	if (pattern->compiled)
		pg_regfree(&pattern->regex);
}

/*
 * pattern_compile: compile a pattern as PostgreSQL's ~ reads it: an advanced
 * regular expression, under the database's collation.
 *
 * The result lies in a new context below parent.  NULL where the pattern is
 * not right, with the engine's message in error.
 */
static struct FieldPattern *
pattern_compile(JsonbRef source, MemoryContext parent, char *error,
				Size error_size)
{
	MemoryContext cxt;
	MemoryContext old;
	struct FieldPattern *pattern;

	/*
	 * Until the pattern is complete its context belongs to the caller's, so
	 * that an error in here leaves nothing behind.
	 */
	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"integration_schemas pattern",
								ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(cxt);
	pattern = palloc0(sizeof(struct FieldPattern));
	pattern->simple = simple_pattern_parse(source);
	if (pattern->simple == NULL)
	{
		pg_wchar   *wchars;
		int			len;
		int			result;

		pattern->callback.func = pattern_free;
		pattern->callback.arg = pattern;
		MemoryContextRegisterResetCallback(cxt, &pattern->callback);

		/* from 16 on the engine allocates in the current context, too */
		wchars = to_wchars(source, NULL, 0, &len);
		result = pg_regcomp(&pattern->regex, wchars, len,
							PATTERN_FLAGS, DEFAULT_COLLATION_OID);
		if (result != REG_OKAY)
		{
			/* before 16 the engine returns here when the query is cancelled */
			CHECK_FOR_INTERRUPTS();
			pg_regerror(result, &pattern->regex, error, error_size);
			MemoryContextSwitchTo(old);
			MemoryContextDelete(cxt);
			return NULL;
		}
		pattern->compiled = true;
		pfree(wchars);
	}
	MemoryContextSwitchTo(old);
	MemoryContextSetParent(cxt, parent);
	return pattern;
}

/*
 * pattern_check: is it a pattern that compiles?  If not, error tells why.
 */
bool
pattern_check(JsonbRef pattern, char *error, Size error_size)
{
	MemoryContext cxt;
	bool		right;

	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"integration_schemas pattern check",
								ALLOCSET_SMALL_SIZES);
	right = pattern_compile(pattern, cxt, error, error_size) != NULL;
	MemoryContextDelete(cxt);
	return right;
}

/*
 * pattern_error: a pattern that can't be used.
 *
 * The catalogue's triggers refuse one that does not compile; but a row may
 * have come past them, and the engine has limits that show only when it runs.
 */
static void
pattern_error(const Field *field, const char *error)
{
	StringInfoData name;

	initStringInfo(&name);
	append_name(&name, field->name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
			 errmsg("could not use the pattern of field %s: %s",
					name.data, error)));
}

/*
 * pattern_matches: does a string match the field's pattern?
 *
 * A match can take long, for the engine backtracks where a pattern has
 * references; it can be cancelled.
 */
static bool
pattern_matches(Field *field, JsonbRef string)
{
	struct FieldPattern *pattern = field->compiled_pattern;
	pg_wchar	buffer[WCHARS_ON_STACK];
	pg_wchar   *wchars;
	int			len;
	int			result;
	char		error[100];

	if (pattern == NULL)
	{
		pattern = pattern_compile(field->pattern, field->cxt, error, sizeof(error));
		if (pattern == NULL)
			pattern_error(field, error);
		field->compiled_pattern = pattern;
	}
	if (pattern->simple != NULL)
		return simple_pattern_matches(pattern->simple, string);

	wchars = to_wchars(string, buffer, lengthof(buffer), &len);
	result = pg_regexec(&pattern->regex, wchars, len, 0, NULL, 0, NULL, 0);
	if (result != REG_OKAY && result != REG_NOMATCH)
	{
		/* before 16 the engine returns here when the query is cancelled */
		CHECK_FOR_INTERRUPTS();
		pg_regerror(result, &pattern->regex, error, sizeof(error));
		pattern_error(field, error);
	}
	if (wchars != buffer)
		pfree(wchars);
	return result == REG_OKAY;
}

/*
 * value_allowed: is the value one of the allowed ones, as jsonb's = has it?
 */
static bool
value_allowed(JsonbRef allowed_values, JsonbRef value)
{
	JsonbWalk	walk;
	JsonbRef	allowed;

	jsonb_walk_begin(&walk, allowed_values);
	while (jsonb_walk_element(&walk, &allowed))
		if (jsonb_ref_equal(allowed, value))
			return true;
	return false;
}

/*
 * length_sign: is the length of a string (in characters) or array (in items)
 * below the field's limits, within them (0) or above them?
 */
static int
length_sign(const Field *field, JsonbRef value)
{
	int64		length;
	bool		too_long;

	if (value.type == JREF_ARRAY)
		length = jsonb_ref_count(value);
	else
	{
		/* a string has at most as many characters as it has bytes */
		length = value.len;
		if (length < field->min_length)
			return -1;
		too_long = field->max_length >= 0 && length > field->max_length;
		if (too_long ||
			length < field->min_length * pg_database_encoding_max_length())
			length = pg_mbstrlen_with_len(value.ptr, value.len);
	}
	if (length < field->min_length)
		return -1;
	return field->max_length >= 0 && length > field->max_length ? 1 : 0;
}

/*
 * is_multiple: is a number a multiple of the other, which is not 0?
 */
static bool
is_multiple(JsonbRef number, JsonbRef of)
{
	Datum		rest = DirectFunctionCall2(numeric_mod, PointerGetDatum(number.ptr),
										   PointerGetDatum(of.ptr));
	bool		result = number_compare((JsonbRef) {JREF_NUMERIC, false, 0, DatumGetPointer(rest)},
										number_from_int64(0)) == 0;

	pfree(DatumGetPointer(rest));
	return result;
}

/*
 * has_repetition: are two elements of the array equal?
 */
static bool
has_repetition(JsonbRef array)
{
	SortedRef  *refs = palloc_extended(sizeof(SortedRef) * ((Size) jsonb_ref_count(array) + 1),
									   MCXT_ALLOC_HUGE);
	JsonbWalk	walk;
	int			count = 0;
	int			earlier;
	bool		result;

	jsonb_walk_begin(&walk, array);
	while (jsonb_walk_element(&walk, &refs[count].value))
	{
		refs[count].index = count;
		count++;
	}
	result = sort_refs(refs, count, &earlier) >= 0;
	pfree(refs);
	return result;
}

/*
 * extra_rules_broken: those of the rules that few fields have.
 */
static uint32
extra_rules_broken(const FieldExtra *extra, JsonbRef value)
{
	uint32		broken = 0;

	if (value.type == JREF_NUMERIC)
	{
		if ((extra->exclusive_min.type != JREF_NONE &&
			 number_compare(value, extra->exclusive_min) <= 0) ||
			(extra->exclusive_max.type != JREF_NONE &&
			 number_compare(value, extra->exclusive_max) >= 0))
			broken |= RULE_RANGE;
		if (extra->multiple_of.type != JREF_NONE &&
			!is_multiple(value, extra->multiple_of))
			broken |= RULE_MULTIPLE_OF;
	}
	if (extra->unique_items && value.type == JREF_ARRAY && has_repetition(value))
		broken |= RULE_UNIQUE_ITEMS;
	if (extra->deprecated.type != JREF_NONE)
		broken |= RULE_DEPRECATED;
	return broken;
}

/*
 * field_type_matches: has the value the JSON type of such a field?
 */
bool
field_type_matches(FieldType type, JsonbRef value)
{
	switch (type)
	{
		case FIELD_STRING:
		case FIELD_SECRET:
			return value.type == JREF_STRING;
		case FIELD_INTEGER:
			return number_is_integer(value);
		case FIELD_NUMBER:
			return value.type == JREF_NUMERIC;
		case FIELD_BOOLEAN:
			return value.type == JREF_BOOL;
		case FIELD_ARRAY:
			return value.type == JREF_ARRAY;
		case FIELD_OBJECT:
			return value.type == JREF_OBJECT;
		case FIELD_JSON:
			return value.type != JREF_NONE;
	}
	return false;
}

/*
 * field_rules_broken: the rules of the field that the value breaks, a bit
 * each (FieldRule); 0 where it breaks none.
 *
 * A value of a wrong type breaks only that rule, and so does a mask, which is
 * none; the empty string is no value either, and breaks none.  The field's pattern is
 * compiled here when it is first needed; this may throw, with 2201B for a
 * pattern that the engine does not take and for a cancelled query.
 */
uint32
field_rules_broken(Field *field, JsonbRef value)
{
	uint32		broken = 0;

	if (!field_type_matches(field->type, value))
		return RULE_TYPE;
	if (value.type == JREF_STRING && value.len == 0)
		return 0;
	broken = text_rules_broken(field, value);
	if (broken & RULE_MASKED)
		return RULE_MASKED;

	if (field->allowed_values.type != JREF_NONE &&
		!value_allowed(field->allowed_values, value))
		broken |= RULE_ALLOWED_VALUES;
	if (value.type == JREF_STRING)
	{
		if (field->pattern.type != JREF_NONE && !pattern_matches(field, value))
			broken |= RULE_PATTERN;
		if (field->format != FORMAT_NONE &&
			!format_matches(field->format, value.ptr, value.len))
			broken |= RULE_FORMAT;
	}
	if (value.type == JREF_NUMERIC &&
		((field->min.type != JREF_NONE && number_compare(value, field->min) < 0) ||
		 (field->max.type != JREF_NONE && number_compare(value, field->max) > 0)))
		broken |= RULE_RANGE;
	if ((field->min_length >= 0 || field->max_length >= 0) &&
		(value.type == JREF_STRING || value.type == JREF_ARRAY) &&
		length_sign(field, value) != 0)
		broken |= RULE_LENGTH;
	if (field->extra != NULL)
		broken |= extra_rules_broken(field->extra, value);
	return broken;
}

/*
 * field_rule_is_minimum: of a RULE_RANGE or RULE_LENGTH that the value breaks,
 * is it the lower limit?
 */
bool
field_rule_is_minimum(const Field *field, FieldRule rule, JsonbRef value)
{
	if (rule == RULE_LENGTH)
		return length_sign(field, value) < 0;
	return (field->min.type != JREF_NONE && number_compare(value, field->min) < 0) ||
		(field->extra != NULL && field->extra->exclusive_min.type != JREF_NONE &&
		 number_compare(value, field->extra->exclusive_min) <= 0);
}

/*
 * field_type_phrase: a value of that type, with its article.
 */
const char *
field_type_phrase(FieldType type)
{
	switch (type)
	{
		case FIELD_STRING:
		case FIELD_SECRET:
			return "a string";
		case FIELD_INTEGER:
			return "an integer";
		case FIELD_NUMBER:
			return "a number";
		case FIELD_BOOLEAN:
			return "a boolean";
		case FIELD_ARRAY:
			return "an array";
		case FIELD_OBJECT:
			return "an object";
		case FIELD_JSON:
			return "any value";
	}
	return "a value";
}

/*
 * describe_allowed_values: "one of ..."; nothing of a secret's.
 */
static void
describe_allowed_values(StringInfo out, const Field *field)
{
	JsonbWalk	walk;
	JsonbRef	allowed;
	int			shown = 0;

	if (field->type == FIELD_SECRET)
	{
		appendStringInfoString(out, "must be one of the allowed values");
		return;
	}
	appendStringInfoString(out, "must be one of ");
	jsonb_walk_begin(&walk, field->allowed_values);
	while (jsonb_walk_element(&walk, &allowed))
	{
		if (shown > 0)
			appendStringInfoString(out, ", ");
		if (shown++ == ALLOWED_VALUES_SHOWN)
		{
			appendStringInfo(out, "... (%u in all)",
							 jsonb_ref_count(field->allowed_values));
			break;
		}
		if (allowed.type == JREF_STRING)
			append_name(out, allowed);
		else if (allowed.type == JREF_NUMERIC)
			append_number(out, allowed);
		else
			appendStringInfoString(out, allowed.boolean ? "true" : "false");
	}
}

/*
 * describe_range: "must be at least 1 and less than 8".
 */
static void
describe_range(StringInfo out, const Field *field)
{
	static const JsonbRef none = {0};
	const FieldExtra *extra = field->extra;
	const struct
	{
		const char *words;
		JsonbRef	limit;
	}			limits[] = {
		{"at least ", field->min},
		{"greater than ", extra != NULL ? extra->exclusive_min : none},
		{"at most ", field->max},
		{"less than ", extra != NULL ? extra->exclusive_max : none},
	};
	const char *before = "must be ";

	for (int i = 0; i < (int) lengthof(limits); i++)
	{
		if (limits[i].limit.type == JREF_NONE)
			continue;
		appendStringInfo(out, "%s%s", before, limits[i].words);
		append_number(out, limits[i].limit);
		before = " and ";
	}
}

/*
 * describe_length: "must have 1 to 8 characters".
 */
static void
describe_length(StringInfo out, const Field *field)
{
	const char *unit = field->type == FIELD_ARRAY ? "item" : "character";
	int64		last = field->max_length >= 0 ? field->max_length : field->min_length;

	if (field->max_length < 0)
		appendStringInfoString(out, "must have at least ");
	else if (field->min_length < 0)
		appendStringInfoString(out, "must have at most ");
	else if (field->min_length == field->max_length)
		appendStringInfoString(out, "must have exactly ");
	else
		appendStringInfo(out, "must have " INT64_FORMAT " to ", field->min_length);
	appendStringInfo(out, INT64_FORMAT " %s%s", last, unit, last == 1 ? "" : "s");
}

/*
 * field_rule_describe: what the rule wants of the value, as "must be ...".
 *
 * What it says of the value is at most its JSON type: the text goes into
 * errors and logs.
 */
void
field_rule_describe(StringInfo out, const Field *field, FieldRule rule,
					JsonbRef value)
{
	switch (rule)
	{
		case RULE_TYPE:
			appendStringInfo(out, "must be %s, not %s",
							 field_type_phrase(field->type), value_phrase(value));
			if (value.type == JREF_NUMERIC && field->type == FIELD_INTEGER)
				appendStringInfoString(out, " with a fraction");
			break;
		case RULE_CHARACTERS:
			appendStringInfoString(out, field_has_control(field, value) ?
								   "must not have line breaks or other control characters" :
								   "must not begin or end with white space");
			break;
		case RULE_MASKED:
			appendStringInfoString(out, "must be the value itself, not the mask \"" REDACTED_VALUE "\" that stands for one that is not shown");
			break;
		case RULE_URI_PASSWORD:
			appendStringInfoString(out, "should have no password inside a URI, which belongs in a secret field");
			break;
		case RULE_ALLOWED_VALUES:
			describe_allowed_values(out, field);
			break;
		case RULE_PATTERN:
			appendStringInfoString(out, "must match the regular expression \"");
			append_escaped(out, field->pattern.ptr, field->pattern.len, PATTERN_SHOWN);
			appendStringInfoChar(out, '"');
			break;
		case RULE_FORMAT:
			appendStringInfo(out, "must be of the format \"%s\"",
							 field_format_name(field->format));
			break;
		case RULE_RANGE:
			describe_range(out, field);
			break;
		case RULE_MULTIPLE_OF:
			appendStringInfoString(out, "must be a multiple of ");
			append_number(out, field->extra->multiple_of);
			break;
		case RULE_UNIQUE_ITEMS:
			appendStringInfoString(out, "must not have the same item twice");
			break;
		case RULE_DEPRECATED:
			appendStringInfoString(out, "is deprecated");
			if (field->extra->deprecated.type == JREF_STRING)
			{
				appendStringInfoString(out, ": ");
				append_escaped(out, field->extra->deprecated.ptr,
							   field->extra->deprecated.len, PATTERN_SHOWN);
			}
			break;
		case RULE_LENGTH:
			describe_length(out, field);
			break;
	}
}
