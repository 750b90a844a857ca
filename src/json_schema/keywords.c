/*-------------------------------------------------------------------------
 *
 * json_schema/keywords.c
 *	  The schema of one property, keyword by keyword.
 *
 * A keyword of the standard's that field definitions cannot express is an
 * error, so that no rule is lost in silence.  One that by the standard says
 * nothing about values of the field's type is left out with a notice.  Keywords
 * that the standard does not have are annotations, as it says itself, and are
 * left alone, but for those that mark a secret.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"
#include "json_schema/import.h"
#include "json_schema/pattern_dialect.h"
#include "miscadmin.h"
#include "utils/builtins.h"

/* How many schemas one property's may be made of. */
#define MAX_SCHEMAS 33

/* What references may bring in, beyond the size of the schema itself. */
#define REFERRED_LIMIT (4 * 1024 * 1024)

/*
 * The keywords that a property's schema is read by, and the key of a
 * definition that each becomes.
 */
static const struct
{
	const char *name;
	JsonbRefType type;			/* of its value; JREF_NONE for any */
	int			speaks_of;		/* FieldTypes */
	const char *key;
}			keywords[NKEYWORDS] = {
	[KEYWORD_TYPE] = {"type", JREF_NONE, OF_ALL, "type"},
	[KEYWORD_ENUM] = {"enum", JREF_ARRAY, OF_ALL, "allowed_values"},
	[KEYWORD_CONST] = {"const", JREF_NONE, OF_ALL, "allowed_values"},
	[KEYWORD_PATTERN] = {"pattern", JREF_STRING, OF_STRINGS, "pattern"},
	[KEYWORD_FORMAT] = {"format", JREF_STRING, OF_STRINGS, "format"},
	[KEYWORD_MINIMUM] = {"minimum", JREF_NUMERIC, OF_NUMBERS, "min"},
	[KEYWORD_MAXIMUM] = {"maximum", JREF_NUMERIC, OF_NUMBERS, "max"},
	[KEYWORD_MIN_LENGTH] = {"minLength", JREF_NUMERIC, OF_STRINGS, "min_length"},
	[KEYWORD_MAX_LENGTH] = {"maxLength", JREF_NUMERIC, OF_STRINGS, "max_length"},
	[KEYWORD_MIN_ITEMS] = {"minItems", JREF_NUMERIC, OF_ARRAYS, "min_length"},
	[KEYWORD_MAX_ITEMS] = {"maxItems", JREF_NUMERIC, OF_ARRAYS, "max_length"},
	[KEYWORD_TITLE] = {"title", JREF_STRING, OF_ALL, "display_name"},
	[KEYWORD_DESCRIPTION] = {"description", JREF_STRING, OF_ALL, "description"},
	[KEYWORD_DEFAULT] = {"default", JREF_NONE, OF_ALL, "default_value"},
	[KEYWORD_EXAMPLES] = {"examples", JREF_ARRAY, OF_ALL, "placeholder"},
	[KEYWORD_ORDER] = {"order", JREF_NUMERIC, OF_ALL, NULL},
	/* Airbyte's, and ours; what it is with others is theirs */
	[KEYWORD_MULTILINE] = {"multiline", JREF_NONE, OF_ALL, "multiline"},
};

/*
 * find_keyword: the keyword of that name, NKEYWORDS if it is another.
 */
static int
find_keyword(JsonbRef key)
{
	int			keyword;

	for (keyword = 0; keyword < NKEYWORDS; keyword++)
		if (jsonb_ref_is(key, keywords[keyword].name, strlen(keywords[keyword].name)))
			break;
	return keyword;
}

/*
 * import_keyword_name: the keyword that a definition's key was made from; NULL
 * where none of the property's was.
 */
const char *
import_keyword_name(const FieldImport *field, JsonbRef key)
{
	for (int keyword = 0; keyword < NKEYWORDS; keyword++)
		if (field->given[keyword].type != JREF_NONE &&
			keywords[keyword].key != NULL &&
			jsonb_ref_is(key, keywords[keyword].key, strlen(keywords[keyword].key)))
			return keywords[keyword].name;
	return NULL;
}

/*
 * follow_reference: what a "$ref" within the schema itself refers to.
 *
 * The pointer is read where it lies, and no further than there is something.
 */
static JsonbRef
follow_reference(Import *import, JsonbRef reference)
{
	JsonbRef	target = import->root;
	const char *at;
	const char *end;
	StringInfoData step;

	if (reference.type != JREF_STRING || reference.len < 2 ||
		memcmp(reference.ptr, "#/", 2) != 0)
		import_refuse(import, "only a reference into the schema itself, such as \"#/$defs/name\", can be followed",
					  HINT_REFERENCE);

	at = reference.ptr + 1;
	end = reference.ptr + reference.len;
	initStringInfo(&step);
	while (at < end && target.type == JREF_OBJECT)
	{
		CHECK_FOR_INTERRUPTS();
		resetStringInfo(&step);
		for (at++; at < end && *at != '/'; at++)
		{
			if (*at == '~' && at + 1 < end && (at[1] == '0' || at[1] == '1'))
				appendStringInfoCharMacro(&step, *++at == '0' ? '~' : '/');
			else
				appendStringInfoCharMacro(&step, *at);
		}
		target = jsonb_ref_member(target, step.data, step.len);
	}
	pfree(step.data);
	if (target.type != JREF_OBJECT)
		import_refuse(import, "the schema that it refers to is not there", NULL);

	/* a few small references must not add up to much */
	import->referred += target.len;
	if (import->referred > (Size) import->root.len + REFERRED_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the references of the JSON Schema bring in more than it and %d bytes",
						REFERRED_LIMIT),
				 errhint("Refer to smaller schemas, or to fewer.")));
	return target;
}

/*
 * allows_null_only: does the schema pass null at most?
 */
static bool
allows_null_only(JsonbRef schema)
{
	JsonbRef	type = JREF_MEMBER(schema, "type");
	JsonbRef	values = JREF_MEMBER(schema, "enum");
	JsonbWalk	walk;

	if (type.type == JREF_ARRAY && jsonb_ref_count(type) == 1)
	{
		jsonb_walk_begin(&walk, type);
		(void) jsonb_walk_element(&walk, &type);
	}
	if (type.type == JREF_STRING && JREF_IS(type, "null"))
		return true;
	if (values.type == JREF_ARRAY && jsonb_ref_count(values) == 1)
	{
		jsonb_walk_begin(&walk, values);
		(void) jsonb_walk_element(&walk, &values);
		if (values.type == JREF_NULL)
			return true;
	}
	return JREF_MEMBER(schema, "const").type == JREF_NULL;
}

static void gather_keywords(Import *import, FieldImport *field, JsonbRef schema);

/*
 * gather_parts: the schemas of an "allOf", of which each has its say.
 */
static void
gather_parts(Import *import, FieldImport *field, JsonbRef schemas)
{
	int			outer = import_enter_name(import, "allOf");
	JsonbWalk	walk;
	JsonbRef	schema;
	int			index = 0;

	if (schemas.type != JREF_ARRAY)
		import_refuse(import, "it must be an array of schemas", "Correct the schema.");
	jsonb_walk_begin(&walk, schemas);
	while (jsonb_walk_element(&walk, &schema))
	{
		int			inner = import_enter_index(import, index++);

		gather_keywords(import, field, schema);
		import_leave(import, inner);
	}
	import_leave(import, outer);
}

/*
 * gather_alternative: the one schema of an "anyOf" or "oneOf", beside null,
 * which any field of ours may be.
 */
static void
gather_alternative(Import *import, FieldImport *field, const char *keyword,
				   JsonbRef alternatives)
{
	int			outer = import_enter_name(import, keyword);
	JsonbRef	schema = {0};
	JsonbRef	alternative;
	JsonbWalk	walk;
	int			found = -1;
	int			inner;

	jsonb_walk_begin(&walk, alternatives);
	for (int index = 0; jsonb_walk_element(&walk, &alternative); index++)
	{
		CHECK_FOR_INTERRUPTS();
		if (allows_null_only(alternative))
			continue;
		if (found >= 0)
		{
			found = -1;
			break;
		}
		found = index;
		schema = alternative;
	}
	if (alternatives.type != JREF_ARRAY || found < 0)
		import_refuse(import,
					  psprintf("there is nothing like \"%s\" for a field", keyword),
					  HINT_ONE_FORM);
	inner = import_enter_index(import, found);
	gather_keywords(import, field, schema);
	import_leave(import, inner);
	import_leave(import, outer);
}

/*
 * gather_others: the schemas that a property's refers to or is put together
 * from.
 */
static void
gather_others(Import *import, FieldImport *field, JsonbRef schema)
{
	static const char *const alternatives[] = {"anyOf", "oneOf"};
	JsonbRef	value = JREF_MEMBER(schema, "$ref");

	if (value.type != JREF_NONE)
	{
		int			before = import_enter_name(import, "$ref");

		gather_keywords(import, field, follow_reference(import, value));
		import_leave(import, before);
	}
	value = JREF_MEMBER(schema, "allOf");
	if (value.type != JREF_NONE)
		gather_parts(import, field, value);
	for (int i = 0; i < (int) lengthof(alternatives); i++)
	{
		value = jsonb_ref_member(schema, alternatives[i], strlen(alternatives[i]));
		if (value.type != JREF_NONE)
			gather_alternative(import, field, alternatives[i], value);
	}
}

/*
 * gather_keyword: what one keyword of a property's schema says.
 */
static void
gather_keyword(Import *import, FieldImport *field, JsonbRef key, JsonbRef value)
{
	int			keyword = find_keyword(key);
	int			before;

	if (keyword == NKEYWORDS)
	{
		if (import_secret_mark(import, key, value))
			field->secret = true;
		return;
	}

	/* forms mark a secret by a format, which says nothing else */
	if (keyword == KEYWORD_FORMAT && value.type == JREF_STRING &&
		JREF_IS(value, "password"))
	{
		field->secret = true;
		return;
	}

	before = import_enter(import, key);
	if (keywords[keyword].type != JREF_NONE && keywords[keyword].type != value.type)
		import_refuse(import,
					  psprintf("it must be of JSON type %s, not %s",
							   jsonb_ref_type_name((JsonbRef) {.type = keywords[keyword].type}),
							   jsonb_ref_type_name(value)),
					  "Correct the schema.");
	if (keyword < KEYWORD_FIRST_ANNOTATION &&
		field->given[keyword].type != JREF_NONE &&
		!jsonb_ref_equal(field->given[keyword], value))
		import_refuse(import, "a field has room for one such rule only, and a schema that it is put together from brings another",
					  "Merge the schemas into one.");
	field->given[keyword] = value;
	import_leave(import, before);
}

/*
 * gather_keywords: what a property's schema says, and the schemas that it
 * is put together from.  Annotations closer to the property win; a rule can
 * only be given once, for a field has room for one.
 */
static void
gather_keywords(Import *import, FieldImport *field, JsonbRef schema)
{
	FieldSource *source;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (schema.type != JREF_OBJECT)
		import_refuse(import, "a field's schema must be an object", NULL);
	if (++field->nschemas > MAX_SCHEMAS)
		import_refuse(import, "its references lead in a circle, or it is put together from too many schemas",
					  NULL);
	gather_others(import, field, schema);

	source = palloc(sizeof(FieldSource));
	source->schema = schema;
	source->path = pstrdup(import->path.data);
	field->sources = lappend(field->sources, source);
	jsonb_walk_begin(&walk, schema);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		gather_keyword(import, field, key, value);
	}
}

/*
 * check_others: of the property's schemas, the keywords that it is not read
 * by.  Now that its type is known, so is which of them speak of it.
 */
static void
check_others(Import *import, const FieldImport *field)
{
	int			before = import->path.len;
	char	   *path = pstrdup(import->path.data);
	ListCell   *cell;

	foreach(cell, field->sources)
	{
		const FieldSource *source = lfirst(cell);
		JsonbWalk	walk;
		JsonbRef	key;
		JsonbRef	value;

		resetStringInfo(&import->path);
		appendStringInfoString(&import->path, source->path);
		jsonb_walk_begin(&walk, source->schema);
		while (jsonb_walk_member(&walk, &key, &value))
		{
			CHECK_FOR_INTERRUPTS();
			if (find_keyword(key) == NKEYWORDS && !JREF_IS(key, "$ref") &&
				!JREF_IS(key, "allOf") && !JREF_IS(key, "anyOf") &&
				!JREF_IS(key, "oneOf"))
				import_check_keyword(import, key, value, field->type);
		}
	}
	resetStringInfo(&import->path);
	appendBinaryStringInfo(&import->path, path, before);
	pfree(path);
}

/*
 * type_by_name: the field type that a name in "type" stands for.
 */
static FieldType
type_by_name(Import *import, JsonbRef name)
{
	FieldType	type = FIELD_STRING;

	/* "secret" is a type of ours, not of JSON Schema's */
	if (name.type != JREF_STRING || !field_type_parse(name, &type) ||
		type == FIELD_SECRET)
		import_refuse(import, "a field is a string, an integer, a number, a boolean, an array or an object",
					  NULL);
	return type;
}

/*
 * type_of_value: the field type that an allowed value has.
 */
static FieldType
type_of_value(Import *import, JsonbRef value)
{
	switch (value.type)
	{
		case JREF_STRING:
			return FIELD_STRING;
		case JREF_NUMERIC:
			return FIELD_NUMBER;
		case JREF_BOOL:
			return FIELD_BOOLEAN;
		default:
			import_refuse(import, "it does not say of what type the field is",
						  "Add \"type\" to the field's schema.");
	}
	return FIELD_STRING;		/* not reached */
}

/*
 * interpret_type: the field's type, from "type" or else from the first of the
 * values that it may have.  null beside the type says nothing: any field of
 * ours may be null, which unsets it.
 */
static void
interpret_type(Import *import, FieldImport *field)
{
	JsonbRef	given = field->given[KEYWORD_TYPE];
	JsonbWalk	walk;
	JsonbRef	name;
	bool		known = false;
	int			before;

	if (given.type == JREF_NONE)
	{
		JsonbRef	value = field->given[KEYWORD_CONST];

		jsonb_walk_begin(&walk, field->given[KEYWORD_ENUM]);
		while (value.type <= JREF_NULL && jsonb_walk_element(&walk, &value))
			CHECK_FOR_INTERRUPTS();
		field->type = type_of_value(import, value);
		return;
	}

	before = import_enter_name(import, "type");
	if (given.type == JREF_STRING)
	{
		field->type = type_by_name(import, given);
		known = true;
	}
	jsonb_walk_begin(&walk, given.type == JREF_ARRAY ? given : (JsonbRef) {0});
	while (jsonb_walk_element(&walk, &name))
	{
		CHECK_FOR_INTERRUPTS();
		if (name.type == JREF_STRING && JREF_IS(name, "null"))
			continue;
		if (known)
			import_refuse(import, "a field has one type, beside null", NULL);
		field->type = type_by_name(import, name);
		known = true;
	}
	if (!known)
		import_refuse(import, "a field has a type other than null", NULL);
	import_leave(import, before);
}

/*
 * interpret_values: check that "enum" and "const" leave the field a value, and
 * that it is of a type whose values can be listed.
 */
static void
interpret_values(Import *import, FieldImport *field)
{
	JsonbRef	constant = field->given[KEYWORD_CONST];
	JsonbRef	values = field->given[KEYWORD_ENUM];
	JsonbRef	value;
	JsonbWalk	walk;
	bool		possible = false;

	if (constant.type == JREF_NONE && values.type == JREF_NONE)
		return;
	if ((OF(field->type) & OF_SCALARS) == 0)
	{
		import_enter_name(import, values.type != JREF_NONE ? "enum" : "const");
		import_refuse(import,
					  psprintf("it is no rule for a field of type %s",
							   field_type_name(field->type)), NULL);
	}
	jsonb_walk_begin(&walk, values);
	while (!possible && jsonb_walk_element(&walk, &value))
	{
		CHECK_FOR_INTERRUPTS();
		possible = value.type != JREF_NULL &&
			(constant.type == JREF_NONE || jsonb_ref_equal(constant, value));
	}
	if (constant.type == JREF_NULL || (values.type != JREF_NONE && !possible))
		import_refuse(import, "it allows no value but null", NULL);
}

/*
 * interpret_secret: a field that is marked as a secret becomes one.  A default
 * that is no value says nothing.
 */
static void
interpret_secret(Import *import, FieldImport *field)
{
	if (!field->secret)
		return;
	if (field->type != FIELD_STRING)
		import_refuse(import, "it is a secret, and a secret is a string",
					  "Make its type \"string\", or keep it no secret.");
	if (value_present(field->given[KEYWORD_DEFAULT]))
	{
		import_enter_name(import, "default");
		import_refuse(import, "a secret has no default", NULL);
	}
	field->given[KEYWORD_DEFAULT].type = JREF_NONE;
	field->type = FIELD_SECRET;
}

/*
 * interpret_rules: leave out the rules that do not speak of the field's type,
 * and check that its format and pattern are ones that we have.
 */
static void
interpret_rules(Import *import, FieldImport *field)
{
	JsonbRef	format;
	JsonbRef	pattern;

	for (int keyword = 0; keyword < KEYWORD_FIRST_ANNOTATION; keyword++)
	{
		const char *name = keywords[keyword].name;

		if (field->given[keyword].type == JREF_NONE ||
			keywords[keyword].speaks_of & OF(field->type))
			continue;
		import_leave_out(import, jsonb_ref_string(name, strlen(name)), field->type);
		field->given[keyword].type = JREF_NONE;
	}
	interpret_values(import, field);
	interpret_secret(import, field);

	format = field->given[KEYWORD_FORMAT];
	if (format.type != JREF_NONE && !field_format_parse(format, &field->format))
	{
		import_enter_name(import, "format");
		import_refuse(import, "the formats are uri, http-url, hostname, host, email, uuid, date, date-time and password",
					  "Take it out, or state it as a \"pattern\".");
	}

	pattern = field->given[KEYWORD_PATTERN];
	if (pattern.type != JREF_NONE)
	{
		const char *problem;

		field->pattern = pattern_from_ecma(pattern.ptr, pattern.len, &problem);
		if (field->pattern == NULL)
		{
			import_enter_name(import, "pattern");
			import_refuse(import, psprintf("PostgreSQL cannot read the pattern: %s", problem),
						  "Write the pattern without it.");
		}
	}
}

/*
 * import_keywords: read the schema of a property into its field.
 */
void
import_keywords(Import *import, FieldImport *field, JsonbRef schema)
{
	gather_keywords(import, field, schema);
	interpret_type(import, field);
	check_others(import, field);
	interpret_rules(import, field);
}
