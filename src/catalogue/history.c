/*-------------------------------------------------------------------------
 *
 * catalogue/history.c
 *	  Every version of every row of the catalogue: integration_schema_history.
 *
 * A version is written in the transaction of the change, after it, and never
 * changed.  A restore brings the versions of the database that was dumped, in
 * any order with the catalogue's rows (pg_restore -j loads them side by side):
 *
 * - A restored version takes the place of the only one of its integration that
 *	 is there: that of CREATE EXTENSION, or one that a restored row left.
 *	 (pg_dump has them in the order of their numbers.)
 *
 * - A restored row or removal that its integration's latest version tells of
 *	 already is no new version.  Where it comes first it becomes version 1 in
 *	 place of that of CREATE EXTENSION, and gives way to the restored ones.
 *
 * - Writers of both tables wait for each other by the catalogue's version row.
 *
 * The apply worker of logical replication writes versions as well, for a
 * subscriber to which the catalogue alone is published; where the history is
 * too, what arrives takes the place of what it wrote.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/history.h"
#include "catalogue/script.h"
#include "executor/spi.h"
#include "jsonb/build.h"
#include "replication/logicalworker.h"
#include "server/actor.h"
#include "server/copy_context.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/sql_result.h"
#include "server/trigger_call.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(integration_schema_history_row);
PG_FUNCTION_INFO_V1(integration_schema_changes);
PG_FUNCTION_INFO_V1(triggers_are_on);

/* The columns that a version keeps. */
static const char *const kept_columns[] = {
	"id", "name", "category", "description", "docs_url", "icon_url", "display_order",
	"featured", "required", "locked", "instances", "fields", "created_at", "updated_at", "origin"
};

/* Does one of our own statements take a version away?  Reset in any case. */
static bool replacing;

/*
 * add_column: a column's value as a member of an object.
 *
 * The owner may have dropped the column or given it another type: then it is
 * left out, since to read it might run his code.
 */
static void
add_column(JsonbBuild *build, TupleDesc desc, HeapTuple row, const char *name)
{
	int			attnum = SPI_fnumber(desc, name);
	Oid			type = attnum > 0 ? SPI_gettypeid(desc, attnum) : InvalidOid;
	bool		isnull;
	Datum		value;
	int			utc = 0;

	if (type != TEXTOID && type != VARCHAROID && type != INT4OID && type != BOOLOID &&
		type != JSONBOID && type != TIMESTAMPTZOID)
		return;
	value = SPI_getbinval(row, desc, attnum, &isnull);
	build_key(build, name);
	if (isnull)
		build_value(build, (JsonbRef) {.type = JREF_NULL});
	else if (type == BOOLOID)
		build_value(build, jsonb_ref_bool(DatumGetBool(value)));
	else if (type == INT4OID)
		build_integer(build, DatumGetInt32(value));
	else if (type == JSONBOID)
		build_value(build, jsonb_ref_root(DatumGetJsonbP(value)));
	else if (type == TIMESTAMPTZOID)
		/* in UTC, so that one time is one string */
		build_string(build, JsonEncodeDateTime(NULL, value, TIMESTAMPTZOID, &utc));
	else
		build_string(build, TextDatumGetCString(value));
}

/*
 * history_entry: what a version keeps of a row, palloc'd.
 */
Jsonb *
history_entry(Relation catalogue, HeapTuple row)
{
	JsonbBuild	build = {0};

	build_object(&build);
	for (int i = 0; i < (int) lengthof(kept_columns); i++)
		add_column(&build, RelationGetDescr(catalogue), row, kept_columns[i]);
	build_end(&build);
	return build_finish(&build);
}

/* The arguments of the statements below: $1 to $6. */
static const Oid version_types[] = {
	TEXTOID, JSONBOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID
};

/*
 * execute: run a statement with a version's facts as its arguments; in the
 * format, %1$s is the extension's schema.
 *
 * What the extension's own script writes is nobody's edit, and says so.
 */
static void
execute(Relation table, const char *format, const char *id, Jsonb *entry)
{
	char	   *schema = get_namespace_name(RelationGetNamespace(table));
	const char *quoted = quote_identifier(schema);
	const char *reason = actor_reason();
	Datum		values[lengthof(version_types)] = {0};
	char		nulls[lengthof(version_types) + 1] = "      ";

	if (reason == NULL && script_is_writing())
		reason = "built-in catalogue";
	values[0] = id != NULL ? CStringGetTextDatum(id) : (Datum) 0;
	nulls[0] = id != NULL ? ' ' : 'n';
	values[1] = JsonbPGetDatum(entry);
	nulls[1] = entry != NULL ? ' ' : 'n';
	values[2] = CStringGetTextDatum(actor_author());
	values[3] = reason != NULL ? CStringGetTextDatum(reason) : (Datum) 0;
	nulls[3] = reason != NULL ? ' ' : 'n';
	values[4] = CStringGetTextDatum(actor_role());
	values[5] = TimestampTzGetDatum(actor_stamp());
	own_execute(NULL, RelationGetForm(table)->relowner,
				psprintf(format, quoted, quoted),
				lengthof(version_types), version_types, values, nulls, GetLatestSnapshot());
}

/*
 * execute_replacing: the same for a statement that takes a version away.
 */
static void
execute_replacing(Relation table, const char *format, const char *id, Jsonb *entry)
{
	replacing = true;
	PG_TRY();
	{
		execute(table, format, id, entry);
	}
	PG_FINALLY();
	{
		replacing = false;
	}
	PG_END_TRY();
}

/*
 * history_record: a row has become this one, or is gone (NULL); with SPI
 * connected.
 *
 * Nothing is written where the latest version says so already.
 */
void
history_record(Relation catalogue, const char *id, Jsonb *entry)
{
	execute(catalogue,
			"INSERT INTO %1$s.integration_schema_history (id, version, operation, entry,"
			" author, reason, role, changed_at, sequence, transaction) "
			"SELECT $1, coalesce(l.version, 0) + 1,"
			" CASE WHEN $2 IS NULL THEN 'delete'"
			" WHEN l.entry IS NULL THEN 'insert' ELSE 'update' END, $2, $3, $4, $5, $6,"
			" 1 + coalesce((SELECT max(h.sequence) FROM %1$s.integration_schema_history AS h), 0),"
			" pg_current_xact_id() "
			"FROM (SELECT) AS one LEFT JOIN LATERAL ("
			" SELECT h.version, h.entry FROM %1$s.integration_schema_history AS h"
			" WHERE h.id = $1 ORDER BY h.version DESC LIMIT 1) AS l ON true "
			"WHERE l.version IS NULL OR l.entry IS DISTINCT FROM $2",
			id, entry);
}

/*
 * history_begin_again: a restored row or removal is about to take the place of
 * the built-in row: so does its version, where CREATE EXTENSION's is the only
 * one.
 */
void
history_begin_again(Relation catalogue, const char *id, Jsonb *entry)
{
	execute_replacing(catalogue,
					  "DELETE FROM ONLY %s.integration_schema_history AS h "
					  "WHERE h.id = $1 AND h.entry IS DISTINCT FROM $2 "
					  "AND NOT EXISTS (SELECT FROM %s.integration_schema_history AS o"
					  " WHERE o.id = $1 AND o.version <> h.version)",
					  id, entry);
}

/*
 * history_record_truncate: all rows are about to go; with SPI connected.
 */
void
history_record_truncate(Relation catalogue)
{
	execute(catalogue,
			"INSERT INTO %1$s.integration_schema_history (id, version, operation, entry,"
			" author, reason, role, changed_at, sequence, transaction) "
			"SELECT s.id, 1 + coalesce((SELECT max(h.version)"
			"  FROM %1$s.integration_schema_history AS h WHERE h.id = s.id), 0),"
			" 'delete', $2, $3, $4, $5, $6,"
			" row_number() OVER (ORDER BY s.id) + coalesce((SELECT max(h.sequence)"
			"  FROM %1$s.integration_schema_history AS h), 0),"
			" pg_current_xact_id() "
			"FROM ONLY %1$s.integration_schemas AS s WHERE $1 IS NULL",
			NULL, NULL);
}

/*
 * refuse_change: versions are not changed.
 */
static void
refuse_change(Relation table)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("versions in table \"%s\" cannot be changed or deleted",
					RelationGetRelationName(table)),
			 errdetail("They are the record of what the catalogue was.")));
}

/*
 * version_arrives: before a version is inserted: by history_record(), by a
 * restore, or by the apply worker.
 */
static void
version_arrives(Relation table, HeapTuple row)
{
	char	   *id = SPI_getvalue(row, RelationGetDescr(table),
								  own_column(table, "id", TEXTOID));
	bool		isnull;
	Datum		version = SPI_getbinval(row, RelationGetDescr(table),
										own_column(table, "version", INT4OID), &isnull);

	if (id == NULL || isnull)
		return;					/* NOT NULL refuses it */
	execute_replacing(table,
					  psprintf("DELETE FROM ONLY %%s.integration_schema_history AS h "
							   "WHERE h.id = $1 AND h.version = %d%s",
							   DatumGetInt32(version),
							   IsLogicalWorker() ? "" :
							   " AND NOT EXISTS (SELECT FROM %s.integration_schema_history AS o"
							   " WHERE o.id = $1 AND o.version <> h.version)"),
					  id, NULL);
}

/*
 * integration_schema_history_row() returns trigger: the versions' guard, before
 * anything is done to them.
 */
Datum
integration_schema_history_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, OWN_CHANGES,
											FIRED(BEFORE, ROW, INSERT) |
											FIRED(BEFORE, ROW, UPDATE) |
											FIRED(BEFORE, ROW, DELETE) |
											FIRED(BEFORE, STATEMENT, TRUNCATE),
											"before insert, update or delete, for each row, and before truncate");
	Relation	table = trigger->tg_relation;

	if (!TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		if (!IsLogicalWorker() &&
			!(replacing && TRIGGER_FIRED_BY_DELETE(trigger->tg_event)))
			refuse_change(table);
		return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
							   trigger->tg_newtuple : trigger->tg_trigtuple);
	}

	hide_rows_of_copy();
	(void) own_table_required(fcinfo, OWN_VERSION, NoLock);
	SPI_connect();
	catalogue_move_version(table);
	version_arrives(table, trigger->tg_trigtuple);
	SPI_finish();
	return PointerGetDatum(trigger->tg_trigtuple);
}

/*
 * integration_schema_changes(since timestamptz): what changed in the
 * catalogue, field by field.
 *
 * A version is compared with the one before it: column by column, and within
 * the fields, by their names, key by key; a whole field that came or went is
 * one row.
 */
Datum
integration_schema_changes(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TIMESTAMPTZOID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	ReturnSetInfo *result = result_begin(fcinfo);

	SPI_connect();
	own_select(fcinfo, OWN_CHANGES,
			   "SELECT h.changed_at, h.id, h.version, h.operation, h.author, h.role, h.reason,"
			   " c.field, c.key, c.before, c.after "
			   "FROM %1$s AS h"
			   " LEFT JOIN LATERAL (SELECT p.entry FROM %1$s AS p"
			   "  WHERE p.id = h.id AND p.version < h.version"
			   "  ORDER BY p.version DESC LIMIT 1) AS old ON true"
			   " CROSS JOIN LATERAL ("
			   "  SELECT 1 AS part, 0::bigint AS at, NULL AS field, coalesce(o.key, n.key) AS key,"
			   "   o.value AS before, n.value AS after"
			   "  FROM jsonb_each(old.entry) AS o FULL JOIN jsonb_each(h.entry) AS n ON n.key = o.key"
			   "  WHERE coalesce(o.key, n.key) <> ALL ('{id,fields,created_at,updated_at,origin}')"
			   "   AND nullif(o.value, 'null') IS DISTINCT FROM nullif(n.value, 'null')"
			   "  UNION ALL"
			   "  SELECT 2, coalesce(n.at, o.at), coalesce(o.name, n.name), k.key, k.before, k.after"
			   "  FROM (SELECT e.value ->> 'name' AS name, e.value, e.ordinality AS at"
			   "    FROM jsonb_array_elements(old.entry -> 'fields') WITH ORDINALITY AS e) AS o"
			   "   FULL JOIN (SELECT e.value ->> 'name' AS name, e.value, e.ordinality AS at"
			   "    FROM jsonb_array_elements(h.entry -> 'fields') WITH ORDINALITY AS e) AS n"
			   "    ON n.name = o.name"
			   "   CROSS JOIN LATERAL ("
			   "    SELECT NULL AS key, o.value AS before, n.value AS after"
			   "    WHERE o.value IS NULL OR n.value IS NULL"
			   "    UNION ALL"
			   "    SELECT coalesce(b.key, a.key), b.value, a.value"
			   "    FROM jsonb_each(o.value) AS b FULL JOIN jsonb_each(n.value) AS a ON a.key = b.key"
			   "    WHERE o.value IS NOT NULL AND n.value IS NOT NULL"
			   "     AND b.value IS DISTINCT FROM a.value) AS k) AS c "
			   "WHERE h.changed_at >= $1 "
			   "ORDER BY h.changed_at, h.sequence, h.id, h.version, c.part, c.at, c.key",
			   lengthof(types), types, values, result);
	SPI_finish();
	return (Datum) 0;
}

/*
 * history_names: the paths of the fields that an integration ever had or, with
 * JREF_NONE, the ids that the catalogue ever had: an object's keys, palloc'd.
 *
 * Unless renamed, those are left out that only have another name now.
 */
JsonbRef
history_names(FunctionCallInfo fcinfo, JsonbRef id, bool renamed)
{
	static const Oid types[] = {TEXTOID, BOOLOID};
	MemoryContext caller = CurrentMemoryContext;
	Identity	before;
	Datum		values[2];
	bool		isnull;
	JsonbRef	names;

	/* the empty id is nobody's */
	values[0] = id.type != JREF_NONE ? text_from_ref(id) : CStringGetTextDatum("");
	values[1] = BoolGetDatum(renamed);
	identity_become(&before, relation_owner(own_table_required(fcinfo, OWN_CHANGES, AccessShareLock)));
	SPI_connect();
	own_select(fcinfo, OWN_CHANGES,
			   "SELECT coalesce(jsonb_object_agg(n.name, true) FILTER (WHERE n.name IS NOT NULL), '{}') FROM ("
			   " SELECT h.id AS name FROM %1$s AS h WHERE $1 = ''"
			   " UNION SELECT p.path FROM %1$s AS h,"
			   "  unnest(integration_schemas_internal.field_paths(h.entry -> 'fields')) AS p (path)"
			   " WHERE h.id = $1) AS n"
			   " WHERE $2 OR NOT EXISTS (SELECT FROM %2$s.integration_schema_renames AS r"
			   "  WHERE ($1 = '' AND r.from_id = n.name AND r.from_field IS NULL)"
			   "   OR (r.from_id = $1 AND integration_schemas_internal.renamed_path(n.name, r.from_field, r.to_field) IS NOT NULL))",
			   lengthof(types), types, values, NULL);
	MemoryContextSwitchTo(caller);
	names = jsonb_ref_root(DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0],
															SPI_tuptable->tupdesc, 1, &isnull)));
	SPI_finish();
	identity_return(&before);
	return names;
}

/*
 * integration_schemas_internal.triggers_are_on(of regclass) returns boolean:
 * the tables' constraint against a restore with --disable-triggers.
 *
 * That switches all triggers off.  Errors: object_not_in_prerequisite_state.
 */
Datum
triggers_are_on(PG_FUNCTION_ARGS)
{
	Relation	table = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
	TriggerDesc *triggers;
	bool		on;

	if (table == NULL)
		PG_RETURN_NULL();
	triggers = table->trigdesc;
	on = triggers == NULL;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		on = on || triggers->triggers[i].tgenabled != TRIGGER_DISABLED;
	if (!on)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("triggers of table \"%s\" are disabled", RelationGetRelationName(table)),
				 errdetail("Its rows would come without their history, and without what else goes with them."),
				 errhint("Restore without --disable-triggers, or enable the triggers first.")));
	relation_close(table, AccessShareLock);
	PG_RETURN_BOOL(true);
}
