/*-------------------------------------------------------------------------
 *
 * store/grant_trigger.c
 *	  The trigger of integration_config_grants, and which of its rows a dump has.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "server/identity.h"
#include "server/own_table.h"
#include "server/record.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(grant_before);
PG_FUNCTION_INFO_V1(grant_is_bound);

/*
 * role_is_there: is the role of a row of the grants?
 */
static bool
role_is_there(Relation grants, HeapTuple row)
{
	bool		isnull;
	Datum		role = heap_getattr(row, own_column(grants, "role", REGROLEOID),
									RelationGetDescr(grants), &isnull);

	return !isnull && SearchSysCacheExists1(AUTHOID, role);
}

/*
 * grant_before() returns trigger: BEFORE INSERT, UPDATE or DELETE, for each row,
 * and BEFORE TRUNCATE, of integration_config_grants; it fires ALWAYS.
 *
 * All sessions look again at what is granted (secrets/grants.c).  Where a restore
 * brings a role by its number alone, as it is written of one that was dropped,
 * the row is left out: the number may be another one's.
 */
Datum
grant_before(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = record_guard(fcinfo, OWN_GRANTS);
	HeapTuple	row = record_row(trigger);

	CacheInvalidateRelcache(trigger->tg_relation);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && !record_is_ours() &&
		!role_is_there(trigger->tg_relation, row))
	{
		ereport(WARNING,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("grant to a role that does not exist is left out")));
		row = NULL;
	}
	return PointerGetDatum(row);
}

/*
 * integration_schemas_internal.grant_is_bound(of oid, at tid) returns boolean: is
 * the role of the grant in that row of that table there?
 *
 * As dump_order() it gets the row's place, and not its columns.
 */
Datum
grant_is_bound(PG_FUNCTION_ARGS)
{
	Oid			relid = own_table_required(fcinfo, OWN_GRANTS, AccessShareLock);
	AttrNumber	role;
	Relation	grants;
	HeapTuple	row;
	bool		bound;

	if (PG_GETARG_OID(0) != relid)
		PG_RETURN_BOOL(false);	/* of a table that inherits from it */
	grants = table_open(relid, NoLock);
	role = own_column(grants, "role", REGROLEOID);
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		static char asked;

		(void) rights_checked(relid, ACL_SELECT, 1, &role, GetUserId(), true);
		fcinfo->flinfo->fn_extra = &asked;
	}
	row = own_row(grants, (ItemPointer) PG_GETARG_POINTER(1), GetActiveSnapshot());
	bound = HeapTupleIsValid(row) && role_is_there(grants, row);
	table_close(grants, NoLock);
	PG_RETURN_BOOL(bound);
}
