/*-------------------------------------------------------------------------
 *
 * secrets/redact.c
 *	  A document, or an answer, that may be shown.
 *
 * What is kept and what is not is catalogue/walk.c's judgement, and what
 * stands in its place catalogue/shown.c's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"

PG_FUNCTION_INFO_V1(integration_schema_redact);
PG_FUNCTION_INFO_V1(integration_schema_redact_answer);

/*
 * is_answer: is it what integration_schema_resolve answers, or an
 * integration's entry, so that one would have to know of which it is?
 *
 * A document may have a "config" of the caller's own.  One that also has what
 * stands beside an integration's, and no integrations, is no document.
 */
static bool
is_answer(JsonbRef root)
{
	return JREF_MEMBER(root, "config").type == JREF_OBJECT &&
		(JREF_MEMBER(root, "enabled").type == JREF_BOOL ||
		 JREF_MEMBER(root, "configured").type == JREF_BOOL ||
		 JREF_MEMBER(root, "in_use").type == JREF_BOOL ||
		 JREF_MEMBER(root, "missing").type == JREF_ARRAY) &&
		JREF_MEMBER(root, "integrations").type == JREF_NONE;
}

/*
 * integration_schema_redact(document jsonb) returns jsonb: a layer, a merged
 * document or an answer of integration_schema_values without its secrets.
 *
 * A document that is no object is replaced as a whole.  Errors:
 * invalid_parameter_value for an answer of integration_schema_resolve, which
 * does not say whose it is.
 */
Datum
integration_schema_redact(PG_FUNCTION_ARGS)
{
	JsonbRef	root = jsonb_ref_root(PG_GETARG_JSONB_P(0));
	Walk		walk = {.visit = shown_visit};
	JsonbRef	none = {0};

	if (is_answer(root))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an answer of integration_schema_resolve is redacted with its integration's id"),
				 errhint("Give the id as the second argument of integration_schema_redact.")));
	walk.catalogue = catalogue_current(fcinfo);
	PG_RETURN_JSONB_P(walk_document(&walk, root, none, walk_place(&walk, root)));
}

/*
 * integration_schema_redact(answer jsonb, id text) returns jsonb: an answer of
 * integration_schema_resolve without its secrets; id may be an instance's.
 *
 * Errors: undefined_object for an integration that the catalogue does not have.
 */
Datum
integration_schema_redact_answer(PG_FUNCTION_ARGS)
{
	JsonbRef	root = jsonb_ref_root(PG_GETARG_JSONB_P(0));
	text	   *id = PG_GETARG_TEXT_PP(1);
	Walk		walk = {.visit = shown_visit};
	JsonbRef	none = {0};

	walk.catalogue = catalogue_current(fcinfo);
	walk.integration = catalogue_require_entry(walk.catalogue, VARDATA_ANY(id),
											   VARSIZE_ANY_EXHDR(id), &walk.instance);
	PG_RETURN_JSONB_P(walk_document(&walk, root, none,
									root.type == JREF_OBJECT ? PLACE_ENTRY : PLACE_HIDDEN));
}
