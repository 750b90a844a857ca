/*-------------------------------------------------------------------------
 *
 * store/lookup.c
 *	  Looking nodes up by their names.
 *
 * The extension's own table is read where it lies: a row by a probe of the
 * primary key, for which the executor would spend most of the time on starting
 * and ending, and so that nothing of its owner's (policies, views, functions)
 * runs or hides a row.  Columns are found by their names, so that those which
 * its owner adds do no harm; where he took an index away, the table is scanned.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "server/own_table.h"
#include "store/lookup.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

/* The columns, as sql/60_nodes.sql declares them, and where they are then. */
static const OwnColumn node_columns[NODE_COLUMNS] = {
	[NODE_ORG_ID] = {"org_id", TEXTOID},
	[NODE_NODE_ID] = {"node_id", TEXTOID},
	[NODE_PARENT_ID] = {"parent_id", TEXTOID},
	[NODE_TYPE] = {"node_type", TEXTOID},
	[NODE_CONFIG_JSON] = {"config_json", JSONBOID},
	[NODE_VERSION] = {"version", INT4OID},
	[NODE_NAME] = {"name", TEXTOID},
	[NODE_CREATED_AT] = {"created_at", TIMESTAMPTZOID},
	[NODE_UPDATED_AT] = {"updated_at", TIMESTAMPTZOID},
	[NODE_UPDATED_BY] = {"updated_by", TEXTOID},
	[NODE_INCARNATION] = {"incarnation", INT4OID},
};

/* The look-ups by the primary key that are made in an open table. */
struct NodeProbe
{
	MemoryContext cxt;
	SysScanDesc scan;			/* the last one; NULL none yet */
	Snapshot	snapshot;		/* that it sees */
};

/*
 * node_columns_find: where the columns are in the table.
 *
 * Errors: object_not_in_prerequisite_state where one is not there, or is of
 * another type.
 */
void
node_columns_find(Relation relation, AttrNumber *columns)
{
	own_columns(relation, node_columns, NODE_COLUMNS, columns);
}

/*
 * node_table_open: open the extension's own table, as own_table() gives it.
 *
 * What is read of it is read as it lies in the table: no code of its owner's
 * runs, row security hides nothing and no rights are asked.  That a role may
 * read it is the caller's to see to (rights_checked(), and row security).
 *
 * Errors: object_not_in_prerequisite_state where a column that we read is not
 * there, or is of another type.
 */
void
node_table_open(NodeTable *table, Oid relid, LOCKMODE lockmode)
{
	table->relation = table_open(relid, lockmode);
	node_columns_find(table->relation, table->columns);
	StaticAssertStmt(NODE_ORG_ID == 0 && NODE_NODE_ID == 1,
					 "the primary key's columns come first");
	table->index = own_key_index(table->relation, 2, table->columns);
	table->incarnations = false;
	table->probe = palloc0(sizeof(struct NodeProbe));
	table->probe->cxt = CurrentMemoryContext;
}

/*
 * node_table_close: close it; its lock is kept, as after a SELECT.
 */
void
node_table_close(NodeTable *table)
{
	if (table->probe->scan != NULL)
		systable_endscan(table->probe->scan);
	pfree(table->probe);
	table_close(table->relation, NoLock);
	table->relation = NULL;
}

/*
 * node_key: a key of a scan for the rows in which a column has that value.
 */
static void
node_key(const NodeTable *table, ScanKey key, NodeColumn column, text *value)
{
	AttrNumber	number = table->columns[column];

	ScanKeyEntryInitialize(key, 0, number, BTEqualStrategyNumber, InvalidOid,
						   TupleDescAttr(RelationGetDescr(table->relation),
										 number - 1)->attcollation,
						   F_TEXTEQ, PointerGetDatum(value));
}

/*
 * read_value: a column of a row; NULL where it is null.
 */
static Pointer
read_value(const NodeTable *table, HeapTuple tuple, NodeColumn column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, table->columns[column],
									 RelationGetDescr(table->relation), &isnull);

	return isnull ? NULL : DatumGetPointer(value);
}

/*
 * read_text: a copy of a column of type text, in the current memory context.
 */
static text *
read_text(const NodeTable *table, HeapTuple tuple, NodeColumn column)
{
	Pointer		value = read_value(table, tuple, column);

	return value == NULL ? NULL : DatumGetTextPCopy(PointerGetDatum(value));
}

/*
 * read_row: copies of a row's columns but for the primary key's, in the current
 * memory context.
 */
static void
read_row(const NodeTable *table, HeapTuple tuple, bool document, NodeRow *row)
{
	Pointer		value = document ? read_value(table, tuple, NODE_CONFIG_JSON) : NULL;
	bool		isnull;
	Datum		version = heap_getattr(tuple, table->columns[NODE_VERSION],
									   RelationGetDescr(table->relation), &isnull);

	row->parent_id = read_text(table, tuple, NODE_PARENT_ID);
	row->node_type = read_text(table, tuple, NODE_TYPE);
	row->document = value == NULL ? NULL : DatumGetJsonbPCopy(PointerGetDatum(value));
	row->version = isnull ? 0 : DatumGetInt32(version);
	row->incarnation = 0;
	if (table->incarnations)
	{
		Datum		incarnation = heap_getattr(tuple, table->columns[NODE_INCARNATION],
											   RelationGetDescr(table->relation), &isnull);

		row->incarnation = isnull ? 0 : DatumGetInt32(incarnation);
	}
}

/*
 * node_probe: a node's row, valid until the next probe; NULL where there is none.
 *
 * The index is opened once: the next probe rescans it.  What a scan keeps is in
 * the memory context that was current when the table was opened.
 */
static HeapTuple
node_probe(const NodeTable *table, text *org_id, text *node_id, Snapshot snapshot)
{
	struct NodeProbe *probe = table->probe;
	MemoryContext caller = MemoryContextSwitchTo(probe->cxt);
	ScanKeyData keys[2];
	HeapTuple	tuple;

	node_key(table, &keys[0], NODE_ORG_ID, org_id);
	node_key(table, &keys[1], NODE_NODE_ID, node_id);
	/* the server may have left the index alone: ignore_system_indexes, REINDEX */
	if (probe->scan != NULL && probe->snapshot == snapshot && probe->scan->irel != NULL)
	{
		/* columns of the index, as systable_beginscan makes them */
		keys[0].sk_attno = 1;
		keys[1].sk_attno = 2;
		index_rescan(probe->scan->iscan, keys, 2, NULL, 0);
	}
	else
	{
		if (probe->scan != NULL)
			systable_endscan(probe->scan);
		probe->scan = systable_beginscan(table->relation, table->index,
										 OidIsValid(table->index), snapshot, 2, keys);
		probe->snapshot = snapshot;
	}
	tuple = systable_getnext(probe->scan);
	MemoryContextSwitchTo(caller);
	return tuple;
}

/*
 * read_node: a node's row, in copies in the current memory context; false
 * where there is none.
 */
static bool
read_node(const NodeTable *table, text *org_id, text *node_id, Snapshot snapshot,
		  bool document, NodeRow *row)
{
	HeapTuple	tuple = node_probe(table, org_id, node_id, snapshot);

	if (HeapTupleIsValid(tuple))
	{
		row->org_id = org_id;
		row->node_id = node_id;
		read_row(table, tuple, document, row);
	}
	return HeapTupleIsValid(tuple);
}

/*
 * node_find: a node's row, in copies in the current memory context; false
 * where there is none.
 */
bool
node_find(const NodeTable *table, text *org_id, text *node_id, Snapshot snapshot,
		  NodeRow *row)
{
	return read_node(table, org_id, node_id, snapshot, true, row);
}

/*
 * node_place: the same without its document.
 */
bool
node_place(const NodeTable *table, text *org_id, text *node_id, Snapshot snapshot,
		   NodeRow *row)
{
	return read_node(table, org_id, node_id, snapshot, false, row);
}

/*
 * node_at: the row at a place of the table, without its document, in copies in
 * the current memory context; false where there is none.
 */
bool
node_at(const NodeTable *table, ItemPointer place, Snapshot snapshot, NodeRow *row)
{
	HeapTuple	tuple = own_row(table->relation, place, snapshot);

	if (!HeapTupleIsValid(tuple))
		return false;
	row->org_id = read_text(table, tuple, NODE_ORG_ID);
	row->node_id = read_text(table, tuple, NODE_NODE_ID);
	read_row(table, tuple, false, row);
	return row->org_id != NULL;
}

/*
 * node_exists: is there such a node?
 */
bool
node_exists(const NodeTable *table, text *org_id, text *node_id, Snapshot snapshot)
{
	return HeapTupleIsValid(node_probe(table, org_id, node_id, snapshot));
}

/*
 * node_scan_begin: read the nodes of an organisation, or with NULL all there
 * are, in no order; their documents only where they are wanted.
 */
void
node_scan_begin(NodeScan *scan, const NodeTable *table, text *org_id,
				bool documents, Snapshot snapshot)
{
	ScanKeyData key;

	if (org_id != NULL)
		node_key(table, &key, NODE_ORG_ID, org_id);
	scan->table = table;
	scan->cxt = CurrentMemoryContext;
	scan->documents = documents;
	scan->scan = systable_beginscan(table->relation, table->index,
									org_id != NULL && OidIsValid(table->index),
									snapshot, org_id != NULL ? 1 : 0, &key);
}

/*
 * node_scan_next: the next row, in copies in the current memory context; false
 * at the end.
 */
bool
node_scan_next(NodeScan *scan, NodeRow *row)
{
	MemoryContext caller = MemoryContextSwitchTo(scan->cxt);
	HeapTuple	tuple = systable_getnext(scan->scan);

	MemoryContextSwitchTo(caller);
	CHECK_FOR_INTERRUPTS();
	if (!HeapTupleIsValid(tuple))
		return false;
	row->org_id = read_text(scan->table, tuple, NODE_ORG_ID);
	row->node_id = read_text(scan->table, tuple, NODE_NODE_ID);
	read_row(scan->table, tuple, scan->documents, row);
	return true;
}

/*
 * node_scan_end: no more rows are wanted.
 */
void
node_scan_end(NodeScan *scan)
{
	systable_endscan(scan->scan);
}

/*
 * children_index: the index to look for a node's children in; InvalidOid where
 * its owner has dropped it.
 */
static Oid
children_index(const NodeTable *table)
{
	AttrNumber	key[2] = {table->columns[NODE_ORG_ID], table->columns[NODE_PARENT_ID]};

	return own_index(table->relation, lengthof(key), key);
}

/*
 * children_begin: begin a scan of a node's children.
 */
static SysScanDesc
children_begin(const NodeTable *table, Oid index, text *org_id, text *node_id,
			   Snapshot snapshot)
{
	ScanKeyData keys[2];

	node_key(table, &keys[0], NODE_ORG_ID, org_id);
	node_key(table, &keys[1], NODE_PARENT_ID, node_id);
	return systable_beginscan(table->relation, index, OidIsValid(index), snapshot,
							  2, keys);
}

/*
 * node_has_children: is it another node's parent?
 */
bool
node_has_children(const NodeTable *table, text *org_id, text *node_id,
				  Snapshot snapshot)
{
	SysScanDesc scan = children_begin(table, children_index(table), org_id, node_id,
									  snapshot);
	bool		result = HeapTupleIsValid(systable_getnext(scan));

	systable_endscan(scan);
	return result;
}

/*
 * node_levels_below: how many levels of nodes are below a node, 0 for a leaf.
 *
 * More than limit are not counted: in a cycle there is no end of them.
 */
int
node_levels_below(const NodeTable *table, text *org_id, text *node_id,
				  Snapshot snapshot, int limit)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			index = children_index(table);
	MemoryContext level_cxt = NULL;
	List	   *level = list_make1(node_id);
	int			levels = 0;

	for (;;)
	{
		MemoryContext next_cxt = AllocSetContextCreate(caller, "level of nodes",
													   ALLOCSET_DEFAULT_SIZES);
		List	   *next = NIL;
		ListCell   *cell;

		MemoryContextSwitchTo(next_cxt);
		foreach(cell, level)
		{
			SysScanDesc scan = children_begin(table, index, org_id, lfirst(cell), snapshot);
			HeapTuple	child;

			while (HeapTupleIsValid(child = systable_getnext(scan)))
			{
				text	   *child_id = read_text(table, child, NODE_NODE_ID);

				CHECK_FOR_INTERRUPTS();
				if (child_id != NULL)
					next = lappend(next, child_id);
			}
			systable_endscan(scan);
		}
		MemoryContextSwitchTo(caller);
		if (level_cxt != NULL)
			MemoryContextDelete(level_cxt);
		level_cxt = next_cxt;
		level = next;
		if (level == NIL || levels == limit)
			break;
		levels++;
	}
	MemoryContextDelete(level_cxt);
	return levels;
}
