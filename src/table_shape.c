/*-------------------------------------------------------------------------
 *
 * table_shape.c
 *	  Is a table of ours still as it was made?
 *
 * Where a table is read without the executor, nobody else asks.  Its owner,
 * who need not be a superuser, may have altered it, and a value taken for one
 * of another type would be the end of the server.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/transam.h"
#include "catalog/pg_am.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "nodes/nodeFuncs.h"
#include "table_shape.h"
#include "utils/relcache.h"
#include "utils/rls.h"

/*
 * table_has_column: has the table's column of that number that type?
 */
bool
table_has_column(Relation table, AttrNumber attnum, Oid type)
{
	TupleDesc	desc = RelationGetDescr(table);
	Form_pg_attribute attribute;

	if (attnum > desc->natts)
		return false;
	attribute = TupleDescAttr(desc, attnum - 1);
	return !attribute->attisdropped && attribute->atttypid == type;
}

/*
 * table_key_index: the index of the table's primary key, if that has just
 * these columns in this order; InvalidOid if not.
 */
Oid
table_key_index(Relation table, int nkeys, const AttrNumber *key)
{
	Oid			oid;
	Relation	index;
	bool		right;

	/* rd_pkindex is set with the list */
	list_free(RelationGetIndexList(table));
	oid = table->rd_pkindex;
	if (!OidIsValid(oid))
		return InvalidOid;
	index = index_open(oid, AccessShareLock);

	/* with indcheckxmin an older snapshot may not use it: see plancat.c */
	right = index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_index->indisvalid && !index->rd_index->indcheckxmin &&
		IndexRelationGetNumberOfKeyAttributes(index) == nkeys;
	for (int i = 0; i < nkeys && right; i++)
		right = index->rd_index->indkey.values[i] == key[i];
	index_close(index, NoLock);
	return right ? oid : InvalidOid;
}

/*
 * is_own_function: check_functions_in_node's callback: is it a function that
 * did not come with the server?
 */
static bool
is_own_function(Oid function, void *context pg_attribute_unused())
{
	return function >= FirstNormalObjectId;
}

/*
 * runs_own_code: may an expression run something that did not come with the
 * server?  A type of somebody's own may be a domain, whose rules are not in
 * the expression.
 */
static bool
runs_own_code(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_own_function, context) ||
		(!IsA(node, List) && exprType(node) >= FirstNormalObjectId))
		return true;
	return expression_tree_walker(node, runs_own_code, context);
}

/*
 * index_runs_own_code: the same for an index's expressions and predicate.
 */
static bool
index_runs_own_code(Oid oid)
{
	Relation	index = index_open(oid, AccessShareLock);
	bool		result;

	result = runs_own_code((Node *) RelationGetIndexExpressions(index), NULL) ||
		runs_own_code((Node *) RelationGetIndexPredicate(index), NULL);
	index_close(index, NoLock);
	return result;
}

/*
 * table_runs_own_code: may it run code of somebody's own to read the table or,
 * with writing, to write it while session_replication_role is replica?
 *
 * The caller has a lock on it that its owner's next change waits for.
 */
bool
table_runs_own_code(Relation table, bool writing)
{
	TupleDesc	desc = RelationGetDescr(table);
	TupleConstr *constraints = desc->constr;
	ListCell   *cell;

	if (table->rd_rel->relkind != RELKIND_RELATION || table->rd_rel->relhassubclass ||
		check_enable_rls(RelationGetRelid(table), InvalidOid, true) == RLS_ENABLED)
		return true;
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped &&
			TupleDescAttr(desc, i)->atttypid >= FirstNormalObjectId)
			return true;
	for (int i = 0; constraints != NULL && i < constraints->num_defval; i++)
		if (runs_own_code(stringToNode(constraints->defval[i].adbin), NULL))
			return true;
	if (!writing)
		return false;

	if (table->rd_rules != NULL)
		return true;
	for (int i = 0; table->trigdesc != NULL && i < table->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &table->trigdesc->triggers[i];

		if ((trigger->tgenabled == TRIGGER_FIRES_ALWAYS ||
			 trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA) &&
			(TRIGGER_FOR_INSERT(trigger->tgtype) || TRIGGER_FOR_UPDATE(trigger->tgtype) ||
			 TRIGGER_FOR_DELETE(trigger->tgtype)))
			return true;
	}
	for (int i = 0; constraints != NULL && i < constraints->num_check; i++)
		if (runs_own_code(stringToNode(constraints->check[i].ccbin), NULL))
			return true;
	foreach(cell, RelationGetIndexList(table))
		if (index_runs_own_code(lfirst_oid(cell)))
			return true;
	return false;
}
