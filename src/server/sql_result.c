/*-------------------------------------------------------------------------
 *
 * server/sql_result.c
 *	  Giving results to SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "server/sql_result.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

/*
 * result_descriptor: the columns of the rows that a set-returning function
 * gives, as its call has them.
 *
 * Not looked up by the function: a cursor may outlive it.
 */
TupleDesc
result_descriptor(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	if (result == NULL || !IsA(result, ReturnSetInfo) || result->expectedDesc == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	return result->expectedDesc;
}

/*
 * result_begin: make the set that a function returns, to be filled with
 * tuplestore_putvalues(result->setResult, result->setDesc, ...).
 *
 * Errors: feature_not_supported where the caller takes no set.
 */
ReturnSetInfo *
result_begin(FunctionCallInfo fcinfo)
{
	TupleDesc	desc = result_descriptor(fcinfo);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;

	if (!(result->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("materialize mode required, but it is not allowed in this context")));

	caller = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	result->returnMode = SFRM_Materialize;
	result->setResult = tuplestore_begin_heap(true, false, work_mem);
	result->setDesc = CreateTupleDescCopy(desc);
	MemoryContextSwitchTo(caller);
	return result;
}

/*
 * result_require_types: refuse rows of a query of ours that have other types
 * than those that the function gives.
 *
 * Errors: object_not_in_prerequisite_state, since a table that a column is from
 * was altered.
 */
void
result_require_types(const ReturnSetInfo *result, TupleDesc found)
{
	Assert(found->natts == result->setDesc->natts);
	for (int i = 0; i < found->natts; i++)
	{
		Oid			wanted = TupleDescAttr(result->setDesc, i)->atttypid;

		if (!IsBinaryCoercible(TupleDescAttr(found, i)->atttypid, wanted))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("a table is not as the extension made it"),
					 errdetail("Its column \"%s\" is of type %s.",
							   NameStr(TupleDescAttr(found, i)->attname),
							   format_type_be(TupleDescAttr(found, i)->atttypid)),
					 errhint("Give the column its type %s again.", format_type_be(wanted))));
	}
}

/*
 * text_from_ref: a string as a text datum, palloc'd.
 */
Datum
text_from_ref(JsonbRef string)
{
	return PointerGetDatum(cstring_to_text_with_len(string.ptr, string.len));
}
