/*-------------------------------------------------------------------------
 *
 * catalogue/import_fields.c
 *	  Field definitions of another system, with our keys.
 *
 * There "secret": true stands beside a type, "default" is what "default_value" is
 * here, and what is not given is null.  "readonly" is told on as "x-readonly", since
 * nothing here enforces it.  What can't be meant so stays, for the catalogue's check
 * to refuse.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "jsonb/build.h"
#include "miscadmin.h"

PG_FUNCTION_INFO_V1(imported_fields);

static void build_definition(JsonbBuild *build, JsonbRef definition);

/*
 * build_definitions: build an array of definitions; what is none stays.
 */
static void
build_definitions(JsonbBuild *build, JsonbRef definitions)
{
	JsonbWalk	walk;
	JsonbRef	definition;

	if (definitions.type != JREF_ARRAY)
	{
		build_value(build, definitions);
		return;
	}
	build_array(build);
	jsonb_walk_begin(&walk, definitions);
	while (jsonb_walk_element(&walk, &definition))
	{
		CHECK_FOR_INTERRUPTS();
		build_definition(build, definition);
	}
	build_end(build);
}

/*
 * build_choices: build the object "variants".
 */
static void
build_choices(JsonbBuild *build, JsonbRef variants)
{
	JsonbWalk	walk;
	JsonbWalk	choices;
	JsonbRef	key;
	JsonbRef	value;
	JsonbRef	choice;

	if (variants.type != JREF_OBJECT)
	{
		build_value(build, variants);
		return;
	}
	build_object(build);
	jsonb_walk_begin(&walk, variants);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		build_key_ref(build, key);
		if (!JREF_IS(key, "choices") || value.type != JREF_ARRAY)
		{
			build_value(build, value);
			continue;
		}
		build_array(build);
		jsonb_walk_begin(&choices, value);
		/* a choice has fields as a definition has */
		while (jsonb_walk_element(&choices, &choice))
			build_definition(build, choice);
		build_end(build);
	}
	build_end(build);
}

/*
 * is_plain: may a definition with that type be a secret's?
 */
static bool
is_plain(JsonbRef type)
{
	return type.type <= JREF_NULL ||
		(type.type == JREF_STRING &&
		 (JREF_IS(type, "string") || JREF_IS(type, "secret") || JREF_IS(type, "password")));
}

/*
 * build_definition: build one definition, and those in it.
 */
static void
build_definition(JsonbBuild *build, JsonbRef definition)
{
	JsonbRef	secret = JREF_MEMBER(definition, "secret");
	bool		is_secret = secret.type == JREF_BOOL && secret.boolean &&
		is_plain(JREF_MEMBER(definition, "type"));
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (definition.type != JREF_OBJECT)
	{
		build_value(build, definition);
		return;
	}
	check_stack_depth();
	build_object(build);
	jsonb_walk_begin(&walk, definition);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		if (value.type == JREF_NULL ||
			(JREF_IS(key, "secret") && (is_secret || (value.type == JREF_BOOL && !value.boolean))) ||
			(JREF_IS(key, "type") && is_secret))
			continue;
		if (JREF_IS(key, "readonly"))
			build_key(build, "x-readonly");
		else if (JREF_IS(key, "default") &&
				 JREF_MEMBER(definition, "default_value").type <= JREF_NULL)
			build_key(build, "default_value");
		else
			build_key_ref(build, key);
		if (JREF_IS(key, "fields"))
			build_definitions(build, value);
		else if (JREF_IS(key, "variants"))
			build_choices(build, value);
		else if (JREF_IS(key, "items") || JREF_IS(key, "values") || JREF_IS(key, "keys"))
			build_definition(build, value);
		else
			build_value(build, value);
	}
	if (is_secret)
	{
		build_key(build, "type");
		build_string(build, "secret");
	}
	build_end(build);
}

/*
 * integration_schemas_internal.imported_fields(fields jsonb) returns jsonb.
 */
Datum
imported_fields(PG_FUNCTION_ARGS)
{
	Jsonb	   *fields = PG_GETARG_JSONB_P(0);
	JsonbBuild	build = {0};

	if (jsonb_ref_root(fields).type != JREF_ARRAY)
		PG_RETURN_JSONB_P(fields);
	build_definitions(&build, jsonb_ref_root(fields));
	PG_RETURN_JSONB_P(build_finish(&build));
}
