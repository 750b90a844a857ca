/*-------------------------------------------------------------------------
 *
 * suggest.c
 *	  The nearest known name to an unknown one, and names in messages.
 *
 * Nearness is the server's own Levenshtein distance, as it is for misspelt
 * columns (parse_relation.c: updateFuzzyAttrMatchState).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"
#include "suggest.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#define MAX_SUGGEST_DISTANCE 3	/* edits; further off is another word */
#define MAX_SUGGEST_LENGTH 128	/* bytes; no known name is longer */
#define MAX_MESSAGE_NAME 64		/* bytes of a name in a message */

/*
 * suggest_begin: start looking for a name near that one.
 */
void
suggest_begin(Suggestion *suggestion, const char *wanted, int len)
{
	suggestion->wanted = wanted;
	suggestion->len = len;
	suggestion->nearest = (JsonbRef) {0};
	suggestion->distance = Min(MAX_SUGGEST_DISTANCE, len / 2) + 1;
}

/*
 * suggest_offer: take a known name if it is nearer than those offered before.
 */
void
suggest_offer(Suggestion *suggestion, JsonbRef candidate)
{
	int			limit = suggestion->distance - 1;
	int			distance;

	if (suggestion->len > MAX_SUGGEST_LENGTH || candidate.len > MAX_SUGGEST_LENGTH)
		return;
	if (limit < 0)
		return;
	distance = varstr_levenshtein_less_equal(suggestion->wanted, suggestion->len,
											 candidate.ptr, candidate.len,
											 1, 1, 1, limit, true);
	if (distance <= limit)
	{
		suggestion->nearest = candidate;
		suggestion->distance = distance;
	}
}

/*
 * suggest_nearest: a palloc'd copy of the nearest name, or NULL where none is
 * near.
 */
char *
suggest_nearest(const Suggestion *suggestion)
{
	if (suggestion->nearest.type == JREF_NONE)
		return NULL;
	return jsonb_ref_cstring(suggestion->nearest);
}

/*
 * suggest_clip: a name for a message, palloc'd: no longer than a name can be,
 * cut between characters, without control characters (which could forge a
 * line of their own).
 */
char *
suggest_clip(const char *name, int len)
{
	int			clipped = len <= MAX_MESSAGE_NAME ? len :
		pg_mbcliplen(name, len, MAX_MESSAGE_NAME);
	char	   *result = palloc(clipped + 4);

	memcpy(result, name, clipped);
	for (int i = 0; i < clipped; i++)
		if (iscntrl((unsigned char) result[i]) && !IS_HIGHBIT_SET(result[i]))
			result[i] = ' ';
	strcpy(result + clipped, clipped < len ? "..." : "");
	return result;
}
