/*-------------------------------------------------------------------------
 *
 * catalogue/top_level.c
 *	  Keys at the top of a document that stand in the wrong place.
 *
 * A top-level key is the caller's own, and what it holds is neither checked
 * nor redacted, unless it is plain that it was meant to be checked: validation
 * reports such a key, and redaction hides all behind it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/top_level.h"
#include "mb/pg_wchar.h"

static const char integrations[] = "integrations";

#define INTEGRATIONS_LEN ((int) sizeof(integrations) - 1)

static inline char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/*
 * is_near_integrations: is it "integrations" but for case and at most one
 * letter: another one, one too many or too few, or two that changed places?
 */
static bool
is_near_integrations(JsonbRef key)
{
	int			len = key.len;
	int			before = 0;
	int			after = 0;

	if (key.len < INTEGRATIONS_LEN - 1 ||
		key.len > INTEGRATIONS_LEN + MAX_MULTIBYTE_CHAR_LEN)
		return false;
	while (before < Min(len, INTEGRATIONS_LEN) &&
		   lower(key.ptr[before]) == integrations[before])
		before++;
	while (after < Min(len, INTEGRATIONS_LEN) - before &&
		   lower(key.ptr[len - 1 - after]) == integrations[INTEGRATIONS_LEN - 1 - after])
		after++;

	/* all that is between is one letter, which may have several bytes */
	if (INTEGRATIONS_LEN - before - after <= 1 &&
		pg_mbstrlen_with_len(key.ptr + before, len - before - after) <= 1)
		return true;
	return len == INTEGRATIONS_LEN && before + after == len - 2 &&
		lower(key.ptr[before]) == integrations[before + 1] &&
		lower(key.ptr[before + 1]) == integrations[before];
}

/*
 * top_level_meant: what was meant by a key at the top of a document: itself,
 * where it is an integration's id, or an instance's, and has an object, which
 * belongs inside "integrations"; "integrations" where it is nearly that;
 * JREF_NONE where it is just that, or the caller's own.
 */
JsonbRef
top_level_meant(const Catalogue *catalogue, JsonbRef key, JsonbRef value)
{
	JsonbRef	instance;

	if (jsonb_ref_is(key, integrations, INTEGRATIONS_LEN))
		return (JsonbRef) {0};
	if (value.type == JREF_OBJECT &&
		catalogue_entry(catalogue, key.ptr, key.len, &instance) != NULL)
		return key;
	if (is_near_integrations(key))
		return jsonb_ref_string(integrations, INTEGRATIONS_LEN);
	return (JsonbRef) {0};
}
