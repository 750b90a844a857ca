/*-------------------------------------------------------------------------
 *
 * jsonb/sorted_refs.c
 *	  Values of an array in order: to find one, and to find repetitions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/number.h"
#include "jsonb/sorted_refs.h"

/*
 * compare_refs: order of two scalars of one JSON type, then by place.
 */
static int
compare_refs(const void *a, const void *b)
{
	const SortedRef *left = a;
	const SortedRef *right = b;
	int			order = 0;

	switch (left->value.type)
	{
		case JREF_STRING:
			order = jsonb_key_compare(left->value.ptr, left->value.len,
									  right->value.ptr, right->value.len);
			break;
		case JREF_NUMERIC:
			order = number_compare(left->value, right->value);
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
 * first_repetition: as sort_refs, for the elements of an array; they are
 * scalars of one JSON type.
 */
int
first_repetition(JsonbRef array, int *earlier)
{
	SortedRef  *refs = palloc(sizeof(SortedRef) * Max(jsonb_ref_count(array), 1));
	JsonbWalk	walk;
	int			count = 0;
	int			first;

	jsonb_walk_begin(&walk, array);
	while (jsonb_walk_element(&walk, &refs[count].value))
	{
		refs[count].index = count;
		count++;
	}
	first = sort_refs(refs, count, earlier);
	pfree(refs);
	return first;
}
