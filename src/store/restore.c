/*-------------------------------------------------------------------------
 *
 * store/restore.c
 *	  Rows that come back from a dump.
 *
 * A dump has both tables, and each restored row is taken as it is: a node with
 * its version, author and time, unvalidated, since it was accepted once and the
 * catalogue may not be there yet.  pg_dump and pg_restore set
 * check_function_bodies to off: it is the server's own sign that a dump is being
 * loaded, and that what a row refers to may come later.  It counts only for
 * those who may write history, who could as well write there what they like;
 * and only in a statement of their own: the setting is the session's, and must
 * not reach what a function does for it with another's rights.
 *
 * pg_restore -j loads the two tables side by side, in any order.  So the first
 * row of either takes a lock, and one waits for the other.  Where the nodes come
 * first, each brings the latest version of its history along, as far as it knows
 * it; such a row has the transaction 0, and the one from the dump takes its
 * place.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "storage/lock.h"
#include "store/history.h"
#include "store/restore.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

/* The last field of the lock's tag: see store/tree_rules.c. */
#define RESTORE_LOCK_CLASS 4

/*
 * restore_lock: let the other table's restore wait until this transaction ends.
 */
void
restore_lock(FunctionCallInfo fcinfo)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, own_table_required(fcinfo, OWN_NODES, NoLock),
						 0, RESTORE_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * restore_version: let a restored row of the history take the place of the one
 * that its node brought along; false where there is none.
 */
bool
restore_version(Relation history, HeapTuple row)
{
	TupleDesc	desc = RelationGetDescr(history);
	StringInfoData columns;
	StringInfoData numbers;
	Oid		   *argtypes = palloc(sizeof(Oid) * desc->natts);
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	char	   *nulls = palloc(desc->natts + 1);
	int			nargs = 0;
	uint64		replaced;

	initStringInfo(&columns);
	initStringInfo(&numbers);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		bool		isnull;

		if (attribute->attisdropped || attribute->attgenerated != '\0')
			continue;
		argtypes[nargs] = attribute->atttypid;
		values[nargs] = heap_getattr(row, i + 1, desc, &isnull);
		nulls[nargs++] = isnull ? 'n' : ' ';
		appendStringInfo(&columns, "%s%s", nargs > 1 ? ", " : "",
						 quote_identifier(NameStr(attribute->attname)));
		appendStringInfo(&numbers, "%s$%d", nargs > 1 ? ", " : "", nargs);
	}
	SPI_connect();
	replaced = history_change(RelationGetRelid(history),
							  psprintf("UPDATE ONLY %s AS h SET (%s) = ROW(%s)"
									   " WHERE h.org_id OPERATOR(pg_catalog.=) $%d"
									   " AND h.node_id OPERATOR(pg_catalog.=) $%d"
									   " AND h.version OPERATOR(pg_catalog.=) $%d"
									   " AND h.transaction OPERATOR(pg_catalog.=) '0'::pg_catalog.xid8",
									   qualified_name(RelationGetRelid(history)),
									   columns.data, numbers.data,
									   own_column(history, "org_id", TEXTOID),
									   own_column(history, "node_id", TEXTOID),
									   own_column(history, "version", INT4OID)),
							  nargs, argtypes, values, nulls);
	SPI_finish();
	return replaced > 0;
}
