/*-------------------------------------------------------------------------
 *
 * server/compat.h
 *	  What several files need, and versions of the server have differently.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_COMPAT_H
#define SERVER_COMPAT_H

#include "access/tableam.h"

#if PG_VERSION_NUM < 180000
/* stands in front of a function */
#define pg_noreturn _Noreturn
#endif

/*
 * scan_table: begin a scan of all of a table.
 */
static inline TableScanDesc
scan_table(Relation table, Snapshot snapshot)
{
#if PG_VERSION_NUM >= 190000
	return table_beginscan(table, snapshot, 0, NULL, SO_NONE);
#else
	return table_beginscan(table, snapshot, 0, NULL);
#endif
}

#endif							/* SERVER_COMPAT_H */
