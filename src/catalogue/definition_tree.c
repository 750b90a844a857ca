/*-------------------------------------------------------------------------
 *
 * catalogue/definition_tree.c
 *	  What the keys of field definitions say together.
 *
 * By then each key is right by itself, so the definitions are compiled and
 * judged as they will be used.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/definition_check.h"
#include "catalogue/inside.h"
#include "jsonb/number.h"
#include "miscadmin.h"

static void check_set(DefinitionCheck *check, const FieldSet *set);

/*
 * refuse_key: refuse the definition where we are for one of its keys.
 */
static void
refuse_key(DefinitionCheck *check, const char *key, const char *hint,
		   const char *detail)
{
	check->key = jsonb_ref_string(key, strlen(key));
	refuse(check, hint, detail);
}

/*
 * check_limits: limits that leave nothing between them.
 */
static void
check_limits(DefinitionCheck *check, const Field *field)
{
	if (field->min.type != JREF_NONE && field->max.type != JREF_NONE &&
		number_compare(field->min, field->max) > 0)
		refuse_key(check, "max", "Write a \"max\" that is not below \"min\".",
				   "\"max\" is less than \"min\": no value would be allowed.");
	if (field->max_length >= 0 && field->min_length > field->max_length)
		refuse_key(check, "max_length", "Write a \"max_length\" that is not below \"min_length\".",
				   "\"max_length\" is less than \"min_length\": no value would be allowed.");
}

static bool set_holds_secret(const FieldSet *set);

/*
 * holds_secret: is a value of the field, or one in it, a secret?
 */
static bool
holds_secret(const Field *field)
{
	const FieldExtra *extra = field->extra;

	if (field->type == FIELD_SECRET)
		return true;
	if (extra == NULL)
		return false;
	if ((extra->items != NULL && holds_secret(extra->items)) ||
		(extra->values != NULL && holds_secret(extra->values)) ||
		(extra->fields != NULL && set_holds_secret(extra->fields)))
		return true;
	for (int i = 0; i < extra->nchoices; i++)
		if (set_holds_secret(&extra->choices[i].fields))
			return true;
	return false;
}

static bool
set_holds_secret(const FieldSet *set)
{
	for (int i = 0; i < set->nfields; i++)
		if (holds_secret(&set->fields[i]))
			return true;
	return false;
}

/*
 * check_elements: elements are compared with each other, and secrets could only
 * be in clear text.
 */
static void
check_elements(DefinitionCheck *check, const Field *field)
{
	static const char *const detail = "The elements hold secrets, which can't be compared with each other.";
	const FieldExtra *extra = field->extra;

	if (extra == NULL || extra->items == NULL ||
		!(extra->unique_items || field->merge == MERGE_UNION) ||
		!holds_secret(extra->items))
		return;
	if (extra->unique_items)
		refuse_key(check, "unique_items", "Leave the key out.", detail);
	refuse_key(check, "merge", "Write \"append\" or \"replace\".", detail);
}

/* A default that is being checked. */
typedef struct DefaultCheck
{
	DefinitionCheck *check;
	const Field *field;			/* whose default it is */
} DefaultCheck;

static void
refuse_default(DefinitionCheck *check, const InsideStep *step, const char *what)
{
	StringInfoData detail;

	initStringInfo(&detail);
	appendStringInfoString(&detail, "The default value");
	if (step != NULL)
	{
		appendStringInfoString(&detail, " at ");
		append_inside_path(&detail, step);
	}
	appendStringInfo(&detail, " %s.", what);
	refuse_key(check, "default_value",
			   "Write a default that passes the field's own rules, or leave it out.",
			   detail.data);
}

/*
 * default_value, default_unknown: InsideVisitor's, for what is in a default.
 */
static bool
default_value(void *arg, const InsideStep *step, Field *field, JsonbRef value)
{
	DefaultCheck *in = arg;
	uint32		broken;
	StringInfoData what;

	if (field->type == FIELD_SECRET && field != in->field)
		refuse_default(in->check, step, "is a secret's, which has none");
	broken = field_rules_broken(field, value) & ~FIELD_RULE_WARNINGS;
	if (broken == 0)
		return true;
	initStringInfo(&what);
	for (uint32 rule = RULE_TYPE; rule <= FIELD_RULE_LAST; rule <<= 1)
		if (broken & rule)
		{
			appendStringInfoString(&what, what.len == 0 ? "" : ", and ");
			field_rule_describe(&what, field, (FieldRule) rule, value);
		}
	refuse_default(in->check, step, what.data);
	return true;
}

static bool
default_unknown(void *arg, const InsideStep *step, const Field *field,
				const FieldSet *set, JsonbRef value)
{
	DefaultCheck *in = arg;

	(void) value;
	if (set != NULL)
		refuse_default(in->check, step, "has no definition");
	else if (field_rules_broken(field->extra->keys, step->key) != 0)
		refuse_default(in->check, step, "has a key that does not match \"keys\"");
	return true;
}

/*
 * check_default: the default must pass the field's own rules, at every depth.
 */
static void
check_default(DefinitionCheck *check, Field *field)
{
	JsonbRef	value = JREF_MEMBER(field->definition, "default_value");
	DefaultCheck arg = {check, field};
	InsideVisitor visitor = {.value = default_value,.unknown = default_unknown,.arg = &arg};

	if (value.type != JREF_NONE && field->name.type != JREF_NONE)
		inside_visit(&visitor, NULL, field, value);
}

/*
 * check_condition: the values of a sibling with which the field applies.
 */
static void
check_condition(DefinitionCheck *check, const FieldSet *set,
				const FieldCondition *condition)
{
	Field	   *sibling = field_at(set, condition->index);
	JsonbWalk	walk;
	JsonbRef	value;

	check->key = sibling->name;
	if (sibling->type == FIELD_SECRET || sibling->type >= FIELD_ARRAY)
		refuse(check, "Name fields that are strings, numbers or booleans.",
			   psprintf("Field %s is of type \"%s\", whose values can't be a condition.",
						quoted(sibling->name), field_type_name(sibling->type)));
	check->element = 0;
	jsonb_walk_begin(&walk, condition->values);
	while (jsonb_walk_element(&walk, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (!field_type_matches(sibling->type, value) ||
			(field_rules_broken(sibling, value) & RULE_ALLOWED_VALUES))
			refuse(check, psprintf("Write values that field %s can have.", quoted(sibling->name)),
				   psprintf("Field %s can't have that value.", quoted(sibling->name)));
		check->element++;
	}
	check->element = -1;
}

/*
 * check_conditions: when the field applies.
 */
static void
check_conditions(DefinitionCheck *check, const FieldSet *set, const Field *field)
{
	int			back;

	if (field->extra == NULL || field->extra->nconditions == 0)
		return;
	for (int i = 0; i < set->ncircular; i++)
		if (set->conditional[set->nconditional - set->ncircular + i] == field)
			refuse_key(check, "applies_when", "Leave one of the conditions out.",
					   "The condition depends on the field itself.");
	back = path_step(check, "applies_when");
	for (int i = 0; i < field->extra->nconditions; i++)
		check_condition(check, set, &field->extra->conditions[i]);
	path_back(check, back);
	check->key.type = JREF_NONE;
}

/*
 * check_inside: a definition, and those in it.
 */
static void
check_inside(DefinitionCheck *check, Field *field)
{
	const FieldExtra *extra = field->extra;
	int			back;

	CHECK_FOR_INTERRUPTS();
	check_limits(check, field);
	check_elements(check, field);
	check_default(check, field);
	if (extra == NULL)
		return;
	if (extra->items != NULL)
	{
		back = path_step(check, "items");
		check_inside(check, extra->items);
		path_back(check, back);
	}
	if (extra->values != NULL)
	{
		back = path_step(check, "values");
		check_inside(check, extra->values);
		path_back(check, back);
	}
	if (extra->fields != NULL)
	{
		back = path_step(check, "fields");
		check_set(check, extra->fields);
		path_back(check, back);
	}
	if (extra->nchoices > 0)
	{
		JsonbRef	choices = JREF_MEMBER(JREF_MEMBER(field->definition, "variants"), "choices");
		JsonbWalk	walk;
		JsonbRef	choice;
		int			index = 0;

		back = path_step(check, "variants");
		path_step(check, "choices");
		jsonb_walk_begin(&walk, choices);
		while (jsonb_walk_element(&walk, &choice))
		{
			int			to_choices = path_step_index(check, index++);

			path_step(check, "fields");
			check_set(check, field_set_by(field, JREF_MEMBER(choice, "value")));
			path_back(check, to_choices);
		}
		path_back(check, back);
	}
}

/*
 * check_set: the definitions of a list, in their order.  That of a field which
 * tells choices apart is none of them.
 */
static void
check_set(DefinitionCheck *check, const FieldSet *set)
{
	int			index = 0;

	for (int i = 0; i < set->nfields; i++)
	{
		Field	   *field = set->ordered[i];
		int			back;

		if (i == 0 && set->by)
			continue;
		back = path_step_index(check, index++);
		check_conditions(check, set, field);
		check_inside(check, field);
		path_back(check, back);
	}
}

/*
 * check_tree: what the definitions say together.
 */
void
check_tree(DefinitionCheck *check)
{
	FieldSet	set = {0};
	JsonbRef	none = {0};

	check->key = none;
	check->element = -1;
	fields_compile(&set, check->fields);
	check_set(check, &set);
}
