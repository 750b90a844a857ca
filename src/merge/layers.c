/*-------------------------------------------------------------------------
 *
 * merge/layers.c
 *	  From a function's jsonb[] argument to layers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "merge/layers.h"
#include "utils/array.h"
#include "utils/builtins.h"

/*
 * layer_from_document: the root of a layer; number is for the error that it is
 * no object.
 */
static JsonbRef
layer_from_document(const Jsonb *document, int number)
{
	JsonbRef	layer = jsonb_ref_root(document);

	if (unlikely(layer.type != JREF_OBJECT))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("layer %d is not a JSON object", number),
				 errdetail("It is a JSON %s.", jsonb_ref_type_name(layer)),
				 errhint("A layer is an object such as {\"integrations\": {...}}.")));
	return layer;
}

/*
 * layers_from_argument: the layers of a jsonb[] argument, outermost first,
 * palloc'd; JREF_NONE for a null element.
 *
 * Layers are used where they lie in the array, which must therefore live as
 * long as they do.  A null array has no layers.  Errors:
 * invalid_parameter_value for a layer that is no object, with its number.
 */
JsonbRef *
layers_from_argument(FunctionCallInfo fcinfo, int argno, int *nlayers)
{
	ArrayType  *array;
	JsonbRef   *layers;
	const char *data;
	const uint8 *nulls;
	int			count;

	*nlayers = 0;
	if (PG_ARGISNULL(argno))
		return NULL;
	array = PG_GETARG_ARRAYTYPE_P(argno);
	count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (count == 0)
		return NULL;
	layers = palloc_extended(sizeof(JsonbRef) * count, MCXT_ALLOC_HUGE);
	data = ARR_DATA_PTR(array);
	nulls = ARR_NULLBITMAP(array);

	for (int i = 0; i < count; i++)
	{
		if (nulls && !(nulls[i / 8] & (1 << (i % 8))))
		{
			layers[i] = (JsonbRef) {0};
			continue;
		}
		/* jsonb's alignment is int's, and an array aligns each element */
		data = (const char *) att_align_pointer(data, TYPALIGN_INT, -1, data);
		layers[i] = layer_from_document(DatumGetJsonbP(PointerGetDatum(data)), i + 1);
		data += VARSIZE_ANY(data);
	}
	*nlayers = count;
	return layers;
}
