/*-------------------------------------------------------------------------
 *
 * server/row_guard.c
 *	  The trigger that keeps a table's rows out of its constraints' errors.
 *
 * Where a row breaks a constraint, the server's error shows the row, and with
 * it the document.  So this trigger refuses the row before the server does,
 * for the same constraint, and shows nothing of it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodes.h"
#include "server/copy_context.h"
#include "server/trigger_call.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(integration_config_guard);

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

		if (attribute->attnotnull && slot_attisnull(row, attnum))
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("null value in column \"%s\" of table \"%s\"",
							NameStr(attribute->attname), RelationGetRelationName(relation)),
					 errtablecol(relation, attnum)));
	}
}

/*
 * check_constraints: the CHECK constraints.
 */
static void
check_constraints(Relation relation, TupleTableSlot *row)
{
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	EState	   *estate = CreateExecutorState();
	ExprContext *context = GetPerTupleExprContext(estate);

	context->ecxt_scantuple = row;
	for (int i = 0; constraints != NULL && i < constraints->num_check; i++)
	{
		ConstrCheck *check = &constraints->check[i];
		Expr	   *condition = stringToNode(check->ccbin);

		if (!ExecCheck(ExecPrepareExpr(condition, estate), context))
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("row for table \"%s\" breaks constraint \"%s\"",
							RelationGetRelationName(relation), check->ccname),
					 errtableconstraint(relation, check->ccname)));
	}
	FreeExecutorState(estate);
}

/*
 * integration_config_guard() returns trigger: BEFORE INSERT, for each row.
 */
Datum
integration_config_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, NULL, FIRED(BEFORE, ROW, INSERT),
											"before insert, for each row");

	hide_rows_of_copy();
	check_nulls(trigger->tg_relation, trigger->tg_trigslot);
	check_constraints(trigger->tg_relation, trigger->tg_trigslot);
	return PointerGetDatum(trigger->tg_trigtuple);
}
