/*-------------------------------------------------------------------------
 *
 * server/identity.c
 *	  Whose rights our code uses.
 *
 * The extension is trusted: an ordinary role owns its tables, and may put
 * triggers, constraints, defaults, policies and index expressions on them.
 * That code must never run with more rights than his, whoever calls us.  So
 * before our code writes a row of his tables, or has the executor read one,
 * it becomes him, in a security-restricted operation, as the server itself
 * does for referential integrity and for REFRESH MATERIALIZED VIEW: his code
 * can then not get back to the caller's identity, and the caller's search_path
 * can not lead it astray.
 *
 * Nothing deferred may be queued in there, so nothing of ours is deferrable.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "server/identity.h"
#include "storage/lockdefs.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#if PG_VERSION_NUM >= 160000
#include "parser/parse_relation.h"
#endif

/*
 * identity_become: from here on, to identity_return(), use that role's rights.
 *
 * Row security that the table's owner forces upon himself does not apply.  An
 * error in between needs no care: the end of the (sub)transaction gives the
 * old identity and search_path back.
 */
void
identity_become(Identity *before, Oid userid)
{
	GetUserIdAndSecContext(&before->userid, &before->security);
	before->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SetUserIdAndSecContext(userid, before->security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
}

/*
 * identity_return: be who we were again.
 */
void
identity_return(const Identity *before)
{
	if (!OidIsValid(before->userid))
		return;
	AtEOXact_GUC(false, before->guc_level);
	SetUserIdAndSecContext(before->userid, before->security);
}

/*
 * identity_for_table: become whose rights a statement of ours on a table runs
 * with, to identity_return().
 *
 * Where row security applies to the caller that is himself, so that his
 * policies hold for what he reads and writes; elsewhere it is the table's
 * owner.  Either way it is for us to see that the caller has the rights that
 * the statement takes (rights_checked()).
 */
void
identity_for_table(Identity *before, Oid relid)
{
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		before->userid = InvalidOid;
	else
		identity_become(before, relation_owner(relid));
}

/*
 * relation_owner: the owner of a table that is there.
 */
Oid
relation_owner(Oid relid)
{
	HeapTuple	row = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(row))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	owner = ((Form_pg_class) GETSTRUCT(row))->relowner;
	ReleaseSysCache(row);
	return owner;
}

/*
 * rights_checked: has the role the rights that a statement on these columns of
 * the table takes?
 *
 * Asked as the executor asks before it runs one, so that rights on single
 * columns count, and what hangs on its hook (pgaudit, sepgsql) sees what we
 * read and write without it.  With fail, a role that has them not gets the
 * executor's error (insufficient_privilege).
 */
bool
rights_checked(Oid relid, AclMode mode, int ncolumns, const AttrNumber *columns,
			   Oid userid, bool fail)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	Bitmapset  *set = NULL;
	bool		result;

	for (int i = 0; i < ncolumns; i++)
		set = bms_add_member(set, columns[i] - FirstLowInvalidHeapAttributeNumber);
	entry->rtekind = RTE_RELATION;
	entry->relid = relid;
	entry->relkind = get_rel_relkind(relid);
	entry->rellockmode = AccessShareLock;
#if PG_VERSION_NUM >= 160000
	{
		List	   *infos = NIL;
		RTEPermissionInfo *info = addRTEPermissionInfo(&infos, entry);

		info->requiredPerms = mode;
		info->checkAsUser = userid;
		info->selectedCols = mode & ACL_SELECT ? set : NULL;
		info->insertedCols = mode & ACL_INSERT ? set : NULL;
		info->updatedCols = mode & ACL_UPDATE ? set : NULL;
		result = ExecCheckPermissions(list_make1(entry), infos, fail);
	}
#else
	entry->requiredPerms = mode;
	entry->checkAsUser = userid;
	entry->selectedCols = mode & ACL_SELECT ? set : NULL;
	entry->insertedCols = mode & ACL_INSERT ? set : NULL;
	entry->updatedCols = mode & ACL_UPDATE ? set : NULL;
	result = ExecCheckRTPerms(list_make1(entry), fail);
#endif
	pfree(entry);
	bms_free(set);
	return result;
}
