/*-------------------------------------------------------------------------
 *
 * store/answers.c
 *	  What is answered of a node, with secrets or without.
 *
 * The one place where a merged configuration leaves the store.  reveal is what
 * store/access.h says of the caller; without it masks stand in the place of what
 * redaction hides.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"
#include "merge/merge.h"
#include "store/answers.h"

/*
 * redacted: an answer as it may be shown, whose root is at that place.
 */
static Jsonb *
redacted(Walk *walk, const Jsonb *answer, Place place)
{
	walk->visit = shown_visit;
	return walk_document(walk, jsonb_ref_root(answer), (JsonbRef) {0}, place);
}

/*
 * answer_config: the merged document of layers, palloc'd.
 */
Jsonb *
answer_config(const Catalogue *catalogue, const JsonbRef *layers, int nlayers, bool reveal)
{
	Jsonb	   *answer = merge_config(catalogue, layers, nlayers);
	Walk		walk = {.catalogue = catalogue};

	return reveal ? answer : redacted(&walk, answer, PLACE_DOCUMENT);
}

/*
 * answer_resolve: one integration, or instance, of the merged document, palloc'd.
 *
 * Errors: those of merge_resolve.
 */
Jsonb *
answer_resolve(const Catalogue *catalogue, JsonbRef key, const JsonbRef *layers,
			   int nlayers, bool reveal)
{
	Jsonb	   *answer = merge_resolve(catalogue, key, layers, nlayers);
	Walk		walk = {.catalogue = catalogue};

	if (reveal)
		return answer;
	walk.integration = catalogue_require_entry(catalogue, key.ptr, key.len, &walk.instance);
	return redacted(&walk, answer, PLACE_ENTRY);
}

/*
 * answer_values: the values of every integration that is in use, enabled and
 * configured, palloc'd.
 */
Jsonb *
answer_values(const Catalogue *catalogue, const JsonbRef *layers, int nlayers, bool reveal)
{
	Jsonb	   *answer = merge_values(catalogue, layers, nlayers);
	Walk		walk = {.catalogue = catalogue};

	return reveal ? answer : redacted(&walk, answer, PLACE_ANSWERS);
}
