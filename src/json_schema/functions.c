/*-------------------------------------------------------------------------
 *
 * json_schema/functions.c
 *	  What the functions of sql/50_json_schema.sql need of C.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/catalogue.h"
#include "catalogue/definition.h"
#include "funcapi.h"
#include "json_schema/pattern_dialect.h"
#include "jsonb/build.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(schema_source);
PG_FUNCTION_INFO_V1(check_definitions_sql);
PG_FUNCTION_INFO_V1(pattern_to_ecma_sql);
PG_FUNCTION_INFO_V1(pattern_from_ecma_sql);

/*
 * schema_source(id text) returns jsonb: name, description and fields of an
 * integration, the definitions as they were written.
 *
 * Errors: undefined_object.
 */
Datum
schema_source(PG_FUNCTION_ARGS)
{
	text	   *id = PG_GETARG_TEXT_PP(0);
	const Integration *integration = catalogue_require(catalogue_current(fcinfo), VARDATA_ANY(id),
													   VARSIZE_ANY_EXHDR(id));
	JsonbBuild	build = {0};

	build_object(&build);
	build_key(&build, "name");
	build_value(&build, integration->name);
	build_key(&build, "description");
	build_value(&build, integration->description);
	build_key(&build, "fields");
	build_array(&build);
	for (int i = 0; i < integration->config.nfields; i++)
		build_value(&build, integration->config.ordered[i]->definition);
	build_end(&build);
	build_end(&build);
	PG_RETURN_JSONB_P(build_finish(&build));
}

/*
 * check_definitions_sql(fields jsonb) returns void: the catalogue's check.
 *
 * Errors: check_violation, program_limit_exceeded.
 */
Datum
check_definitions_sql(PG_FUNCTION_ARGS)
{
	definition_check(NULL, (JsonbRef) {0}, jsonb_ref_root(PG_GETARG_JSONB_P(0)));
	PG_RETURN_VOID();
}

/*
 * pattern_to_ecma_sql(pattern text) returns text: NULL where there is none.
 */
Datum
pattern_to_ecma_sql(PG_FUNCTION_ARGS)
{
	text	   *pattern = PG_GETARG_TEXT_PP(0);
	char	   *translated = pattern_to_ecma(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern));

	if (translated == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(translated));
}

/*
 * pattern_from_ecma_sql(pattern text) returns record: the pattern, or why there
 * is none.
 */
Datum
pattern_from_ecma_sql(PG_FUNCTION_ARGS)
{
	text	   *pattern = PG_GETARG_TEXT_PP(0);
	const char *problem = NULL;
	char	   *translated = pattern_from_ecma(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), &problem);
	TupleDesc	desc;
	Datum		values[2] = {0};
	bool		nulls[2] = {translated == NULL, translated != NULL};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (translated != NULL)
		values[0] = CStringGetTextDatum(translated);
	else
		values[1] = CStringGetTextDatum(problem != NULL ? problem : "the pattern has no equal in PostgreSQL");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
