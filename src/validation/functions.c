/*-------------------------------------------------------------------------
 *
 * validation/functions.c
 *	  integration_schema_validate and integration_schema_is_valid.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/sql_result.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "validation/validate.h"

PG_FUNCTION_INFO_V1(integration_schema_validate);
PG_FUNCTION_INFO_V1(integration_schema_is_valid);

#define VIOLATION_COLUMNS 7

/* Where the rows of integration_schema_validate go. */
typedef struct ViolationRows
{
	ReturnSetInfo *result;
	MemoryContext row_cxt;		/* reset for each row */
} ViolationRows;

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
	nulls[1] = violation->integration.type == JREF_NONE;
	values[1] = nulls[1] ? (Datum) 0 : text_from_ref(violation->integration);
	nulls[2] = violation->field.type == JREF_NONE;
	values[2] = nulls[2] ? (Datum) 0 : text_from_ref(violation->field);
	values[3] = CStringGetTextDatum(violation->code);
	values[4] = CStringGetTextDatum(violation->message);
	values[5] = JsonbPGetDatum(violation_params(violation));
	values[6] = CStringGetTextDatum(violation->warning ? "warning" : "error");
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc,
						 values, nulls);
	MemoryContextSwitchTo(old);
	MemoryContextReset(rows->row_cxt);
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

	rows.result = result_begin(fcinfo);
	rows.row_cxt = AllocSetContextCreate(CurrentMemoryContext,
										 "integration_schemas violation",
										 ALLOCSET_DEFAULT_SIZES);
	validate_document(catalogue_current(fcinfo), jsonb_ref_root(document),
					  (JsonbRef) {0}, level, add_row, &rows);
	MemoryContextDelete(rows.row_cxt);
	PG_RETURN_NULL();
}

/*
 * integration_schema_is_valid(document jsonb, level text): has it no
 * violation that refuses it?
 *
 * People have it in CHECK constraints, and a dump has tables' rows in an order
 * that knows nothing of what the catalogue must have before them.  pg_dump and
 * pg_restore turn check_function_bodies off, the server's own sign that what
 * something refers to may not be there yet: then what is not valid is not known
 * to be invalid either, and null lets it pass.
 */
Datum
integration_schema_is_valid(PG_FUNCTION_ARGS)
{
	ValidationLevel level = level_argument(fcinfo);
	Jsonb	   *document = PG_GETARG_JSONB_P(0);
	bool		valid;

	valid = validate_document(catalogue_current(fcinfo), jsonb_ref_root(document),
							  (JsonbRef) {0}, level, NULL, NULL);
	PG_FREE_IF_COPY(document, 0);
	if (!valid && !check_function_bodies)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(valid);
}
