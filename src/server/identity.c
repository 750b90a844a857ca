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
#include "executor/execdesc.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/plannodes.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "storage/lockdefs.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#if PG_VERSION_NUM >= 160000
#include "parser/parse_relation.h"
#endif

/*
 * search_path_secure: names and operators are the server's own, to
 * AtEOXact_GUC(false, what this returns).
 */
int
search_path_secure(void)
{
	int			level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

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
	before->guc_level = search_path_secure();
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
 * identity_for_source: become whose rights a query of ours on these columns of
 * somebody's table or view runs with, to identity_return(), on behalf of a
 * caller who may SELECT them.
 *
 * A table is read as its owner, whose types' casts are code of his.  What a view
 * or a foreign table gives may hang on who asks, so that is the caller; but a
 * superuser asks for all, and it is as the owner that he is safe.  Nobody
 * becomes a superuser who is none.
 *
 * Errors: insufficient_privilege.
 */
void
identity_for_source(Identity *before, Oid relid, int ncolumns,
					const AttrNumber *columns)
{
	char		kind = get_rel_relkind(relid);
	bool		table = kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE ||
		kind == RELKIND_MATVIEW;

	before->userid = InvalidOid;
	if (!superuser() && (!table || superuser_arg(relation_owner(relid))))
		return;					/* the query itself asks for his rights */
	(void) rights_checked(relid, ACL_SELECT, ncolumns, columns, GetUserId(), true);
	identity_for_table(before, relid);
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
 * check_entry: the check itself, without what hangs on its hook.
 */
static bool
check_entry(RangeTblEntry *entry, List *permissions, bool fail)
{
	ExecutorCheckPerms_hook_type hook = ExecutorCheckPerms_hook;
	bool		result;

	ExecutorCheckPerms_hook = NULL;
	PG_TRY();
	{
#if PG_VERSION_NUM >= 160000
		result = ExecCheckPermissions(list_make1(entry), permissions, fail);
#else
		(void) permissions;
		result = ExecCheckRTPerms(list_make1(entry), fail);
#endif
	}
	PG_FINALLY();
	{
		ExecutorCheckPerms_hook = hook;
	}
	PG_END_TRY();
	return result;
}

/*
 * statement_text: what a statement that uses the rights would say, for a log.
 */
static char *
statement_text(Oid relid, AclMode mode, int ncolumns, const AttrNumber *columns)
{
	char	   *table = qualified_name(relid);
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < ncolumns; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
						 columns[i] == InvalidAttrNumber ? "*" :
						 quote_identifier(get_attname(relid, columns[i], false)));
	if (mode & ACL_INSERT)
		return psprintf("INSERT INTO %s (%s)", table, names.data);
	if (mode & ACL_UPDATE)
		return psprintf("UPDATE %s SET (%s)", table, names.data);
	if (mode & ACL_DELETE)
		return psprintf("DELETE FROM %s", table);
	return psprintf("SELECT %s FROM %s", names.data, table);
}

/*
 * tell_hook: let what hangs on the executor's check see the access.
 *
 * It is called by the executor as it starts a statement, and relies on that:
 * pgaudit notes it with the statement that is running, and looks at it again
 * as the statement ends.  So it gets one: a statement that has this table in
 * its range and nothing to do.
 */
static void
tell_hook(RangeTblEntry *entry, List *permissions, const char *text)
{
	PlannedStmt *statement = makeNode(PlannedStmt);
	Result	   *plan = makeNode(Result);
	QueryDesc  *query;

	plan->resconstantqual = (Node *) list_make1(makeBoolConst(false, false));
	statement->commandType = CMD_SELECT;
	statement->canSetTag = true;
	statement->planTree = (Plan *) plan;
	statement->rtable = list_make1(entry);
#if PG_VERSION_NUM >= 160000
	statement->permInfos = permissions;
#else
	(void) permissions;
#endif
	statement->stmt_location = -1;

	query = CreateQueryDesc(statement, text, GetActiveSnapshot(), InvalidSnapshot,
							None_Receiver, NULL, NULL, 0);
	ExecutorStart(query, 0);
#if PG_VERSION_NUM >= 180000
	ExecutorRun(query, ForwardScanDirection, 0);
#else
	ExecutorRun(query, ForwardScanDirection, 0, true);
#endif
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
}

/*
 * rights_checked: has the role the rights that a statement on these columns of
 * the table takes?
 *
 * Asked as the executor asks before it runs one, so that rights on single
 * columns count.  What hangs on the executor's hook (pgaudit, sepgsql) sees a
 * role that has them use them, as it would see the statement.  With fail, a
 * role that has them not gets the executor's error (insufficient_privilege).
 */
bool
rights_checked(Oid relid, AclMode mode, int ncolumns, const AttrNumber *columns,
			   Oid userid, bool fail)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	List	   *permissions = NIL;
	Bitmapset  *set = NULL;

	for (int i = 0; i < ncolumns; i++)
		set = bms_add_member(set, columns[i] - FirstLowInvalidHeapAttributeNumber);
	entry->rtekind = RTE_RELATION;
	entry->relid = relid;
	entry->relkind = RELKIND_RELATION;
	entry->rellockmode = mode == ACL_SELECT ? AccessShareLock : RowExclusiveLock;
#if PG_VERSION_NUM >= 160000
	{
		RTEPermissionInfo *info = addRTEPermissionInfo(&permissions, entry);

		info->requiredPerms = mode;
		info->checkAsUser = userid;
		info->selectedCols = mode & ACL_SELECT ? set : NULL;
		info->insertedCols = mode & ACL_INSERT ? set : NULL;
		info->updatedCols = mode & ACL_UPDATE ? set : NULL;
	}
#else
	entry->requiredPerms = mode;
	entry->checkAsUser = userid;
	entry->selectedCols = mode & ACL_SELECT ? set : NULL;
	entry->insertedCols = mode & ACL_INSERT ? set : NULL;
	entry->updatedCols = mode & ACL_UPDATE ? set : NULL;
#endif
	if (!check_entry(entry, permissions, fail))
		return false;
	if (ExecutorCheckPerms_hook != NULL)
		tell_hook(entry, permissions,
				  statement_text(relid, mode, ncolumns, columns));
	return true;
}

/*
 * source_column: the column of that name, which a table or a view must have for
 * an import.
 *
 * Errors: undefined_column.
 */
AttrNumber
source_column(Oid source, const char *name)
{
	AttrNumber	attnum = get_attnum(source, name);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table %s has no column \"%s\"",
						quote_qualified_identifier(get_namespace_name(get_rel_namespace(source)),
												   get_rel_name(source)), name),
				 errhint("A view can give its columns the names that are looked for.")));
	return attnum;
}
