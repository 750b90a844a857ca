/*-------------------------------------------------------------------------
 *
 * server/row_guard.c
 *	  Keeps a table's rows out of its constraints' errors.
 *
 * Where a row breaks a constraint, the server's error shows the row, and with
 * it the document.  So a trigger refuses the row before the server does, for
 * the same constraint, and shows nothing of it: also for the constraints of
 * columns that a user has added.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "nodes/nodes.h"
#include "optimizer/optimizer.h"
#include "server/copy_context.h"
#include "server/row_guard.h"
#include "server/trigger_call.h"

PG_FUNCTION_INFO_V1(integration_config_guard);

/* A CHECK constraint. */
typedef struct GuardedCheck
{
	char	   *name;
	ExprState  *condition;
} GuardedCheck;

/* A table's constraints, for the rows of a statement. */
struct RowGuard
{
	EState	   *estate;
	int			nchecks;
	GuardedCheck *checks;
};

/*
 * has_generated: does a condition look at a generated column?
 */
static bool
has_generated(Node *condition, TupleDesc desc)
{
	Bitmapset  *columns = NULL;

	pull_varattnos(condition, 1, &columns);
	for (int attnum = 1; attnum <= desc->natts; attnum++)
		if (TupleDescAttr(desc, attnum - 1)->attgenerated != '\0' &&
			(bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, columns) ||
			 bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, columns)))
			return true;
	return false;
}

/*
 * row_guard_begin: a table's constraints, prepared for any number of rows, in
 * that context, whose end is theirs.
 *
 * A generated column gets its value after the triggers: what looks at one is
 * left to the server.
 */
RowGuard *
row_guard_begin(Relation relation, MemoryContext cxt)
{
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	TupleDesc	desc = RelationGetDescr(relation);
	TupleConstr *constraints = desc->constr;
	RowGuard   *guard = palloc0(sizeof(RowGuard));

	if (constraints != NULL && constraints->num_check > 0)
	{
		guard->estate = CreateExecutorState();
		guard->checks = palloc(sizeof(GuardedCheck) * constraints->num_check);
		for (int i = 0; i < constraints->num_check; i++)
		{
			Node	   *condition = stringToNode(constraints->check[i].ccbin);
			GuardedCheck *check = &guard->checks[guard->nchecks];

			if (has_generated(condition, desc))
				continue;
			check->name = pstrdup(constraints->check[i].ccname);
			check->condition = ExecPrepareExpr((Expr *) condition, guard->estate);
			guard->nchecks++;
		}
	}
	MemoryContextSwitchTo(caller);
	return guard;
}

/*
 * check_nulls: the NOT NULL constraints.
 */
static void
check_nulls(Relation relation, TupleTableSlot *row)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int attnum = 1; attnum <= desc->natts; attnum++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, attnum - 1);

		if (attribute->attnotnull && attribute->attgenerated == '\0' &&
			!attribute->attisdropped && slot_attisnull(row, attnum))
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("null value in column \"%s\" of table \"%s\"",
							NameStr(attribute->attname), RelationGetRelationName(relation)),
					 errtablecol(relation, attnum)));
	}
}

/*
 * row_guard_check: an error (not_null_violation, check_violation) for a row
 * that breaks a constraint of the table.
 *
 * A CHECK may call anybody's function, as the caller: the current user must be
 * the one who writes the row.
 */
void
row_guard_check(RowGuard *guard, Relation relation, TupleTableSlot *row)
{
	ExprContext *context;

	check_nulls(relation, row);
	if (guard->nchecks == 0)
		return;
	context = GetPerTupleExprContext(guard->estate);
	context->ecxt_scantuple = row;
	for (int i = 0; i < guard->nchecks; i++)
		if (!ExecCheck(guard->checks[i].condition, context))
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("row for table \"%s\" breaks constraint \"%s\"",
							RelationGetRelationName(relation), guard->checks[i].name),
					 errtableconstraint(relation, guard->checks[i].name)));
	ResetPerTupleExprContext(guard->estate);
}

/*
 * integration_config_guard() returns trigger: BEFORE INSERT or UPDATE, for each
 * row.
 */
Datum
integration_config_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, NULL,
											FIRED(BEFORE, ROW, INSERT) |
											FIRED(BEFORE, ROW, UPDATE),
											"before insert or update, for each row");
	bool		is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);

	hide_rows_of_copy();
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = row_guard_begin(trigger->tg_relation,
												   fcinfo->flinfo->fn_mcxt);
	row_guard_check(fcinfo->flinfo->fn_extra, trigger->tg_relation,
					is_update ? trigger->tg_newslot : trigger->tg_trigslot);
	return PointerGetDatum(is_update ? trigger->tg_newtuple : trigger->tg_trigtuple);
}
