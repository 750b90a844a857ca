/*-------------------------------------------------------------------------
 *
 * json_schema/keywords.c
 *	  The schema of one property, keyword by keyword.
 *
 * A keyword of the standard's that field definitions cannot express is an
 * error, so that no rule is lost in silence.  Keywords that the standard does
 * not have are annotations, as it says itself, and are left alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json_schema/import.h"
#include "json_schema/pattern_dialect.h"
#include "utils/builtins.h"

/* How many "$ref" may lead to one another. */
#define MAX_REFERENCES 32

/* Sets of FieldTypes, for the keywords that speak of some only. */
#define OF(type) (1 << (type))
#define OF_STRINGS OF(FIELD_STRING)
#define OF_NUMBERS (OF(FIELD_INTEGER) | OF(FIELD_NUMBER))
#define OF_ARRAYS OF(FIELD_ARRAY)
#define OF_SCALARS (OF_STRINGS | OF_NUMBERS | OF(FIELD_BOOLEAN))
#define OF_ALL (OF_SCALARS | OF_ARRAYS | OF(FIELD_OBJECT))

/* The keywords that a property's schema is read by. */
static const struct
{
	const char *name;
	JsonbRefType type;			/* of its value; JREF_NONE for any */
	int			speaks_of;		/* FieldTypes */
}			keywords[NKEYWORDS] = {
	[KEYWORD_TYPE] = {"type", JREF_NONE, OF_ALL},
	[KEYWORD_ENUM] = {"enum", JREF_ARRAY, OF_SCALARS},
	[KEYWORD_CONST] = {"const", JREF_NONE, OF_SCALARS},
	[KEYWORD_PATTERN] = {"pattern", JREF_STRING, OF_STRINGS},
	[KEYWORD_FORMAT] = {"format", JREF_STRING, OF_STRINGS},
	[KEYWORD_MINIMUM] = {"minimum", JREF_NUMERIC, OF_NUMBERS},
	[KEYWORD_MAXIMUM] = {"maximum", JREF_NUMERIC, OF_NUMBERS},
	[KEYWORD_MIN_LENGTH] = {"minLength", JREF_NUMERIC, OF_STRINGS},
	[KEYWORD_MAX_LENGTH] = {"maxLength", JREF_NUMERIC, OF_STRINGS},
	[KEYWORD_MIN_ITEMS] = {"minItems", JREF_NUMERIC, OF_ARRAYS},
	[KEYWORD_MAX_ITEMS] = {"maxItems", JREF_NUMERIC, OF_ARRAYS},
	[KEYWORD_TITLE] = {"title", JREF_STRING, OF_ALL},
	[KEYWORD_DESCRIPTION] = {"description", JREF_STRING, OF_ALL},
	[KEYWORD_DEFAULT] = {"default", JREF_NONE, OF_ALL},
	[KEYWORD_EXAMPLES] = {"examples", JREF_ARRAY, OF_ALL},
	[KEYWORD_WRITE_ONLY] = {"writeOnly", JREF_BOOL, OF_ALL},
	[KEYWORD_AIRBYTE_SECRET] = {"airbyte_secret", JREF_BOOL, OF_ALL},
	[KEYWORD_ORDER] = {"order", JREF_NUMERIC, OF_ALL},
};

/* The standard's keywords that field definitions cannot express. */
typedef enum Harmless
{
	HARMLESS_NEVER,
	HARMLESS_OPEN,				/* where it is the schema true, or {} */
	HARMLESS_EMPTY,				/* where it is [] or {} */
	HARMLESS_FALSE
} Harmless;

#define HINT_FLATTEN "Give the object's members as fields of their own, or leave the object without rules for them."
#define HINT_ONE_FORM "Import one of the alternatives, or state the conditions with \"if\" and \"then\"."
#define HINT_ITEMS "A field of type array has rules for its length only; take the others out."

static const struct
{
	const char *name;
	Harmless	harmless;
	const char *hint;			/* NULL for "take it out" */
}			refused_keywords[] = {
	{"oneOf", HARMLESS_NEVER, HINT_ONE_FORM},
	{"anyOf", HARMLESS_NEVER, HINT_ONE_FORM},
	{"allOf", HARMLESS_EMPTY, "Merge its schemas into one."},
	{"not", HARMLESS_NEVER, NULL},
	{"if", HARMLESS_NEVER, NULL},
	{"then", HARMLESS_NEVER, NULL},
	{"else", HARMLESS_NEVER, NULL},
	{"enum", HARMLESS_NEVER, NULL},
	{"const", HARMLESS_NEVER, NULL},
	{"extends", HARMLESS_NEVER, NULL},
	{"disallow", HARMLESS_NEVER, NULL},
	{"$ref", HARMLESS_NEVER, "Put the schema that it refers to in its place."},
	{"$dynamicRef", HARMLESS_NEVER, "Put the schema that it refers to in its place."},
	{"$recursiveRef", HARMLESS_NEVER, "Put the schema that it refers to in its place."},
	{"properties", HARMLESS_EMPTY, HINT_FLATTEN},
	{"required", HARMLESS_EMPTY, HINT_FLATTEN},
	{"patternProperties", HARMLESS_EMPTY, HINT_FLATTEN},
	{"additionalProperties", HARMLESS_OPEN, HINT_FLATTEN},
	{"unevaluatedProperties", HARMLESS_OPEN, HINT_FLATTEN},
	{"propertyNames", HARMLESS_OPEN, HINT_FLATTEN},
	{"dependencies", HARMLESS_EMPTY, HINT_FLATTEN},
	{"dependentRequired", HARMLESS_EMPTY, HINT_FLATTEN},
	{"dependentSchemas", HARMLESS_EMPTY, HINT_FLATTEN},
	{"minProperties", HARMLESS_NEVER, HINT_FLATTEN},
	{"maxProperties", HARMLESS_NEVER, HINT_FLATTEN},
	{"items", HARMLESS_OPEN, HINT_ITEMS},
	{"prefixItems", HARMLESS_EMPTY, HINT_ITEMS},
	{"additionalItems", HARMLESS_OPEN, HINT_ITEMS},
	{"unevaluatedItems", HARMLESS_OPEN, HINT_ITEMS},
	{"contains", HARMLESS_NEVER, HINT_ITEMS},
	{"minContains", HARMLESS_NEVER, HINT_ITEMS},
	{"maxContains", HARMLESS_NEVER, HINT_ITEMS},
	{"uniqueItems", HARMLESS_FALSE, HINT_ITEMS},
	{"exclusiveMinimum", HARMLESS_FALSE, "Use \"minimum\"."},
	{"exclusiveMaximum", HARMLESS_FALSE, "Use \"maximum\"."},
	{"multipleOf", HARMLESS_NEVER, NULL},
	{"divisibleBy", HARMLESS_NEVER, NULL},
};

/*
 * is_harmless: does the keyword, as it is given, ask for nothing?
 */
static bool
is_harmless(Harmless harmless, JsonbRef value)
{
	bool		empty = !JREF_IS_SCALAR(value) && jsonb_ref_count(value) == 0;

	switch (harmless)
	{
		case HARMLESS_NEVER:
			return false;
		case HARMLESS_OPEN:
			return (value.type == JREF_BOOL && value.boolean) ||
				(value.type == JREF_OBJECT && empty);
		case HARMLESS_EMPTY:
			return empty;
		case HARMLESS_FALSE:
			return value.type == JREF_BOOL && !value.boolean;
	}
	return false;
}

/*
 * import_refuse_keyword: an error if this is a keyword that fields cannot express.
 */
void
import_refuse_keyword(Import *import, JsonbRef key, JsonbRef value)
{
	for (int i = 0; i < (int) lengthof(refused_keywords); i++)
	{
		const char *name = refused_keywords[i].name;

		if (!jsonb_ref_is(key, name, strlen(name)) ||
			is_harmless(refused_keywords[i].harmless, value))
			continue;
		import_enter(import, key);
		import_refuse(import,
					  psprintf("there is nothing like \"%s\" for a field", name),
					  refused_keywords[i].hint);
	}
}

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
 * follow_reference: what a "$ref" within the schema itself refers to.
 */
static JsonbRef
follow_reference(Import *import, JsonbRef reference)
{
	JsonbRef	target = import->root;
	char	   *pointer;
	char	   *step;

	if (reference.type != JREF_STRING || reference.len < 2 ||
		memcmp(reference.ptr, "#/", 2) != 0)
		import_refuse(import, "only a reference into the schema itself, such as \"#/$defs/name\", can be followed",
					  "Put the schema that it refers to in its place.");

	pointer = jsonb_ref_cstring(reference) + 1;
	while (*pointer == '/')
	{
		StringInfoData name;

		initStringInfo(&name);
		step = pointer + 1;
		for (; *step != '\0' && *step != '/'; step++)
		{
			if (step[0] == '~' && (step[1] == '0' || step[1] == '1'))
				appendStringInfoChar(&name, *++step == '0' ? '~' : '/');
			else
				appendStringInfoChar(&name, *step);
		}
		target = jsonb_ref_member(target, name.data, name.len);
		pointer = step;
	}
	if (target.type != JREF_OBJECT)
		import_refuse(import, "the schema that it refers to is not there", NULL);
	return target;
}

/*
 * gather_keywords: what a property's schema says, and the schemas that it
 * refers to.  Annotations closer to the property win; a rule can only be
 * given once, for a field has room for one.
 */
static void
gather_keywords(Import *import, FieldImport *field, JsonbRef schema, int depth)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (schema.type != JREF_OBJECT)
		import_refuse(import, "a field's schema must be an object", NULL);
	if (depth > MAX_REFERENCES)
		import_refuse(import, "its references lead in a circle", NULL);

	value = JREF_MEMBER(schema, "$ref");
	if (value.type != JREF_NONE)
	{
		int			before = import_enter_name(import, "$ref");

		gather_keywords(import, field, follow_reference(import, value), depth + 1);
		import_leave(import, before);
	}

	field->sources = lappend(field->sources,
							 memcpy(palloc(sizeof(schema)), &schema, sizeof(schema)));
	jsonb_walk_begin(&walk, schema);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		int			before;
		int			keyword = find_keyword(key);

		if (keyword == NKEYWORDS)
		{
			if (!JREF_IS(key, "$ref"))
				import_refuse_keyword(import, key, value);
			continue;
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
			import_refuse(import, "a field has room for one such rule only, and \"$ref\" brings another",
						  "Put the schema that it refers to in its place.");
		field->given[keyword] = value;
		import_leave(import, before);
	}
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
			;
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
		if (JREF_IS(name, "null") && name.type == JREF_STRING)
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
 * interpret_values: check that "enum" and "const" leave the field a value.
 */
static void
interpret_values(Import *import, FieldImport *field)
{
	JsonbRef	value = {0};
	JsonbWalk	walk;

	if (field->given[KEYWORD_CONST].type == JREF_NULL)
		import_refuse(import, "it allows no value but null", NULL);
	if (field->given[KEYWORD_ENUM].type == JREF_NONE)
		return;
	jsonb_walk_begin(&walk, field->given[KEYWORD_ENUM]);
	while (value.type <= JREF_NULL && jsonb_walk_element(&walk, &value))
		;
	if (value.type <= JREF_NULL)
		import_refuse(import, "it allows no value but null", NULL);
}

/*
 * interpret_secret: is the field a secret?  The standard says so with
 * "writeOnly", forms with the format "password", Airbyte's connectors with a
 * keyword of their own.
 */
static void
interpret_secret(Import *import, FieldImport *field)
{
	JsonbRef   *format = &field->given[KEYWORD_FORMAT];
	bool		secret = false;

	for (int keyword = KEYWORD_WRITE_ONLY; keyword <= KEYWORD_AIRBYTE_SECRET; keyword++)
		if (field->given[keyword].type == JREF_BOOL && field->given[keyword].boolean)
			secret = true;
	if (format->type == JREF_STRING && JREF_IS(*format, "password"))
	{
		format->type = JREF_NONE;
		secret = true;
	}
	if (!secret)
		return;

	if (field->type != FIELD_STRING)
		import_refuse(import, "it is a secret, and a secret is a string",
					  "Make its type \"string\", or keep it no secret.");
	if (field->given[KEYWORD_DEFAULT].type > JREF_NULL)
	{
		import_enter_name(import, "default");
		import_refuse(import, "a secret has no default", NULL);
	}
	field->type = FIELD_SECRET;
}

/*
 * interpret_rules: check that the rules speak of the field's type, and that
 * its format and pattern are ones that we have.
 */
static void
interpret_rules(Import *import, FieldImport *field)
{
	JsonbRef	format;
	JsonbRef	pattern;

	for (int keyword = 0; keyword < KEYWORD_FIRST_ANNOTATION; keyword++)
	{
		if (field->given[keyword].type == JREF_NONE ||
			keywords[keyword].speaks_of & OF(field->type))
			continue;
		import_enter_name(import, keywords[keyword].name);
		import_refuse(import,
					  psprintf("it is no rule for a field of type %s",
							   field_type_name(field->type)), NULL);
	}
	interpret_values(import, field);
	interpret_secret(import, field);

	format = field->given[KEYWORD_FORMAT];
	if (format.type != JREF_NONE && !field_format_parse(format, &field->format))
	{
		import_enter_name(import, "format");
		import_refuse(import, "the formats are uri, hostname, email, uuid, date, date-time and password",
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
	gather_keywords(import, field, schema, 0);
	interpret_type(import, field);
	interpret_rules(import, field);
}
