/*-------------------------------------------------------------------------
 *
 * catalogue/overlay.c
 *	  What values of one field give, outermost first.
 *
 * All values are merged at once, each byte of the result written once, as
 * jsonb/deep_merge.c does it for what no definition describes: the members of
 * all objects are gathered and sorted by key and layer, and what has one key is
 * one member of the result, by the rules of its own definition.
 *
 * A default is the outermost word on its field.  In an object that is there,
 * what no layer gives is filled with its default.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/inside.h"
#include "catalogue/overlay.h"
#include "jsonb/deep_merge.h"
#include "jsonb/sorted_refs.h"
#include "miscadmin.h"

typedef struct Overlay
{
	JsonbWriter writer;
	bool		applicable;		/* leave out what does not apply */
} Overlay;

/* A member of one of the objects that are merged. */
typedef struct GivenMember
{
	JsonbRef	key;
	JsonbRef	value;
	int			layer;			/* the inner is the greater */
} GivenMember;

/* A member of the result: values of one key, or what it is filled with. */
typedef struct ResultMember
{
	JsonbRef	key;
	const Field *field;			/* NULL where it is not described */
	bool		applies;
	GivenMember *given;
	int			ngiven;			/* 0: it is filled */
} ResultMember;

static void write_value(Overlay *overlay, JsonbFrame *frame, const Field *field,
						const JsonbRef *values, int nvalues);

static int
compare_given(const void *a, const void *b)
{
	const GivenMember *ma = a;
	const GivenMember *mb = b;
	int			order = jsonb_key_compare(ma->key.ptr, ma->key.len,
										  mb->key.ptr, mb->key.len);

	CHECK_FOR_INTERRUPTS();
	return order != 0 ? order : ma->layer - mb->layer;
}

static int
compare_results(const void *a, const void *b)
{
	const ResultMember *ma = a;
	const ResultMember *mb = b;

	return jsonb_key_compare(ma->key.ptr, ma->key.len, mb->key.ptr, mb->key.len);
}

/*
 * run_length: how many of the values at the end have that type.
 */
static int
run_length(const JsonbRef *values, int nvalues, JsonbRefType type)
{
	int			run = 0;

	while (run < nvalues && values[nvalues - 1 - run].type == type)
		run++;
	return run;
}

/*
 * same_choice: how many of the objects at the end are of one choice of the
 * variants: one that names another than those outside of it starts anew.  *by
 * is what they name.
 */
static int
same_choice(const FieldExtra *extra, const JsonbRef *objects, int nobjects,
			JsonbRef *by)
{
	int			first = 0;

	by->type = JREF_NONE;
	for (int i = 0; i < nobjects; i++)
	{
		JsonbRef	named = jsonb_ref_member(objects[i], extra->by.ptr, extra->by.len);

		if (named.type == JREF_NONE)
			continue;
		if (by->type != JREF_NONE && !jsonb_ref_equal(named, *by))
			first = i;
		*by = named;
		if (named.type == JREF_NULL)
			by->type = JREF_NONE;
	}
	return nobjects - first;
}

/*
 * gather: the members of objects, by key and then outermost first; palloc'd.
 */
static GivenMember *
gather(const JsonbRef *objects, int nobjects, int *ngiven)
{
	Size		total = 1;
	GivenMember *given;

	for (int i = 0; i < nobjects; i++)
		total += jsonb_ref_count(objects[i]);
	given = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(GivenMember) * total);
	*ngiven = 0;
	for (int i = 0; i < nobjects; i++)
	{
		GivenMember *member = &given[*ngiven];
		JsonbWalk	walk;

		jsonb_walk_begin(&walk, objects[i]);
		while (jsonb_walk_member(&walk, &member->key, &member->value))
		{
			member->layer = i;
			member = &given[++*ngiven];
		}
	}
	if (nobjects > 1)
		qsort(given, *ngiven, sizeof(GivenMember), compare_given);
	return given;
}

/*
 * given_members: the members that the objects give; null takes away what those
 * outside of it gave.
 */
static int
given_members(ResultMember *members, const Field *field, const FieldSet *set,
			  GivenMember *given, int ngiven)
{
	int			nmembers = 0;

	for (int i = 0; i < ngiven;)
	{
		int			first = i;
		int			start = i;

		while (i < ngiven && jsonb_ref_is(given[i].key, given[first].key.ptr, given[first].key.len))
			if (given[i++].value.type == JREF_NULL)
				start = i;
		if (start == i)
			continue;
		members[nmembers].key = given[first].key;
		members[nmembers].field = field_inside(field, set, given[first].key);
		members[nmembers].applies = true;
		members[nmembers].given = &given[start];
		members[nmembers++].ngiven = i - start;
	}
	return nmembers;
}

/*
 * fill_members: of an object's members leave out what does not apply, where
 * that is wanted, and add those that have a default and are not given.
 */
static int
fill_members(const Overlay *overlay, ResultMember *members, int nmembers,
			 const FieldSet *set)
{
	FieldStates states;
	int			kept = 0;

	field_states_begin(&states, field_set_size(set));
	for (int i = 0; i < nmembers; i++)
	{
		const ResultMember *member = &members[i];

		if (member->field == NULL)
			continue;
		/* what conditions name are scalars, which are replaced */
		states.values[member->field->index] = member->given[member->ngiven - 1].value;
		states.given[member->field->index] = true;
	}
	field_states_judge(&states, set, true);
	for (int i = 0; i < nmembers; i++)
	{
		if (members[i].field != NULL)
			members[i].applies = states.applies[members[i].field->index];
		if (members[i].applies || !overlay->applicable)
			members[kept++] = members[i];
	}
	nmembers = kept;
	for (const FieldSet *part = set; part != NULL; part = part->outer)
		for (int i = 0; i < part->nfields; i++)
		{
			const Field *field = &part->fields[i];

			if (field->fill.type == JREF_NONE || states.given[field->index] ||
				!states.applies[field->index])
				continue;
			members[nmembers].key = field->name;
			members[nmembers].field = field;
			members[nmembers++].ngiven = 0;
		}
	field_states_end(&states);
	if (nmembers > kept)
		qsort(members, nmembers, sizeof(ResultMember), compare_results);
	return nmembers;
}

/*
 * write_member: what values of one key give.
 */
static void
write_member(Overlay *overlay, JsonbFrame *frame, const ResultMember *member)
{
	const Field *field = member->field;
	bool		has_default;
	int			nvalues;
	JsonbRef   *values;

	if (member->ngiven == 0)
	{
		jsonb_write_value(&overlay->writer, frame, field_fill(field, overlay->applicable));
		return;
	}
	has_default = field != NULL && member->applies && !JREF_IS_SCALAR(field->default_value);
	nvalues = member->ngiven + has_default;
	values = palloc_extended(sizeof(JsonbRef) * (Size) nvalues, MCXT_ALLOC_HUGE);
	if (has_default)
		values[0] = field->default_value;
	for (int i = 0; i < member->ngiven; i++)
		values[i + has_default] = member->given[i].value;
	write_value(overlay, frame, field, values, nvalues);
	pfree(values);
}

/*
 * write_object: objects of a field that describes them merged.
 */
static void
write_object(Overlay *overlay, JsonbFrame *outer, const Field *field,
			 const FieldSet *set, const JsonbRef *objects, int nobjects)
{
	JsonbFrame	object;
	int			ngiven;
	GivenMember *given = gather(objects, nobjects, &ngiven);
	ResultMember *members;
	int			nmembers;

	CHECK_FOR_INTERRUPTS();
	members = palloc_extended(sizeof(ResultMember) *
							  ((Size) ngiven + (set ? field_set_size(set) : 0) + 1),
							  MCXT_ALLOC_HUGE);
	nmembers = given_members(members, field, set, given, ngiven);
	if (set != NULL)
		nmembers = fill_members(overlay, members, nmembers, set);
	jsonb_write_object(&overlay->writer, outer, &object, nmembers);
	for (int i = 0; i < nmembers; i++)
		jsonb_write_key(&overlay->writer, &object, members[i].key.ptr, members[i].key.len);
	for (int i = 0; i < nmembers; i++)
		write_member(overlay, &object, &members[i]);
	jsonb_write_end(&overlay->writer, &object);
	pfree(members);
	pfree(given);
}

/*
 * distinct_elements: of elements the first of each that are equal, in their
 * order.  Returns how many there are.
 */
static int
distinct_elements(JsonbRef *elements, int nelements)
{
	SortedRef  *sorted = palloc_extended(sizeof(SortedRef) * ((Size) nelements + 1),
										 MCXT_ALLOC_HUGE);
	int			kept;

	for (int i = 0; i < nelements; i++)
		sorted[i] = (SortedRef) {elements[i], i};
	kept = distinct_refs(sorted, nelements);
	for (int i = 0; i < kept; i++)
		elements[i] = sorted[i].value;
	pfree(sorted);
	return kept;
}

/*
 * write_array: the elements of arrays, one array after the other.
 */
static void
write_array(Overlay *overlay, JsonbFrame *outer, const Field *field,
			const JsonbRef *arrays, int narrays)
{
	const Field *items = field->extra != NULL ? field->extra->items : NULL;
	bool		structured = items != NULL && items->structured;
	JsonbRef   *elements;
	Size		nelements = 0;
	JsonbFrame	array;

	for (int i = 0; i < narrays; i++)
		nelements += jsonb_ref_count(arrays[i]);
	elements = palloc_extended(sizeof(JsonbRef) * (nelements + 1), MCXT_ALLOC_HUGE);
	nelements = 0;
	for (int i = 0; i < narrays; i++)
	{
		JsonbWalk	walk;

		jsonb_walk_begin(&walk, arrays[i]);
		while (jsonb_walk_element(&walk, &elements[nelements]))
			nelements++;
	}
	if (field->merge == MERGE_UNION)
	{
		/* what is compared is what it will be */
		for (Size i = 0; structured && i < nelements; i++)
			elements[i] = overlay_values(items, &elements[i], 1, overlay->applicable);
		structured = false;
		nelements = distinct_elements(elements, nelements);
	}
	jsonb_write_array(&overlay->writer, outer, &array, nelements);
	for (Size i = 0; i < nelements; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (structured)
			write_value(overlay, &array, items, &elements[i], 1);
		else
			jsonb_write_value(&overlay->writer, &array, elements[i]);
	}
	jsonb_write_end(&overlay->writer, &array);
	pfree(elements);
}

/*
 * write_value: what values of a field give, none of them null but where there is
 * one alone, as the frame's next; field is NULL for what is not described.
 */
static void
write_value(Overlay *overlay, JsonbFrame *frame, const Field *field,
			const JsonbRef *values, int nvalues)
{
	JsonbRef	last = values[nvalues - 1];
	const FieldExtra *extra;
	int			run;

	if (field == NULL || !field->structured || JREF_IS_SCALAR(last))
	{
		deep_merge_value(&overlay->writer, frame, values, nvalues);
		return;
	}
	extra = field->extra;
	run = field->merge == MERGE_REPLACE ||
		(last.type == JREF_ARRAY && field->merge == MERGE_BY_TYPE) ? 1 :
		run_length(values, nvalues, last.type);
	values += nvalues - run;
	if (last.type == JREF_ARRAY &&
		(field->merge >= MERGE_APPEND || (extra != NULL && extra->items != NULL)))
		write_array(overlay, frame, field, values, run);
	else if (last.type == JREF_OBJECT && extra != NULL && extra->nchoices > 0)
	{
		JsonbRef	by;
		int			same = same_choice(extra, values, run, &by);

		write_object(overlay, frame, field, field_set_by(field, by),
					 values + run - same, same);
	}
	else if (last.type == JREF_OBJECT && extra != NULL &&
			 (extra->fields != NULL || extra->values != NULL))
		write_object(overlay, frame, field, extra->fields, values, run);
	else
		deep_merge_value(&overlay->writer, frame, values, run);
}

/*
 * overlay_values: what values of a field give, palloc'd; the outermost may be
 * its default.  None of them is null.
 *
 * applicable: leave out, in what is described, fields that do not apply.
 *
 * Errors: as deep_merge_objects has them.
 */
JsonbRef
overlay_values(const Field *field, const JsonbRef *values, int nvalues, bool applicable)
{
	Overlay		overlay = {.applicable = applicable};
	JsonbFrame	array;
	JsonbWalk	walk;
	JsonbRef	result;
	Size		size = 64;

	for (int i = 0; i < nvalues; i++)
		size += values[i].len;
	/* only inside an array the writer takes a value that is any */
	jsonb_write_begin(&overlay.writer, size);
	jsonb_write_array(&overlay.writer, NULL, &array, 1);
	write_value(&overlay, &array, field, values, nvalues);
	jsonb_write_end(&overlay.writer, &array);
	jsonb_walk_begin(&walk, jsonb_ref_root(jsonb_write_finish(&overlay.writer)));
	jsonb_walk_element(&walk, &result);
	return result;
}

/*
 * fill_of: what a field has where no layer gives it a value: its default; an
 * object that is required has what defaults its own fields have.  JREF_NONE for
 * nothing.
 */
static JsonbRef
fill_of(const Field *field, bool applicable)
{
	JsonbRef	fill = field->default_value;

	if (!field->structured)
		return fill;
	if (fill.type != JREF_NONE)
		return overlay_values(field, &fill, 1, applicable);
	if (!field->required || field->extra == NULL || field->extra->fields == NULL)
		return fill;
	fill = overlay_values(field, &jsonb_empty_object, 1, applicable);
	if (jsonb_ref_count(fill) == 0)
		fill.type = JREF_NONE;
	return fill;
}

/*
 * overlay_fill: note what a field has where no layer gives it a value.
 *
 * Errors: as overlay_values has them.
 */
void
overlay_fill(Field *field)
{
	field->fill = fill_of(field, false);
	if (field->conditions_inside)
		field->extra->fill_applying = fill_of(field, true);
}
