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
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

/*
 * own_execute: run a statement of ours as the owner of the tables in it, under
 * the latest snapshot; returns how many rows were processed.
 *
 * What is kept about rows must be true of the rows that are there, not of
 * those that an older snapshot sees.  To be called with SPI connected, whose
 * memory what it returns is in.
 */
uint64
own_execute(Oid owner, const char *query, int nargs, const Oid *types,
			const Datum *values, const char *nulls)
{
	Identity	caller;
	SPIPlanPtr	plan;
	int			result;

	identity_become(&caller, owner);
	plan = SPI_prepare(query, nargs, unconstify(Oid *, types));
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	result = SPI_execute_snapshot(plan, unconstify(Datum *, values), nulls,
								  GetLatestSnapshot(), InvalidSnapshot,
								  false, true, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_snapshot failed: %s", SPI_result_code_string(result));
	SPI_freeplan(plan);
	identity_return(&caller);
	return SPI_processed;
}

/*
 * own_select: run a query of ours on one of the extension's tables for a caller
 * who may SELECT it; what it gives is in SPI_tuptable, or goes into the
 * tuplestore if there is one.
 *
 * The format's %s are the table's name.  As its owner, unless row security
 * applies to the caller, whom policies are made for.  Under the active
 * snapshot, with SPI connected.  Errors: undefined_table,
 * insufficient_privilege.
 */
void
own_select(FunctionCallInfo fcinfo, OwnTable table, const char *format,
		   int nargs, const Oid *types, const Datum *values, Tuplestorestate *store)
{
	SPIExecuteOptions options = {.read_only = true};
	Oid			relid = own_table_required(fcinfo, table, AccessShareLock);
	AttrNumber	whole_row = InvalidAttrNumber;
	char	   *name = quote_qualified_identifier(get_namespace_name(own_namespace(fcinfo)),
												  own_table_name(table));
	char	   *query = psprintf(format, name, name);
	bool		as_caller;
	Identity	caller;
	int			level = 0;
	int			result;

	(void) rights_checked(relid, ACL_SELECT, 1, &whole_row, GetUserId(), true);
	as_caller = check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED;
	if (as_caller)
		level = search_path_secure();
	else
		identity_become(&caller, relation_owner(relid));
	options.params = makeParamList(nargs);
	for (int i = 0; i < nargs; i++)
	{
		ParamExternData *param = &options.params->params[i];

		param->value = values[i];
		param->isnull = false;
		param->pflags = PARAM_FLAG_CONST;
		param->ptype = types[i];
	}
	if (store != NULL)
	{
		options.dest = CreateDestReceiver(DestTuplestore);
		SetTuplestoreDestReceiverParams(options.dest, store, CurrentMemoryContext,
										false, NULL, NULL);
	}
	result = SPI_execute_extended(query, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
	if (as_caller)
		AtEOXact_GUC(false, level);
	else
		identity_return(&caller);
}
