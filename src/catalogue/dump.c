/*-------------------------------------------------------------------------
 *
 * catalogue/dump.c
 *	  What pg_dump asks when it reads the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_table.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(is_dumped);

/*
 * is_dumped(of oid, at tid) returns boolean: does the row of the catalogue that
 * is in that place go into a dump?  Those that the extension brings do not.
 *
 * It gets the row's place, not its origin: for that the table's owner could
 * have made a type with a cast to ours, which would run as whoever dumps.
 *
 * Errors: insufficient_privilege, object_not_in_prerequisite_state.
 */
Datum
is_dumped(PG_FUNCTION_ARGS)
{
	static char checked;
	Oid			relid = own_table_required(fcinfo, OWN_CATALOGUE, AccessShareLock);
	Relation	table;
	AttrNumber	origin;
	HeapTuple	row;
	bool		dumped = false;

	if (PG_GETARG_OID(0) != relid)
		PG_RETURN_BOOL(false);	/* of a table that inherits from it */
	table = table_open(relid, NoLock);
	origin = own_column(table, "origin", TEXTOID);
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		(void) rights_checked(relid, ACL_SELECT, 1, &origin, GetUserId(), true);
		fcinfo->flinfo->fn_extra = &checked;
	}
	row = own_row(table, (ItemPointer) PG_GETARG_POINTER(1), GetActiveSnapshot());
	if (HeapTupleIsValid(row))
	{
		bool		isnull;
		Datum		value = heap_getattr(row, origin, RelationGetDescr(table), &isnull);

		dumped = isnull || strcmp(TextDatumGetCString(value), "builtin") != 0;
	}
	table_close(table, NoLock);
	PG_RETURN_BOOL(dumped);
}
