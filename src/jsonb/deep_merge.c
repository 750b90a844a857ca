/*-------------------------------------------------------------------------
 *
 * jsonb/deep_merge.c
 *	  Merging objects key by key, to any depth.
 *
 * All layers are merged at once, so that each byte of the result is written
 * once: the members of all objects are gathered and sorted by key and layer;
 * what has one key is one member of the result.  The cost is that of sorting
 * the members, whatever the number of layers.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/deep_merge.h"
#include "miscadmin.h"

/* A member of one of the objects that are merged. */
typedef struct LayeredMember
{
	JsonbRef	key;
	JsonbRef	value;
	int			layer;			/* the inner is the greater */
} LayeredMember;

/*
 * compare_layered_members: qsort comparator, by key and then outermost first.
 */
static int
compare_layered_members(const void *a, const void *b)
{
	const LayeredMember *ma = a;
	const LayeredMember *mb = b;
	int			order = jsonb_key_compare(ma->key.ptr, ma->key.len,
										  mb->key.ptr, mb->key.len);

	CHECK_FOR_INTERRUPTS();
	return order != 0 ? order : ma->layer - mb->layer;
}

/*
 * deep_merge_value: what values of one key give, outermost first, as the
 * frame's next value.
 *
 * The innermost wins; where it is an object, it is merged over the objects
 * right outside of it.
 */
void
deep_merge_value(JsonbWriter *writer, JsonbFrame *frame,
				 const JsonbRef *values, int nvalues)
{
	int			first = nvalues - 1;

	if (values[first].type == JREF_OBJECT)
		while (first > 0 && values[first - 1].type == JREF_OBJECT)
			first--;
	if (first == nvalues - 1)
		jsonb_write_value(writer, frame, values[first]);
	else
		deep_merge_objects(writer, frame, values + first, nvalues - first, NULL, 0);
}

/*
 * find_special: the special member of that key, or NULL.
 */
static const SpecialMember *
find_special(const SpecialMember *specials, int nspecials, JsonbRef key)
{
	for (int i = 0; i < nspecials; i++)
		if (jsonb_ref_is(specials[i].key, key.ptr, key.len))
			return &specials[i];
	return NULL;
}

/*
 * deep_merge_objects: objects merged, outermost first, as the next value of
 * outer or as the document's root.
 *
 * The special members are left out of the objects; those with a writer become
 * members whose value that writes.
 *
 * Errors: statement_too_complex (check_stack_depth) for too deep a nesting;
 * program_limit_exceeded as the writer has it.
 */
void
deep_merge_objects(JsonbWriter *writer, JsonbFrame *outer,
				   const JsonbRef *objects, int nobjects,
				   const SpecialMember *specials, int nspecials)
{
	JsonbFrame	object;
	LayeredMember *members;
	JsonbRef   *values;
	Size		total = nspecials;
	int			nmembers = 0;
	int			nkeys = 0;
	int			widest = 1;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();

	for (int i = 0; i < nobjects; i++)
		total += jsonb_ref_count(objects[i]);
	members = MemoryContextAllocHuge(CurrentMemoryContext,
									 sizeof(LayeredMember) * (total + 1));
	for (int i = 0; i < nobjects; i++)
	{
		JsonbWalk	walk;
		LayeredMember *member = &members[nmembers];

		jsonb_walk_begin(&walk, objects[i]);
		while (jsonb_walk_member(&walk, &member->key, &member->value))
		{
			if (nspecials > 0 && find_special(specials, nspecials, member->key))
				continue;
			member->layer = i;
			member = &members[++nmembers];
		}
	}
	for (int i = 0; i < nspecials; i++)
	{
		if (specials[i].write == NULL)
			continue;
		members[nmembers].key = specials[i].key;
		members[nmembers].value = (JsonbRef) {0};
		members[nmembers++].layer = 0;
	}
	qsort(members, nmembers, sizeof(LayeredMember), compare_layered_members);

	/* Members of one key lie side by side: the value of each key, in order. */
#define SAME_KEY(a, b) jsonb_ref_is((a).key, (b).key.ptr, (b).key.len)
	for (int i = 0, run = 1; i < nmembers; i++)
	{
		run = i > 0 && SAME_KEY(members[i], members[i - 1]) ? run + 1 : 1;
		if (run == 1)
			nkeys++;
		widest = Max(widest, run);
	}
	values = palloc_extended(sizeof(JsonbRef) * widest, MCXT_ALLOC_HUGE);

	jsonb_write_object(writer, outer, &object, nkeys);
	for (int i = 0; i < nmembers; i++)
		if (i == 0 || !SAME_KEY(members[i], members[i - 1]))
			jsonb_write_key(writer, &object, members[i].key.ptr, members[i].key.len);
	for (int i = 0; i < nmembers;)
	{
		int			nvalues = 0;
		int			first = i;

		CHECK_FOR_INTERRUPTS();
		do
			values[nvalues++] = members[i++].value;
		while (i < nmembers && SAME_KEY(members[i], members[first]));

		if (values[0].type == JREF_NONE)
		{
			const SpecialMember *special =
				find_special(specials, nspecials, members[first].key);

			special->write(writer, &object, special->arg);
		}
		else
			deep_merge_value(writer, &object, values, nvalues);
	}
	jsonb_write_end(writer, &object);
	pfree(values);
	pfree(members);
}
