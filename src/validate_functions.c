/*-------------------------------------------------------------------------
 *
 * validate_functions.c
 *	  integration_schema_validate and integration_schema_is_valid.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"
#include "validate.h"

PG_FUNCTION_INFO_V1(integration_schema_validate);
PG_FUNCTION_INFO_V1(integration_schema_is_valid);

/* Where the rows of integration_schema_validate go. */
typedef struct ViolationRows
{
	Tuplestorestate *store;
	TupleDesc	desc;
	MemoryContext row_cxt;		/* reset for each row */
} ViolationRows;

#define VIOLATION_COLUMNS 5

/*
 * level_argument: the function's second argument.
 */
static ValidationLevel
level_argument(FunctionCallInfo fcinfo)
{
	text	   *name = PG_GETARG_TEXT_PP(1);
	ValidationLevel level;

	if (!validation_level_parse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &level))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid level for the validation of a document"),
				 errhint("Levels are %s.", VALIDATION_LEVELS)));
	return level;
}

/*
 * name_datum: a name as text, or null where there is none.
 */
static Datum
name_datum(JsonbRef name, bool *isnull)
{
	*isnull = name.type == JREF_NONE;
	return *isnull ? (Datum) 0 :
		PointerGetDatum(cstring_to_text_with_len(name.ptr, name.len));
}

/*
 * add_row: a ViolationCallback.
 */
static void
add_row(const Violation *violation, void *arg)
{
	ViolationRows *rows = arg;
	MemoryContext old = MemoryContextSwitchTo(rows->row_cxt);
	Datum		values[VIOLATION_COLUMNS];
	bool		nulls[VIOLATION_COLUMNS] = {false};

	values[0] = CStringGetTextDatum(violation->path);
	values[1] = name_datum(violation->integration, &nulls[1]);
	values[2] = name_datum(violation->field, &nulls[2]);
	values[3] = CStringGetTextDatum(violation->code);
	values[4] = CStringGetTextDatum(violation->message);
	tuplestore_putvalues(rows->store, rows->desc, values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(rows->row_cxt);
}

/*
 * begin_rows: prepare for the function's rows, in materialize mode.
 */
static void
begin_rows(FunctionCallInfo fcinfo, ViolationRows *rows)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

#if PG_VERSION_NUM >= 150000
	InitMaterializedSRF(fcinfo, 0);
#else
	MemoryContext old;
	TupleDesc	desc;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo) ||
		!(rsinfo->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	old = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setResult = tuplestore_begin_heap((rsinfo->allowedModes & SFRM_Materialize_Random) != 0,
											  false, work_mem);
	rsinfo->setDesc = desc;
	MemoryContextSwitchTo(old);
#endif
	rows->store = rsinfo->setResult;
	rows->desc = rsinfo->setDesc;
	rows->row_cxt = AllocSetContextCreate(CurrentMemoryContext,
										  "integration_schemas violation",
										  ALLOCSET_DEFAULT_SIZES);
}

/*
 * integration_schema_validate(document jsonb, level text): a row for each
 * violation.
 */
Datum
integration_schema_validate(PG_FUNCTION_ARGS)
{
	ValidationLevel level = level_argument(fcinfo);
	Jsonb	   *document = PG_GETARG_JSONB_P(0);
	ViolationRows rows;

	begin_rows(fcinfo, &rows);
	validate_document(catalogue_current(fcinfo), jsonb_ref_root(document),
					  level, add_row, &rows);
	MemoryContextDelete(rows.row_cxt);
	PG_RETURN_NULL();
}

/*
 * integration_schema_is_valid(document jsonb, level text): has it no
 * violation?
 */
Datum
integration_schema_is_valid(PG_FUNCTION_ARGS)
{
	ValidationLevel level = level_argument(fcinfo);
	Jsonb	   *document = PG_GETARG_JSONB_P(0);
	bool		valid;

	valid = validate_document(catalogue_current(fcinfo), jsonb_ref_root(document),
							  level, NULL, NULL);
	PG_FREE_IF_COPY(document, 0);
	PG_RETURN_BOOL(valid);
}
