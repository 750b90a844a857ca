/*-------------------------------------------------------------------------
 *
 * catalogue/definition_inside.c
 *	  The keys of a field definition that describe what is in its value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/definition_check.h"
#include "miscadmin.h"

#define KEY(name) {JREF_STRING, false, sizeof(name) - 1, name}

/*
 * check_object: the fields of an object, with those of its choices.
 *
 * Where there are variants, they are checked together: the choices' fields may
 * refer to the object's, and these to the field that tells choices apart.
 */
static void
check_object(DefinitionCheck *check, JsonbRef fields, JsonbRef by, JsonbRef choices)
{
	JsonbRef	none = {0};
	int			back = path_step(check, "fields");
	const NameScope *scope;
	JsonbWalk	walk;
	JsonbRef	choice;
	int			index = 0;

	check->key = none;
	scope = check_list(check, fields, NULL, by);
	path_back(check, back);
	if (choices.type == JREF_NONE)
		return;
	path_step(check, "variants");
	path_step(check, "choices");
	jsonb_walk_begin(&walk, choices);
	while (jsonb_walk_element(&walk, &choice))
	{
		JsonbRef	inner = JREF_MEMBER(choice, "fields");
		int			to_choice = path_step_index(check, index++);

		path_step(check, "fields");
		if (inner.type != JREF_NONE)
			(void) check_list(check, inner, scope, none);
		path_back(check, to_choice);
	}
	path_back(check, back);
}

void
check_fields(DefinitionCheck *check, JsonbRef value)
{
	static const char *const right = "an array of field definitions";

	if (value.type != JREF_ARRAY)
		refuse_wrong_type(check, value, quoted(check->key), right);
	if (JREF_MEMBER(check->definition, "values").type != JREF_NONE)
		refuse(check, "Write \"fields\" for names that are known, or \"values\" for any.",
			   "An object can't have both \"fields\" and \"values\".");
	if (JREF_MEMBER(check->definition, "variants").type == JREF_NONE)
		check_object(check, value, (JsonbRef) {0}, (JsonbRef) {0});
}

/*
 * check_choice: one choice of variants, but for its fields.
 */
static void
check_choice(DefinitionCheck *check, JsonbRef choice)
{
	static const JsonbRef keys[] = {
		KEY("value"), KEY("display_name"), KEY("description"), KEY("fields"),
	};
	JsonbWalk	walk;
	JsonbRef	value;

	if (choice.type != JREF_OBJECT)
		refuse_wrong_type(check, choice, "A choice", "an object");
	value = JREF_MEMBER(choice, "value");
	if (value.type != JREF_STRING || value.len == 0)
		refuse(check, "Write {\"value\": \"key\", \"fields\": [...]}.",
			   "A choice needs a \"value\", a string that is not empty.");
	jsonb_walk_begin(&walk, choice);
	while (jsonb_walk_member(&walk, &check->key, &value))
	{
		bool		known = check->key.len >= 2 && memcmp(check->key.ptr, "x-", 2) == 0;

		for (int i = 0; i < (int) lengthof(keys); i++)
			known |= jsonb_ref_equal(keys[i], check->key);
		if (!known)
			refuse(check,
				   suggestion(check->key, keys, lengthof(keys), sizeof(JsonbRef),
							  "Keys of your own begin with \"x-\"."),
				   psprintf("A choice has no key %s.", quoted(check->key)));
		if (JREF_IS(check->key, "fields") && value.type != JREF_ARRAY)
			refuse_wrong_type(check, value, quoted(check->key), "an array of field definitions");
		if (JREF_IS(check->key, "display_name") || JREF_IS(check->key, "description"))
			check_text(check, value);
	}
}

/*
 * check_choices: the choices of variants, whose values tell them apart.
 */
static void
check_choices(DefinitionCheck *check, JsonbRef choices)
{
	JsonbRef	none = {0};
	uint32		count = jsonb_ref_count(choices);
	SortedRef  *values;
	JsonbWalk	walk;
	JsonbRef	choice;
	int			index = 0;
	int			duplicate;
	int			earlier;

	check->key = jsonb_ref_string("choices", 7);
	if (choices.type != JREF_ARRAY || count == 0)
		refuse(check, "Write {\"by\": \"auth_type\", \"choices\": [{\"value\": \"key\", \"fields\": [...]}, ...]}.",
			   "\"variants\" needs \"choices\", an array that is not empty.");
	refuse_number(count, "values in one list", DEFINITION_VALUES);
	values = palloc(sizeof(SortedRef) * (Size) count);
	path_step(check, "choices");
	jsonb_walk_begin(&walk, choices);
	for (; jsonb_walk_element(&walk, &choice); index++)
	{
		int			back = path_step_index(check, index);

		CHECK_FOR_INTERRUPTS();
		check->key = none;
		check_choice(check, choice);
		values[index].value = JREF_MEMBER(choice, "value");
		values[index].index = index;
		path_back(check, back);
	}
	duplicate = sort_refs(values, index, &earlier);
	if (duplicate >= 0)
	{
		check->key = none;
		path_step_index(check, duplicate);
		refuse(check, "Give each choice a value of its own.",
			   psprintf("The value is the same as choice %d's.", earlier));
	}
}

void
check_variants(DefinitionCheck *check, JsonbRef value)
{
	JsonbRef	outer = check->key;
	JsonbRef	fields = JREF_MEMBER(check->definition, "fields");
	JsonbRef	by = JREF_MEMBER(value, "by");
	JsonbRef	name = check->field.name;
	JsonbRef	none = {0};
	JsonbWalk	walk;
	JsonbRef	member;
	int			back;

	if (value.type != JREF_OBJECT)
		refuse_wrong_type(check, value, quoted(check->key), "an object with \"by\" and \"choices\"");
	if (JREF_MEMBER(check->definition, "values").type != JREF_NONE)
		refuse(check, "Write \"variants\" for names that are known, or \"values\" for any.",
			   "An object can't have both \"variants\" and \"values\".");
	if (fields.type != JREF_ARRAY)
		fields = none;
	back = path_step(check, "variants");
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_member(&walk, &check->key, &member))
		if (!JREF_IS(check->key, "by") && !JREF_IS(check->key, "choices") &&
			!(check->key.len >= 2 && memcmp(check->key.ptr, "x-", 2) == 0))
			refuse(check, "Write {\"by\": \"auth_type\", \"choices\": [...]}.",
				   psprintf("\"variants\" has no key %s.", quoted(check->key)));
	check->key = jsonb_ref_string("by", 2);
	if (by.type != JREF_STRING || !is_field_name(by))
		refuse(check, FIELD_NAME_HINT,
			   "\"by\" must be the name of the field that tells the choices apart.");
	check_choices(check, JREF_MEMBER(value, "choices"));
	path_back(check, back);
	check_object(check, fields, by, JREF_MEMBER(value, "choices"));
	check->field.name = name;
	check->key = outer;
}

void
check_values(DefinitionCheck *check, JsonbRef value)
{
	int			back = path_step(check, "values");

	check_single(check, value, OF_VALUES);
	path_back(check, back);
}

void
check_items(DefinitionCheck *check, JsonbRef value)
{
	int			back = path_step(check, "items");

	check_single(check, value, OF_ITEMS);
	path_back(check, back);
}
