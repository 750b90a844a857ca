/*-------------------------------------------------------------------------
 *
 * store/retention.c
 *	  What is taken out of the history: old versions, and values that must not
 *	  be there.
 *
 * Whoever may delete, or update, the rows of the history may call these; the
 * rows themselves are guarded from his statements.  The work is done as the
 * table's owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/history.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/sql_result.h"
#include "store/history.h"
#include "store/rename.h"
#include "store/store.h"
#include "store/write.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(integration_config_prune);
PG_FUNCTION_INFO_V1(integration_config_erase);

/*
 * change_history: run a statement on the history, as $1 to $n; returns how many
 * rows it changed.
 *
 * The format's two %1$s are the table.  right is what the caller must have.
 */
static uint64
change_history(FunctionCallInfo fcinfo, AclMode right, const char *format,
			   int nargs, Oid *argtypes, Datum *values, const char *nulls)
{
	Oid			relid = own_table_required(fcinfo, OWN_HISTORY, RowExclusiveLock);
	Relation	table = table_open(relid, NoLock);
	AttrNumber	written = own_column(table, "config_json", JSONBOID);
	char	   *query;
	uint64		changed;

	table_close(table, NoLock);
	(void) rights_checked(relid, right, right == ACL_UPDATE ? 1 : 0, &written,
						  GetUserId(), true);
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("history cannot be changed under row security"),
				 errdetail("Row security of table \"%s\" applies to role \"%s\".",
						   get_rel_name(relid), GetUserNameFromId(GetUserId(), false))));
	query = psprintf(format, qualified_name(relid));
	SPI_connect();
	changed = history_change(relid, query, nargs, argtypes, values, nulls);
	SPI_finish();
	pfree(query);
	return changed;
}

/*
 * integration_config_prune(before timestamptz, keep integer, org_id text)
 * returns bigint: take versions that were written before a moment out of the
 * history, but for the latest ones of each node; returns how many went.
 *
 * A node's latest version never goes: a living one's is what a dump has of its
 * history, and a deleted one's keeps its version numbers from being given again.
 */
Datum
integration_config_prune(PG_FUNCTION_ARGS)
{
	Oid			argtypes[] = {TIMESTAMPTZOID, INT4OID, TEXTOID};
	Datum		values[3];
	char		nulls[] = "   ";

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("moment before which versions go must not be null")));
	if (PG_ARGISNULL(1) || PG_GETARG_INT32(1) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at least one version of each node must be kept")));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2);
	nulls[2] = PG_ARGISNULL(2) ? 'n' : ' ';
	PG_RETURN_INT64(change_history(fcinfo, ACL_DELETE,
								   "DELETE FROM ONLY %1$s AS h USING ("
								   " SELECT v.org_id, v.node_id, v.version, v.changed_at,"
								   "  pg_catalog.row_number() OVER (PARTITION BY v.org_id, v.node_id ORDER BY v.version DESC) AS place"
								   " FROM ONLY %1$s AS v WHERE $3 IS NULL OR v.org_id OPERATOR(pg_catalog.=) $3) AS v"
								   " WHERE h.org_id OPERATOR(pg_catalog.=) v.org_id"
								   " AND h.node_id OPERATOR(pg_catalog.=) v.node_id"
								   " AND h.version OPERATOR(pg_catalog.=) v.version"
								   " AND v.place OPERATOR(pg_catalog.>) $2"
								   " AND v.changed_at OPERATOR(pg_catalog.<) $1",
								   lengthof(argtypes), argtypes, values, nulls));
}

/*
 * erase_versions: put null in the place of a field's value in every version of
 * a node that were written in a period in which it had that name, and note the
 * place as erased; returns in how many versions it was.
 */
static uint64
erase_versions(FunctionCallInfo fcinfo, const FieldPeriod *period)
{
	Oid			argtypes[] = {TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID, INT8OID, INT8OID};
	Datum		path[4];
	StringInfoData pointer;
	Datum		values[6];
	uint64		versions;

	path[0] = CStringGetTextDatum("integrations");
	path[1] = text_from_ref(period->id);
	path[2] = CStringGetTextDatum("config");
	path[3] = text_from_ref(period->field);
	initStringInfo(&pointer);
	append_pointer_step(&pointer, jsonb_ref_string("integrations", 12));
	append_pointer_step(&pointer, period->id);
	append_pointer_step(&pointer, jsonb_ref_string("config", 6));
	append_pointer_step(&pointer, period->field);

	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = PointerGetDatum(construct_array(path, lengthof(path), TEXTOID, -1, false,
												TYPALIGN_INT));
	pfree(DatumGetPointer(path[1]));
	pfree(DatumGetPointer(path[3]));
	values[3] = PointerGetDatum(cstring_to_text_with_len(pointer.data, pointer.len));
	pfree(pointer.data);
	values[4] = Int64GetDatum(period->after);
	values[5] = Int64GetDatum(period->before);
	versions = change_history(fcinfo, ACL_UPDATE,
							  "UPDATE ONLY %1$s AS h"
							  " SET config_json = pg_catalog.jsonb_set(h.config_json, $3, 'null', false),"
							  " erased = pg_catalog.array_append(h.erased, $4)"
							  " WHERE h.org_id OPERATOR(pg_catalog.=) $1"
							  " AND h.node_id OPERATOR(pg_catalog.=) $2"
							  " AND h.sequence OPERATOR(pg_catalog.>) $5"
							  " AND h.sequence OPERATOR(pg_catalog.<) $6"
							  " AND h.config_json OPERATOR(pg_catalog.#>) $3 OPERATOR(pg_catalog.<>) 'null'",
							  lengthof(argtypes), argtypes, values, NULL);
	pfree(DatumGetPointer(values[2]));
	pfree(DatumGetPointer(values[3]));
	return versions;
}

/*
 * erase_past: erase_versions() under every name that the field has had.
 */
static uint64
erase_past(FunctionCallInfo fcinfo, FieldName name)
{
	uint64		versions = 0;
	FieldPeriod *periods;
	int			count;

	SPI_connect();
	count = field_periods(fcinfo, name.id, name.field, &periods);
	for (int i = 0; i < count; i++)
		versions += erase_versions(fcinfo, &periods[i]);
	SPI_finish();
	return versions;
}

/*
 * require_name_of_today: refuse the name of a field that has another one now: its
 * value would stay under that.  With SPI connected, and the node locked, which
 * may have waited for the renaming.
 *
 * Errors: undefined_object.
 */
static void
require_name_of_today(FunctionCallInfo fcinfo, FieldName name)
{
	FieldName	today = name;
	const Integration *integration;
	JsonbRef	instance;

	if (!renamed_to(fcinfo, &today.id, &today.field))
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	integration = catalogue_entry(catalogue_of_owner(fcinfo), name.id.ptr, name.id.len, &instance);
	PopActiveSnapshot();
	if (integration != NULL &&
		integration_field(integration, name.field.ptr, name.field.len) != NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("field %s of integration %s was renamed",
					name_phrase(name.field), name_phrase(name.id)),
			 errhint("It is field %s of integration %s now.",
					 name_phrase(today.field), name_phrase(today.id))));
}

/*
 * integration_config_erase(org_id text, node_id text, id text, field text,
 * reason text, author text) returns bigint: take a field's value out of a node's
 * document, where null then stands, and out of every version in its history;
 * returns in how many versions it was.
 *
 * A lock above does not hold a value that must go.  The node may be deleted.  A
 * name that nobody knows, and that nothing has a value for, is a mistake.
 */
Datum
integration_config_erase(PG_FUNCTION_ARGS)
{
	FieldName	name = field_argument(fcinfo);
	NodeWrite	write;
	uint64		versions;

	write_lock(&write, fcinfo, 3);
	if (write.document == NULL || own_value(&write, name).type <= JREF_NULL)
		require_name_of_today(fcinfo, name);
	if (write.context.reason == NULL)
		write.context.reason = "erased";
	write.context.accepted = true;
	if (write.document != NULL && own_value(&write, name).type > JREF_NULL)
		(void) write_end(&write, unset_field(&write, name));
	else
		SPI_finish();
	versions = erase_past(fcinfo, name);
	if (versions == 0)
	{
		text	   *org_id = PG_GETARG_TEXT_PP(0);
		text	   *node_id = PG_GETARG_TEXT_PP(1);
		bool		deleted;

		if (write.document == NULL &&
			history_latest(fcinfo, org_id, node_id, GetActiveSnapshot(), &deleted) == 0)
			store_no_such(store_text_ref(org_id), store_text_ref(node_id));
		if (jsonb_ref_member(history_names(fcinfo, entry_id(name.id), true),
							 name.field.ptr, name.field.len).type == JREF_NONE)
			require_field(fcinfo, name);
	}
	PG_RETURN_INT64(versions);
}
