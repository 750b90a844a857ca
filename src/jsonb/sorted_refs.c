/*-------------------------------------------------------------------------
 *
 * jsonb/sorted_refs.c
 *	  Values of an array in order: to find one, and to find repetitions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "jsonb/number.h"
#include "jsonb/sorted_refs.h"
#include "miscadmin.h"

/*
 * compare_refs: order of two values, then by place.
 */
static int
compare_refs(const void *a, const void *b)
{
	const SortedRef *left = a;
	const SortedRef *right = b;
	int			order = 0;

	if (left->value.type != right->value.type)
		return left->value.type < right->value.type ? -1 : 1;
	switch (left->value.type)
	{
		case JREF_STRING:
			order = jsonb_key_compare(left->value.ptr, left->value.len,
									  right->value.ptr, right->value.len);
			break;
		case JREF_NUMERIC:
			order = number_compare(left->value, right->value);
			break;
		case JREF_ARRAY:
		case JREF_OBJECT:
			CHECK_FOR_INTERRUPTS();
			order = compareJsonbContainers(JREF_CONTAINER(left->value),
										   JREF_CONTAINER(right->value));
			break;
		default:
			order = (int) left->value.boolean - (int) right->value.boolean;
			break;
	}
	return order != 0 ? order : left->index - right->index;
}

/*
 * sort_refs: sort values; returns the place of the first one, in the array's
 * order, that is there before already, with the earlier place in *earlier; -1
 * where all are distinct.
 */
int
sort_refs(SortedRef *refs, int count, int *earlier)
{
	int			first = -1;

	qsort(refs, count, sizeof(SortedRef), compare_refs);
	for (int i = 1; i < count; i++)
		if (jsonb_ref_equal(refs[i - 1].value, refs[i].value) &&
			(first < 0 || refs[i].index < first))
		{
			first = refs[i].index;
			*earlier = refs[i - 1].index;
		}
	return first;
}

/*
 * sorted_refs_have: is that string among sorted ones?
 */
bool
sorted_refs_have(const SortedRef *refs, int count, JsonbRef name)
{
	int			place = key_search(&refs->value, count, sizeof(SortedRef),
								   name.ptr, name.len);

	return place < count && jsonb_ref_is(refs[place].value, name.ptr, name.len);
}

/*
 * compare_places: the array's own order.
 */
static int
compare_places(const void *a, const void *b)
{
	return ((const SortedRef *) a)->index - ((const SortedRef *) b)->index;
}

/*
 * distinct_refs: of values in any order, the first of each that are equal, in
 * the array's order.  Returns how many there are.
 */
int
distinct_refs(SortedRef *refs, int count)
{
	int			kept = 0;

	qsort(refs, count, sizeof(SortedRef), compare_refs);
	for (int i = 0; i < count; i++)
		if (kept == 0 ||
			!jsonb_ref_equal(refs[kept - 1].value, refs[i].value))
			refs[kept++] = refs[i];
	qsort(refs, kept, sizeof(SortedRef), compare_places);
	return kept;
}

/*
 * first_repetition: as sort_refs, for the elements of an array; they are
 * scalars of one JSON type.  most is how many distinct ones there can be, if
 * that is known: no more than these and the next are looked at.
 */
int
first_repetition(JsonbRef array, int most, int *earlier)
{
	int			limit = Min(jsonb_ref_count(array), (uint32) Min(most, INT_MAX - 1) + 1);
	SortedRef  *refs = palloc(sizeof(SortedRef) * Max(limit, 1));
	JsonbWalk	walk;
	int			count = 0;
	int			first;

	jsonb_walk_begin(&walk, array);
	while (count < limit && jsonb_walk_element(&walk, &refs[count].value))
	{
		refs[count].index = count;
		count++;
	}
	first = sort_refs(refs, count, earlier);
	pfree(refs);
	return first;
}
