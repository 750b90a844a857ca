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

#include "access/htup_details.h"
#include "access/xact.h"
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
 * is_field_name: does the name keep the rule for fields?
 */
static bool
is_field_name(JsonbRef name)
{
	if (name.len == 0 || name.len > 64)
		return false;
	for (uint32 i = 0; i < name.len; i++)
	{
		char		c = name.ptr[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '_' &&
			!(c >= '0' && c <= '9' && i > 0))
			return false;
	}
	return true;
}

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
 * import_refuse: the error for what lies at the path.
 */
void
import_refuse(Import *import, const char *reason, const char *hint)
{
	StringInfoData path;

	/* a name in it can be anything */
	initStringInfo(&path);
	append_escaped(&path, import->path.data, import->path.len, PATH_SHOWN);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("field definitions cannot express this JSON Schema"),
			 errdetail("At \"%s\": %s.", path.data, reason),
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

	if (properties.type != JREF_OBJECT)
		import_refuse(import, "a configuration has properties, and they are an object",
					  "Give the schema of the configuration itself: of a connector's specification in Airbyte's form, \"connectionSpecification\".");
	import->fields = palloc0((jsonb_ref_count(properties) + 1) * sizeof(FieldImport));
	jsonb_walk_begin(&walk, properties);
	while (jsonb_walk_member(&walk, &name, &schema))
	{
		FieldImport *field = &import->fields[import->nfields++];
		int			outer = import_enter(import, name);
		JsonbRef	level = jsonb_ref_member(levels, name.ptr, name.len);

		CHECK_FOR_INTERRUPTS();
		field->name = name;
		if (!is_field_name(name))
			import_refuse(import, "the name of a field has at most 64 letters, digits and underscores, and does not begin with a digit",
						  "Rename it.");
		import_keywords(import, field, schema);
		field->team_level = level.type == JREF_STRING && JREF_IS(level, "team");
		import_leave(import, outer);
	}
	import_leave(import, before);
}

/*
 * import_root: check what the schema itself says, beside its properties and
 * what of them is required.
 */
static void
import_root(Import *import)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (import->root.type != JREF_OBJECT)
		import_refuse(import, "the schema must be an object",
					  "Give the schema of the configuration, with \"properties\".");

	jsonb_walk_begin(&walk, import->root);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		if (JREF_IS(key, "type"))
		{
			import_enter(import, key);
			if (value.type != JREF_STRING || !JREF_IS(value, "object"))
				import_refuse(import, "a configuration is an object", NULL);
			import->path.len = 0;
		}
		else if (JREF_IS(key, "additionalProperties") ||
				 JREF_IS(key, "unevaluatedProperties"))
		{
			/* we refuse fields that nobody defined, whatever it says */
			if (value.type != JREF_BOOL)
				import_refuse_keyword(import, key, value);
		}
		else if (!JREF_IS(key, "properties") && !import_is_demand(key))
			import_refuse_keyword(import, key, value);
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
