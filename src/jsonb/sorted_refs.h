/*-------------------------------------------------------------------------
 *
 * jsonb/sorted_refs.h
 *	  Values of an array in order: to find one, and to find repetitions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSONB_SORTED_REFS_H
#define JSONB_SORTED_REFS_H

#include "jsonb/reader.h"

/* A value and its place in the array that it is from. */
typedef struct SortedRef
{
	JsonbRef	value;
	int			index;
} SortedRef;

extern int	sort_refs(SortedRef *refs, int count, int *earlier);
extern bool sorted_refs_have(const SortedRef *refs, int count, JsonbRef name);
extern int	distinct_refs(SortedRef *refs, int count);
extern int	first_repetition(JsonbRef array, int most, int *earlier);

#endif							/* JSONB_SORTED_REFS_H */
