/*-------------------------------------------------------------------------
 *
 * merge/instances.c
 *	  The rows of the functions that list an integration's instances.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "merge/instances.h"
#include "server/sql_result.h"
#include "utils/array.h"
#include "utils/tuplestore.h"

/*
 * missing_array: the paths of missing fields as a text[].
 */
Datum
missing_array(const IntegrationStatus *status)
{
	Datum	   *paths = palloc_extended(sizeof(Datum) * ((Size) status->nmissing + 1),
										MCXT_ALLOC_HUGE);

	for (int i = 0; i < status->nmissing; i++)
		paths[i] = text_from_ref(status->missing[i]);
	return PointerGetDatum(construct_array(paths, status->nmissing, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

/*
 * instance_row: StatusCallback that puts a row into the result.
 */
static void
instance_row(JsonbRef key, const IntegrationStatus *status, void *arg)
{
	ReturnSetInfo *result = arg;
	Datum		values[6];
	bool		nulls[6] = {false};

	values[0] = text_from_ref(key);
	values[1] = text_from_ref(status->instance);
	values[2] = BoolGetDatum(status->enabled);
	values[3] = BoolGetDatum(status->nmissing == 0);
	values[4] = missing_array(status);
	values[5] = BoolGetDatum(status->in_use);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * instance_rows: put a row for each instance of an integration into the result
 * of a set-returning function: integration, instance, enabled, configured,
 * missing, in_use.
 *
 * Errors: undefined_object for an integration that the catalogue does not have.
 */
void
instance_rows(ReturnSetInfo *result, const Catalogue *catalogue, text *id,
			  const JsonbRef *layers, int nlayers)
{
	merge_instances(catalogue,
					catalogue_require(catalogue, VARDATA_ANY(id), VARSIZE_ANY_EXHDR(id)),
					layers, nlayers, instance_row, result);
}
