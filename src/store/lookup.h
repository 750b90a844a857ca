/*-------------------------------------------------------------------------
 *
 * store/lookup.h
 *	  Looking nodes up by their names.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_LOOKUP_H
#define STORE_LOOKUP_H

#include "access/genam.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

/* The columns of node_configurations that C code reads. */
typedef enum NodeColumn
{
	NODE_ORG_ID,
	NODE_NODE_ID,
	NODE_PARENT_ID,
	NODE_TYPE,
	NODE_CONFIG_JSON,
	NODE_VERSION,
	NODE_NAME,
	NODE_CREATED_AT,
	NODE_UPDATED_AT,
	NODE_UPDATED_BY,
	NODE_INCARNATION,
	NODE_COLUMNS				/* how many there are */
} NodeColumn;

/* The table, opened. */
typedef struct NodeTable
{
	Relation	relation;
	AttrNumber	columns[NODE_COLUMNS];
	Oid			index;			/* the primary key's; InvalidOid: scan */
	bool		incarnations;	/* are they read? */
	struct NodeProbe *probe;	/* node_find's and node_exists's */
} NodeTable;

/* A row; what it points to is palloc'd. */
typedef struct NodeRow
{
	text	   *org_id;
	text	   *node_id;
	text	   *parent_id;		/* NULL: none */
	text	   *node_type;
	Jsonb	   *document;		/* NULL: null, which the table as it was made
								 * lets nobody write */
	int32		version;
	int32		incarnation;	/* where it is read */
} NodeRow;

/* Rows that are being read, one after the other. */
typedef struct NodeScan
{
	const NodeTable *table;
	SysScanDesc scan;
	MemoryContext cxt;			/* that of the scan itself */
	bool		documents;		/* are they wanted? */
} NodeScan;

extern void node_columns_find(Relation relation, AttrNumber *columns);
extern void node_table_open(NodeTable *table, Oid relid, LOCKMODE lockmode);
extern void node_table_close(NodeTable *table);
extern bool node_find(const NodeTable *table, text *org_id, text *node_id,
					  Snapshot snapshot, NodeRow *row);
extern bool node_place(const NodeTable *table, text *org_id, text *node_id,
					   Snapshot snapshot, NodeRow *row);
extern bool node_at(const NodeTable *table, ItemPointer place,
					Snapshot snapshot, NodeRow *row);
extern bool node_exists(const NodeTable *table, text *org_id, text *node_id,
						Snapshot snapshot);
extern void node_scan_begin(NodeScan *scan, const NodeTable *table, text *org_id,
							bool documents, Snapshot snapshot);
extern bool node_scan_next(NodeScan *scan, NodeRow *row);
extern void node_scan_end(NodeScan *scan);
extern bool node_has_children(const NodeTable *table, text *org_id, text *node_id,
							  Snapshot snapshot);
extern int	node_levels_below(const NodeTable *table, text *org_id, text *node_id,
							  Snapshot snapshot, int limit);

#endif							/* STORE_LOOKUP_H */
