/*-------------------------------------------------------------------------
 *
 * catalogue/definition.c
 *	  The strict check of an integration's field definitions.
 *
 * Everything behind it (the compiled catalogue, the merge, validation) relies
 * on what is checked here, and a rule that is silently dropped for a typo is
 * worse than an error.  So each definition must have a known shape: keys are
 * in the table below with the types of field that may have them, and what
 * begins "x-" is the author's own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/field_rules.h"
#include "jsonb/number.h"
#include "jsonb/sorted_refs.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/suggest.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "catalogue/definition.h"

/* Limits are kept far from where arithmetic on them could overflow. */
#define LENGTH_LIMIT PG_INT32_MAX

#define NAME_LIMIT 64

/* Where we are in the definitions. */
typedef struct DefinitionCheck
{
	Relation	catalogue;		/* NULL where there is no row yet */
	JsonbRef	integration_id;
	DefinitionRefusal refusal;	/* NULL: 23514, of the catalogue */
	void	   *refusal_arg;
	JsonbRef	fields;
	SortedRef  *names;			/* all fields' names, in key order */
	int			nnames;
	int			index;			/* of the definition; -1 none */
	JsonbRef	key;			/* in it; JREF_NONE none */
	int			element;		/* of the key's value; -1 none */
	Field		field;			/* what the definition says */
} DefinitionCheck;

/* One key that a definition may have. */
typedef struct KeyRule
{
	JsonbRef	key;
	uint32		types;			/* of fields that may have it, a bit each */
	void		(*check) (DefinitionCheck *check, JsonbRef value);
} KeyRule;

#define TYPE_BIT(type) (1 << (type))
#define TYPES_ALL (TYPE_BIT(FIELD_OBJECT + 1) - 1)
#define TYPES_STRING (TYPE_BIT(FIELD_STRING) | TYPE_BIT(FIELD_SECRET))
#define TYPES_NUMBER (TYPE_BIT(FIELD_INTEGER) | TYPE_BIT(FIELD_NUMBER))
#define TYPES_SCALAR (TYPES_STRING | TYPES_NUMBER | TYPE_BIT(FIELD_BOOLEAN))
#define TYPES_LENGTH (TYPES_STRING | TYPE_BIT(FIELD_ARRAY))

static void check_boolean(DefinitionCheck *check, JsonbRef value);
static void check_text(DefinitionCheck *check, JsonbRef value);
static void check_references(DefinitionCheck *check, JsonbRef value);
static void check_level(DefinitionCheck *check, JsonbRef value);
static void check_allowed_values(DefinitionCheck *check, JsonbRef value);
static void check_pattern(DefinitionCheck *check, JsonbRef value);
static void check_format(DefinitionCheck *check, JsonbRef value);
static void check_multiline(DefinitionCheck *check, JsonbRef value);
static void check_number(DefinitionCheck *check, JsonbRef value);
static void check_length(DefinitionCheck *check, JsonbRef value);

#define KEY(name) {JREF_STRING, false, sizeof(name) - 1, name}

/*
 * The vocabulary.  Where there is no function the key is checked apart from
 * the others: name and type before, default_value after them.
 */
static const KeyRule vocabulary[] = {
	{KEY("name"), TYPES_ALL, NULL},
	{KEY("type"), TYPES_ALL, NULL},
	{KEY("required"), TYPES_ALL, check_boolean},
	{KEY("required_with"), TYPES_ALL, check_references},
	{KEY("required_unless"), TYPES_ALL, check_references},
	{KEY("level"), TYPES_ALL, check_level},
	{KEY("display_name"), TYPES_ALL, check_text},
	{KEY("description"), TYPES_ALL, check_text},
	{KEY("placeholder"), TYPES_ALL, check_text},
	{KEY("default_value"), TYPES_ALL & ~TYPE_BIT(FIELD_SECRET), NULL},
	{KEY("allowed_values"), TYPES_SCALAR, check_allowed_values},
	{KEY("pattern"), TYPES_STRING, check_pattern},
	{KEY("format"), TYPES_STRING, check_format},
	{KEY("multiline"), TYPES_STRING, check_multiline},
	{KEY("min"), TYPES_NUMBER, check_number},
	{KEY("max"), TYPES_NUMBER, check_number},
	{KEY("min_length"), TYPES_LENGTH, check_length},
	{KEY("max_length"), TYPES_LENGTH, check_length},
};

/*
 * refuse: refuse the definitions, for what is at the place where we are.
 *
 * detail says what is wrong (a sentence), hint what would be right.
 */
static void
refuse(const DefinitionCheck *check, const char *hint, const char *detail)
{
	StringInfoData path;
	StringInfoData id;

	if (check->refusal != NULL)
		check->refusal(check->refusal_arg, check->index, check->key, detail, hint);

	initStringInfo(&path);
	appendStringInfoString(&path, "/fields");
	if (check->index >= 0)
		appendStringInfo(&path, "/%d", check->index);
	if (check->key.type != JREF_NONE)
	{
		StringInfoData step;

		initStringInfo(&step);
		append_pointer_step(&step, check->key);
		append_escaped(&path, step.data, step.len, NAME_LIMIT + 1);
	}
	if (check->element >= 0)
		appendStringInfo(&path, "/%d", check->element);

	initStringInfo(&id);
	if (check->integration_id.type == JREF_STRING)
		append_name(&id, check->integration_id);

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 id.len > 0 ?
			 errmsg("invalid field definition at %s of integration %s",
					path.data, id.data) :
			 errmsg("invalid field definition at %s", path.data),
			 errdetail_internal("%s", detail),
			 errhint("%s", hint),
			 check->catalogue != NULL ?
			 errtablecolname(check->catalogue, "fields") : 0));
}

/*
 * refuse_number: refuse more of something than there may be.
 */
static void
refuse_number(uint32 count, const char *what, uint32 limit)
{
	if (count > limit)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the definitions of an integration's fields can have at most %u %s",
						limit, what),
				 errdetail("These have %u.", count)));
}

/*
 * refuse_wrong_type: refuse a value for its JSON type.
 */
static void
refuse_wrong_type(const DefinitionCheck *check, JsonbRef value,
				  const char *subject, const char *right)
{
	refuse(check, psprintf("Write %s.", right),
		   psprintf("%s must be %s, not %s.", subject, right, value_phrase(value)));
}

/*
 * quoted: a name for a message.
 */
static char *
quoted(JsonbRef name)
{
	StringInfoData out;

	initStringInfo(&out);
	append_name(&out, name);
	return out.data;
}

/*
 * suggestion: a hint with the nearest name, and otherwise the one given.
 */
static const char *
suggestion(JsonbRef wanted, const JsonbRef *names, int count, Size stride,
		   const char *otherwise)
{
	JsonbRef	nearest = suggest_nearest(wanted, names, count, stride, NULL);

	if (nearest.type == JREF_NONE)
		return otherwise;
	return psprintf("Perhaps you meant %s. %s", quoted(nearest), otherwise);
}

static void
check_boolean(DefinitionCheck *check, JsonbRef value)
{
	if (value.type != JREF_BOOL)
		refuse_wrong_type(check, value, quoted(check->key), "true or false");
}

static void
check_text(DefinitionCheck *check, JsonbRef value)
{
	if (value.type != JREF_STRING)
		refuse_wrong_type(check, value, quoted(check->key), "a string");
}

/*
 * check_references: required_with and required_unless: distinct names of
 * other fields.  None at all is allowed, and says nothing.
 */
static void
check_references(DefinitionCheck *check, JsonbRef value)
{
	static const char *const hint = "Write an array of names of other fields of the same integration.";
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
		if (!sorted_refs_have(check->names, check->nnames, element))
			refuse(check,
				   suggestion(element, &check->names->value, check->nnames,
							  sizeof(SortedRef), hint),
				   psprintf("There is no field %s.", quoted(element)));
		check->element++;
	}
	check->element = first_repetition(value, check->nnames, &earlier);
	if (check->element >= 0)
		refuse(check, "Name each field once.",
			   psprintf("The element is the same as element %d.", earlier));
}

static void
check_level(DefinitionCheck *check, JsonbRef value)
{
	if (value.type != JREF_STRING ||
		!(JREF_IS(value, "org") || JREF_IS(value, "team")))
		refuse(check, "Write \"org\" (the default) or \"team\".",
			   "\"level\" says who is expected to set the field: the organisation or a team.");
}

static void
check_allowed_values(DefinitionCheck *check, JsonbRef value)
{
	static const char *const right = "a non-empty array of distinct values of the field's type";
	JsonbWalk	walk;
	JsonbRef	element;
	int			earlier;

	if (value.type != JREF_ARRAY)
		refuse_wrong_type(check, value, quoted(check->key), right);
	if (jsonb_ref_count(value) == 0)
		refuse(check, psprintf("Write %s, or leave the key out.", right),
			   "\"allowed_values\" must not be empty: no value would be allowed.");
	refuse_number(jsonb_ref_count(value), "allowed values of a field", DEFINITION_VALUES);
	check->element = 0;
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_element(&walk, &element))
	{
		CHECK_FOR_INTERRUPTS();
		if (!field_type_matches(check->field.type, element))
		{
			StringInfoData detail;

			initStringInfo(&detail);
			appendStringInfo(&detail, "An allowed value of a field of type \"%s\" ",
							 field_type_name(check->field.type));
			field_rule_describe(&detail, &check->field, RULE_TYPE, element);
			appendStringInfoChar(&detail, '.');
			refuse(check, psprintf("Write %s.", field_type_phrase(check->field.type)),
				   detail.data);
		}
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
		KEY("uri"), KEY("hostname"), KEY("email"), KEY("uuid"), KEY("date"),
		KEY("date-time"), KEY("http-url"), KEY("host"),
	};

	check_text(check, value);
	if (!field_format_parse(value, &check->field.format))
		refuse(check,
			   suggestion(value, formats, lengthof(formats), sizeof(JsonbRef),
						  "Formats are uri, http-url, hostname, host, email, uuid, date and date-time; for others write a pattern."),
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
	if (JREF_IS(check->key, "min"))
		check->field.min = value;
	else
		check->field.max = value;
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
	if (JREF_IS(check->key, "min_length"))
		check->field.min_length = length;
	else
		check->field.max_length = length;
}

/*
 * check_type: the type, which decides what else a definition may have.
 */
static void
check_type(DefinitionCheck *check, JsonbRef value)
{
	static const JsonbRef types[] = {
		KEY("string"), KEY("secret"), KEY("integer"), KEY("number"),
		KEY("boolean"), KEY("array"), KEY("object"),
	};

	check->field.type = FIELD_STRING;
	if (value.type == JREF_NONE)
		return;
	check->key = vocabulary[1].key;
	check_text(check, value);
	if (!field_type_parse(value, &check->field.type))
		refuse(check,
			   suggestion(value, types, lengthof(types), sizeof(JsonbRef),
						  "Types are string (the default), secret, integer, number, boolean, array and object."),
			   psprintf("There is no type %s.", quoted(value)));
}

/*
 * is_field_name: can that be a field's name?  ^[A-Za-z_][A-Za-z0-9_]{0,63}$
 */
bool
is_field_name(JsonbRef name)
{
	bool		right = name.len >= 1 && name.len <= NAME_LIMIT;

	for (uint32 i = 0; i < name.len && right; i++)
	{
		char		c = name.ptr[i];

		right = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
			(c >= '0' && c <= '9' && i > 0);
	}
	return right;
}

/*
 * check_name: a definition's "name".
 */
static void
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
static void
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
		for (int type = 0; type <= FIELD_OBJECT; type++)
			if (rule->types & TYPE_BIT(type))
				appendStringInfo(&types, "%s%s", types.len > 0 ? ", " : "",
								 field_type_name((FieldType) type));
		refuse(check,
			   psprintf("%s is for fields of type %s.", quoted(check->key), types.data),
			   psprintf("Field %s is of type \"%s\", which can't have %s.",
						quoted(check->field.name),
						field_type_name(check->field.type), quoted(check->key)));
	}
	if (rule->check != NULL)
		rule->check(check, value);
}

/*
 * check_limits: what two keys say together.
 */
static void
check_limits(DefinitionCheck *check)
{
	const Field *field = &check->field;

	if (field->min.type != JREF_NONE && field->max.type != JREF_NONE &&
		number_compare(field->min, field->max) > 0)
	{
		check->key = jsonb_ref_string("max", 3);
		refuse(check, "Write a \"max\" that is not below \"min\".",
			   "\"max\" is less than \"min\": no value would be allowed.");
	}
	if (field->max_length >= 0 && field->min_length > field->max_length)
	{
		check->key = jsonb_ref_string("max_length", 10);
		refuse(check, "Write a \"max_length\" that is not below \"min_length\".",
			   "\"max_length\" is less than \"min_length\": no value would be allowed.");
	}
}

/*
 * check_default: the default must pass the field's own rules.
 */
static void
check_default(DefinitionCheck *check, JsonbRef value)
{
	uint32		broken;
	StringInfoData detail;

	if (value.type == JREF_NONE)
		return;
	broken = field_rules_broken(&check->field, value) & ~FIELD_RULE_WARNINGS;
	if (broken == 0)
		return;
	initStringInfo(&detail);
	for (uint32 rule = RULE_TYPE; rule <= FIELD_RULE_LAST; rule <<= 1)
		if (broken & rule)
		{
			appendStringInfoString(&detail, detail.len == 0 ?
								   "The default value " : ", and ");
			field_rule_describe(&detail, &check->field, (FieldRule) rule, value);
		}
	appendStringInfoChar(&detail, '.');
	check->key = jsonb_ref_string("default_value", 13);
	refuse(check, "Write a default that passes the field's own rules, or leave it out.",
		   detail.data);
}

/*
 * check_definition: one definition; its name is known to be right.
 */
static void
check_definition(DefinitionCheck *check, JsonbRef definition, JsonbRef name)
{
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	value;

	memset(&check->field, 0, sizeof(check->field));
	check->field.name = name;
	check->field.min_length = -1;
	check->field.max_length = -1;
	check->field.cxt = CurrentMemoryContext;

	check_type(check, JREF_MEMBER(definition, "type"));
	jsonb_walk_begin(&walk, definition);
	while (jsonb_walk_member(&walk, &check->key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		check->element = -1;
		check_key(check, value);
	}
	check->element = -1;
	check_limits(check);
	check_default(check, JREF_MEMBER(definition, "default_value"));
	check->key = none;
}

/*
 * check_names: the definitions' names, which references are checked against;
 * so they come first.
 */
static void
check_names(DefinitionCheck *check)
{
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	definition;
	int			duplicate;
	int			earlier;

	check->names = palloc(sizeof(SortedRef) * Max(jsonb_ref_count(check->fields), 1));
	jsonb_walk_begin(&walk, check->fields);
	for (check->index = 0; jsonb_walk_element(&walk, &definition); check->index++)
	{
		CHECK_FOR_INTERRUPTS();
		check->key = none;
		if (definition.type != JREF_OBJECT)
			refuse_wrong_type(check, definition, "A field definition", "an object");
		check_name(check, JREF_MEMBER(definition, "name"));
		check->names[check->index].value = check->field.name;
		check->names[check->index].index = check->index;
	}
	check->nnames = check->index;
	duplicate = sort_refs(check->names, check->nnames, &earlier);
	if (duplicate >= 0)
	{
		for (int i = 0; i < check->nnames; i++)
			if (check->names[i].index == duplicate)
				check->field.name = check->names[i].value;
		check->index = duplicate;
		refuse(check, "Give each field of an integration a name of its own.",
			   psprintf("Field %s is defined at /fields/%d already.",
						quoted(check->field.name), earlier));
	}
}

/*
 * check_all: all definitions.  What is allocated is freed on return.
 */
static void
check_all(DefinitionCheck *check)
{
	MemoryContext cxt;
	MemoryContext per_field;
	MemoryContext old;
	JsonbWalk	walk;
	JsonbRef	definition;

	check->index = -1;
	check->element = -1;
	if (check->fields.type != JREF_ARRAY)
		refuse_wrong_type(check, check->fields, "\"fields\"", "an array of field definitions");
	refuse_number(check->fields.len, "bytes", DEFINITIONS_SIZE);
	refuse_number(jsonb_ref_count(check->fields), "fields", DEFINITIONS_FIELDS);

	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"integration_schemas definitions",
								ALLOCSET_DEFAULT_SIZES);
	per_field = AllocSetContextCreate(cxt, "integration_schemas definition",
									  ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	check_names(check);
	MemoryContextSwitchTo(per_field);
	jsonb_walk_begin(&walk, check->fields);
	for (check->index = 0; jsonb_walk_element(&walk, &definition); check->index++)
	{
		CHECK_FOR_INTERRUPTS();
		check_definition(check, definition, JREF_MEMBER(definition, "name"));
		MemoryContextReset(per_field);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/*
 * definition_check: refuse field definitions that break a rule of the
 * vocabulary, with 23514, and too many of them, with 54000.
 *
 * catalogue is the table that the row is for, and may be NULL, as
 * integration_id may be JREF_NONE.
 */
void
definition_check(Relation catalogue, JsonbRef integration_id, JsonbRef fields)
{
	DefinitionCheck check = {0};

	check.catalogue = catalogue;
	check.integration_id = integration_id;
	check.fields = fields;
	check_all(&check);
}

/*
 * definition_check_with: the same check, with the caller's error for a rule
 * that is broken.
 */
void
definition_check_with(JsonbRef fields, DefinitionRefusal refusal, void *arg)
{
	DefinitionCheck check = {0};

	check.fields = fields;
	check.refusal = refusal;
	check.refusal_arg = arg;
	check_all(&check);
}
