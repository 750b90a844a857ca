/*-------------------------------------------------------------------------
 *
 * store/reader.c
 *	  The nodes as the caller of a function may read them.
 *
 * The caller needs the rights that a SELECT of the same columns takes, and the
 * node that he asks for must be one that he sees: where row security applies to
 * him, a query of his own says so, in which the policies have their say.  What
 * a node inherits belongs to the node: the nodes above it are read as the
 * table's owner reads them, by probes of the table, so that no policy makes a
 * value, or a lock, silently drop out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "store/reader.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

/*
 * reader_begin: open the table for a function's caller, who reads these
 * columns, under the active snapshot.
 *
 * While it is open, nothing that a policy does can take it away or alter it.
 *
 * Errors: undefined_table, insufficient_privilege, those of node_table_open.
 */
void
reader_begin(NodeReader *reader, FunctionCallInfo fcinfo,
			 int ncolumns, const NodeColumn *columns)
{
	Oid			relid = own_table_required(fcinfo, OWN_NODES, AccessShareLock);
	AttrNumber	numbers[NODE_COLUMNS];

	node_table_open(&reader->table, relid, NoLock);
	for (int i = 0; i < ncolumns; i++)
		numbers[i] = reader->table.columns[columns[i]];
	(void) rights_checked(relid, ACL_SELECT, ncolumns, numbers, GetUserId(), true);
	reader->row_security = check_enable_rls(relid, InvalidOid, false) == RLS_ENABLED;
	reader->snapshot = GetActiveSnapshot();
}

/*
 * ask: run a query on the table as the caller; returns how many rows there are
 * in SPI_tuptable.
 *
 * The caller is connected to SPI.  %s is the table, under the name that it has
 * now.  ONLY: a table that inherits from it is none of ours.
 */
static uint64
ask(NodeReader *reader, KeptPlan *kept, const char *text, int nargs, Datum *values)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID};
	char	   *name = qualified_name(RelationGetRelid(reader->table.relation));

	return kept_plan_execute(kept, psprintf(text, name), nargs, argtypes, values, NULL,
							 InvalidSnapshot, true);
}

/*
 * sees: does row security, which applies, let the caller see a node?
 */
static bool
sees(NodeReader *reader, text *org_id, text *node_id)
{
	static KeptPlan see;
	Datum		values[2] = {PointerGetDatum(org_id), PointerGetDatum(node_id)};
	uint64		rows;

	SPI_connect();
	rows = ask(reader, &see,
			   "SELECT FROM ONLY %s AS n"
			   " WHERE n.org_id OPERATOR(pg_catalog.=) $1 AND n.node_id OPERATOR(pg_catalog.=) $2",
			   2, values);
	SPI_finish();
	return rows > 0;
}

/*
 * reader_find: a node's row, in copies in the current memory context.
 *
 * Errors: undefined_object where there is no such node, or row security hides
 * it from the caller: to him it is the same.
 */
void
reader_find(NodeReader *reader, text *org_id, text *node_id, NodeRow *row)
{
	if ((reader->row_security && !sees(reader, org_id, node_id)) ||
		!node_find(&reader->table, org_id, node_id, reader->snapshot, row))
		store_no_such(store_text_ref(org_id), store_text_ref(node_id));
}

/*
 * give_names: let a callback have the first column of what was found, in the
 * memory context that was current before SPI_connect.
 */
static void
give_names(uint64 rows, MemoryContext caller, NameCallback callback, void *arg)
{
	SPITupleTable *found = SPI_tuptable;
	MemoryContext own = MemoryContextSwitchTo(caller);

	for (uint64 i = 0; i < rows; i++)
	{
		bool		isnull;
		Datum		name = SPI_getbinval(found->vals[i], found->tupdesc, 1, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (!isnull)
			callback(DatumGetTextPP(name), arg);
	}
	MemoryContextSwitchTo(own);
}

/*
 * reader_visible_nodes: let a callback have the names of the nodes of an
 * organisation that row security, which applies, lets the caller see.
 */
void
reader_visible_nodes(NodeReader *reader, text *org_id, NameCallback callback, void *arg)
{
	static KeptPlan nodes;
	MemoryContext caller = CurrentMemoryContext;
	Datum		values[1] = {PointerGetDatum(org_id)};
	uint64		rows;

	SPI_connect();
	rows = ask(reader, &nodes,
			   "SELECT n.node_id FROM ONLY %s AS n WHERE n.org_id OPERATOR(pg_catalog.=) $1",
			   1, values);
	give_names(rows, caller, callback, arg);
	SPI_finish();
}

/*
 * reader_visible_organisations: the same for the organisations of which he sees
 * a node.
 */
void
reader_visible_organisations(NodeReader *reader, NameCallback callback, void *arg)
{
	static KeptPlan organisations;
	MemoryContext caller = CurrentMemoryContext;
	uint64		rows;

	SPI_connect();
	rows = ask(reader, &organisations, "SELECT DISTINCT n.org_id FROM ONLY %s AS n", 0, NULL);
	give_names(rows, caller, callback, arg);
	SPI_finish();
}

/*
 * reader_end: close the table.
 */
void
reader_end(NodeReader *reader)
{
	node_table_close(&reader->table);
}
