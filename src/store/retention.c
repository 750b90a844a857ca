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
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "store/history.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

PG_FUNCTION_INFO_V1(integration_config_prune);
PG_FUNCTION_INFO_V1(history_erase);

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
								   "DELETE FROM %1$s AS h USING ("
								   " SELECT v.org_id, v.node_id, v.version, v.changed_at,"
								   "  pg_catalog.row_number() OVER (PARTITION BY v.org_id, v.node_id ORDER BY v.version DESC) AS place"
								   " FROM %1$s AS v WHERE $3 IS NULL OR v.org_id OPERATOR(pg_catalog.=) $3) AS v"
								   " WHERE h.org_id OPERATOR(pg_catalog.=) v.org_id"
								   " AND h.node_id OPERATOR(pg_catalog.=) v.node_id"
								   " AND h.version OPERATOR(pg_catalog.=) v.version"
								   " AND v.place OPERATOR(pg_catalog.>) $2"
								   " AND v.changed_at OPERATOR(pg_catalog.<) $1",
								   lengthof(argtypes), argtypes, values, nulls));
}

/*
 * history_erase(org_id text, node_id text, path text[], pointer text) returns
 * bigint: put null in the place of a value in every version of a node, and note
 * the place as erased; returns in how many versions it was.
 */
Datum
history_erase(PG_FUNCTION_ARGS)
{
	Oid			argtypes[] = {TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID};
	Datum		values[4];

	for (int i = 0; i < 4; i++)
		values[i] = PG_GETARG_DATUM(i);
	PG_RETURN_INT64(change_history(fcinfo, ACL_UPDATE,
								   "UPDATE %1$s AS h"
								   " SET config_json = pg_catalog.jsonb_set(h.config_json, $3, 'null', false),"
								   " erased = pg_catalog.array_append(h.erased, $4)"
								   " WHERE h.org_id OPERATOR(pg_catalog.=) $1"
								   " AND h.node_id OPERATOR(pg_catalog.=) $2"
								   " AND h.config_json OPERATOR(pg_catalog.#>) $3 IS NOT NULL"
								   " AND h.config_json OPERATOR(pg_catalog.#>) $3 OPERATOR(pg_catalog.<>) 'null'",
								   lengthof(argtypes), argtypes, values, NULL));
}
