/*-------------------------------------------------------------------------
 *
 * server/row_guard.c
 *	  Keeping a table's rows out of its constraints' errors.
 *
 * Where a row breaks a constraint, the server's error shows the row, and with
 * it the document.  So our BEFORE triggers refuse the row before the server
 * does, for the same constraint, and show nothing of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "nodes/nodes.h"
#if PG_VERSION_NUM >= 180000
#include "rewrite/rewriteHandler.h"
#endif
#include "server/row_guard.h"
#include "utils/rel.h"

/*
 * check_null: one column, whose value the row has or has not.
 */
static void
check_null(Relation relation, int attnum, bool isnull)
{
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), attnum - 1);

	if (isnull && attribute->attnotnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("null value in column \"%s\" of table \"%s\"",
						NameStr(attribute->attname), RelationGetRelationName(relation)),
				 errtablecol(relation, attnum)));
}

/*
 * check_constraint: one CHECK constraint.
 */
static void
check_constraint(Relation relation, const ConstrCheck *check, EState *estate,
				 ExprContext *context)
{
	Node	   *condition = stringToNode(check->ccbin);

#if PG_VERSION_NUM >= 180000
	condition = expand_generated_columns_in_expr(condition, relation, 1);
#endif
	if (!ExecCheck(ExecPrepareExpr((Expr *) condition, estate), context))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("row for table \"%s\" breaks constraint \"%s\"",
						RelationGetRelationName(relation), check->ccname),
				 errtableconstraint(relation, check->ccname)));
}

/*
 * evaluate: the constraints for which something must be computed first.
 */
static void
evaluate(Relation relation, HeapTuple row, ConstraintFilter checked)
{
	TupleDesc	desc = RelationGetDescr(relation);
	TupleConstr *constraints = desc->constr;
	EState	   *estate = CreateExecutorState();
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	TupleTableSlot *stored = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);

	ExecStoreHeapTuple(row, stored, false);
	ExecCopySlot(slot, stored);
	if (constraints->has_generated_stored)
	{
		ResultRelInfo *result = makeNode(ResultRelInfo);

		InitResultRelInfo(result, relation, 1, NULL, 0);
		ExecComputeStoredGenerated(result, estate, slot, CMD_INSERT);
		for (int attnum = 1; attnum <= desc->natts; attnum++)
			if (TupleDescAttr(desc, attnum - 1)->attgenerated == ATTRIBUTE_GENERATED_STORED)
				check_null(relation, attnum, slot_attisnull(slot, attnum));
	}
	GetPerTupleExprContext(estate)->ecxt_scantuple = slot;
	for (int i = 0; i < constraints->num_check; i++)
		if (checked == NULL || !checked(constraints->check[i].ccname))
			check_constraint(relation, &constraints->check[i], estate,
							 GetPerTupleExprContext(estate));
	ExecDropSingleTupleTableSlot(stored);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);
}

/*
 * row_guard_check: refuse a row that is to be written and breaks a NOT NULL or
 * CHECK constraint, as the server would, without showing it.
 *
 * checked, where it is not NULL, names the constraints that the caller has
 * checked already; where there are no others and no generated columns, which is
 * the rule, this costs next to nothing.  The server computes generated columns
 * after the BEFORE triggers, so they are computed here too.  All expressions
 * run as the current user, as they do when the server evaluates them.
 */
void
row_guard_check(Relation relation, HeapTuple row, ConstraintFilter checked)
{
	TupleDesc	desc = RelationGetDescr(relation);
	TupleConstr *constraints = desc->constr;
	bool		expressions;

	if (constraints == NULL)
		return;
	for (int attnum = 1; attnum <= desc->natts; attnum++)
		if (TupleDescAttr(desc, attnum - 1)->attgenerated == '\0')
			check_null(relation, attnum, heap_attisnull(row, attnum, desc));
	expressions = constraints->has_generated_stored;
	for (int i = 0; i < constraints->num_check && !expressions; i++)
		expressions = checked == NULL || !checked(constraints->check[i].ccname);
	if (expressions)
		evaluate(relation, row, checked);
}
