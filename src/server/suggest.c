/*-------------------------------------------------------------------------
 *
 * server/suggest.c
 *	  The known name that is nearest to a misspelt one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/suggest.h"
#include "utils/varlena.h"

/* Names longer than this are not looked for; a catalogue's have at most 64. */
#define SUGGEST_LENGTH 96

/* No suggestion is further away than this, as core's own for columns. */
#define SUGGEST_DISTANCE 4

/*
 * fold: a copy of a name in which case, and "-" for "_", make no difference.
 *
 * Only ASCII is folded, so it is still valid in the server's encoding.
 */
static void
fold(char *target, JsonbRef name)
{
	for (uint32 i = 0; i < name.len; i++)
	{
		char		c = name.ptr[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		target[i] = c == '-' ? '_' : c;
	}
}

/*
 * suggest_nearest: which of the names is nearest to the wanted one?
 *
 * names points to the first of count names, each stride bytes after the one
 * before, so that names can be looked through where they lie in a larger
 * struct.  The nearest has the fewest edits, the first of them where there are
 * several; JREF_NONE where none is near enough to be what was meant.
 *
 * budget, where it is not NULL, is how many names may yet be compared, over
 * several calls; otherwise SUGGEST_BUDGET is the limit of this call.
 */
JsonbRef
suggest_nearest(JsonbRef wanted, const JsonbRef *names, int count, Size stride,
				int *budget)
{
	JsonbRef	nearest = {0};
	char		folded_wanted[SUGGEST_LENGTH];
	char		folded_name[SUGGEST_LENGTH];
	int			own_budget = SUGGEST_BUDGET;
	int			best = Min(SUGGEST_DISTANCE, (int) wanted.len / 2) + 1;

	if (wanted.len == 0 || wanted.len > SUGGEST_LENGTH)
		return nearest;
	if (budget == NULL)
		budget = &own_budget;
	fold(folded_wanted, wanted);

	for (int i = 0; i < count && best > 0 && *budget > 0; i++)
	{
		JsonbRef	name = *(const JsonbRef *) ((const char *) names + i * stride);
		int			distance;

		(*budget)--;
		if (name.len == 0 || name.len > SUGGEST_LENGTH)
			continue;
		fold(folded_name, name);
		distance = varstr_levenshtein_less_equal(folded_wanted, wanted.len,
												 folded_name, name.len,
												 1, 1, 1, best - 1, true);
		if (distance < best)
		{
			best = distance;
			nearest = name;
		}
	}
	return nearest;
}
