/*-------------------------------------------------------------------------
 *
 * secrets/past.c
 *	  A document of the past that may be shown.
 *
 * The catalogue of today does not know what was a secret once, nor what was
 * erased since: the caller says it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/marks.h"
#include "catalogue/shown.h"

PG_FUNCTION_INFO_V1(integration_schemas_redact_past);

/* What is shown in place of a value that was erased. */
#define ERASED_VALUE "(erased)"

/*
 * past_visit: WalkVisitor that also shows which values were erased; beside the
 * document are the marks of their places.
 */
static bool
past_visit(Walk *walk, JsonbFrame *frame, JsonbRef value, JsonbRef beside,
		   Place place)
{
	if (marks_reach(beside))
	{
		jsonb_write_string(walk->writer, frame, ERASED_VALUE, strlen(ERASED_VALUE));
		return true;
	}
	/* what stood where something with secrets belonged was hidden whole */
	if (walk->once == ONCE_SECRET ||
		(walk->once == ONCE_AROUND && JREF_IS_SCALAR(value)))
		place = PLACE_HIDDEN;
	return shown_visit(walk, frame, value, beside, place);
}

/*
 * redact_past(document jsonb, secrets jsonb, erased text[]) returns jsonb: a
 * document of the past without what is, or ever was, a secret.
 *
 * secrets has, by integration, the paths of fields that were secrets once;
 * erased the JSON Pointers of values that were erased.  Each may be null.
 */
Datum
integration_schemas_redact_past(PG_FUNCTION_ARGS)
{
	JsonbRef	root;
	JsonbRef	erased = {0};
	Walk		walk = {.visit = past_visit};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	root = jsonb_ref_root(PG_GETARG_JSONB_P(0));
	if (!PG_ARGISNULL(1))
		walk.once_secret = marks_of_paths(jsonb_ref_root(PG_GETARG_JSONB_P(1)));
	if (!PG_ARGISNULL(2))
		erased = marks_of_pointers(PG_GETARG_ARRAYTYPE_P(2));
	walk.catalogue = catalogue_current(fcinfo);
	PG_RETURN_JSONB_P(walk_document(&walk, root, erased,
									marks_reach(erased) ? PLACE_HIDDEN :
									walk_place(&walk, root)));
}
