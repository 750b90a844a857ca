/*-------------------------------------------------------------------------
 *
 * server/record.c
 *	  Tables that our own functions alone write: keys, grants, and the records of
 *	  what was granted, revealed and forgotten.
 *
 * The functions have asked what the caller may, and write as the tables' owner.
 * Every other statement is refused by the triggers here, but for a restore
 * (server/restoring.c) and the subscriber of a publication.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "replication/logicalworker.h"
#include "server/copy_context.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/record.h"
#include "server/restoring.h"
#include "server/trigger_call.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(record_before);

/* What such a table is in words, and who writes it. */
typedef struct Record
{
	OwnTable	table;
	const char *what;
	const char *hint;
} Record;

static const Record records[] = {
	{OWN_KEYS, "data keys of organisations",
	"integration_secrets_rewrap() and integration_secrets_rotate() change them."},
	{OWN_GRANTS, "grants of privileges at nodes",
	"integration_config_grant() and integration_config_revoke() write them."},
	{OWN_GRANT_HISTORY, "record of grants",
	"integration_config_grant() and integration_config_revoke() write it."},
	{OWN_REVEALS, "record of revealed secrets", "integration_config_reveal() writes it."},
	{OWN_FORGOTTEN, "record of forgotten organisations", "integration_config_forget() writes it."},
};

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
 * record_is_ours: is one of our own functions writing?
 */
bool
record_is_ours(void)
{
	return writers > 0;
}

/*
 * record_of: what is said of a table; that of the first for one that is none.
 */
static const Record *
record_of(OwnTable table)
{
	for (int i = 0; i < (int) lengthof(records); i++)
		if (records[i].table == table)
			return &records[i];
	return &records[0];
}

/*
 * record_guard: the call's trigger, or an error where a statement of somebody's own
 * writes the table.
 *
 * Errors: trigger_protocol_violated, insufficient_privilege.
 */
TriggerData *
record_guard(FunctionCallInfo fcinfo, OwnTable table)
{
	TriggerData *trigger = trigger_call_for(fcinfo, table,
											FIRED(BEFORE, ROW, INSERT) |
											FIRED(BEFORE, ROW, UPDATE) |
											FIRED(BEFORE, ROW, DELETE) |
											FIRED(BEFORE, STATEMENT, TRUNCATE),
											"before insert, update or delete, for each row, and before truncate");
	const Record *record = record_of(table);

	if (writers == 0 && !IsLogicalWorker() &&
		!(TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && restore_is_on(fcinfo)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s cannot be changed", record->what),
				 errhint("%s", record->hint),
				 errtable(trigger->tg_relation)));
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		hide_rows_of_copy();
	return trigger;
}

/*
 * record_row: the row that a trigger lets through.
 */
HeapTuple
record_row(const TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple :
		trigger->tg_trigtuple;
}

/*
 * record_before() returns trigger: BEFORE INSERT, UPDATE or DELETE, for each row,
 * and BEFORE TRUNCATE, of any of the tables; it fires ALWAYS.
 */
Datum
record_before(PG_FUNCTION_ARGS)
{
	Oid			relid = CALLED_AS_TRIGGER(fcinfo) ?
		RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation) : InvalidOid;
	int			i;

	for (i = lengthof(records) - 1; i > 0; i--)
		if (own_table(fcinfo, records[i].table, NoLock) == relid)
			break;
	return PointerGetDatum(record_row(record_guard(fcinfo, records[i].table)));
}
