/*-------------------------------------------------------------------------
 *
 * server/sql_result.c
 *	  Giving results to SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "server/sql_result.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

/*
 * result_begin: make the set that a function returns, to be filled with
 * tuplestore_putvalues(result->setResult, result->setDesc, ...).
 *
 * Errors: feature_not_supported where the caller takes no set.  (Server
 * versions from 15 on have InitMaterializedSRF for this.)
 */
ReturnSetInfo *
result_begin(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TupleDesc	desc;
	MemoryContext caller;

	if (result == NULL || !IsA(result, ReturnSetInfo) ||
		!(result->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	caller = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	result->returnMode = SFRM_Materialize;
	result->setResult = tuplestore_begin_heap(true, false, work_mem);
	result->setDesc = CreateTupleDescCopy(desc);
	MemoryContextSwitchTo(caller);
	return result;
}

/*
 * text_from_ref: a string as a text datum, palloc'd.
 */
Datum
text_from_ref(JsonbRef string)
{
	return PointerGetDatum(cstring_to_text_with_len(string.ptr, string.len));
}
