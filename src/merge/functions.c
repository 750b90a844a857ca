/*-------------------------------------------------------------------------
 *
 * merge/functions.c
 *	  The SQL-callable functions that read the merged configuration and the
 *	  catalogue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "merge/explain.h"
#include "merge/layers.h"
#include "server/sql_result.h"
#include "utils/array.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(integration_schema_config);
PG_FUNCTION_INFO_V1(integration_schema_resolve);
PG_FUNCTION_INFO_V1(integration_schema_values);
PG_FUNCTION_INFO_V1(integration_schema_explain);
PG_FUNCTION_INFO_V1(integration_schema_list);
PG_FUNCTION_INFO_V1(integration_schema_get);
PG_FUNCTION_INFO_V1(integration_schema_categories);
PG_FUNCTION_INFO_V1(integration_schema_fallback);

/*
 * integration_schema_config(VARIADIC layers jsonb[]) returns jsonb: the merged
 * document.
 */
Datum
integration_schema_config(PG_FUNCTION_ARGS)
{
	int			nlayers;
	JsonbRef   *layers = layers_from_argument(fcinfo, 0, &nlayers);

	PG_RETURN_JSONB_P(merge_config(catalogue_current(fcinfo), layers, nlayers));
}

/*
 * integration_schema_resolve(id text, VARIADIC layers jsonb[]) returns jsonb:
 * one integration of the merged document.  NULL for a null id.
 */
Datum
integration_schema_resolve(PG_FUNCTION_ARGS)
{
	const Integration *integration;
	int			nlayers;
	JsonbRef   *layers;
	text	   *id;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	id = PG_GETARG_TEXT_PP(0);
	layers = layers_from_argument(fcinfo, 1, &nlayers);
	integration = catalogue_require(catalogue_current(fcinfo),
									VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));
	PG_RETURN_JSONB_P(merge_resolve(integration, layers, nlayers));
}

/*
 * integration_schema_values(VARIADIC layers jsonb[]) returns jsonb: the
 * resolved config of every integration that is in use, enabled and configured.
 */
Datum
integration_schema_values(PG_FUNCTION_ARGS)
{
	int			nlayers;
	JsonbRef   *layers = layers_from_argument(fcinfo, 0, &nlayers);

	PG_RETURN_JSONB_P(merge_values(catalogue_current(fcinfo), layers, nlayers));
}

/*
 * layer_number: LayerNames' name of a layer that is an argument.
 */
static Datum
layer_number(int layer, const char *zero pg_attribute_unused(),
			 const void *arg pg_attribute_unused())
{
	return Int32GetDatum(layer);
}

/*
 * integration_schema_explain(VARIADIC layers jsonb[]) returns setof record:
 * where each field's value comes from.
 */
Datum
integration_schema_explain(PG_FUNCTION_ARGS)
{
	int			nlayers;
	JsonbRef   *layers = layers_from_argument(fcinfo, 0, &nlayers);
	ReturnSetInfo *result = result_begin(fcinfo);
	LayerNames	names = {.type = INT4OID, .name = layer_number};

	explain_rows(result, catalogue_current(fcinfo), layers, nlayers, &names);
	return (Datum) 0;
}

/*
 * query_catalogue: what a query on the catalogue answers, in the caller's
 * memory context; NULL where it has no row.
 *
 * The format's %s is what it reads from.  The query runs with the caller's
 * rights under the caller's snapshot.
 */
static Datum
query_catalogue(FunctionCallInfo fcinfo, const char *format, int nargs,
				Oid *argtypes, bool *isnull)
{
	char	   *query = psprintf(format, catalogue_source(fcinfo));
	Datum		values[2];
	char		nulls[2];
	Datum		result = (Datum) 0;

	Assert(nargs <= 2);
	for (int i = 0; i < nargs; i++)
	{
		nulls[i] = PG_ARGISNULL(i) ? 'n' : ' ';
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(query, nargs, argtypes, values, nulls, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "reading the catalogue failed");
	*isnull = SPI_processed == 0;
	if (!*isnull)
		result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, isnull);
	if (!*isnull)
		result = SPI_datumTransfer(result, false, -1);
	SPI_finish();
	return result;
}

/*
 * integration_schema_list(category text, featured boolean) returns jsonb: the
 * catalogue's rows, where they match what is not null.
 */
Datum
integration_schema_list(PG_FUNCTION_ARGS)
{
	Oid			argtypes[] = {TEXTOID, BOOLOID};
	bool		isnull;

	PG_RETURN_DATUM(query_catalogue(fcinfo,
									"SELECT pg_catalog.jsonb_build_object("
									" 'integrations', coalesce(pg_catalog.jsonb_agg("
									"   pg_catalog.to_jsonb(s) ORDER BY s.display_order, s.name, s.id), '[]'),"
									" 'total', pg_catalog.count(*)) "
									"FROM %s AS s "
									"WHERE ($1 IS NULL OR s.category OPERATOR(pg_catalog.=) $1) "
									"AND ($2 IS NULL OR s.featured OPERATOR(pg_catalog.=) $2)",
									2, argtypes, &isnull));
}

/*
 * integration_schema_get(id text) returns jsonb: one row of the catalogue, or
 * NULL.
 */
Datum
integration_schema_get(PG_FUNCTION_ARGS)
{
	Oid			argtypes[] = {TEXTOID};
	bool		isnull;
	Datum		result;

	result = query_catalogue(fcinfo,
							 "SELECT pg_catalog.to_jsonb(s) FROM %s AS s "
							 "WHERE s.id OPERATOR(pg_catalog.=) $1",
							 1, argtypes, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

/*
 * integration_schema_categories() returns jsonb: the categories in order of
 * first appearance.
 */
Datum
integration_schema_categories(PG_FUNCTION_ARGS)
{
	bool		isnull;

	PG_RETURN_DATUM(query_catalogue(fcinfo,
									"SELECT pg_catalog.jsonb_build_object("
									" 'categories', coalesce(pg_catalog.jsonb_agg("
									"   pg_catalog.jsonb_build_object('category', c.category, "
									"     'count', c.count, 'featured_count', c.featured_count) "
									"   ORDER BY c.display_order, c.name, c.category), '[]'),"
									" 'total', pg_catalog.count(*)) "
									"FROM (SELECT s.category, "
									"   (pg_catalog.array_agg(s.display_order ORDER BY s.display_order, s.name))[1] AS display_order,"
									"   (pg_catalog.array_agg(s.name ORDER BY s.display_order, s.name))[1] AS name,"
									"   pg_catalog.count(*) AS count,"
									"   pg_catalog.count(*) FILTER (WHERE s.featured) AS featured_count "
									" FROM %s AS s GROUP BY s.category) AS c",
									0, NULL, &isnull));
}

/*
 * integration_schema_fallback() returns jsonb: the minimal document.
 */
Datum
integration_schema_fallback(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_JSONB_P(merge_config(catalogue_fallback(), NULL, 0));
}
