/*-------------------------------------------------------------------------
 *
 * store/node_truncate.c
 *	  The trigger of node_configurations for TRUNCATE.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/announce.h"
#include "server/settings.h"
#include "server/trigger_call.h"
#include "store/history.h"
#include "store/lookup.h"
#include "store/store.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(node_truncate);

/*
 * announce_all: announce that all nodes of each organisation are deleted; also
 * those that the transaction's own snapshot does not see.
 */
static void
announce_all(Relation nodes)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row_cxt = AllocSetContextCreate(caller, "truncated node",
												  ALLOCSET_DEFAULT_SIZES);
	NodeTable	table;
	NodeScan	scan;
	NodeRow		row;

	node_table_open(&table, RelationGetRelid(nodes), NoLock);
	PushActiveSnapshot(GetLatestSnapshot());
	node_scan_begin(&scan, &table, NULL, false, GetActiveSnapshot());
	MemoryContextSwitchTo(row_cxt);
	while (node_scan_next(&scan, &row))
	{
		/* the server sends what is said twice only once */
		announce_node("truncate", store_text_ref(row.org_id), (JsonbRef) {0});
		MemoryContextReset(row_cxt);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row_cxt);
	node_scan_end(&scan);
	PopActiveSnapshot();
	node_table_close(&table);
}

/*
 * node_truncate() returns trigger: BEFORE TRUNCATE.
 */
Datum
node_truncate(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, OWN_NODES,
											FIRED(BEFORE, STATEMENT, TRUNCATE),
											"before truncate");

	history_write_all_deleted(fcinfo, trigger->tg_relation);
	if (setting_notify)
		announce_all(trigger->tg_relation);
	return PointerGetDatum(NULL);
}
