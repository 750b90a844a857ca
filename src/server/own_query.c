/*-------------------------------------------------------------------------
 *
 * server/own_query.c
 *	  Queries of ours on the extension's own tables.
 *
 * They run as the tables' owner, who may have put code of his own there
 * (server/identity.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/sql_result.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"

/*
 * qualified_name: a relation's name for a query, qualified and quoted, palloc'd.
 */
char *
qualified_name(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  get_rel_name(relid));
}

/*
 * own_execute: run a statement of ours as the owner of the tables in it; returns
 * how many rows were processed.
 *
 * kept, the snapshot and what is to be known of SPI are as in
 * kept_plan_execute().  What is kept about rows must be true of the rows that
 * are there, not of those that an older snapshot sees: it takes the latest one.
 */
uint64
own_execute(KeptPlan *kept, Oid owner, const char *query, int nargs, const Oid *types,
			const Datum *values, const char *nulls, Snapshot snapshot)
{
	Identity	caller;
	uint64		rows;

	identity_become(&caller, owner);
	rows = kept_plan_execute(kept, query, nargs, types, values, nulls, snapshot, false);
	identity_return(&caller);
	return rows;
}

/*
 * select_for: own_select(), or with granted own_select_as_owner().
 */
static void
select_for(FunctionCallInfo fcinfo, OwnTable table, bool granted, const char *format,
		   int nargs, const Oid *types, const Datum *values, ReturnSetInfo *result)
{
	SPIExecuteOptions options = {.read_only = true};
	Oid			relid = own_table_required(fcinfo, table, AccessShareLock);
	AttrNumber	whole_row = InvalidAttrNumber;
	char	   *name = qualified_name(relid);
	const char *schema = quote_identifier(get_namespace_name(own_namespace(fcinfo)));
	Identity	caller;
	int			level = search_path_secure();
	SPIPlanPtr	plan;
	int			status;

	(void) rights_checked(relid, ACL_SELECT, 1, &whole_row,
						  granted ? relation_owner(relid) : GetUserId(), true);
	if (granted)
		identity_become(&caller, relation_owner(relid));
	else
		identity_for_table(&caller, relid);
	plan = plan_prepare(psprintf(format, name, schema), nargs, types);
	options.params = makeParamList(nargs);
	for (int i = 0; i < nargs; i++)
	{
		options.params->params[i].value = values[i];
		options.params->params[i].isnull = false;
		options.params->params[i].pflags = PARAM_FLAG_CONST;
		options.params->params[i].ptype = types[i];
	}
	if (result != NULL)
	{
		CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(plan));

		result_require_types(result, source->resultDesc);
		options.dest = CreateDestReceiver(DestTuplestore);
		SetTuplestoreDestReceiverParams(options.dest, result->setResult,
										CurrentMemoryContext, false, NULL, NULL);
	}
	status = SPI_execute_plan_extended(plan, &options);
	if (status < 0)
		elog(ERROR, "could not execute a query on \"%s\": %s", name,
			 SPI_result_code_string(status));
	SPI_freeplan(plan);
	identity_return(&caller);
	AtEOXact_GUC(false, level);
}

/*
 * own_select: run a query of ours on one of the extension's tables for a caller
 * who may SELECT it; its rows go into a function's result or, with NULL for that,
 * are in SPI_tuptable.
 *
 * The format's %1$s is the table's name, %2$s the extension's schema.  As its
 * owner, unless row security applies to the caller, whom policies are made for.
 * Under the active snapshot, with SPI connected.  Errors: undefined_table,
 * insufficient_privilege; those of result_require_types().
 */
void
own_select(FunctionCallInfo fcinfo, OwnTable table, const char *format,
		   int nargs, const Oid *types, const Datum *values, ReturnSetInfo *result)
{
	select_for(fcinfo, table, false, format, nargs, types, values, result);
}

/*
 * own_select_as_owner: the same for a caller who need not have rights on the
 * table, since what he may see was decided otherwise.
 */
void
own_select_as_owner(FunctionCallInfo fcinfo, OwnTable table, const char *format,
					int nargs, const Oid *types, const Datum *values,
					ReturnSetInfo *result)
{
	select_for(fcinfo, table, true, format, nargs, types, values, result);
}
