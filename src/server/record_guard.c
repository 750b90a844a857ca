/*-------------------------------------------------------------------------
 *
 * server/record_guard.c
 *	  Tables of the extension whose rows our own functions alone write.
 *
 * What they keep is what people rely on: who may see what, which key a secret is
 * sealed with.  So no statement changes or deletes a row; a restore inserts them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "replication/logicalworker.h"
#include "server/copy_context.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/record_guard.h"
#include "server/trigger_call.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(record_before);

/* A table, and the functions that change it. */
typedef struct Guarded
{
	OwnTable	table;
	const char *hint;
} Guarded;

static const Guarded guarded[] = {
	{OWN_KEYS, "integration_secrets_rewrap() and integration_secrets_rotate() change keys."},
};

/* How many of our own functions are writing just now. */
static int	writers = 0;

/*
 * record_execute: run a statement of ours on such a table, as its owner; returns
 * how many rows were processed.
 *
 * The format's %1$s is the table; the rest is as for kept_plan_execute(), and
 * the caller has asked for the rights of whom he works for.
 */
uint64
record_execute(KeptPlan *kept, Oid relid, const char *format, int nargs,
			   const Oid *types, const Datum *values, const char *nulls, Snapshot snapshot)
{
	char	   *query = psprintf(format, qualified_name(relid));
	volatile uint64 rows = 0;

	writers++;
	PG_TRY();
	{
		rows = own_execute(kept, relation_owner(relid), query, nargs, types, values, nulls,
						   snapshot);
	}
	PG_FINALLY();
	{
		writers--;
	}
	PG_END_TRY();
	return rows;
}

/*
 * guarded_table: which of the tables the trigger's is.
 *
 * Errors: trigger_protocol_violated.
 */
static const Guarded *
guarded_table(FunctionCallInfo fcinfo)
{
	Oid			relid = CALLED_AS_TRIGGER(fcinfo) ?
		RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation) : InvalidOid;
	int			i;

	for (i = lengthof(guarded) - 1; i > 0; i--)
		if (own_table(fcinfo, guarded[i].table, NoLock) == relid)
			break;
	(void) trigger_call_for(fcinfo, guarded[i].table,
							FIRED(BEFORE, ROW, INSERT) | FIRED(BEFORE, ROW, UPDATE) |
							FIRED(BEFORE, ROW, DELETE) | FIRED(BEFORE, STATEMENT, TRUNCATE),
							"before insert, update or delete, for each row, and before truncate");
	return &guarded[i];
}

/*
 * record_before() returns trigger: BEFORE INSERT, UPDATE or DELETE, for each row,
 * and BEFORE TRUNCATE; it fires ALWAYS.
 *
 * A subscriber follows what its publisher's functions have done.
 */
Datum
record_before(PG_FUNCTION_ARGS)
{
	const Guarded *table = guarded_table(fcinfo);
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TriggerEvent event = trigger->tg_event;
	HeapTuple	row = TRIGGER_FIRED_BY_UPDATE(event) ? trigger->tg_newtuple :
		trigger->tg_trigtuple;

	if (writers > 0 || IsLogicalWorker())
		return PointerGetDatum(row);
	if (TRIGGER_FIRED_BY_INSERT(event))
	{
		hide_rows_of_copy();
		return PointerGetDatum(row);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("rows of table \"%s\" cannot be changed", own_table_name(table->table)),
			 errdetail("%s is refused by trigger \"%s\".",
					   TRIGGER_FIRED_BY_UPDATE(event) ? "UPDATE" :
					   TRIGGER_FIRED_BY_DELETE(event) ? "DELETE" : "TRUNCATE",
					   trigger->tg_trigger->tgname),
			 errhint("%s", table->hint),
			 errtable(trigger->tg_relation)));
	return PointerGetDatum(NULL);	/* not reached */
}
