/*-------------------------------------------------------------------------
 *
 * store/access.c
 *	  What the caller of a function may do at a node.
 *
 * He may do what his rights on the tables let him, as in a statement of his own;
 * and what privileges let him that are granted at the node, at one above it, or
 * on the platform.  Either is enough by itself.  With a privilege the store and
 * the catalogue are read and written as their owner, past row security, as the
 * server does it for referential integrity; the executor's permission check is
 * then made for the owner, so that what hangs on it sees each access.
 *
 * Nobody who may not see a node is told whether it is there: at one that is not
 * there, he has what he would have at any that might be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "store/access.h"
#include "store/history.h"
#include "store/node_rules.h"
#include "store/store.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/*
 * access_has_all: has the caller every privilege, as the owner of the table of
 * nodes, or of the database, or as a superuser?
 */
bool
access_has_all(Oid nodes)
{
	return has_privs_of_role(GetUserId(), relation_owner(nodes)) ||
		has_privs_of_role(GetUserId(), ROLE_PG_DATABASE_OWNER);
}

/*
 * access_everywhere: the privileges that are granted at all of an organisation:
 * on the platform, or at its root.
 */
int
access_everywhere(const GrantSet *grants, const NodeTable *table, text *org_id,
				  Snapshot snapshot)
{
	int			privileges = grants->platform;
	int			count;
	int			first = grants_of_organisation(grants, store_text_ref(org_id), &count);

	for (int i = first; i < first + count; i++)
	{
		const Grant *grant = &grants->grants[i];
		NodeRow		row;

		CHECK_FOR_INTERRUPTS();
		if (node_place(table, org_id, cstring_to_text_with_len(grant->node_id.ptr,
															   grant->node_id.len),
					   snapshot, &row) &&
			row.parent_id == NULL && row.incarnation == grant->incarnation)
			privileges |= grant->privileges;
	}
	return privileges;
}

/*
 * place_of: a node's place in the tree or, where it was deleted, that which it
 * had; false where there was never one.
 */
static bool
place_of(FunctionCallInfo fcinfo, const NodeTable *table, text *org_id, text *node_id,
		 Snapshot snapshot, NodeRow *row)
{
	LatestVersion latest;

	if (node_place(table, org_id, node_id, snapshot, row))
		return true;
	if (history_latest(fcinfo, org_id, node_id, snapshot, &latest) == 0)
		return false;
	row->parent_id = latest.parent_id;
	row->incarnation = latest.incarnation;
	return true;
}

/*
 * access_at: the privileges that are granted at a node, and at those above it,
 * to whom something is granted.
 *
 * The table reads incarnations.  Where the tree above is broken they end there.
 */
int
access_at(FunctionCallInfo fcinfo, const GrantSet *grants, const NodeTable *table,
		  text *org_id, text *node_id, Snapshot snapshot)
{
	int			privileges = grants->platform;
	int			count;
	NodeRow		row;

	(void) grants_of_organisation(grants, store_text_ref(org_id), &count);
	if (count > 0 && !node_exists(table, org_id, node_id, snapshot))
		privileges |= access_everywhere(grants, table, org_id, snapshot);
	for (int level = 0; count > 0 && node_id != NULL && level <= STORE_MAX_LEVELS; level++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!place_of(fcinfo, table, org_id, node_id, snapshot, &row))
			break;
		privileges |= grants_at(grants, store_text_ref(org_id), store_text_ref(node_id),
								row.incarnation);
		node_id = row.parent_id;
	}
	return privileges;
}

/*
 * access_refuse: the error for a caller who may not do something at a node, or
 * with NULL for the node in an organisation, or with NULL for both anywhere.
 *
 * To whom nothing is granted it speaks of the table, as it would of a statement.
 */
void
access_refuse(const GrantSet *grants, Oid table, text *org_id, text *node_id, int privilege)
{
	char	   *role = GetUserNameFromId(GetUserId(), true);
	StringInfoData place;

	initStringInfo(&place);
	if (org_id == NULL)
		appendStringInfoString(&place, "any node");
	else
		append_node(&place, store_text_ref(org_id),
					node_id != NULL ? store_text_ref(node_id) : (JsonbRef) {0});
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 grants == NULL ? errmsg("permission denied for table %s", get_rel_name(table)) :
			 errmsg("permission denied for %s", place.data),
			 errdetail("Role \"%s\" has neither the rights on the tables nor privilege \"%s\" at %s.",
					   /* a session may outlive its role */
					   role != NULL ? role : psprintf("%u", GetUserId()), privilege_name(privilege),
					   place.data)));
}

/*
 * access_granted: the privileges that are granted to the caller at a node, whose
 * place in the tree is the one that the snapshot sees.
 */
int
access_granted(FunctionCallInfo fcinfo, text *org_id, text *node_id, Snapshot snapshot)
{
	const GrantSet *grants = grants_of_caller(fcinfo);
	NodeTable	table;
	int			privileges;

	if (grants == NULL)
		return 0;
	node_table_open(&table, own_table_required(fcinfo, OWN_NODES, AccessShareLock), NoLock);
	table.incarnations = true;
	privileges = access_at(fcinfo, grants, &table, org_id, node_id, snapshot);
	node_table_close(&table);
	return privileges;
}

/*
 * access_granted_now: the same as the tree is now, for whoever changes something.
 */
int
access_granted_now(FunctionCallInfo fcinfo, text *org_id, text *node_id)
{
	int			privileges;

	PushActiveSnapshot(GetLatestSnapshot());
	privileges = access_granted(fcinfo, org_id, node_id, GetActiveSnapshot());
	PopActiveSnapshot();
	return privileges;
}

/*
 * access_of_caller: the privileges that he has there, also as an owner.
 */
int
access_of_caller(FunctionCallInfo fcinfo, text *org_id, text *node_id)
{
	if (access_has_all(own_table_required(fcinfo, OWN_NODES, AccessShareLock)))
		return privileges_implied(PRIVILEGE_ADMIN);
	return access_granted_now(fcinfo, org_id, node_id);
}

/*
 * access_require: the caller must have a privilege at a node now.
 *
 * Errors: insufficient_privilege.
 */
void
access_require(FunctionCallInfo fcinfo, text *org_id, text *node_id, int privilege)
{
	if ((access_of_caller(fcinfo, org_id, node_id) & privilege) == 0)
		access_refuse(grants_of_caller(fcinfo), own_table_required(fcinfo, OWN_NODES, NoLock),
					  org_id, node_id, privilege);
}

/*
 * access_reveals: does he who sees a node, by rights on the table or by the
 * privileges that are granted to him there, see its secrets in clear?
 *
 * With rights on the table he could read the column.
 */
bool
access_reveals(bool by_table, int privileges)
{
	return by_table || (privileges & PRIVILEGE_REVEAL) != 0;
}

/*
 * access_catalogue: the catalogue for somebody who reads nodes.
 *
 * Errors: insufficient_privilege for him who has rights on the nodes alone.
 */
const Catalogue *
access_catalogue(FunctionCallInfo fcinfo, const Access *access)
{
	return access->table ? catalogue_current(fcinfo) : catalogue_for_granted(fcinfo);
}
