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
#include "catalogue/rows.h"
#include "funcapi.h"
#include "jsonb/number.h"
#include "jsonb/writer.h"
#include "merge/explain.h"
#include "merge/instances.h"
#include "merge/layers.h"
#include "server/sql_result.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(integration_schema_config);
PG_FUNCTION_INFO_V1(integration_schema_resolve);
PG_FUNCTION_INFO_V1(integration_schema_instances);
PG_FUNCTION_INFO_V1(integration_schema_values);
PG_FUNCTION_INFO_V1(integration_schema_explain);
PG_FUNCTION_INFO_V1(integration_schema_list);
PG_FUNCTION_INFO_V1(integration_schema_get);
PG_FUNCTION_INFO_V1(integration_schema_categories);
PG_FUNCTION_INFO_V1(integration_schema_version);
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

	PG_RETURN_JSONB_P(merge_config(catalogue_current(fcinfo), layers, nlayers, NULL));
}

/*
 * integration_schema_resolve(id text, VARIADIC layers jsonb[]) returns jsonb:
 * one integration, or instance, of the merged document.  NULL for a null id.
 */
Datum
integration_schema_resolve(PG_FUNCTION_ARGS)
{
	int			nlayers;
	JsonbRef   *layers;
	text	   *id;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	id = PG_GETARG_TEXT_PP(0);
	layers = layers_from_argument(fcinfo, 1, &nlayers);
	PG_RETURN_JSONB_P(merge_resolve(catalogue_current(fcinfo),
									jsonb_ref_string(VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id)),
									layers, nlayers, NULL));
}

/*
 * integration_schema_instances(id text, VARIADIC layers jsonb[]) returns setof
 * record: the instances of an integration that the layers give.
 */
Datum
integration_schema_instances(PG_FUNCTION_ARGS)
{
	int			nlayers;
	JsonbRef   *layers;
	ReturnSetInfo *result = result_begin(fcinfo);
	text	   *id;

	if (PG_ARGISNULL(0))
		return (Datum) 0;
	id = PG_GETARG_TEXT_PP(0);
	layers = layers_from_argument(fcinfo, 1, &nlayers);
	instance_rows(result, catalogue_current(fcinfo), id, layers, nlayers);
	return (Datum) 0;
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

	PG_RETURN_JSONB_P(merge_values(catalogue_current(fcinfo), layers, nlayers, NULL));
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
 * row_is_wanted: is a row of this category (NULL: any), and featured or not,
 * where that is asked for?
 */
static bool
row_is_wanted(JsonbRef row, text *category, const bool *featured)
{
	JsonbRef	has;

	if (category != NULL)
	{
		has = JREF_MEMBER(row, "category");
		if (has.type != JREF_STRING ||
			!jsonb_ref_is(has, VARDATA_ANY(category), VARSIZE_ANY_EXHDR(category)))
			return false;
	}
	if (featured == NULL)
		return true;
	has = JREF_MEMBER(row, "featured");
	return has.type == JREF_BOOL && has.boolean == *featured;
}

/*
 * integration_schema_list(category text, featured boolean) returns jsonb: the
 * catalogue's rows, where they match what is not null.
 */
Datum
integration_schema_list(PG_FUNCTION_ARGS)
{
	const CatalogueRows *rows = catalogue_rows(fcinfo);
	text	   *category = PG_ARGISNULL(0) ? NULL : PG_GETARG_TEXT_PP(0);
	bool		featured = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	JsonbRef   *wanted = palloc_extended(sizeof(JsonbRef) * ((Size) rows->count + 1),
										 MCXT_ALLOC_HUGE);
	int			nwanted = 0;
	Size		bytes = 64;
	JsonbWriter writer;
	JsonbFrame	object;
	JsonbFrame	array;

	for (int i = 0; i < rows->count; i++)
	{
		if (!row_is_wanted(rows->displayed[i], category,
						   PG_ARGISNULL(1) ? NULL : &featured))
			continue;
		wanted[nwanted++] = rows->displayed[i];
		bytes += rows->displayed[i].len + 8;
	}
	jsonb_write_begin(&writer, bytes);
	jsonb_write_object(&writer, NULL, &object, 2);
	jsonb_write_key(&writer, &object, "total", 5);
	jsonb_write_key(&writer, &object, "integrations", 12);
	jsonb_write_value(&writer, &object, number_from_int64(nwanted));
	jsonb_write_array(&writer, &object, &array, nwanted);
	for (int i = 0; i < nwanted; i++)
		jsonb_write_value(&writer, &array, wanted[i]);
	jsonb_write_end(&writer, &array);
	jsonb_write_end(&writer, &object);
	PG_RETURN_JSONB_P(jsonb_write_finish(&writer));
}

/*
 * integration_schema_get(id text) returns jsonb: one row of the catalogue, or
 * NULL.
 */
Datum
integration_schema_get(PG_FUNCTION_ARGS)
{
	text	   *id = PG_GETARG_TEXT_PP(0);
	const CatalogueRows *rows = catalogue_rows(fcinfo);
	int			place = key_search(&rows->by_id->id, rows->count, sizeof(RowById),
								   VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id));

	if (place == rows->count ||
		!jsonb_ref_is(rows->by_id[place].id, VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id)))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(jsonb_write_document(rows->by_id[place].row));
}

/* A category, or one row's part in it. */
typedef struct Category
{
	JsonbRef	name;
	int			first;			/* place of its first row in order of display */
	int			count;
	int			featured;
} Category;

static int
compare_categories(const void *a, const void *b)
{
	const Category *ca = a;
	const Category *cb = b;
	int			order = jsonb_key_compare(ca->name.ptr, ca->name.len,
										  cb->name.ptr, cb->name.len);

	return order != 0 ? order : ca->first - cb->first;
}

static int
compare_appearance(const void *a, const void *b)
{
	return ((const Category *) a)->first - ((const Category *) b)->first;
}

/*
 * count_categories: the categories of the rows in order of first appearance,
 * palloc'd.
 */
static Category *
count_categories(const CatalogueRows *rows, int *ncategories)
{
	Category   *categories = palloc_extended(sizeof(Category) * ((Size) rows->count + 1),
											 MCXT_ALLOC_HUGE);
	int			count = 0;

	for (int i = 0; i < rows->count; i++)
	{
		JsonbRef	featured = JREF_MEMBER(rows->displayed[i], "featured");

		categories[i].name = JREF_MEMBER(rows->displayed[i], "category");
		categories[i].first = i;
		categories[i].count = 1;
		categories[i].featured = featured.type == JREF_BOOL && featured.boolean;
	}
	qsort(categories, rows->count, sizeof(Category), compare_categories);
	for (int i = 0; i < rows->count; i++)
	{
		if (count > 0 && jsonb_ref_equal(categories[count - 1].name, categories[i].name))
		{
			categories[count - 1].count++;
			categories[count - 1].featured += categories[i].featured;
		}
		else
			categories[count++] = categories[i];
	}
	qsort(categories, count, sizeof(Category), compare_appearance);
	*ncategories = count;
	return categories;
}

/*
 * integration_schema_categories() returns jsonb: the categories in order of
 * first appearance.
 */
Datum
integration_schema_categories(PG_FUNCTION_ARGS)
{
	const CatalogueRows *rows = catalogue_rows(fcinfo);
	int			count;
	Category   *categories = count_categories(rows, &count);
	JsonbWriter writer;
	JsonbFrame	object;
	JsonbFrame	array;

	jsonb_write_begin(&writer, 64 + 128 * (Size) count);
	jsonb_write_object(&writer, NULL, &object, 2);
	jsonb_write_key(&writer, &object, "total", 5);
	jsonb_write_key(&writer, &object, "categories", 10);
	jsonb_write_value(&writer, &object, number_from_int64(count));
	jsonb_write_array(&writer, &object, &array, count);
	for (int i = 0; i < count; i++)
	{
		JsonbFrame	category;

		jsonb_write_object(&writer, &array, &category, 3);
		jsonb_write_key(&writer, &category, "count", 5);
		jsonb_write_key(&writer, &category, "category", 8);
		jsonb_write_key(&writer, &category, "featured_count", 14);
		jsonb_write_value(&writer, &category, number_from_int64(categories[i].count));
		jsonb_write_value(&writer, &category, categories[i].name);
		jsonb_write_value(&writer, &category, number_from_int64(categories[i].featured));
		jsonb_write_end(&writer, &category);
	}
	jsonb_write_end(&writer, &array);
	jsonb_write_end(&writer, &object);
	PG_RETURN_JSONB_P(jsonb_write_finish(&writer));
}

/*
 * integration_schema_version() returns text: another one once the catalogue is.
 */
Datum
integration_schema_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(catalogue_version_text(fcinfo)));
}

/*
 * integration_schema_fallback() returns jsonb: the minimal document.
 */
Datum
integration_schema_fallback(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_JSONB_P(merge_config(catalogue_fallback(), NULL, 0, NULL));
}
