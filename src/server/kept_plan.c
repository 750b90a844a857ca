/*-------------------------------------------------------------------------
 *
 * server/kept_plan.c
 *	  A prepared query that is kept for the session.
 *
 * The server's plan cache sees to what may change under a plan: the tables,
 * the role, its row security.  Only the names are part of the text, so a plan
 * is made anew when the text is another one, as after ALTER SCHEMA RENAME.
 * The old one may be executing just then (a policy, a trigger or a CHECK of
 * the table's owner can rename things and call us again), and is then freed by
 * nobody: its few kilobytes last as long as the session.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/kept_plan.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/*
 * is_plan_for: is it the plan of that text, for arguments of these types?
 */
static bool
is_plan_for(const KeptPlan *kept, const char *text, int nargs, const Oid *argtypes)
{
	if (kept->plan == NULL || strcmp(kept->text, text) != 0 ||
		SPI_getargcount(kept->plan) != nargs)
		return false;
	for (int i = 0; i < nargs; i++)
		if (SPI_getargtypeid(kept->plan, i) != argtypes[i])
			return false;
	return true;
}

/*
 * plan_prepare: a plan in the memory of the caller's SPI connection.
 */
SPIPlanPtr
plan_prepare(const char *text, int nargs, const Oid *argtypes)
{
	SPIPlanPtr	plan = SPI_prepare(text, nargs, unconstify(Oid *, argtypes));

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", text,
			 SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * plan_for: the plan of that text.
 */
static SPIPlanPtr
plan_for(KeptPlan *kept, const char *text, int nargs, const Oid *argtypes)
{
	SPIPlanPtr	plan;
	char	   *copy;

	if (is_plan_for(kept, text, nargs, argtypes))
		return kept->plan;

	plan = plan_prepare(text, nargs, argtypes);
	copy = MemoryContextStrdup(TopMemoryContext, text);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a plan");
	if (kept->plan != NULL)
	{
		if (kept->users == 0)
			SPI_freeplan(kept->plan);
		pfree(kept->text);
	}
	kept->plan = plan;
	kept->text = copy;
	kept->users = 0;
	return plan;
}

/*
 * execute: run a plan.
 */
static void
execute(SPIPlanPtr plan, const char *text, const Datum *values, const char *nulls,
		Snapshot snapshot, bool read_only)
{
	int			status = SPI_execute_snapshot(plan, unconstify(Datum *, values), nulls,
											  snapshot, InvalidSnapshot, read_only, true, 0);

	if (status < 0)
		elog(ERROR, "could not execute \"%s\": %s", text, SPI_result_code_string(status));
}

/*
 * kept_plan_execute: run a query; returns how many rows were processed, which
 * are in SPI_tuptable where it returns some.
 *
 * The caller is connected to SPI.  With NULL for kept the plan is for this once.
 * snapshot is the one that the query sees; with InvalidSnapshot it is the
 * ordinary one: a new one for what writes, the active one for what only reads.
 */
uint64
kept_plan_execute(KeptPlan *kept, const char *text,
				  int nargs, const Oid *argtypes,
				  const Datum *values, const char *nulls,
				  Snapshot snapshot, bool read_only)
{
	SPIPlanPtr volatile plan;

	if (kept == NULL)
	{
		plan = plan_prepare(text, nargs, argtypes);
		execute(plan, text, values, nulls, snapshot, read_only);
		SPI_freeplan(plan);
		return SPI_processed;
	}

	plan = plan_for(kept, text, nargs, argtypes);
	kept->users++;
	PG_TRY();
	{
		execute(plan, text, values, nulls, snapshot, read_only);
	}
	PG_FINALLY();
	{
		/* unless another text has come meanwhile */
		if (kept->plan == plan)
			kept->users--;
	}
	PG_END_TRY();
	return SPI_processed;
}
