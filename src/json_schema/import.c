/*-------------------------------------------------------------------------
 *
 * json_schema/import.c
 *	  From a JSON Schema, such as a connector publishes for its
 *	  configuration, to the row of an integration.
 *
 * What the schema asks for comes out as field definitions or, where they
 * cannot express it, as an error.  json_schema/keywords.c reads the properties,
 * json_schema/conditions.c what of them is required, and
 * json_schema/definitions.c writes the definitions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalogue/definition.h"
#include "funcapi.h"
#include "json_schema/import.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/sql_result.h"
#include "utils/timestamp.h"

/* How much of a path an error shows, in bytes. */
#define PATH_SHOWN 512

PG_FUNCTION_INFO_V1(integration_schema_from_json_schema);

/*
 * import_enter: go down to a member; the path follows.  Returns what
 * import_leave needs.
 */
int
import_enter(Import *import, JsonbRef member)
{
	int			before = import->path.len;

	append_pointer_step(&import->path, member);
	return before;
}

int
import_enter_name(Import *import, const char *member)
{
	return import_enter(import, jsonb_ref_string(member, strlen(member)));
}

int
import_enter_index(Import *import, int index)
{
	int			before = import->path.len;

	appendStringInfo(&import->path, "/%d", index);
	return before;
}

void
import_leave(Import *import, int before)
{
	import->path.len = before;
	import->path.data[before] = '\0';
}

/*
 * import_path: the path for a message: a name in it can be anything.
 */
char *
import_path(const Import *import)
{
	StringInfoData path;

	initStringInfo(&path);
	append_escaped(&path, import->path.data, import->path.len, PATH_SHOWN);
	return path.data;
}

/*
 * import_refuse: the error for what lies at the path.  The reason may be a
 * sentence, with its full stop, or its end.
 */
void
import_refuse(Import *import, const char *reason, const char *hint)
{
	int			len = strlen(reason);

	if (len > 0 && reason[len - 1] == '.')
		len--;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("field definitions cannot express this JSON Schema"),
			 errdetail("At \"%s\": %.*s.", import_path(import), len, reason),
			 errhint("%s", hint != NULL ? hint : "Take it out, if the integration can do without it.")));
}

/*
 * import_field: the field of that name, by its number; -1 where there is none.
 */
int
import_field(const Import *import, JsonbRef name)
{
	int			place;

	if (name.type != JREF_STRING)
		return -1;
	place = key_search(&import->fields->name, import->nfields, sizeof(FieldImport),
					   name.ptr, name.len);
	return place < import->nfields &&
		jsonb_ref_is(import->fields[place].name, name.ptr, name.len) ? place : -1;
}

/*
 * import_properties: every property of the schema as a field.
 */
static void
import_properties(Import *import)
{
	JsonbRef	properties = JREF_MEMBER(import->root, "properties");
	JsonbRef	levels = JREF_MEMBER(import->root, SCHEMA_LEVEL);
	int			before = import_enter_name(import, "properties");
	JsonbWalk	walk;
	JsonbRef	name;
	JsonbRef	schema;

	if (properties.type != JREF_NONE && properties.type != JREF_OBJECT)
		import_refuse(import, "it must be an object", "Correct the schema.");
	if (jsonb_ref_count(properties) > DEFINITIONS_FIELDS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an integration can have at most %d fields", DEFINITIONS_FIELDS),
				 errdetail("The JSON Schema has %u properties.",
						   jsonb_ref_count(properties))));
	import->fields = palloc0((jsonb_ref_count(properties) + 1) * sizeof(FieldImport));
	jsonb_walk_begin(&walk, properties);
	while (jsonb_walk_member(&walk, &name, &schema))
	{
		FieldImport *field = &import->fields[import->nfields++];
		int			outer = import_enter(import, name);
		JsonbRef	level = jsonb_ref_member(levels, name.ptr, name.len);

		CHECK_FOR_INTERRUPTS();
		field->name = name;
		import_keywords(import, field, schema);
		field->team_level = level.type == JREF_STRING && JREF_IS(level, "team");
		import_leave(import, outer);
	}
	import_leave(import, before);
}

/*
 * is_known_at_root: may an object stand under that keyword of the schema
 * itself, without being what is looked for?
 */
static bool
is_known_at_root(JsonbRef key)
{
	static const char *const known[] = {
		"properties", "additionalProperties", "unevaluatedProperties",
		"definitions", "default",
	};

	for (int i = 0; i < (int) lengthof(known); i++)
		if (jsonb_ref_is(key, known[i], strlen(known[i])))
			return true;
	return import_is_demand(key) ||
		(key.len >= 1 && key.ptr[0] == '$') ||
		(key.len >= 2 && memcmp(key.ptr, "x-", 2) == 0);
}

/*
 * import_root: check what the schema itself says, beside its properties and
 * what of them is required.
 */
static void
import_root(Import *import)
{
	bool		has_properties = JREF_MEMBER(import->root, "properties").type != JREF_NONE;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (import->root.type != JREF_OBJECT)
		import_refuse(import, "the schema must be an object",
					  "Give the schema of the configuration, with \"properties\".");

	jsonb_walk_begin(&walk, import->root);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		if (JREF_IS(key, "type"))
		{
			import_enter(import, key);
			if (value.type != JREF_STRING || !JREF_IS(value, "object"))
				import_refuse(import, "a configuration is an object", NULL);
			import_leave(import, 0);
		}
		else if (JREF_IS(key, "additionalProperties") ||
				 JREF_IS(key, "unevaluatedProperties"))
		{
			/* we refuse fields that nobody defined, whatever it says */
			if (value.type != JREF_BOOL)
				import_check_keyword(import, key, value, FIELD_OBJECT);
		}
		else if (!JREF_IS(key, "properties") && !import_is_demand(key))
			import_check_keyword(import, key, value, FIELD_OBJECT);

		if (import_secret_mark(import, key, value))
		{
			import_enter(import, key);
			import_refuse(import, "a secret is a field, not the whole configuration",
						  "Mark the fields that are secrets.");
		}

		/* what is around a schema says nothing itself, and has no properties */
		if (!has_properties && value.type == JREF_OBJECT && !is_known_at_root(key))
		{
			import_enter_name(import, "properties");
			import_refuse(import, "the schema has no properties, but other objects",
						  "Give the schema of the configuration itself: of a connector's specification in Airbyte's form, \"connectionSpecification\".");
		}
	}
}

/*
 * integration_schema_from_json_schema(id, name, category, schema)
 * returns a row such as integration_schemas has
 */
Datum
integration_schema_from_json_schema(PG_FUNCTION_ARGS)
{
	Import		import = {0};
	TupleDesc	tupdesc;
	Datum	   *values;
	bool	   *nulls;
	JsonbRef	description;

	if (get_call_result_type(fcinfo, NULL, &tupdesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	tupdesc = BlessTupleDesc(tupdesc);

	if (toast_raw_datum_size(PG_GETARG_DATUM(3)) > DEFINITIONS_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the JSON Schema is larger than %d bytes", DEFINITIONS_SIZE)));
	import.root = jsonb_ref_root(PG_GETARG_JSONB_P(3));
	initStringInfo(&import.path);
	import_root(&import);
	import_properties(&import);
	import_demands(&import);

	description = JREF_MEMBER(import.root, "description");
	if (description.type != JREF_STRING)
		description = jsonb_ref_string("", 0);

	values = palloc0(tupdesc->natts * sizeof(Datum));
	nulls = palloc0(tupdesc->natts * sizeof(bool));
	for (int i = 0; i < tupdesc->natts; i++)
	{
		const char *column = NameStr(TupleDescAttr(tupdesc, i)->attname);

		if (strcmp(column, "id") == 0)
			values[i] = PG_GETARG_DATUM(0);
		else if (strcmp(column, "name") == 0)
			values[i] = PG_GETARG_DATUM(1);
		else if (strcmp(column, "category") == 0)
			values[i] = PG_GETARG_DATUM(2);
		else if (strcmp(column, "description") == 0)
			values[i] = text_from_ref(description);
		else if (strcmp(column, "display_order") == 0)
			values[i] = Int32GetDatum(999);
		else if (strcmp(column, "featured") == 0 ||
				 strcmp(column, "required") == 0 ||
				 strcmp(column, "locked") == 0)
			values[i] = BoolGetDatum(false);
		else if (strcmp(column, "instances") == 0)
			values[i] = BoolGetDatum(true);
		else if (strcmp(column, "fields") == 0)
			values[i] = JsonbPGetDatum(import_definitions(&import));
		else if (strcmp(column, "created_at") == 0 ||
				 strcmp(column, "updated_at") == 0)
			values[i] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		else
			nulls[i] = true;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(tupdesc, values, nulls)));
}
