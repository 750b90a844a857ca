/*-------------------------------------------------------------------------
 *
 * server/row_guard.c
 *	  Keeping a table's rows out of its constraints' errors.
 *
 * Where a row breaks a constraint, the server's error shows the row, and with
 * it the document.  So our BEFORE triggers refuse the row before the server
 * does, for the same constraint, and show nothing of it: also for the
 * constraints of columns that a user has added.
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
#include "server/compat.h"
#include "server/row_guard.h"
#include "utils/rel.h"

/* A CHECK constraint, or a NOT NULL of a column that is nowhere stored. */
typedef struct GuardedCheck
{
	char	   *name;			/* NULL: a NOT NULL */
	AttrNumber	attnum;			/* the column that may not be null */
	ExprState  *condition;
} GuardedCheck;

/* A table's constraints, for the rows of a statement. */
struct RowGuard
{
	EState	   *estate;			/* NULL: there is nothing to evaluate */
	ResultRelInfo *generated;	/* NULL: there are no generated columns */
	int			nchecks;
	GuardedCheck *checks;
};

/*
 * add_check: a condition that every row must fulfil.
 */
static void
add_check(RowGuard *guard, const char *name, AttrNumber attnum, Node *condition)
{
	GuardedCheck *check = &guard->checks[guard->nchecks++];

	if (guard->estate == NULL)
		guard->estate = CreateExecutorState();
	check->name = name != NULL ? pstrdup(name) : NULL;
	check->attnum = attnum;
	check->condition = ExecPrepareExpr((Expr *) condition, guard->estate);
}

/*
 * add_virtual_columns: the NOT NULL constraints of columns that are computed
 * where they are read.
 */
static void
add_virtual_columns(RowGuard *guard, Relation relation)
{
#if PG_VERSION_NUM >= 180000
	TupleDesc	desc = RelationGetDescr(relation);

	if (desc->constr == NULL || !desc->constr->has_generated_virtual)
		return;
	for (int attnum = 1; attnum <= desc->natts; attnum++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, attnum - 1);
		NullTest   *test;

		if (!attribute->attnotnull || attribute->attgenerated != ATTRIBUTE_GENERATED_VIRTUAL)
			continue;
		test = makeNode(NullTest);
		test->arg = (Expr *) build_generation_expression(relation, attnum);
		test->nulltesttype = IS_NOT_NULL;
		test->location = -1;
		add_check(guard, NULL, attnum, (Node *) test);
	}
#else
	(void) guard;
	(void) relation;
#endif
}

/*
 * row_guard_begin: a table's constraints, prepared for any number of rows, in
 * that context, whose end is theirs.
 *
 * checked, where it is not NULL, names the CHECK constraints that the caller has
 * checked already; where there are no others and no generated columns, which is
 * the rule, a row costs next to nothing.
 */
RowGuard *
row_guard_begin(Relation relation, ConstraintFilter checked, MemoryContext cxt)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	RowGuard   *guard = palloc0(sizeof(RowGuard));
	int			count = constraints != NULL ? constraints->num_check : 0;

	guard->checks = palloc(sizeof(GuardedCheck) * (count + RelationGetNumberOfAttributes(relation)));
	add_virtual_columns(guard, relation);
	for (int i = 0; i < count; i++)
	{
		Node	   *condition;

		if (checked != NULL && checked(constraints->check[i].ccname))
			continue;
		condition = stringToNode(constraints->check[i].ccbin);
#if PG_VERSION_NUM >= 180000
		if (!constraints->check[i].ccenforced)
			continue;
		condition = expand_generated_columns_in_expr(condition, relation, 1);
#endif
		add_check(guard, constraints->check[i].ccname, InvalidAttrNumber, condition);
	}
	if (constraints != NULL && constraints->has_generated_stored)
	{
		if (guard->estate == NULL)
			guard->estate = CreateExecutorState();
		guard->generated = makeNode(ResultRelInfo);
		InitResultRelInfo(guard->generated, relation, 1, NULL, 0);
	}
	MemoryContextSwitchTo(caller);
	return guard;
}

/*
 * refuse_null: the error for a column that may not be null.
 */
pg_noreturn static void
refuse_null(Relation relation, AttrNumber attnum)
{
	ereport(ERROR,
			(errcode(ERRCODE_NOT_NULL_VIOLATION),
			 errmsg("null value in column \"%s\" of table \"%s\"",
					NameStr(TupleDescAttr(RelationGetDescr(relation), attnum - 1)->attname),
					RelationGetRelationName(relation)),
			 errtablecol(relation, attnum)));
}

/*
 * check_nulls: the NOT NULL constraints of the columns that are generated, or
 * of those that are not.
 */
static void
check_nulls(Relation relation, TupleTableSlot *row, bool generated)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int attnum = 1; attnum <= desc->natts; attnum++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, attnum - 1);

		if (attribute->attnotnull && !attribute->attisdropped &&
			attribute->attgenerated == (generated ? ATTRIBUTE_GENERATED_STORED : '\0') &&
			slot_attisnull(row, attnum))
			refuse_null(relation, attnum);
	}
}

/*
 * row_guard_check: an error (not_null_violation, check_violation) for a row
 * that breaks a constraint of the table.
 *
 * The server computes generated columns after the BEFORE triggers, so they are
 * computed here too.  All expressions run as the current user, as they do when
 * the server evaluates them: he must be the one who writes the row.
 */
void
row_guard_check(RowGuard *guard, Relation relation, HeapTuple row)
{
	TupleDesc	desc = RelationGetDescr(relation);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);

	ExecStoreHeapTuple(row, slot, false);
	check_nulls(relation, slot, false);
	if (guard->generated != NULL)
	{
		TupleTableSlot *computed = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);

		ExecCopySlot(computed, slot);
		ExecDropSingleTupleTableSlot(slot);
		slot = computed;
		ExecComputeStoredGenerated(guard->generated, guard->estate, slot, CMD_INSERT);
		check_nulls(relation, slot, true);
	}
	if (guard->nchecks > 0)
		GetPerTupleExprContext(guard->estate)->ecxt_scantuple = slot;
	for (int i = 0; i < guard->nchecks; i++)
	{
		GuardedCheck *check = &guard->checks[i];

		if (ExecCheck(check->condition, GetPerTupleExprContext(guard->estate)))
			continue;
		if (check->name == NULL)
			refuse_null(relation, check->attnum);
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("row for table \"%s\" breaks constraint \"%s\"",
						RelationGetRelationName(relation), check->name),
				 errtableconstraint(relation, check->name)));
	}
	ExecDropSingleTupleTableSlot(slot);
	if (guard->estate != NULL)
		ResetPerTupleExprContext(guard->estate);
}
