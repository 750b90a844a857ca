/*-------------------------------------------------------------------------
 *
 * store/history_trigger.c
 *	  The triggers of node_configuration_history: history is written by our own
 *	  functions alone, and restored.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "replication/logicalworker.h"
#include "server/copy_context.h"
#include "server/own_table.h"
#include "server/row_guard.h"
#include "server/trigger_call.h"
#include "store/history.h"
#include "store/restore.h"
#include "utils/rel.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(history_before);

/*
 * ours: a constraint that what we write fulfils.
 */
static bool
ours(const char *constraint)
{
	return strcmp(constraint, "node_configuration_history_operation_check") == 0 ||
		strcmp(constraint, "node_configuration_history_document_check") == 0;
}

/*
 * guard_row: keep a row out of the errors of the table's constraints; checked is
 * as for row_guard_begin().
 */
static void
guard_row(FunctionCallInfo fcinfo, Relation history, ConstraintFilter checked, HeapTuple row)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = row_guard_begin(history, checked, fcinfo->flinfo->fn_mcxt);
	row_guard_check(fcinfo->flinfo->fn_extra, history, row);
}

/*
 * restored: a row that a statement brings, as a restore does.
 *
 * A transaction's number means nothing in another cluster, so the row gets the
 * number of the one that brings it.
 */
static HeapTuple
restored(FunctionCallInfo fcinfo, Relation history, HeapTuple row)
{
	int			column = own_column(history, "transaction", XID8OID);
	Datum		value = FullTransactionIdGetDatum(GetTopFullTransactionId());
	bool		isnull = false;

	hide_rows_of_copy();
	row = heap_modify_tuple_by_cols(row, RelationGetDescr(history), 1, &column, &value, &isnull);
	guard_row(fcinfo, history, NULL, row);
	return row;
}

/*
 * history_before() returns trigger: BEFORE INSERT, UPDATE or DELETE, for each
 * row, and BEFORE TRUNCATE; it fires ALWAYS.
 *
 * A subscriber follows what its publisher's functions have done.
 */
Datum
history_before(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, OWN_HISTORY,
											FIRED(BEFORE, ROW, INSERT) |
											FIRED(BEFORE, ROW, UPDATE) |
											FIRED(BEFORE, ROW, DELETE) |
											FIRED(BEFORE, STATEMENT, TRUNCATE),
											"before insert, update or delete, for each row, and before truncate");
	TriggerEvent event = trigger->tg_event;
	HeapTuple	row = trigger->tg_trigtuple;
	const char *operation = "TRUNCATE";

	if (TRIGGER_FIRED_BY_UPDATE(event))
		row = trigger->tg_newtuple;
	if (history_is_open() || IsLogicalWorker())
	{
		if (!TRIGGER_FIRED_BY_DELETE(event) && TRIGGER_FIRED_FOR_ROW(event))
			guard_row(fcinfo, trigger->tg_relation, ours, row);
		return PointerGetDatum(row);
	}
	if (TRIGGER_FIRED_BY_INSERT(event))
	{
		row = restored(fcinfo, trigger->tg_relation, row);
		if (restore_is_on(fcinfo))
		{
			restore_lock(fcinfo);
			if (restore_version(trigger->tg_relation, row))
				row = NULL;
		}
		return PointerGetDatum(row);
	}
	if (TRIGGER_FIRED_BY_UPDATE(event))
		operation = "UPDATE";
	else if (TRIGGER_FIRED_BY_DELETE(event))
		operation = "DELETE";
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("history of node configurations cannot be changed"),
			 errdetail("%s is refused by trigger \"%s\".", operation,
					   trigger->tg_trigger->tgname),
			 errhint("integration_config_erase() takes a value out of it, integration_config_prune() its old versions."),
			 errtable(trigger->tg_relation)));
	return PointerGetDatum(NULL);	/* not reached */
}
