/*-------------------------------------------------------------------------
 *
 * store/reader.c
 *	  The nodes as the caller of a function may read them.
 *
 * The caller needs the rights that a SELECT of the same columns takes, and the
 * node that he asks for must be one that he sees: where row security applies to
 * him, a query of his own says so, in which the policies have their say.  Or he
 * needs privilege "read" at the node (store/access.c).  What a node inherits
 * belongs to the node: the nodes above it are read as the table's owner reads
 * them, by probes of the table, so that no policy makes a value, or a lock,
 * silently drop out.
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
 * by_table: has the caller the rights on the table?
 */
static bool
by_table(NodeReader *reader)
{
	Oid			relid = RelationGetRelid(reader->table.relation);
	Access	   *access = &reader->access;

	access->table = rights_checked(relid, ACL_SELECT, reader->ncolumns, reader->columns,
								   GetUserId(), false);
	access->row_security = access->table &&
		check_enable_rls(relid, InvalidOid, false) == RLS_ENABLED;
	return access->table;
}

/*
 * by_grant: the caller reads as the owner; errors where the owner may not.
 */
static void
by_grant(NodeReader *reader)
{
	Relation	table = reader->table.relation;

	reader->access.table = false;
	(void) rights_checked(RelationGetRelid(table), ACL_SELECT, reader->ncolumns,
						  reader->columns, table->rd_rel->relowner, true);
}

/*
 * reader_begin: open the table for a function's caller, who reads these
 * columns of one node, under the active snapshot.
 *
 * Who has not the rights on the table needs the privilege.  Where something is
 * granted to him, reader_require() decides.  While the table is open, nothing that
 * a policy does can take it away or alter it.
 *
 * Errors: undefined_table, those of node_table_open.
 */
void
reader_begin(NodeReader *reader, FunctionCallInfo fcinfo, int privilege,
			 int ncolumns, const NodeColumn *columns)
{
	Oid			relid = own_table_required(fcinfo, OWN_NODES, AccessShareLock);

	node_table_open(&reader->table, relid, NoLock);
	reader->privilege = privilege;
	reader->ncolumns = ncolumns;
	for (int i = 0; i < ncolumns; i++)
		reader->columns[i] = reader->table.columns[columns[i]];
	reader->snapshot = GetActiveSnapshot();
	reader->access = (Access) {.grants = grants_of_caller(fcinfo)};
	reader->table.incarnations = reader->access.grants != NULL;
}

/*
 * reader_begin_all: the same to read any nodes of an organisation, or with NULL
 * of all, of which the caller gets those that he sees.
 *
 * Errors: insufficient_privilege, too.
 */
void
reader_begin_all(NodeReader *reader, FunctionCallInfo fcinfo, text *org_id,
				 int ncolumns, const NodeColumn *columns)
{
	reader_begin(reader, fcinfo, PRIVILEGE_READ, ncolumns, columns);
	if (by_table(reader))
		return;
	if (reader->access.grants == NULL)
		reader_refuse_all(reader, org_id);
	by_grant(reader);
}

/*
 * reader_refuse_all: the error for a caller who sees no node of an organisation,
 * or with NULL none at all.
 */
void
reader_refuse_all(const NodeReader *reader, text *org_id)
{
	const Access *access = &reader->access;

	if (org_id != NULL &&
		(access->table || (access->grants != NULL && access->grants->platform & PRIVILEGE_READ)))
		store_no_such(store_text_ref(org_id), (JsonbRef) {0});
	access_refuse(access->grants, RelationGetRelid(reader->table.relation), org_id, NULL,
				  PRIVILEGE_READ);
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
 * reader_find: a node's row, in copies in the current memory context; false
 * where there is none, or it is not the caller's to see.
 *
 * Where something is granted to him, that is for reader_require() to say.
 */
bool
reader_find(NodeReader *reader, text *org_id, text *node_id, NodeRow *row)
{
	if (reader->access.grants == NULL)
	{
		if (!by_table(reader))
			access_refuse(NULL, RelationGetRelid(reader->table.relation), org_id, node_id,
						  reader->privilege);
		reader->access.reveal = access_reveals(true, 0);
		if (reader->access.row_security && !sees(reader, org_id, node_id))
			return false;
	}
	return node_find(&reader->table, org_id, node_id, reader->snapshot, row);
}

/*
 * reader_privileges: the privileges that are granted to the caller at a node.
 */
int
reader_privileges(NodeReader *reader, FunctionCallInfo fcinfo, text *org_id, text *node_id)
{
	return reader->access.grants == NULL ? 0 :
		access_at(fcinfo, reader->access.grants, &reader->table, org_id, node_id,
				  reader->snapshot);
}

/*
 * reader_require: the caller must see the node that reader_find() has found, or
 * has not, where these privileges are granted to him, there and above it.
 *
 * How he comes to see it is in the reader afterwards.  Errors: undefined_object
 * where there is no such node, or row security hides it from him: to him it is
 * the same; insufficient_privilege where he could not see any.
 */
void
reader_require(NodeReader *reader, text *org_id, text *node_id, bool found, int privileges)
{
	Access	   *access = &reader->access;
	bool		granted = found && privileges & reader->privilege;

	if (access->grants == NULL)
	{
		if (!found)
			store_no_such(store_text_ref(org_id), store_text_ref(node_id));
		return;
	}
	/* privileges add to rights: what is shown to him is the most that either shows */
	if (!(granted && privileges & PRIVILEGE_REVEAL) && by_table(reader) && found &&
		(!access->row_security || sees(reader, org_id, node_id)))
	{
		access->reveal = access_reveals(true, privileges);
		access->granted_reveal = access_reveals(false, privileges);
		return;
	}
	if (!granted)
	{
		if (access->table ||
			(!found && access_everywhere(access->grants, &reader->table, org_id,
										 reader->snapshot) & reader->privilege))
			store_no_such(store_text_ref(org_id), store_text_ref(node_id));
		access_refuse(access->grants, RelationGetRelid(reader->table.relation), org_id,
					  node_id, reader->privilege);
	}
	by_grant(reader);
	access->reveal = access->granted_reveal = access_reveals(false, privileges);
}

/*
 * reader_sees: does the caller see a node, as far as row security goes?
 *
 * Under the latest snapshot that he may have: a row of his own statement counts.
 */
bool
reader_sees(const NodeTable *table, text *org_id, text *node_id)
{
	NodeReader	reader = {.table = *table,.snapshot = GetActiveSnapshot()};

	return check_enable_rls(RelationGetRelid(table->relation), InvalidOid, true) != RLS_ENABLED ||
		sees(&reader, org_id, node_id);
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
