/*-------------------------------------------------------------------------
 *
 * catalogue/watch.c
 *	  The catalogue's version, and whether it tells of every change.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "catalogue/watch.h"
#include "commands/trigger.h"
#include "server/extension.h"
#include "server/own_table.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#define TOUCH_TRIGGER "integration_schemas_touch"
#define TOUCH_ROW_TRIGGER "integration_schemas_touch_row"

/*
 * is_version_table: has the table of versions the columns that it was made
 * with?  Its owner may have altered it.
 */
static bool
is_version_table(Relation relation)
{
	TupleDesc	desc = RelationGetDescr(relation);

	return desc->natts == 2 &&
		TupleDescAttr(desc, 0)->atttypid == BOOLOID &&
		TupleDescAttr(desc, 1)->atttypid == UUIDOID;
}

/*
 * catalogue_version: the catalogue's version under that snapshot; false where there
 * is none.
 *
 * By the index, if it is there: a sequential scan begins with a system call for
 * the table's size, which costs more than all the rest.
 */
bool
catalogue_version(FunctionCallInfo fcinfo, Snapshot snapshot, pg_uuid_t *version)
{
	static const AttrNumber singleton[] = {1};
	Oid			relid = own_table(fcinfo, OWN_VERSION, AccessShareLock);
	Oid			index;
	Relation	relation;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	if (!OidIsValid(relid))
		return false;
	relation = relation_open(relid, NoLock);
	if (is_version_table(relation))
	{
		index = own_key_index(relation, lengthof(singleton), singleton);
		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_BOOLEQ, BoolGetDatum(true));
		scan = systable_beginscan(relation, index, OidIsValid(index), snapshot, 1, &key);
		tuple = systable_getnext(scan);
		if (HeapTupleIsValid(tuple))
		{
			bool		isnull;
			Datum		value = heap_getattr(tuple, 2, RelationGetDescr(relation), &isnull);

			if (!isnull)
			{
				*version = *DatumGetUUIDP(value);
				found = true;
			}
		}
		systable_endscan(scan);
	}
	relation_close(relation, NoLock);
	return found;
}

/*
 * is_older: was this version of a system catalogue's row there before the
 * snapshot was taken?
 */
static bool
is_older(HeapTuple tuple, Snapshot snapshot)
{
	TransactionId xmin = HeapTupleHeaderGetXmin(tuple->t_data);

	return !TransactionIdIsCurrentTransactionId(xmin) &&
		(!TransactionIdIsNormal(xmin) || !XidInMVCCSnapshot(xmin, snapshot));
}

/*
 * table_is_older: was the table as it is now, in its present files, before the
 * snapshot was taken?
 */
static bool
table_is_older(Oid relid, Snapshot snapshot)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		older;

	if (!HeapTupleIsValid(tuple))
		return false;
	older = is_older(tuple, snapshot);
	ReleaseSysCache(tuple);
	return older;
}

/*
 * catalogue_is_watched: has each change of the table's rows moved the version, also
 * since before the snapshot was taken?
 */
bool
catalogue_is_watched(Oid relid, Snapshot snapshot)
{
	Relation	pg_trigger;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	int			found = 0;

	/* Rows of a table that inherits from ours would come and go unseen. */
	if (get_rel_relkind(relid) != RELKIND_RELATION || has_subclass(relid) ||
		!table_is_older(relid, snapshot))
		return false;

	pg_trigger = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(pg_trigger, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_trigger trigger = (Form_pg_trigger) GETSTRUCT(tuple);

		if (trigger->tgenabled == TRIGGER_FIRES_ALWAYS &&
			(strcmp(NameStr(trigger->tgname), TOUCH_TRIGGER) == 0 ||
			 strcmp(NameStr(trigger->tgname), TOUCH_ROW_TRIGGER) == 0) &&
			is_older(tuple, snapshot))
			found++;
	}
	systable_endscan(scan);
	table_close(pg_trigger, AccessShareLock);
	return found == 2;
}
