/*-------------------------------------------------------------------------
 *
 * store/dump.c
 *	  What pg_dump asks when it reads the nodes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "store/lookup.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(dump_order);

/* The indexes that our install script makes. */
static const char *const own_indexes[] = {
	"node_configurations_pkey", "node_configurations_root_idx",
	"node_configurations_parent_idx", "node_configuration_history_pkey",
};

/*
 * warn_of: say that a dump can't carry an addition to a table.
 *
 * The definition of an extension's table is the extension's, so pg_dump leaves
 * out what others add to it; a column's values are in the dump all the same,
 * and the restore stops at them.
 */
static void
warn_of(Relation table, const char *kind, const char *name, const char *hint)
{
	ereport(WARNING,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("definition of %s \"%s\" of table \"%s\" is not in a dump", kind, name,
					RelationGetRelationName(table)),
			 errdetail("A restore makes the table as the extension does."),
			 errhint("%s", hint)));
}

/*
 * warn_of_additions: the columns and indexes that a table was not made with.
 *
 * Those which were are the first ones, in the number that the caller knows.
 */
static void
warn_of_additions(Oid relid, int ncolumns)
{
	Relation	table = table_open(relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(table);
	ListCell   *cell;

	for (int i = ncolumns; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped)
			warn_of(table, "column", NameStr(TupleDescAttr(desc, i)->attname),
					"Before the data are restored, add the column there; or keep it in a table of your own.");
	foreach(cell, RelationGetIndexList(table))
	{
		char	   *name = get_rel_name(lfirst_oid(cell));
		bool		own = false;

		for (int i = 0; i < (int) lengthof(own_indexes); i++)
			own = own || (name != NULL && strcmp(name, own_indexes[i]) == 0);
		if (!own && name != NULL)
			warn_of(table, "index", name, "Create it again after the restore.");
	}
	table_close(table, NoLock);
}

/*
 * dump_order(of oid, at tid) returns integer: how many nodes are above the one
 * in that row of that table, so that parents come before their children in a
 * dump that restores a statement a row.
 *
 * Called for every row that pg_dump reads; the first call of a query also warns
 * of what the dump can't carry.  It gets the row's place, not its columns: for
 * those the table's owner could have made a type with a cast to ours, which
 * would run as whoever dumps.
 */
Datum
dump_order(PG_FUNCTION_ARGS)
{
	static char warned;
	Oid			relid = own_table_required(fcinfo, OWN_NODES, AccessShareLock);
	NodeTable	table;
	NodeRow		row;
	int			level = 0;

	if (PG_GETARG_OID(0) != relid)
		PG_RETURN_INT32(0);		/* of a table that inherits from it */
	node_table_open(&table, relid, AccessShareLock);
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		AttrNumber	read[] = {
			table.columns[NODE_ORG_ID], table.columns[NODE_NODE_ID], table.columns[NODE_PARENT_ID]
		};

		(void) rights_checked(relid, ACL_SELECT, lengthof(read), read, GetUserId(), true);
		warn_of_additions(relid, 11);
		warn_of_additions(own_table_required(fcinfo, OWN_HISTORY, AccessShareLock), 17);
		fcinfo->flinfo->fn_extra = &warned;
	}
	if (node_at(&table, (ItemPointer) PG_GETARG_POINTER(1), GetActiveSnapshot(), &row))
		while (row.parent_id != NULL && level <= STORE_MAX_LEVELS)
		{
			CHECK_FOR_INTERRUPTS();
			level++;
			if (!node_find(&table, row.org_id, row.parent_id, GetActiveSnapshot(), &row))
				break;
		}
	node_table_close(&table);
	PG_RETURN_INT32(level);
}
