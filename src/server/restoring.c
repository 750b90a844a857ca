/*-------------------------------------------------------------------------
 *
 * server/restoring.c
 *	  Is a dump being loaded?
 *
 * pg_dump and pg_restore set check_function_bodies to off: it is the server's own
 * sign of it.  What that lets pass, and why, is in store/restore.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "server/extension.h"
#include "server/restoring.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/rls.h"

/*
 * restore_is_on: is a dump being loaded, by somebody who may?
 */
bool
restore_is_on(FunctionCallInfo fcinfo)
{
	Oid			history;

	if (check_function_bodies || InLocalUserIdChange() || InSecurityRestrictedOperation())
		return false;
	history = own_table_required(fcinfo, OWN_HISTORY, NoLock);
	return pg_class_aclcheck(history, GetUserId(), ACL_INSERT) == ACLCHECK_OK &&
		check_enable_rls(history, InvalidOid, true) != RLS_ENABLED;
}
