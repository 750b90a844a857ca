/*-------------------------------------------------------------------------
 *
 * store/reader.h
 *	  The nodes as the caller of a function may read them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_READER_H
#define STORE_READER_H

#include "fmgr.h"
#include "store/access.h"
#include "store/lookup.h"

/* The table, open for a function's caller, and what he may see of it. */
typedef struct NodeReader
{
	NodeTable	table;
	Snapshot	snapshot;
	Access		access;
	int			privilege;		/* that lets him read, without rights */
	int			ncolumns;		/* that are read */
	AttrNumber	columns[NODE_COLUMNS];
} NodeReader;

typedef void (*NameCallback) (text *name, void *arg);

extern void reader_begin(NodeReader *reader, FunctionCallInfo fcinfo, int privilege,
						 int ncolumns, const NodeColumn *columns);
extern void reader_begin_all(NodeReader *reader, FunctionCallInfo fcinfo, text *org_id,
							 int ncolumns, const NodeColumn *columns);
extern bool reader_find(NodeReader *reader, text *org_id, text *node_id, NodeRow *row);
extern int	reader_privileges(NodeReader *reader, FunctionCallInfo fcinfo, text *org_id,
							  text *node_id);
extern void reader_require(NodeReader *reader, text *org_id, text *node_id, bool found,
						   int privileges);
extern void reader_refuse_all(const NodeReader *reader, text *org_id);
extern bool reader_sees(const NodeTable *table, text *org_id, text *node_id);
extern void reader_visible_nodes(NodeReader *reader, text *org_id,
								 NameCallback callback, void *arg);
extern void reader_visible_organisations(NodeReader *reader,
										 NameCallback callback, void *arg);
extern void reader_end(NodeReader *reader);

#endif							/* STORE_READER_H */
