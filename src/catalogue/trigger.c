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
 * What is kept about the rows is written as the tables' owner: whoever may
 * write the catalogue need not be able to write that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/definition.h"
#include "catalogue/history.h"
#include "catalogue/script.h"
#include "catalogue/secret_change.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "replication/logicalworker.h"
#include "server/announce.h"
#include "server/copy_context.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/trigger_call.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(integration_schemas_touch);
PG_FUNCTION_INFO_V1(integration_schemas_row);
PG_FUNCTION_INFO_V1(integration_schema_removed_row);

/*
 * Is a restored row taking the place of a built-in one?  Reset in any case.
 * That one's removal is no change, and nothing to remember.
 */
static bool giving_way;

/*
 * execute_as_owner: run a statement on the extension's own tables.
 *
 * The format's %s is the extension's schema.  id is $1, unless NULL.  Returns
 * how many rows were processed.  With SPI connected.  That the tables of these
 * names are the extension's has been seen to (own_table_required()).
 */
static uint64
execute_as_owner(Relation relation, const char *format, const char *id)
{
	char	   *schema = get_namespace_name(RelationGetNamespace(relation));
	const char *quoted = quote_identifier(schema);
	Oid			types[] = {TEXTOID};
	Datum		values[] = {id != NULL ? CStringGetTextDatum(id) : (Datum) 0};

	return own_execute(NULL, RelationGetForm(relation)->relowner,
					   psprintf(format, quoted, quoted),
					   id != NULL ? 1 : 0, types, values, NULL, GetLatestSnapshot());
}

/*
 * remove_builtin: take the untouched built-in row away that a restored row or
 * removal takes the place of; false where there is none.
 */
static bool
remove_builtin(Relation relation, const char *id)
{
	bool		found = false;

	giving_way = true;
	PG_TRY();
	{
		found = execute_as_owner(relation,
								 "DELETE FROM ONLY %s.integration_schemas "
								 "WHERE id = $1 AND origin = 'builtin'", id) > 0;
	}
	PG_FINALLY();
	{
		giving_way = false;
	}
	PG_END_TRY();
	return found;
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
 * fields_of: a row's field definitions, NULL where they are null.
 */
static Jsonb *
fields_of(Relation relation, HeapTuple tuple)
{
	bool		isnull;
	Datum		fields = SPI_getbinval(tuple, RelationGetDescr(relation),
									   own_column(relation, "fields", JSONBOID), &isnull);

	return isnull ? NULL : DatumGetJsonbP(fields);
}

/*
 * catalogue_move_version: the catalogue, or its history, is about to change:
 * give it a new version; with SPI connected.
 *
 * Once is enough in a transaction, until a subtransaction that did it aborts;
 * but each change ends what was read before it in this transaction.  The
 * version is moved from the latest one, also by a transaction with an older
 * snapshot: it is of the rows that are there.
 */
void
catalogue_move_version(Relation table)
{
	if (catalogue_unsettle())
		execute_as_owner(table,
						 "UPDATE ONLY %s.integration_schema_version "
						 "SET version = gen_random_uuid()",
						 NULL);
}

/*
 * integration_schemas_touch: before each change of the catalogue, make its
 * version a new one.
 *
 * For each row, since a statement on a table that the catalogue inherits from
 * fires no statement trigger here, nor does the apply worker of logical
 * replication.  And for each statement, so that the version's row is locked
 * before any other, in one order by all.
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
	(void) own_table_required(fcinfo, OWN_VERSION, NoLock);
	SPI_connect();
	catalogue_move_version(trigdata->tg_relation);
	SPI_finish();
	return PointerGetDatum(result);
}

/*
 * same_content: do two versions of a row differ in nothing but the columns
 * that we keep?
 *
 * By their bytes: a column of the user's own may be of a type whose equality
 * is somebody's code.
 */
static bool
same_content(Relation relation, HeapTuple a, HeapTuple b)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
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
		if (anull != bnull ||
			(!anull && !datum_image_eq(da, db, attribute->attbyval, attribute->attlen)))
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
 * may_replace: may the user put a row in another's place?
 *
 * He could delete that one himself.  With row security there is no telling.
 */
static bool
may_replace(Relation relation)
{
	Oid			relid = RelationGetRelid(relation);

	return rights_checked(relid, ACL_DELETE, 0, NULL, GetUserId(), false) &&
		check_enable_rls(relid, InvalidOid, true) != RLS_ENABLED;
}

/*
 * row_inserted: what becomes of a new row.
 *
 * A plain INSERT leaves origin out, or empty.  A row that has one comes from a
 * dump, and takes the place of the untouched built-in row that CREATE EXTENSION
 * brought; nobody's who could not delete that.
 */
static HeapTuple
row_inserted(FunctionCallInfo fcinfo, Relation relation, HeapTuple tuple)
{
	char	   *origin = text_column(relation, tuple, "origin");
	char	   *id = text_column(relation, tuple, "id");
	bool		restored;
	const char *becomes = "added";

	if (origin != NULL && script_is_writing())
		return tuple;
	if (origin != NULL && origin[0] == '\0')
		origin = NULL;
	if (id == NULL)
		return set_origin(relation, tuple, becomes, false); /* NOT NULL refuses it */

	restored = origin != NULL && strcmp(origin, "builtin") != 0 && may_replace(relation);
	if (!restored)
		secret_stays_secret(fcinfo, relation, id, NULL, fields_of(relation, tuple));
	else if (remove_builtin(relation, id))
		history_begin_again(relation, id, history_entry(relation, tuple));
	if (execute_as_owner(relation,
						 "DELETE FROM ONLY %s.integration_schema_removed WHERE id = $1",
						 id) > 0)
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
row_updated(FunctionCallInfo fcinfo, Relation relation, HeapTuple old, HeapTuple new)
{
	char	   *origin = text_column(relation, old, "origin");
	char	   *old_id = text_column(relation, old, "id");
	char	   *new_id = text_column(relation, new, "id");
	const char *becomes;
	bool		renamed;
	bool		returns = false;

	if (origin == NULL || old_id == NULL || new_id == NULL)
		return set_origin(relation, new, origin ? origin : "added", true);
	if (same_content(relation, old, new))
		return old;
	renamed = strcmp(old_id, new_id) != 0;
	if (!IsLogicalWorker())
		secret_stays_secret(fcinfo, relation, new_id,
							renamed ? NULL : fields_of(relation, old),
							fields_of(relation, new));
	if (renamed && !script_is_writing())
		returns = execute_as_owner(relation,
								   "DELETE FROM ONLY %s.integration_schema_removed "
								   "WHERE id = $1", new_id) > 0;
	if (IsLogicalWorker())
		return new;				/* as it is where it was changed */
	if (script_is_writing())
		becomes = origin;
	else if (renamed)
		becomes = returns ? "edited" : "added";
	else
		becomes = strcmp(origin, "builtin") == 0 ? "edited" : origin;
	return set_origin(relation, new, becomes, true);
}

/*
 * row_gone: a row is no longer there under its id: write its last version, and
 * remember the id of a built-in one.
 */
static void
row_gone(Relation relation, HeapTuple old)
{
	char	   *origin = text_column(relation, old, "origin");
	char	   *id = text_column(relation, old, "id");

	if (giving_way || id == NULL)
		return;
	history_record(relation, id, NULL);
	if (script_is_writing() || origin == NULL || strcmp(origin, "added") == 0)
		return;
	execute_as_owner(relation,
					 "INSERT INTO %s.integration_schema_removed (id) VALUES ($1) "
					 "ON CONFLICT DO NOTHING", id);
}

/*
 * row_changed: after a row was inserted, updated or deleted: old or new may be
 * NULL.
 */
static void
row_changed(Relation relation, HeapTuple old, HeapTuple new)
{
	char	   *old_id = old != NULL ? text_column(relation, old, "id") : NULL;
	char	   *new_id = new != NULL ? text_column(relation, new, "id") : NULL;

	if (old_id != NULL && (new_id == NULL || strcmp(old_id, new_id) != 0))
		row_gone(relation, old);
	if (new_id != NULL)
		history_record(relation, new_id, history_entry(relation, new));
	if (old_id != NULL && (new_id == NULL || strcmp(old_id, new_id) != 0))
		announce_integration("delete", jsonb_ref_string(old_id, strlen(old_id)));
	if (new_id != NULL)
		announce_integration(old_id != NULL && strcmp(old_id, new_id) == 0 ? "update" : "insert",
							 jsonb_ref_string(new_id, strlen(new_id)));
}

/*
 * check_definitions: refuse a row whose field definitions are malformed.
 */
static void
check_definitions(Relation relation, HeapTuple tuple)
{
	char	   *id = text_column(relation, tuple, "id");
	Jsonb	   *fields = fields_of(relation, tuple);

	if (fields == NULL || id == NULL)
		return;					/* NOT NULL refuses it */
	definition_check(relation, jsonb_ref_string(id, strlen(id)), jsonb_ref_root(fields));
}

/*
 * integration_schemas_row: the catalogue's rows as they are written.
 *
 * BEFORE INSERT or UPDATE it checks the field definitions and sets origin and
 * updated_at; AFTER any change and BEFORE TRUNCATE it writes the rows' versions
 * and remembers which built-in rows are gone.
 */
Datum
integration_schemas_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_call_for(fcinfo, OWN_CATALOGUE,
											 FIRED(BEFORE, ROW, INSERT) |
											 FIRED(BEFORE, ROW, UPDATE) |
											 FIRED(AFTER, ROW, INSERT) |
											 FIRED(AFTER, ROW, UPDATE) |
											 FIRED(AFTER, ROW, DELETE) |
											 FIRED(BEFORE, STATEMENT, TRUNCATE),
											 "before insert or update and after any change, for each row, and before truncate");
	Relation	relation = trigdata->tg_relation;
	TriggerEvent event = trigdata->tg_event;
	HeapTuple	row = trigdata->tg_trigtuple;
	HeapTuple	result = NULL;

	for (OwnTable table = OWN_CATALOGUE; table <= OWN_VERSION; table++)
		(void) own_table_required(fcinfo, table, NoLock);
	SPI_connect();
	if (TRIGGER_FIRED_BY_TRUNCATE(event))
	{
		catalogue_move_version(relation);
		history_record_truncate(relation);
		announce_integration("truncate", (JsonbRef) {0});
		execute_as_owner(relation,
						 "INSERT INTO %s.integration_schema_removed (id) "
						 "SELECT id FROM ONLY %s.integration_schemas "
						 "WHERE origin <> 'added' ON CONFLICT DO NOTHING",
						 NULL);
	}
	else if (TRIGGER_FIRED_AFTER(event))
		row_changed(relation,
					TRIGGER_FIRED_BY_INSERT(event) ? NULL : row,
					TRIGGER_FIRED_BY_INSERT(event) ? row :
					TRIGGER_FIRED_BY_UPDATE(event) ? trigdata->tg_newtuple : NULL);
	else if (TRIGGER_FIRED_BY_INSERT(event))
	{
		hide_rows_of_copy();
		check_definitions(relation, row);
		result = row_inserted(fcinfo, relation, row);
	}
	else
	{
		check_definitions(relation, trigdata->tg_newtuple);
		result = row_updated(fcinfo, relation, row, trigdata->tg_newtuple);
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
	Relation	relation = trigdata->tg_relation;
	char	   *id;

	for (OwnTable table = OWN_CATALOGUE; table <= OWN_VERSION; table++)
		(void) own_table_required(fcinfo, table, NoLock);
	SPI_connect();
	id = text_column(relation, trigdata->tg_trigtuple, "id");
	if (id != NULL && remove_builtin(relation, id))
	{
		history_begin_again(relation, id, NULL);
		history_record(relation, id, NULL);
	}
	SPI_finish();
	return PointerGetDatum(NULL);
}
