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
#include "secrets/cipher.h"
#include "store/answers.h"

/*
 * finished: an answer whose root is at that place, as it is shown.
 */
static Jsonb *
finished(Walk *walk, Jsonb *answer, Place place, const LayersOpener *opener)
{
	cipher_forget();
	if (opener->shown != SHOWN_REDACTED)
		return answer;
	walk->visit = shown_visit;
	return walk_document(walk, jsonb_ref_root(answer), (JsonbRef) {0}, place);
}

/*
 * opener_of: what opens values; NULL where they are all going to be hidden.
 */
static const ValueOpener *
opener_of(const LayersOpener *opener)
{
	return opener->shown == SHOWN_REDACTED ? NULL : &opener->opener;
}

/*
 * answer_config: the merged document of layers, palloc'd.
 */
Jsonb *
answer_config(const Catalogue *catalogue, LayersOpener *opener)
{
	Jsonb	   *answer = merge_config(catalogue, opener->documents, opener->count,
									  opener_of(opener));
	Walk		walk = {.catalogue = catalogue};

	return finished(&walk, answer, PLACE_DOCUMENT, opener);
}

/*
 * answer_resolve: one integration, or instance, of the merged document, palloc'd.
 *
 * Errors: those of merge_resolve.
 */
Jsonb *
answer_resolve(const Catalogue *catalogue, JsonbRef key, LayersOpener *opener)
{
	Jsonb	   *answer = merge_resolve(catalogue, key, opener->documents, opener->count,
									   opener_of(opener));
	Walk		walk = {.catalogue = catalogue};

	if (opener->shown == SHOWN_REDACTED)
		walk.integration = catalogue_require_entry(catalogue, key.ptr, key.len, &walk.instance);
	return finished(&walk, answer, PLACE_ENTRY, opener);
}

/*
 * answer_values: the values of every integration that is in use, enabled and
 * configured, palloc'd.
 */
Jsonb *
answer_values(const Catalogue *catalogue, LayersOpener *opener)
{
	Jsonb	   *answer = merge_values(catalogue, opener->documents, opener->count,
									  opener_of(opener));
	Walk		walk = {.catalogue = catalogue};

	return finished(&walk, answer, PLACE_ANSWERS, opener);
}
