/*-------------------------------------------------------------------------
 *
 * catalogue/trigger.c
 *	  The triggers of the catalogue: its version, its field definitions, and
 *	  which of its rows are built in.
 *
 * A row's origin decides what an update of the extension and a dump do with
 * it.  "builtin" rows come with the extension and are refreshed by its
 * updates; pg_dump leaves them out.  A change makes a row "edited", a DELETE
 * leaves its id in integration_schema_removed; rows of the database's own are
 * "added".  These go into a dump.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/definition.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "server/copy_context.h"
#include "server/own_table.h"
#include "server/trigger_call.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#define REMOVED_TABLE "integration_schema_removed"

PG_FUNCTION_INFO_V1(integration_schemas_touch);
PG_FUNCTION_INFO_V1(integration_schemas_row);
PG_FUNCTION_INFO_V1(integration_schema_removed_row);

#define REMOVED_TABLE "integration_schema_removed"

/*
 * execute_as_owner: run a statement on the extension's own tables, with the
 * rights of the catalogue's owner.
 *
 * As a referential action does (ri_triggers.c: ri_PerformCheck): whoever may
 * write the catalogue need not be able to write what we keep about it.  The
 * format's %s is the extension's schema.  id is $1, unless NULL.  Returns how
 * many rows were processed.
 */
static uint64
execute_as_owner(Relation relation, const char *format, Datum id)
{
	char	   *schema = get_namespace_name(RelationGetNamespace(relation));
	char	   *query = psprintf(format, quote_identifier(schema), quote_identifier(schema));
	Oid			argtypes[] = {TEXTOID};
	Datum		values[] = {id};
	Oid			userid;
	int			security;
	int			result;
	uint64		processed;

	GetUserIdAndSecContext(&userid, &security);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	SetUserIdAndSecContext(RelationGetForm(relation)->relowner,
						   security | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	result = SPI_execute_with_args(query, id != (Datum) 0 ? 1 : 0, argtypes, values,
								   NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	processed = SPI_processed;
	SetUserIdAndSecContext(userid, security);
	SPI_finish();
	pfree(query);
	return processed;
}

/*
 * text_column: a text column of a row as a C string, NULL where it is null.
 */
static char *
text_column(Relation relation, HeapTuple tuple, const char *column)
{
	return SPI_getvalue(tuple, RelationGetDescr(relation),
						own_column(relation, column, TEXTOID));
}

/*
 * integration_schemas_touch: before each change of the catalogue, make its
 * version a new one.
 *
 * Once is enough in a transaction, until a subtransaction that did it aborts;
 * but each change ends what was read before it in this transaction.
 */
Datum
integration_schemas_touch(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_call_for(fcinfo, OWN_CATALOGUE,
											 FIRED(BEFORE, STATEMENT, INSERT) |
											 FIRED(BEFORE, STATEMENT, UPDATE) |
											 FIRED(BEFORE, STATEMENT, DELETE) |
											 FIRED(BEFORE, STATEMENT, TRUNCATE) |
											 FIRED(BEFORE, ROW, INSERT) |
											 FIRED(BEFORE, ROW, UPDATE) |
											 FIRED(BEFORE, ROW, DELETE),
											 "before each change");
	HeapTuple	result = NULL;

	if (TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		result = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
			trigdata->tg_newtuple : trigdata->tg_trigtuple;
	if (catalogue_unsettle())
		execute_as_owner(trigdata->tg_relation,
						 "UPDATE %s.integration_schema_version "
						 "SET version = pg_catalog.gen_random_uuid()",
						 (Datum) 0);
	return PointerGetDatum(result);
}

/*
 * same_content: do two versions of a row differ in nothing but the columns
 * that we keep?
 */
static bool
same_content(Relation relation, HeapTuple a, HeapTuple b)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		TypeCacheEntry *type;
		Datum		da;
		Datum		db;
		bool		anull;
		bool		bnull;

		if (attribute->attisdropped ||
			strcmp(NameStr(attribute->attname), "updated_at") == 0 ||
			strcmp(NameStr(attribute->attname), "origin") == 0)
			continue;
		da = heap_getattr(a, i + 1, desc, &anull);
		db = heap_getattr(b, i + 1, desc, &bnull);
		if (anull != bnull)
			return false;
		if (anull)
			continue;
		type = lookup_type_cache(attribute->atttypid, TYPECACHE_EQ_OPR_FINFO);
		if (!OidIsValid(type->eq_opr_finfo.fn_oid) ||
			!DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo,
											attribute->attcollation, da, db)))
			return false;
	}
	return true;
}

/*
 * set_origin: the row with another origin, and updated_at if asked.
 */
static HeapTuple
set_origin(Relation relation, HeapTuple tuple, const char *origin, bool updated)
{
	int			columns[2];
	Datum		values[2];
	bool		nulls[2] = {false, false};

	columns[0] = own_column(relation, "origin", TEXTOID);
	values[0] = CStringGetTextDatum(origin);
	columns[1] = own_column(relation, "updated_at", TIMESTAMPTZOID);
	values[1] = TimestampTzGetDatum(GetCurrentTimestamp());
	return heap_modify_tuple_by_cols(tuple, RelationGetDescr(relation),
									 updated ? 2 : 1, columns, values, nulls);
}

/*
 * row_inserted: what becomes of a new row.
 *
 * A plain INSERT leaves origin out.  A row that has one comes from a dump, and
 * takes the place of the untouched built-in row that CREATE EXTENSION brought.
 */
static HeapTuple
row_inserted(Relation relation, HeapTuple tuple)
{
	char	   *origin = text_column(relation, tuple, "origin");
	char	   *name = text_column(relation, tuple, "id");
	Datum		id;
	bool		restored = origin != NULL && strcmp(origin, "builtin") != 0;
	const char *becomes = "added";

	if (creating_extension && origin != NULL)
		return tuple;			/* our own script */
	if (name == NULL)
		return set_origin(relation, tuple, becomes, false); /* NOT NULL refuses it */

	id = CStringGetTextDatum(name);
	if (restored)
		execute_as_owner(relation,
						 "DELETE FROM %s.integration_schemas "
						 "WHERE id OPERATOR(pg_catalog.=) $1 "
						 "AND origin OPERATOR(pg_catalog.=) 'builtin'", id);
	if (execute_as_owner(relation,
						 "DELETE FROM %s.integration_schema_removed "
						 "WHERE id OPERATOR(pg_catalog.=) $1", id) > 0)
		becomes = "edited";
	if (restored)
		becomes = origin;
	if (origin != NULL && strcmp(origin, becomes) == 0)
		return tuple;
	return set_origin(relation, tuple, becomes, false);
}

/*
 * row_updated: what becomes of a changed row.
 */
static HeapTuple
row_updated(Relation relation, HeapTuple old, HeapTuple new)
{
	char	   *origin = text_column(relation, old, "origin");
	char	   *old_id = text_column(relation, old, "id");
	char	   *new_id = text_column(relation, new, "id");

	if (creating_extension || origin == NULL || old_id == NULL || new_id == NULL)
		return set_origin(relation, new, origin ? origin : "added", true);
	if (same_content(relation, old, new))
		return old;
	if (strcmp(old_id, new_id) != 0)
	{
		bool		returns = execute_as_owner(relation,
											   "DELETE FROM %s.integration_schema_removed "
											   "WHERE id OPERATOR(pg_catalog.=) $1",
											   CStringGetTextDatum(new_id)) > 0;

		return set_origin(relation, new, returns ? "edited" : "added", true);
	}
	return set_origin(relation, new,
					  strcmp(origin, "builtin") == 0 ? "edited" : origin, true);
}

/*
 * row_removed: remember a built-in id that the table no longer has.
 */
static void
row_removed(Relation relation, HeapTuple old, HeapTuple new)
{
	char	   *origin = text_column(relation, old, "origin");
	char	   *id = text_column(relation, old, "id");
	char	   *new_id;

	if (creating_extension || origin == NULL || strcmp(origin, "added") == 0 || id == NULL)
		return;
	new_id = new != NULL ? text_column(relation, new, "id") : NULL;
	if (new_id != NULL && strcmp(new_id, id) == 0)
		return;
	execute_as_owner(relation,
					 "INSERT INTO %s.integration_schema_removed (id) VALUES ($1) "
					 "ON CONFLICT DO NOTHING",
					 CStringGetTextDatum(id));
}

/*
 * check_definitions: refuse a row whose field definitions are malformed.
 */
static void
check_definitions(Relation relation, HeapTuple tuple)
{
	TupleDesc	desc = RelationGetDescr(relation);
	char	   *id = text_column(relation, tuple, "id");
	bool		isnull;
	Datum		fields;

	fields = SPI_getbinval(tuple, desc, own_column(relation, "fields", JSONBOID), &isnull);
	if (isnull || id == NULL)
		return;					/* NOT NULL refuses it */
	definition_check(relation, jsonb_ref_string(id, strlen(id)),
					 jsonb_ref_root(DatumGetJsonbP(fields)));
}

/*
 * integration_schemas_row: the catalogue's rows as they are written.
 *
 * BEFORE INSERT or UPDATE it checks the field definitions and sets origin and
 * updated_at; AFTER DELETE or UPDATE and BEFORE TRUNCATE it remembers which
 * built-in rows are gone.
 */
Datum
integration_schemas_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_call_for(fcinfo, OWN_CATALOGUE,
											 FIRED(BEFORE, ROW, INSERT) |
											 FIRED(BEFORE, ROW, UPDATE) |
											 FIRED(AFTER, ROW, UPDATE) |
											 FIRED(AFTER, ROW, DELETE) |
											 FIRED(BEFORE, STATEMENT, TRUNCATE),
											 "before insert or update and after delete or update, for each row, and before truncate");
	Relation	relation = trigdata->tg_relation;
	TriggerEvent event = trigdata->tg_event;
	HeapTuple	result = NULL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		execute_as_owner(relation,
						 "INSERT INTO %s.integration_schema_removed (id) "
						 "SELECT id FROM %s.integration_schemas "
						 "WHERE origin OPERATOR(pg_catalog.<>) 'added' "
						 "ON CONFLICT DO NOTHING",
						 (Datum) 0);
	else if (TRIGGER_FIRED_AFTER(event))
		row_removed(relation, trigdata->tg_trigtuple,
					TRIGGER_FIRED_BY_UPDATE(event) ? trigdata->tg_newtuple : NULL);
	else if (TRIGGER_FIRED_BY_INSERT(event))
	{
		hide_rows_of_copy();
		check_definitions(relation, trigdata->tg_trigtuple);
		result = row_inserted(relation, trigdata->tg_trigtuple);
	}
	else
	{
		check_definitions(relation, trigdata->tg_newtuple);
		result = row_updated(relation, trigdata->tg_trigtuple, trigdata->tg_newtuple);
	}
	if (result != NULL)
		result = SPI_copytuple(result);
	SPI_finish();
	return PointerGetDatum(result);
}

/*
 * integration_schema_removed_row: after a removal was restored from a dump,
 * take the untouched built-in row away that CREATE EXTENSION brought.
 */
Datum
integration_schema_removed_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_call_for(fcinfo, OWN_REMOVED,
											 FIRED(AFTER, ROW, INSERT),
											 "after insert, for each row");
	char	   *id;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	id = text_column(trigdata->tg_relation, trigdata->tg_trigtuple, "id");
	if (id != NULL)
		execute_as_owner(trigdata->tg_relation,
						 "DELETE FROM %s.integration_schemas "
						 "WHERE id OPERATOR(pg_catalog.=) $1 "
						 "AND origin OPERATOR(pg_catalog.=) 'builtin'",
						 CStringGetTextDatum(id));
	SPI_finish();
	return PointerGetDatum(NULL);
}
