/*-------------------------------------------------------------------------
 *
 * store/forget.c
 *	  Organisations that are gone for good.
 *
 * All that is kept of one goes in one transaction, under the lock that keeps
 * others from adding nodes to it.  What is left is a row that says so, with the
 * highest version that a node of it had, so that nobody takes a version of a later
 * organisation of that name for one that he has seen.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "secrets/data_keys.h"
#include "server/actor.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/record.h"
#include "storage/bufmgr.h"
#include "store/forget.h"
#include "store/history.h"
#include "store/store.h"
#include "store/tree_rules.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(integration_config_forget);

/* What is kept of an organisation beside its nodes and their history. */
static const OwnTable kept_of_organisation[] = {
	OWN_KEYS, OWN_GRANTS, OWN_GRANT_HISTORY, OWN_REVEALS
};

/*
 * forgotten_version: the highest version that a forgotten organisation of that name
 * had, by the latest snapshot; 0 where there was none.
 */
int32
forgotten_version(FunctionCallInfo fcinfo, text *org_id)
{
	Relation	table = table_open(own_table_required(fcinfo, OWN_FORGOTTEN, AccessShareLock),
								   NoLock);
	int32		version = 0;

	if (RelationGetNumberOfBlocks(table) > 0)
	{
		AttrNumber	column = own_column(table, "org_id", TEXTOID);
		AttrNumber	number = own_column(table, "last_version", INT4OID);
		Oid			index = own_index(table, 1, &column);
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	row;

		ScanKeyEntryInitialize(&key, 0, column, BTEqualStrategyNumber, InvalidOid,
							   TupleDescAttr(RelationGetDescr(table), column - 1)->attcollation,
							   F_TEXTEQ, PointerGetDatum(org_id));
		PushActiveSnapshot(GetLatestSnapshot());
		scan = systable_beginscan(table, index, OidIsValid(index), GetActiveSnapshot(), 1, &key);
		while (HeapTupleIsValid(row = systable_getnext(scan)))
		{
			bool		isnull;
			Datum		value = heap_getattr(row, number, RelationGetDescr(table), &isnull);

			if (!isnull)
				version = Max(version, DatumGetInt32(value));
		}
		systable_endscan(scan);
		PopActiveSnapshot();
	}
	table_close(table, NoLock);
	return version;
}

/*
 * require_rights: the caller may delete nodes and history, all of them.
 *
 * Errors: insufficient_privilege.
 */
static void
require_rights(Oid relid)
{
	(void) rights_checked(relid, ACL_DELETE, 0, NULL, GetUserId(), true);
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("organisations cannot be forgotten under row security"),
				 errdetail("Row security of table \"%s\" applies to role \"%s\".",
						   get_rel_name(relid), GetUserNameFromId(GetUserId(), false))));
}

/*
 * highest_version: of any node that the organisation has or had; with SPI
 * connected.
 *
 * Errors: undefined_object where nothing is kept of it.
 */
static int32
highest_version(FunctionCallInfo fcinfo, Oid history, Datum org_id)
{
	static const Oid types[] = {TEXTOID};
	text	   *name = DatumGetTextPP(org_id);
	bool		isnull;
	Datum		highest;

	(void) own_execute(NULL, relation_owner(history),
					   psprintf("SELECT pg_catalog.max(h.version) FROM ONLY %s AS h"
								" WHERE h.org_id OPERATOR(pg_catalog.=) $1",
								qualified_name(history)),
					   lengthof(types), types, &org_id, NULL, GetLatestSnapshot());
	highest = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull && !data_keys_of(fcinfo, name))
		store_no_such(store_text_ref(name), (JsonbRef) {0});
	return Max(isnull ? 0 : DatumGetInt32(highest), forgotten_version(fcinfo, name));
}

/*
 * record: note that it was there.
 */
static void
record(FunctionCallInfo fcinfo, uint64 nodes, int32 version)
{
	static const Oid types[] = {
		TEXTOID, INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID
	};
	Oid			relid = own_table_required(fcinfo, OWN_FORGOTTEN, RowExclusiveLock);
	Datum		values[lengthof(types)];
	char		nulls[] = "       ";

	values[0] = PG_GETARG_DATUM(0);
	values[1] = Int64GetDatum(nodes);
	values[2] = Int32GetDatum(version);
	values[3] = CStringGetTextDatum(actor_role());
	values[4] = CStringGetTextDatum(actor_author());
	values[5] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	nulls[5] = PG_ARGISNULL(1) ? 'n' : ' ';
	values[6] = TimestampTzGetDatum(actor_stamp());
	if (record_write(relid,
					 psprintf("INSERT INTO %s (org_id, nodes, last_version, role, author, reason,"
							  " forgotten_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
							  qualified_name(relid)),
					 lengthof(types), types, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("organisation is not forgotten, since that was not recorded"),
				 errdetail("A trigger or a rule of table \"%s\" took the record away.",
						   get_rel_name(relid))));
}

/*
 * delete_text: the statement that takes an organisation out of a table, palloc'd.
 */
static char *
delete_text(Oid relid)
{
	return psprintf("DELETE FROM ONLY %s AS t WHERE t.org_id OPERATOR(pg_catalog.=) $1",
					qualified_name(relid));
}

/*
 * integration_config_forget(org_id text, reason text) returns bigint: take an
 * organisation away for good; returns how many nodes it had.
 */
Datum
integration_config_forget(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID};
	Oid			nodes = own_table_required(fcinfo, OWN_NODES, RowExclusiveLock);
	Oid			history = own_table_required(fcinfo, OWN_HISTORY, RowExclusiveLock);
	Relation	table;
	Datum		org_id;
	uint64		count;
	int32		version;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("organisation must not be null")));
	org_id = PG_GETARG_DATUM(0);
	require_rights(nodes);
	require_rights(history);
	table = table_open(nodes, NoLock);
	tree_lock(table, PG_GETARG_TEXT_PP(0));
	table_close(table, NoLock);
	SPI_connect();
	PushActiveSnapshot(GetLatestSnapshot());
	count = own_execute(NULL, relation_owner(nodes), delete_text(nodes), lengthof(types), types,
						&org_id, NULL, GetActiveSnapshot());
	PopActiveSnapshot();
	CommandCounterIncrement();
	version = highest_version(fcinfo, history, org_id);
	(void) history_change(history, delete_text(history), lengthof(types), types, &org_id, NULL);
	for (int i = 0; i < (int) lengthof(kept_of_organisation); i++)
	{
		Oid			relid = own_table_required(fcinfo, kept_of_organisation[i], RowExclusiveLock);

		(void) record_write(relid, delete_text(relid), lengthof(types), types, &org_id, NULL);
	}
	record(fcinfo, count, version);
	SPI_finish();
	PG_RETURN_INT64(count);
}
