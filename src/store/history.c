/*-------------------------------------------------------------------------
 *
 * store/history.c
 *	  The versions of nodes: reading the latest, writing a new one.
 *
 * History is written as the table's owner (server/identity.c), since no one
 * else is to write it, and so that no code of his runs with the rights of
 * whoever writes a node.  It is read by a direct probe of its primary key.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "jsonb/reader.h"
#include "server/actor.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/trigger_call.h"
#include "store/history.h"
#include "store/write_context.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

/* The columns of node_configuration_history that are read here. */
enum
{
	HISTORY_ORG_ID,
	HISTORY_NODE_ID,
	HISTORY_VERSION,
	HISTORY_OPERATION,
	HISTORY_PARENT_ID,
	HISTORY_INCARNATION,
	HISTORY_COLUMNS
};

static const OwnColumn columns[HISTORY_COLUMNS] = {
	[HISTORY_ORG_ID] = {"org_id", TEXTOID},
	[HISTORY_NODE_ID] = {"node_id", TEXTOID},
	[HISTORY_VERSION] = {"version", INT4OID},
	[HISTORY_OPERATION] = {"operation", TEXTOID},
	[HISTORY_PARENT_ID] = {"parent_id", TEXTOID},
	[HISTORY_INCARNATION] = {"incarnation", INT4OID},
};

/* How many of our own functions are writing history just now. */
static int	writers = 0;

/*
 * history_is_open: is one of our own functions writing?
 */
bool
history_is_open(void)
{
	return writers > 0;
}

/*
 * read_version: a row's version, and what it says of the node's place.
 */
static int32
read_version(HeapTuple row, TupleDesc desc, const AttrNumber *numbers,
			 LatestVersion *latest)
{
	bool		isnull;
	Datum		operation = heap_getattr(row, numbers[HISTORY_OPERATION], desc, &isnull);
	Datum		version;
	Datum		parent_id;
	Datum		incarnation;

	latest->deleted = !isnull && strcmp(TextDatumGetCString(operation), "delete") == 0;
	parent_id = heap_getattr(row, numbers[HISTORY_PARENT_ID], desc, &isnull);
	latest->parent_id = isnull ? NULL : DatumGetTextPCopy(parent_id);
	incarnation = heap_getattr(row, numbers[HISTORY_INCARNATION], desc, &isnull);
	latest->incarnation = isnull ? 0 : DatumGetInt32(incarnation);
	version = heap_getattr(row, numbers[HISTORY_VERSION], desc, &isnull);
	return isnull ? 0 : DatumGetInt32(version);
}

/*
 * is_of_elsewhere: did a version come before this database's own ones, as
 * store/import_history.c brings them?
 */
static bool
is_of_elsewhere(HeapTuple row, TupleDesc desc, const AttrNumber *numbers)
{
	bool		isnull;
	Datum		version = heap_getattr(row, numbers[HISTORY_VERSION], desc, &isnull);

	return !isnull && DatumGetInt32(version) <= 0;
}

/*
 * history_latest: the number of the latest version of a node that the snapshot
 * sees, and what it says of its place; 0 where there is none.
 *
 * Errors: object_not_in_prerequisite_state where the table has not its primary
 * key, by which alone this is quick and right.
 */
int32
history_latest(FunctionCallInfo fcinfo, text *org_id, text *node_id,
			   Snapshot snapshot, LatestVersion *latest)
{
	Relation	table = table_open(own_table_required(fcinfo, OWN_HISTORY, AccessShareLock),
								   NoLock);
	TupleDesc	desc = RelationGetDescr(table);
	AttrNumber	numbers[HISTORY_COLUMNS];
	AttrNumber	key[3];
	Oid			index_oid;
	Relation	index;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	row;
	int32		version = 0;

	own_columns(table, columns, HISTORY_COLUMNS, numbers);
	key[0] = numbers[HISTORY_ORG_ID];
	key[1] = numbers[HISTORY_NODE_ID];
	key[2] = numbers[HISTORY_VERSION];
	index_oid = own_key_index(table, lengthof(key), key);
	if (!OidIsValid(index_oid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has not the primary key that it was made with",
						RelationGetRelationName(table))));
	for (int i = 0; i < 2; i++)
		ScanKeyEntryInitialize(&keys[i], 0, key[i], BTEqualStrategyNumber, InvalidOid,
							   TupleDescAttr(desc, key[i] - 1)->attcollation, F_TEXTEQ,
							   PointerGetDatum(i == 0 ? org_id : node_id));
	index = index_open(index_oid, AccessShareLock);
	scan = systable_beginscan_ordered(table, index, snapshot, lengthof(keys), keys);
	row = systable_getnext_ordered(scan, BackwardScanDirection);
	if (HeapTupleIsValid(row) && !is_of_elsewhere(row, desc, numbers))
		version = read_version(row, desc, numbers, latest);
	systable_endscan_ordered(scan);
	index_close(index, NoLock);
	table_close(table, NoLock);
	return version;
}

/*
 * context_of: what the function that writes this node says of the write; NULL
 * for a statement of the caller's own.
 */
const WriteContext *
context_of(text *org_id, text *node_id)
{
	if (write_context != NULL &&
		jsonb_ref_is(write_context->org_id, VARDATA_ANY(org_id), VARSIZE_ANY_EXHDR(org_id)) &&
		jsonb_ref_is(write_context->node_id, VARDATA_ANY(node_id), VARSIZE_ANY_EXHDR(node_id)))
		return write_context;
	return NULL;
}

/*
 * reason_of: why a node is written; NULL where nobody says.
 */
static const char *
reason_of(text *org_id, text *node_id)
{
	const WriteContext *context = context_of(org_id, node_id);

	return context != NULL && context->reason != NULL ? context->reason : actor_reason();
}

/*
 * author_of: who writes a node.
 */
const char *
author_of(text *org_id, text *node_id)
{
	const WriteContext *context = context_of(org_id, node_id);

	return context != NULL && context->author != NULL ? context->author : actor_author();
}

/*
 * write_as_owner: run a query on the history as its owner, which the history's
 * guard lets pass.
 */
static uint64
write_as_owner(KeptPlan *kept, const char *text, Oid owner, int nargs,
			   const Oid *argtypes, const Datum *values, const char *nulls,
			   Snapshot snapshot)
{
	volatile uint64 rows = 0;

	writers++;
	PG_TRY();
	{
		rows = own_execute(kept, owner, text, nargs, argtypes, values, nulls, snapshot);
	}
	PG_FINALLY();
	{
		writers--;
	}
	PG_END_TRY();
	return rows;
}

/*
 * history_change: run a statement on the history as its owner, under the latest
 * snapshot; returns how many rows were processed.
 *
 * The caller is connected to SPI, and has asked for the rights of whom it
 * works for.
 */
uint64
history_change(Oid relid, const char *query, int nargs, const Oid *argtypes,
			   const Datum *values, const char *nulls)
{
	static KeptPlan kept;
	uint64		rows;

	PushActiveSnapshot(GetLatestSnapshot());
	rows = write_as_owner(&kept, query, relation_owner(relid), nargs, argtypes,
						  values, nulls, GetActiveSnapshot());
	PopActiveSnapshot();
	return rows;
}

/*
 * history_write: add a version; false where the history has one of that number
 * already.
 *
 * Reason and role are those of who is writing now.  Of a restored node's version
 * only that is known: see store/restore.c.
 */
bool
history_write(FunctionCallInfo fcinfo, const NodeVersion *version)
{
	static KeptPlan kept;
	static const Oid argtypes[] = {
		TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID,
		TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, XID8OID
	};
	Relation	table = table_open(own_table_required(fcinfo, OWN_HISTORY, RowExclusiveLock),
								   NoLock);
	const char *reason = reason_of(version->org_id, version->node_id);
	Datum		values[lengthof(argtypes)];
	char		nulls[lengthof(argtypes) + 1];
	char	   *query;
	uint64		rows;

	values[0] = PointerGetDatum(version->org_id);
	values[1] = PointerGetDatum(version->node_id);
	values[2] = Int32GetDatum(version->version);
	values[3] = CStringGetTextDatum(version->operation);
	values[4] = PointerGetDatum(version->parent_id);
	values[5] = PointerGetDatum(version->node_type);
	values[6] = PointerGetDatum(version->name);
	values[7] = PointerGetDatum(version->document);
	values[8] = PointerGetDatum(version->author);
	values[9] = reason != NULL ? CStringGetTextDatum(reason) : (Datum) 0;
	values[10] = CStringGetTextDatum(actor_role());
	values[11] = TimestampTzGetDatum(version->changed_at);
	values[12] = TimestampTzGetDatum(version->created_at);
	values[13] = Int32GetDatum(version->incarnation);
	values[14] = FullTransactionIdGetDatum(version->restored ? InvalidFullTransactionId :
										   GetTopFullTransactionId());
	memset(nulls, ' ', sizeof(nulls));
	for (int i = 0; i < (int) lengthof(argtypes); i++)
		if ((argtypes[i] == TEXTOID || argtypes[i] == JSONBOID) &&
			DatumGetPointer(values[i]) == NULL)
			nulls[i] = 'n';

	query = psprintf("INSERT INTO %s (org_id, node_id, version, operation, parent_id,"
					 " node_type, name, config_json, author, reason, role, changed_at,"
					 " created_at, incarnation, transaction)"
					 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
					 " ON CONFLICT DO NOTHING", qualified_name(RelationGetRelid(table)));
	SPI_connect();
	rows = write_as_owner(&kept, query, table->rd_rel->relowner, lengthof(argtypes),
						  argtypes, values, nulls, InvalidSnapshot);
	SPI_finish();
	pfree(query);
	table_close(table, NoLock);
	return rows == 1;
}

/*
 * history_write_all_deleted: note that all nodes are deleted, before a
 * TRUNCATE of them.
 *
 * It takes away what was committed after the transaction's snapshot was taken,
 * too, so the nodes are read under the latest one.
 */
void
history_write_all_deleted(FunctionCallInfo fcinfo, Relation nodes)
{
	static KeptPlan kept;
	static const Oid argtypes[] = {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID};
	Relation	table = table_open(own_table_required(fcinfo, OWN_HISTORY, RowExclusiveLock),
								   NoLock);
	const char *reason = actor_reason();
	Datum		values[lengthof(argtypes)];
	char		nulls[] = "    ";
	char	   *query;

	values[0] = CStringGetTextDatum(actor_author());
	values[1] = reason != NULL ? CStringGetTextDatum(reason) : (Datum) 0;
	nulls[1] = reason == NULL ? 'n' : ' ';
	values[2] = CStringGetTextDatum(actor_role());
	values[3] = TimestampTzGetDatum(actor_stamp());
	query = psprintf("INSERT INTO %s (org_id, node_id, version, operation, parent_id,"
					 " node_type, name, author, reason, role, changed_at, created_at, incarnation)"
					 " SELECT n.org_id, n.node_id, n.version OPERATOR(pg_catalog.+) 1, 'delete',"
					 " n.parent_id, n.node_type, n.name, $1, $2, $3, $4, n.created_at, n.incarnation"
					 " FROM ONLY %s AS n", qualified_name(RelationGetRelid(table)),
					 qualified_name(RelationGetRelid(nodes)));
	SPI_connect();
	PushActiveSnapshot(GetLatestSnapshot());
	(void) write_as_owner(&kept, query, table->rd_rel->relowner, lengthof(argtypes),
						  argtypes, values, nulls, GetActiveSnapshot());
	PopActiveSnapshot();
	SPI_finish();
	pfree(query);
	table_close(table, NoLock);
}
