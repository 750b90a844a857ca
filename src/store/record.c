/*-------------------------------------------------------------------------
 *
 * store/record.c
 *	  Tables that our own functions alone write: grants, and the records of
 *	  what was granted and revealed.
 *
 * The functions have asked what the caller may, and write as the tables' owner.
 * Every other statement is refused by the triggers here, but for a restore
 * (store/restore.c) and the subscriber of a publication.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "replication/logicalworker.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/trigger_call.h"
#include "store/record.h"
#include "store/restore.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(grant_before);
PG_FUNCTION_INFO_V1(grant_history_before);
PG_FUNCTION_INFO_V1(reveal_before);
PG_FUNCTION_INFO_V1(grant_is_bound);

/* How many of our own functions are writing just now. */
static int	writers = 0;

/*
 * record_write: run a statement on one of these tables as its owner, under the
 * latest snapshot; returns how many rows were processed.
 *
 * With SPI connected.
 */
uint64
record_write(Oid relid, const char *query, int nargs, const Oid *argtypes,
			 const Datum *values, const char *nulls)
{
	volatile uint64 rows = 0;

	PushActiveSnapshot(GetLatestSnapshot());
	writers++;
	PG_TRY();
	{
		rows = own_execute(NULL, relation_owner(relid), query, nargs, argtypes, values, nulls,
						   GetActiveSnapshot());
	}
	PG_FINALLY();
	{
		writers--;
	}
	PG_END_TRY();
	PopActiveSnapshot();
	/* what was written is seen by what is read next */
	CommandCounterIncrement();
	return rows;
}

/*
 * guarded: the call's trigger, or an error where a statement of somebody's own
 * writes the table.
 *
 * what is the table in words, and hint says who writes it.
 */
static TriggerData *
guarded(FunctionCallInfo fcinfo, OwnTable table, const char *what, const char *hint)
{
	TriggerData *trigger = trigger_call_for(fcinfo, table,
											FIRED(BEFORE, ROW, INSERT) |
											FIRED(BEFORE, ROW, UPDATE) |
											FIRED(BEFORE, ROW, DELETE) |
											FIRED(BEFORE, STATEMENT, TRUNCATE),
											"before insert, update or delete, for each row, and before truncate");

	if (writers == 0 && !IsLogicalWorker() &&
		!(TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && restore_is_on(fcinfo)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s cannot be changed", what),
				 errhint("%s", hint),
				 errtable(trigger->tg_relation)));
	return trigger;
}

/*
 * row_of: the row that a trigger lets through.
 */
static HeapTuple
row_of(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple :
		trigger->tg_trigtuple;
}

/*
 * role_is_there: is the role of a row of the grants?
 */
static bool
role_is_there(Relation grants, HeapTuple row)
{
	bool		isnull;
	Datum		role = heap_getattr(row, own_column(grants, "role", REGROLEOID),
									RelationGetDescr(grants), &isnull);

	return !isnull && SearchSysCacheExists1(AUTHOID, role);
}

/*
 * grant_before() returns trigger: BEFORE INSERT, UPDATE or DELETE, for each row,
 * and BEFORE TRUNCATE, of integration_config_grants; it fires ALWAYS.
 *
 * All sessions look again at what is granted (secrets/grants.c).  Where a restore
 * brings a role by its number alone, as it is written of one that was dropped,
 * the row is left out: the number may be another one's.
 */
Datum
grant_before(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = guarded(fcinfo, OWN_GRANTS, "grants of privileges at nodes",
								   "integration_config_grant() and integration_config_revoke() write them.");
	HeapTuple	row = row_of(trigger);

	CacheInvalidateRelcache(trigger->tg_relation);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && writers == 0 &&
		!role_is_there(trigger->tg_relation, row))
	{
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("grant to a role that does not exist is left out")));
		row = NULL;
	}
	return PointerGetDatum(row);
}

/*
 * grant_history_before() returns trigger: the same of
 * integration_config_grant_history.
 */
Datum
grant_history_before(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(row_of(guarded(fcinfo, OWN_GRANT_HISTORY, "record of grants",
										  "integration_config_grant() and integration_config_revoke() write it.")));
}

/*
 * reveal_before() returns trigger: the same of integration_config_reveals.
 */
Datum
reveal_before(PG_FUNCTION_ARGS)
{
	return PointerGetDatum(row_of(guarded(fcinfo, OWN_REVEALS, "record of revealed secrets",
										  "integration_config_reveal() writes it.")));
}

/*
 * integration_schemas_internal.grant_is_bound(of oid, at tid) returns boolean: is
 * the role of the grant in that row of that table there?
 *
 * As dump_order() it gets the row's place, and not its columns.
 */
Datum
grant_is_bound(PG_FUNCTION_ARGS)
{
	Oid			relid = own_table_required(fcinfo, OWN_GRANTS, AccessShareLock);
	AttrNumber	role;
	Relation	grants;
	HeapTuple	row;
	bool		bound;

	if (PG_GETARG_OID(0) != relid)
		PG_RETURN_BOOL(false);	/* of a table that inherits from it */
	grants = table_open(relid, NoLock);
	role = own_column(grants, "role", REGROLEOID);
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		static char asked;

		(void) rights_checked(relid, ACL_SELECT, 1, &role, GetUserId(), true);
		fcinfo->flinfo->fn_extra = &asked;
	}
	row = own_row(grants, (ItemPointer) PG_GETARG_POINTER(1), GetActiveSnapshot());
	bound = HeapTupleIsValid(row) && role_is_there(grants, row);
	table_close(grants, NoLock);
	PG_RETURN_BOOL(bound);
}
