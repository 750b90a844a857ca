/*-------------------------------------------------------------------------
 *
 * catalogue/misplaced.c
 *	  Top-level keys of a document that were meant to be something else.
 *
 * Such a key has no effect on the merge, and behind it stands what somebody
 * took for an integration's configuration, secrets and all.  Validation refuses
 * it and redaction hides it by the same judgement, which is here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/misplaced.h"
#include "mb/pg_wchar.h"
#include "utils/varlena.h"

static const char integrations[] = "integrations";

#define INTEGRATIONS_LENGTH ((int) sizeof(integrations) - 1)

/*
 * is_near_integrations: is a key "integrations" but for case or for one letter
 * that is another one, too many or not there?
 */
static bool
is_near_integrations(JsonbRef key)
{
	char		folded[INTEGRATIONS_LENGTH + MAX_MULTIBYTE_CHAR_LEN];

	if (key.len < (uint32) INTEGRATIONS_LENGTH - 1 || key.len > sizeof(folded))
		return false;
	for (uint32 i = 0; i < key.len; i++)
		folded[i] = pg_ascii_tolower((unsigned char) key.ptr[i]);
	return varstr_levenshtein_less_equal(folded, key.len, integrations,
										 INTEGRATIONS_LENGTH, 1, 1, 1, 1, true) <= 1;
}

/*
 * misplaced_key: what a key at the top of a document, with that value, was
 * meant to be.
 */
Misplaced
misplaced_key(const Catalogue *catalogue, JsonbRef key, JsonbRef value)
{
	if (JREF_IS(key, "integrations"))
		return MISPLACED_NOT;
	if (is_near_integrations(key))
		return MISPLACED_INTEGRATIONS;
	if (value.type == JREF_OBJECT &&
		catalogue_integration(catalogue, key.ptr, key.len) != NULL)
		return MISPLACED_ID;
	return MISPLACED_NOT;
}
