/*-------------------------------------------------------------------------
 *
 * server/own_table.c
 *	  What we may rely on in the extension's own tables.
 *
 * The tables' owner, who need be no superuser, may alter them.  C code that
 * took a column for what it is not would take the server down, or read what
 * is none of that user's business.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_language.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "nodes/nodeFuncs.h"
#include "server/own_table.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/*
 * find_column: the number of a column, or an error where the table's owner has
 * dropped it, renamed it or given it another type.
 *
 * It is looked for from start on: that is where it is in a table as our install
 * script makes it, if columns are asked for in their order.
 */
static AttrNumber
find_column(Relation relation, const OwnColumn *wanted, int start)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int n = 0; n < desc->natts; n++)
	{
		int			i = (start + n) % desc->natts;
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), wanted->name) != 0)
			continue;
		if (attribute->atttypid == wanted->type)
			return i + 1;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not as the extension made it",
						RelationGetRelationName(relation)),
				 errdetail("Its column \"%s\" is of type %s.", wanted->name,
						   format_type_be(attribute->atttypid)),
				 errhint("Give the column its type %s again.", format_type_be(wanted->type)),
				 errtablecol(relation, i + 1)));
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" is not as the extension made it",
					RelationGetRelationName(relation)),
			 errdetail("It has no column \"%s\".", wanted->name),
			 errhint("The column was dropped or renamed; give it its name again."),
			 errtable(relation)));
	return InvalidAttrNumber;	/* not reached */
}

/*
 * own_columns: the numbers of columns, found by their names, so that those
 * which the table's owner adds or drops shift nothing.
 *
 * Errors: object_not_in_prerequisite_state where one is not there, or is of
 * another type.
 */
void
own_columns(Relation relation, const OwnColumn *wanted, int nwanted,
			AttrNumber *numbers)
{
	for (int i = 0; i < nwanted; i++)
		numbers[i] = find_column(relation, &wanted[i], i > 0 ? numbers[i - 1] : 0);
}

/*
 * own_column: the number of one column, as own_columns().
 */
int
own_column(Relation relation, const char *name, Oid type)
{
	OwnColumn	wanted = {name, type};

	return find_column(relation, &wanted, 0);
}

/*
 * own_row: the row that is at a place of the table, palloc'd; NULL where the
 * snapshot sees none, or there is no such place.
 */
HeapTuple
own_row(Relation relation, ItemPointer place, Snapshot snapshot)
{
	TableScanDesc scan = table_beginscan_tid(relation, snapshot);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	HeapTuple	row = NULL;

	if (table_tuple_tid_valid(scan, place) &&
		table_tuple_fetch_row_version(relation, place, snapshot, slot))
		row = ExecCopySlotHeapTuple(slot);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	return row;
}

/*
 * own_key_index: the index of the table's primary key, if that has just these
 * columns in this order; InvalidOid if not.
 */
Oid
own_key_index(Relation table, int nkeys, const AttrNumber *key)
{
	HeapTuple	row;
	Form_pg_index index;
	bool		right;
	Oid			pkindex;

	/* rd_pkindex is set with the list, until the look-up lets an invalidation in */
	if (!table->rd_indexvalid)
		list_free(RelationGetIndexList(table));
	pkindex = table->rd_pkindex;
	if (!OidIsValid(pkindex))
		return InvalidOid;
	row = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(pkindex));
	if (!HeapTupleIsValid(row))
		return InvalidOid;
	index = (Form_pg_index) GETSTRUCT(row);
	/* with indcheckxmin an older snapshot may not use it: see plancat.c */
	right = index->indisvalid && !index->indcheckxmin && index->indnkeyatts == nkeys;
	for (int i = 0; i < nkeys && right; i++)
		right = index->indkey.values[i] == key[i];
	ReleaseSysCache(row);
	return right ? pkindex : InvalidOid;
}

/*
 * own_index: a B-tree index of the table whose first columns are these, all of
 * type text, as the server compares them; InvalidOid where there is none that
 * has every row.
 */
Oid
own_index(Relation table, int nkeys, const AttrNumber *key)
{
	List	   *indexes = RelationGetIndexList(table);
	Oid			result = InvalidOid;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		Form_pg_index form = index->rd_index;
		bool		right;

		/* with indcheckxmin an older snapshot may not use it: see plancat.c */
		right = form->indisvalid && !form->indcheckxmin &&
			index->rd_rel->relam == BTREE_AM_OID && form->indnkeyatts >= nkeys &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
		for (int i = 0; i < nkeys && right; i++)
			right = form->indkey.values[i] == key[i] &&
				index->rd_opfamily[i] == TEXT_BTREE_FAM_OID &&
				index->rd_indcollation[i] ==
				TupleDescAttr(RelationGetDescr(table), key[i] - 1)->attcollation;
		index_close(index, AccessShareLock);
		if (right)
		{
			result = lfirst_oid(cell);
			break;
		}
	}
	list_free(indexes);
	return result;
}
