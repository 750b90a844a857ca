/*-------------------------------------------------------------------------
 *
 * store/rename_definitions.c
 *	  What the renaming of a field makes of an integration's definitions.
 *
 * The name stands in the field's own definition, in those of its siblings that
 * speak of it, and in the values that definitions around it have: defaults and
 * examples.  A path leads to the fields of all choices that have the name, since
 * documents have it in one place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/build.h"
#include "miscadmin.h"
#include "store/rename.h"

/* A renaming that is being done, and what was met. */
typedef struct DefinitionRename
{
	FieldPath	path;			/* of the definition that is renamed */
	JsonbRef	to;				/* its new name alone */
	JsonbBuild	build;
	RenamedDefinitions result;
} DefinitionRename;

static void write_fields(DefinitionRename *rename, JsonbRef fields, int step);

static bool
same(JsonbRef a, JsonbRef b)
{
	return a.type == JREF_STRING && jsonb_ref_is(a, b.ptr, b.len);
}

/*
 * write_name: a name as it is called now.
 */
static void
write_name(DefinitionRename *rename, JsonbRef name, JsonbRef from)
{
	build_value(&rename->build, same(name, from) ? rename->to : name);
}

/*
 * write_names: names that a sibling's definition has, in an array or as keys.
 */
static void
write_names(DefinitionRename *rename, JsonbRef names, JsonbRef from)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (JREF_IS_SCALAR(names))
	{
		build_value(&rename->build, names);
		return;
	}
	jsonb_walk_begin(&walk, names);
	if (names.type == JREF_ARRAY)
	{
		build_array(&rename->build);
		while (jsonb_walk_element(&walk, &value))
			write_name(rename, value, from);
	}
	else
	{
		build_object(&rename->build);
		while (jsonb_walk_member(&walk, &key, &value))
		{
			build_key_ref(&rename->build, same(key, from) ? rename->to : key);
			build_value(&rename->build, value);
		}
	}
	build_end(&rename->build);
}

/*
 * write_sibling: a definition beside the one that is renamed, or that one.
 */
static void
write_sibling(DefinitionRename *rename, JsonbRef definition, JsonbRef from)
{
	JsonbRef	name = JREF_MEMBER(definition, "name");
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (same(name, from))
		rename->result.found = true;
	if (same(name, rename->to))
		rename->result.taken = true;
	build_object(&rename->build);
	jsonb_walk_begin(&walk, definition);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		build_key_ref(&rename->build, key);
		if (JREF_IS(key, "name"))
			write_name(rename, value, from);
		else if (JREF_IS(key, "required_with") || JREF_IS(key, "required_unless") ||
				 JREF_IS(key, "applies_when"))
			write_names(rename, value, from);
		else
			build_value(&rename->build, value);
	}
	build_end(&rename->build);
}

/*
 * write_choices: the variants of an object in which the step is taken.
 */
static void
write_choices(DefinitionRename *rename, JsonbRef variants, int step)
{
	JsonbRef	by = JREF_MEMBER(variants, "by");
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (step == rename->path.nsteps - 1)
	{
		rename->result.tells_choices |= same(by, rename->path.steps[step]);
		rename->result.taken |= same(by, rename->to);
	}
	build_object(&rename->build);
	jsonb_walk_begin(&walk, variants);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		JsonbWalk	choices;
		JsonbRef	choice;

		build_key_ref(&rename->build, key);
		if (!JREF_IS(key, "choices") || value.type != JREF_ARRAY)
		{
			build_value(&rename->build, value);
			continue;
		}
		build_array(&rename->build);
		jsonb_walk_begin(&choices, value);
		while (jsonb_walk_element(&choices, &choice))
		{
			JsonbWalk	members;
			JsonbRef	name;
			JsonbRef	member;

			if (choice.type != JREF_OBJECT)
			{
				build_value(&rename->build, choice);
				continue;
			}
			build_object(&rename->build);
			jsonb_walk_begin(&members, choice);
			while (jsonb_walk_member(&members, &name, &member))
			{
				build_key_ref(&rename->build, name);
				if (JREF_IS(name, "fields"))
					write_fields(rename, member, step);
				else
					build_value(&rename->build, member);
			}
			build_end(&rename->build);
		}
		build_end(&rename->build);
	}
	build_end(&rename->build);
}

/*
 * write_value: a value of a definition, from which the steps lead on.
 */
static void
write_value(DefinitionRename *rename, JsonbRef value, int step)
{
	FieldPath	rest = {rename->path.nsteps - step, rename->path.steps + step};

	build_value(&rename->build, rename_in_value(value, &rest, rename->to));
}

/*
 * write_values: the same of an array of values.
 */
static void
write_values(DefinitionRename *rename, JsonbRef values, int step)
{
	JsonbWalk	walk;
	JsonbRef	value;

	if (values.type != JREF_ARRAY)
	{
		build_value(&rename->build, values);
		return;
	}
	build_array(&rename->build);
	jsonb_walk_begin(&walk, values);
	while (jsonb_walk_element(&walk, &value))
		write_value(rename, value, step);
	build_end(&rename->build);
}

/*
 * write_around: a definition in whose values the step is taken.
 *
 * It goes as deep as the path, and as definitions are.
 */
static void
write_around(DefinitionRename *rename, JsonbRef definition, int step)
{
	JsonbRef	at = rename->path.steps[step];
	bool		any = JREF_IS(at, "*");
	bool		last = step == rename->path.nsteps - 1;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	check_stack_depth();
	build_object(&rename->build);
	jsonb_walk_begin(&walk, definition);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		build_key_ref(&rename->build, key);
		if (!any && JREF_IS(key, "fields"))
			write_fields(rename, value, step);
		else if (!any && JREF_IS(key, "variants") && value.type == JREF_OBJECT)
			write_choices(rename, value, step);
		else if (any && !last && value.type == JREF_OBJECT &&
				 (JREF_IS(key, "items") || JREF_IS(key, "values")))
			write_around(rename, value, step + 1);
		else if (JREF_IS(key, "default_value"))
			write_value(rename, value, step);
		else if (JREF_IS(key, "examples"))
			write_values(rename, value, step);
		else
			build_value(&rename->build, value);
	}
	build_end(&rename->build);
}

/*
 * write_fields: an array of definitions in which the step is taken.
 */
static void
write_fields(DefinitionRename *rename, JsonbRef fields, int step)
{
	bool		last = step == rename->path.nsteps - 1;
	JsonbWalk	walk;
	JsonbRef	definition;

	if (fields.type != JREF_ARRAY)
	{
		build_value(&rename->build, fields);
		return;
	}
	build_array(&rename->build);
	jsonb_walk_begin(&walk, fields);
	while (jsonb_walk_element(&walk, &definition))
	{
		CHECK_FOR_INTERRUPTS();
		if (definition.type != JREF_OBJECT)
			build_value(&rename->build, definition);
		else if (last)
			write_sibling(rename, definition, rename->path.steps[step]);
		else if (same(JREF_MEMBER(definition, "name"), rename->path.steps[step]))
			write_around(rename, definition, step + 1);
		else
			build_value(&rename->build, definition);
	}
	build_end(&rename->build);
}

/*
 * rename_definitions: the definitions in which the field at a path has another
 * name, palloc'd, and what is to be known of them.
 */
RenamedDefinitions
rename_definitions(JsonbRef fields, const FieldPath *path, JsonbRef to)
{
	DefinitionRename rename = {.path = *path,.to = to};

	if (fields.type != JREF_ARRAY)
		return rename.result;
	write_fields(&rename, fields, 0);
	rename.result.fields = build_finish(&rename.build);
	return rename.result;
}
