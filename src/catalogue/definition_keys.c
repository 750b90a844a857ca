/*-------------------------------------------------------------------------
 *
 * catalogue/definition_keys.c
 *	  The keys of a field definition, each by itself.
 *
 * Keys are in the table below with the types of field that may have them; what
 * begins "x-" is the author's own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/definition_check.h"
#include "jsonb/number.h"
#include "miscadmin.h"
#include "server/messages.h"

/* Limits are kept far from where arithmetic on them could overflow. */
#define LENGTH_LIMIT PG_INT32_MAX

/* One key that a definition may have. */
typedef struct KeyRule
{
	JsonbRef	key;
	uint32		types;			/* of fields that may have it, a bit each */
	bool		of_field;		/* not of an array's elements or a map's values */
	void		(*check) (DefinitionCheck *check, JsonbRef value);
} KeyRule;

#define TYPE_BIT(type) (1 << (type))
#define TYPES_ALL (TYPE_BIT(FIELD_TYPE_LAST + 1) - 1)
#define TYPES_STRING (TYPE_BIT(FIELD_STRING) | TYPE_BIT(FIELD_SECRET))
#define TYPES_NUMBER (TYPE_BIT(FIELD_INTEGER) | TYPE_BIT(FIELD_NUMBER))
#define TYPES_SCALAR (TYPES_STRING | TYPES_NUMBER | TYPE_BIT(FIELD_BOOLEAN))
#define TYPES_MERGE (TYPE_BIT(FIELD_ARRAY) | TYPE_BIT(FIELD_OBJECT))
#define TYPES_FREE (TYPE_BIT(FIELD_OBJECT) | TYPE_BIT(FIELD_JSON))
#define TYPES_LENGTH (TYPES_STRING | TYPE_BIT(FIELD_ARRAY))

static void check_boolean(DefinitionCheck *check, JsonbRef value);
static void check_references(DefinitionCheck *check, JsonbRef value);
static void check_level(DefinitionCheck *check, JsonbRef value);
static void check_applies_when(DefinitionCheck *check, JsonbRef value);
static void check_allowed_values(DefinitionCheck *check, JsonbRef value);
static void check_examples(DefinitionCheck *check, JsonbRef value);
static void check_pattern(DefinitionCheck *check, JsonbRef value);
static void check_format(DefinitionCheck *check, JsonbRef value);
static void check_multiline(DefinitionCheck *check, JsonbRef value);
static void check_number(DefinitionCheck *check, JsonbRef value);
static void check_multiple_of(DefinitionCheck *check, JsonbRef value);
static void check_length(DefinitionCheck *check, JsonbRef value);
static void check_merge(DefinitionCheck *check, JsonbRef value);
static void check_deprecated(DefinitionCheck *check, JsonbRef value);
static void check_keys(DefinitionCheck *check, JsonbRef value);

#define KEY(name) {JREF_STRING, false, sizeof(name) - 1, name}

/*
 * The vocabulary.  Where there is no function the key is checked apart from
 * the others: name and type before, default_value after them.
 */
static const KeyRule vocabulary[] = {
	{KEY("name"), TYPES_ALL, true, NULL},
	{KEY("type"), TYPES_ALL, false, NULL},
	{KEY("required"), TYPES_ALL, true, check_boolean},
	{KEY("required_with"), TYPES_ALL, true, check_references},
	{KEY("required_unless"), TYPES_ALL, true, check_references},
	{KEY("applies_when"), TYPES_ALL, true, check_applies_when},
	{KEY("level"), TYPES_ALL, true, check_level},
	{KEY("display_name"), TYPES_ALL, false, check_text},
	{KEY("description"), TYPES_ALL, false, check_text},
	{KEY("placeholder"), TYPES_ALL, false, check_text},
	{KEY("deprecated"), TYPES_ALL, false, check_deprecated},
	{KEY("default_value"), TYPES_ALL & ~TYPE_BIT(FIELD_SECRET), true, NULL},
	{KEY("examples"), TYPES_ALL & ~TYPE_BIT(FIELD_SECRET), false, check_examples},
	{KEY("allowed_values"), TYPES_SCALAR, false, check_allowed_values},
	{KEY("pattern"), TYPES_STRING, false, check_pattern},
	{KEY("format"), TYPES_STRING, false, check_format},
	{KEY("multiline"), TYPES_STRING, false, check_multiline},
	{KEY("min"), TYPES_NUMBER, false, check_number},
	{KEY("max"), TYPES_NUMBER, false, check_number},
	{KEY("exclusive_min"), TYPES_NUMBER, false, check_number},
	{KEY("exclusive_max"), TYPES_NUMBER, false, check_number},
	{KEY("multiple_of"), TYPES_NUMBER, false, check_multiple_of},
	{KEY("min_length"), TYPES_LENGTH, false, check_length},
	{KEY("max_length"), TYPES_LENGTH, false, check_length},
	{KEY("merge"), TYPES_MERGE, false, check_merge},
	{KEY("public"), TYPES_FREE, false, check_boolean},
	{KEY("fields"), TYPE_BIT(FIELD_OBJECT), false, check_fields},
	{KEY("variants"), TYPE_BIT(FIELD_OBJECT), false, check_variants},
	{KEY("values"), TYPE_BIT(FIELD_OBJECT), false, check_values},
	{KEY("keys"), TYPE_BIT(FIELD_OBJECT), false, check_keys},
	{KEY("items"), TYPE_BIT(FIELD_ARRAY), false, check_items},
	{KEY("unique_items"), TYPE_BIT(FIELD_ARRAY), false, check_boolean},
};

static void
check_boolean(DefinitionCheck *check, JsonbRef value)
{
	if (value.type != JREF_BOOL)
		refuse_wrong_type(check, value, quoted(check->key), "true or false");
}

void
check_text(DefinitionCheck *check, JsonbRef value)
{
	if (value.type != JREF_STRING)
		refuse_wrong_type(check, value, quoted(check->key), "a string");
}

/*
 * count_siblings: how many names a definition may refer to.
 */
static int
count_siblings(const DefinitionCheck *check)
{
	int			count = 0;

	for (const NameScope *scope = check->scope; scope != NULL; scope = scope->outer)
		count += scope->nnames;
	return count;
}

/*
 * check_sibling: a name of a field beside the one that is defined.
 */
static void
check_sibling(DefinitionCheck *check, JsonbRef name, const char *hint)
{
	for (const NameScope *scope = check->scope; scope != NULL; scope = scope->outer)
		if (sorted_refs_have(scope->names, scope->nnames, name))
			return;
	refuse(check,
		   suggestion(name, &check->scope->names->value, check->scope->nnames,
					  sizeof(SortedRef), hint),
		   psprintf("There is no field %s.", quoted(name)));
}

/*
 * check_references: required_with and required_unless: distinct names of
 * other fields.  None at all is allowed, and says nothing.
 */
static void
check_references(DefinitionCheck *check, JsonbRef value)
{
	static const char *const hint = "Write an array of names of other fields beside it.";
	JsonbWalk	walk;
	JsonbRef	element;
	int			earlier;

	if (value.type != JREF_ARRAY)
		refuse_wrong_type(check, value, quoted(check->key), "an array of field names");
	check->element = 0;
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_element(&walk, &element))
	{
		CHECK_FOR_INTERRUPTS();
		if (element.type != JREF_STRING)
			refuse_wrong_type(check, element, "Each element", "a field's name");
		if (jsonb_ref_equal(element, check->field.name))
			refuse(check, hint, "A field can't refer to itself.");
		check_sibling(check, element, hint);
		check->element++;
	}
	check->element = first_repetition(value, count_siblings(check), &earlier);
	if (check->element >= 0)
		refuse(check, "Name each field once.",
			   psprintf("The element is the same as element %d.", earlier));
}

/*
 * check_values_list: a non-empty array of distinct values, at the key, or at
 * the step beyond it; each is checked by the caller.
 */
static void
check_values_list(DefinitionCheck *check, JsonbRef value, const char *right)
{
	if (value.type != JREF_ARRAY)
		refuse_wrong_type(check, value, quoted(check->key), right);
	if (jsonb_ref_count(value) == 0)
		refuse(check, psprintf("Write %s, or leave the key out.", right),
			   psprintf("%s must not be empty.", quoted(check->key)));
	refuse_number(jsonb_ref_count(value), "values in one list", DEFINITION_VALUES);
}

/*
 * check_applies_when: the siblings on whose values it depends whether the field
 * applies; what these values are is checked once all fields are known.
 */
static void
check_applies_when(DefinitionCheck *check, JsonbRef value)
{
	static const char *const right = "an object of other fields' names, each with an array of values";
	JsonbRef	outer = check->key;
	JsonbWalk	walk;
	JsonbRef	values;
	int			back;

	if (value.type != JREF_OBJECT)
		refuse_wrong_type(check, value, quoted(check->key), right);
	if (jsonb_ref_count(value) == 0)
		refuse(check, psprintf("Write %s, or leave the key out.", right),
			   "\"applies_when\" must not be empty.");
	back = path_step(check, "applies_when");
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_member(&walk, &check->key, &values))
	{
		if (jsonb_ref_equal(check->key, check->field.name))
			refuse(check, psprintf("Write %s.", right), "A field can't refer to itself.");
		check_sibling(check, check->key, psprintf("Write %s.", right));
		check_values_list(check, values, "a non-empty array of the field's values");
	}
	path_back(check, back);
	check->key = outer;
}

static void
check_level(DefinitionCheck *check, JsonbRef value)
{
	if (value.type != JREF_STRING ||
		!(JREF_IS(value, "org") || JREF_IS(value, "team")))
		refuse(check, "Write \"org\" (the default) or \"team\".",
			   "\"level\" says who is expected to set the field: the organisation or a team.");
}

/*
 * check_element_type: an element of the key's array must be of the field's type.
 */
static void
check_element_type(DefinitionCheck *check, const char *subject, JsonbRef element)
{
	StringInfoData detail;

	if (field_type_matches(check->field.type, element))
		return;
	initStringInfo(&detail);
	appendStringInfo(&detail, "%s of a field of type \"%s\" ", subject,
					 field_type_name(check->field.type));
	field_rule_describe(&detail, &check->field, RULE_TYPE, element);
	appendStringInfoChar(&detail, '.');
	refuse(check, psprintf("Write %s.", field_type_phrase(check->field.type)),
		   detail.data);
}

static void
check_examples(DefinitionCheck *check, JsonbRef value)
{
	JsonbWalk	walk;
	JsonbRef	element;

	check_values_list(check, value, "a non-empty array of values of the field's type");
	check->element = 0;
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_element(&walk, &element))
	{
		CHECK_FOR_INTERRUPTS();
		check_element_type(check, "An example", element);
		check->element++;
	}
	check->element = -1;
}

static void
check_allowed_values(DefinitionCheck *check, JsonbRef value)
{
	static const char *const right = "a non-empty array of distinct values of the field's type";
	JsonbWalk	walk;
	JsonbRef	element;
	int			earlier;

	check_values_list(check, value, right);
	check->element = 0;
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_element(&walk, &element))
	{
		CHECK_FOR_INTERRUPTS();
		check_element_type(check, "An allowed value", element);
		check->element++;
	}
	check->element = first_repetition(value, DEFINITION_VALUES, &earlier);
	if (check->element >= 0)
		refuse(check, "Give each value once.",
			   psprintf("The value is the same as element %d.", earlier));
	check->field.allowed_values = value;
}

static void
check_pattern(DefinitionCheck *check, JsonbRef value)
{
	char		error[100];

	check_text(check, value);
	/* the engine's time and memory grow faster than the pattern */
	if (value.len > DEFINITION_PATTERN)
		refuse(check, "Write a shorter pattern.",
			   psprintf("A pattern has at most %d bytes.", DEFINITION_PATTERN));
	if (!pattern_check(value, error, sizeof(error)))
		refuse(check, "Write a regular expression as PostgreSQL's ~ operator reads it.",
			   psprintf("The pattern does not compile: %s.", error));
	check->field.pattern = value;
}

static void
check_format(DefinitionCheck *check, JsonbRef value)
{
	static const JsonbRef formats[] = {
		KEY("uri"), KEY("http-url"), KEY("hostname"), KEY("host"),
		KEY("host-port"), KEY("ipv4"), KEY("ipv6"), KEY("cidr"), KEY("email"),
		KEY("uuid"), KEY("date"), KEY("time"), KEY("date-time"), KEY("duration"),
	};

	check_text(check, value);
	if (!field_format_parse(value, &check->field.format))
		refuse(check,
			   suggestion(value, formats, lengthof(formats), sizeof(JsonbRef),
						  "Formats are uri, http-url, hostname, host, host-port, ipv4, ipv6, cidr, email, uuid, date, time, date-time and duration; for others write a pattern."),
			   psprintf("There is no format %s.", quoted(value)));
}

static void
check_multiline(DefinitionCheck *check, JsonbRef value)
{
	check_boolean(check, value);
	check->field.multiline = value.boolean;
}

static void
check_number(DefinitionCheck *check, JsonbRef value)
{
	if (value.type != JREF_NUMERIC)
		refuse_wrong_type(check, value, quoted(check->key), "a number");
}

static void
check_multiple_of(DefinitionCheck *check, JsonbRef value)
{
	check_number(check, value);
	if (number_compare(value, number_from_int64(0)) <= 0)
		refuse(check, "Write a number that is greater than 0.",
			   "\"multiple_of\" must be greater than 0.");
}

static void
check_length(DefinitionCheck *check, JsonbRef value)
{
	int64		length;

	if (!number_to_int64(value, &length) || length < 0 || length > LENGTH_LIMIT)
		refuse(check, psprintf("Write an integer from 0 to %d.", LENGTH_LIMIT),
			   value.type == JREF_NUMERIC ?
			   psprintf("%s is not an integer in that range.", quoted(check->key)) :
			   psprintf("%s must be an integer, not %s.", quoted(check->key),
						value_phrase(value)));
}

static void
check_merge(DefinitionCheck *check, JsonbRef value)
{
	bool		array = check->field.type == FIELD_ARRAY;

	if (value.type != JREF_STRING ||
		!(JREF_IS(value, "replace") ||
		  (array ? JREF_IS(value, "append") || JREF_IS(value, "union") :
		   JREF_IS(value, "deep"))))
		refuse(check, array ?
			   "Write \"replace\" (the default), \"append\" or \"union\"." :
			   "Write \"deep\" (the default) or \"replace\".",
			   "\"merge\" says how an inner layer's value meets an outer one's.");
}

static void
check_deprecated(DefinitionCheck *check, JsonbRef value)
{
	if (value.type != JREF_BOOL && value.type != JREF_STRING)
		refuse_wrong_type(check, value, quoted(check->key),
						  "true or what to use instead");
}

static void
check_keys(DefinitionCheck *check, JsonbRef value)
{
	if (JREF_MEMBER(check->definition, "values").type == JREF_NONE)
		refuse(check, "Define the values of the keys with \"values\", too.",
			   "\"keys\" is the pattern of the keys that \"values\" is for.");
	check_pattern(check, value);
}

/*
 * check_type: the type, which decides what else a definition may have.
 */
void
check_type(DefinitionCheck *check, JsonbRef value)
{
	static const JsonbRef types[] = {
		KEY("string"), KEY("secret"), KEY("integer"), KEY("number"),
		KEY("boolean"), KEY("array"), KEY("object"), KEY("json"),
	};

	check->field.type = FIELD_STRING;
	if (value.type == JREF_NONE)
		return;
	check->key = vocabulary[1].key;
	check_text(check, value);
	if (!field_type_parse(value, &check->field.type))
		refuse(check,
			   suggestion(value, types, lengthof(types), sizeof(JsonbRef),
						  "Types are string (the default), secret, integer, number, boolean, array, object and json."),
			   psprintf("There is no type %s.", quoted(value)));
}

/*
 * is_field_name: can that be a field's name?
 * ^[A-Za-z_]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?$
 */
bool
is_field_name(JsonbRef name)
{
	bool		right = name.len >= 1 && name.len <= FIELD_NAME_LIMIT;

	for (uint32 i = 0; i < name.len && right; i++)
	{
		char		c = name.ptr[i];

		right = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
			(c >= '0' && c <= '9' && i > 0) ||
			((c == '.' || c == '-') && i > 0 && i < name.len - 1);
	}
	return right;
}

/*
 * check_name: a definition's "name".
 */
void
check_name(DefinitionCheck *check, JsonbRef name)
{
	static const char *const hint = FIELD_NAME_HINT;

	if (name.type == JREF_NONE)
		refuse(check, hint, "The definition has no \"name\".");
	check->key = vocabulary[0].key;
	check_text(check, name);
	if (!is_field_name(name))
		refuse(check, hint, psprintf("%s is no field name.", quoted(name)));
	check->field.name = name;
}

/*
 * check_key: one key of a definition.
 */
void
check_key(DefinitionCheck *check, JsonbRef value)
{
	const KeyRule *rule = NULL;

	for (int i = 0; i < (int) lengthof(vocabulary); i++)
		if (jsonb_ref_equal(vocabulary[i].key, check->key))
			rule = &vocabulary[i];

	if (rule == NULL)
	{
		if (check->key.len >= 2 && memcmp(check->key.ptr, "x-", 2) == 0)
			return;
		refuse(check,
			   suggestion(check->key, &vocabulary[0].key, lengthof(vocabulary),
						  sizeof(KeyRule),
						  "Keys of your own begin with \"x-\"."),
			   psprintf("A field definition has no key %s.", quoted(check->key)));
	}
	if ((rule->types & TYPE_BIT(check->field.type)) == 0)
	{
		StringInfoData types;

		initStringInfo(&types);
		for (int type = 0; type <= FIELD_TYPE_LAST; type++)
			if (rule->types & TYPE_BIT(type))
				appendStringInfo(&types, "%s%s", types.len > 0 ? ", " : "",
								 field_type_name((FieldType) type));
		refuse(check,
			   psprintf("%s is for fields of type %s.", quoted(check->key), types.data),
			   psprintf("%s is of type \"%s\", which can't have %s.",
						check->kind == OF_FIELD ?
						psprintf("Field %s", quoted(check->field.name)) :
						"What is defined here",
						field_type_name(check->field.type), quoted(check->key)));
	}
	if (rule->of_field && check->kind != OF_FIELD)
		refuse(check, "Leave the key out.",
			   psprintf("The definition of %s can't have %s.",
						check->kind == OF_ITEMS ?
						"an array's elements" : "a map's values",
						quoted(check->key)));
	if (rule->check != NULL)
		rule->check(check, value);
}

