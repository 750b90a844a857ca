/*-------------------------------------------------------------------------
 *
 * catalogue/inside.c
 *	  A value and its definition, side by side.
 *
 * Definitions nest DEFINITION_DEPTH deep at most, and only what they describe
 * is followed, so these functions call themselves no deeper than that.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/inside.h"
#include "catalogue/missing.h"
#include "catalogue/overlay.h"
#include "miscadmin.h"
#include "server/messages.h"

/*
 * field_states_begin: room for so many fields of an object, of which nothing is
 * known yet; palloc'd where they are many.
 */
void
field_states_begin(FieldStates *states, int nfields)
{
	if (nfields <= STATES_INLINE)
	{
		states->values = states->few_values;
		states->given = states->few;
		memset(states->values, 0, sizeof(JsonbRef) * nfields);
	}
	else
	{
		states->values = palloc0((sizeof(JsonbRef) + sizeof(bool) * 3) * (Size) nfields);
		states->given = (bool *) (states->values + nfields);
	}
	states->applies = states->given + nfields;
	states->present = states->applies + nfields;
	memset(states->given, 0, sizeof(bool) * nfields);
}

void
field_states_end(FieldStates *states)
{
	if (states->values != states->few_values)
		pfree(states->values);
}

/*
 * condition_holds: does the sibling have one of those values?
 *
 * Of a document that is not whole, what it does not give may come from another
 * one.
 */
static bool
condition_holds(const FieldStates *states, const FieldCondition *condition, bool whole)
{
	JsonbRef	value = states->values[condition->index];
	JsonbWalk	walk;
	JsonbRef	wanted;

	if (value.type <= JREF_NULL || !states->applies[condition->index])
		return !whole && value.type <= JREF_NULL;
	jsonb_walk_begin(&walk, condition->values);
	while (jsonb_walk_element(&walk, &wanted))
		if (jsonb_ref_equal(value, wanted))
			return true;
	return false;
}

/*
 * settle: a field whose siblings that it depends on are judged.
 */
static inline void
settle(FieldStates *states, const Field *field, bool applies, bool whole)
{
	int			index = field->index;

	states->applies[index] = applies;
	if (applies && whole && !states->given[index])
		states->values[index] = field->fill;
	states->present[index] = applies && value_present(states->values[index]);
}

/*
 * field_states_judge: which fields apply, and which of these have a value; what
 * the object gives is noted in given and values.
 *
 * whole: what it does not give has its default.
 */
void
field_states_judge(FieldStates *states, const FieldSet *set, bool whole)
{
	if (set->outer != NULL)
		field_states_judge(states, set->outer, whole);
	for (int i = 0; i < set->nfields; i++)
	{
		const Field *field = &set->fields[i];

		if (field->extra == NULL || field->extra->nconditions == 0)
			settle(states, field, true, whole);
	}
	for (int i = 0; i < set->nconditional; i++)
	{
		const Field *field = set->conditional[i];
		const FieldExtra *extra = field->extra;
		bool		applies = true;

		for (int j = 0; j < extra->nconditions && applies; j++)
			applies = condition_holds(states, &extra->conditions[j], whole);
		settle(states, field, applies, whole);
	}
}

/*
 * field_states_read: the same for an object as it lies, of which nothing is noted
 * yet.
 */
void
field_states_read(FieldStates *states, const FieldSet *set, JsonbRef object, bool whole)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	jsonb_walk_begin(&walk, object);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		const Field *field = field_set_find(set, key.ptr, key.len);

		if (field == NULL || value.type == JREF_NULL)
			continue;
		states->values[field->index] = value;
		states->given[field->index] = true;
	}
	field_states_judge(states, set, whole);
}

/*
 * has_conditions: does any field of the set apply only at times?
 */
static bool
has_conditions(const FieldSet *set)
{
	for (; set != NULL; set = set->outer)
		if (set->nconditional > 0)
			return true;
	return false;
}

static bool
has_demands(const FieldSet *set)
{
	for (; set != NULL; set = set->outer)
		if (set->ndemanding > 0)
			return true;
	return false;
}

/*
 * visit_member: a member of an object whose fields are described.
 */
static bool
visit_member(InsideVisitor *visitor, const InsideStep *step, const Field *outer,
			 const FieldSet *set, bool open, const FieldStates *states, JsonbRef value)
{
	Field	   *field = field_set_find(set, step->key.ptr, step->key.len);

	/* of a layer that leaves the choice to another one, any choice's */
	if (field == NULL && open)
	{
		field = field_of_any_choice(outer, step->key);
		if (field != NULL)
			return value.type == JREF_NULL || inside_visit(visitor, step, field, value);
	}
	if (field == NULL)
		return visitor->unknown == NULL ||
			visitor->unknown(visitor->arg, step, outer, set, value);
	if (value.type == JREF_NULL)
		return true;
	if (states != NULL && !states->applies[field->index])
		return (visitor->inapplicable == NULL ||
				visitor->inapplicable(visitor->arg, step, set, field, value)) &&
			inside_visit(visitor, step, field, value);
	return inside_visit(visitor, step, field, value);
}

/*
 * visit_fields: what is in an object whose fields are described.
 */
static bool
visit_fields(InsideVisitor *visitor, const InsideStep *step, const Field *field,
			 JsonbRef object)
{
	const FieldSet *set = field_set_of(field, object);
	bool		asks = visitor->missing != NULL;
	bool		judged = asks || has_conditions(set);
	bool		open = !visitor->whole && field_choice_is_open(field, object);
	FieldStates states;
	InsideStep	inner = {.outer = step};
	JsonbWalk	walk;
	JsonbRef	value;
	bool		go_on = true;

	if (asks && !has_demands(set))
		return true;
	if (judged)
	{
		field_states_begin(&states, field_set_size(set));
		field_states_read(&states, set, object, visitor->whole);
	}
	if (asks)
		go_on = inside_missing(visitor, step, set, &states);
	jsonb_walk_begin(&walk, object);
	while (!asks && go_on && jsonb_walk_member(&walk, &inner.key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		inner.value = value;
		go_on = visit_member(visitor, &inner, field, set, open,
							 judged ? &states : NULL, value);
	}
	if (judged)
		field_states_end(&states);
	return go_on;
}

/*
 * visit_values: what is in a map.
 */
static bool
visit_values(InsideVisitor *visitor, const InsideStep *step, const Field *field,
			 JsonbRef map)
{
	InsideStep	inner = {.outer = step};
	JsonbWalk	walk;
	JsonbRef	value;
	bool		go_on = true;

	jsonb_walk_begin(&walk, map);
	while (go_on && jsonb_walk_member(&walk, &inner.key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		inner.value = value;
		if (field->extra->keys != NULL && visitor->unknown != NULL)
			go_on = visitor->unknown(visitor->arg, &inner, field, NULL, value);
		if (go_on && value.type != JREF_NULL)
			go_on = inside_visit(visitor, &inner, field->extra->values, value);
	}
	return go_on;
}

/*
 * visit_items: what is in an array.
 */
static bool
visit_items(InsideVisitor *visitor, const InsideStep *step, const Field *field,
			JsonbRef array)
{
	InsideStep	inner = {.outer = step};
	JsonbWalk	walk;
	JsonbRef	value;
	bool		go_on = true;

	jsonb_walk_begin(&walk, array);
	while (go_on && jsonb_walk_element(&walk, &value))
	{
		CHECK_FOR_INTERRUPTS();
		inner.value = value;
		go_on = inside_visit(visitor, &inner, field->extra->items, value);
		inner.index++;
	}
	return go_on;
}

/*
 * inside_visit: a value of a field, and all in it that definitions describe.
 *
 * A value that is visited is no null, but for an array's element.  What has
 * the wrong JSON type is not followed.  A visitor that asks for what is missing
 * is told of nothing else.  Returns false where the visitor ended it.
 */
bool
inside_visit(InsideVisitor *visitor, const InsideStep *step, Field *field,
			 JsonbRef value)
{
	const FieldExtra *extra = field->extra;

	if (visitor->missing == NULL && !visitor->value(visitor->arg, step, field, value))
		return false;
	if (extra == NULL || (visitor->missing != NULL && !field->demands))
		return true;
	if (value.type == JREF_ARRAY && extra->items != NULL)
		return visit_items(visitor, step, field, value);
	if (value.type == JREF_OBJECT && extra->fields != NULL)
		return visit_fields(visitor, step, field, value);
	if (value.type == JREF_OBJECT && extra->values != NULL)
		return visit_values(visitor, step, field, value);
	return true;
}

/*
 * missing_inside: what is missing in an object that is required and not there:
 * the fields that one would have to give, or if there are none, itself.
 */
static bool
missing_inside(InsideVisitor *visitor, const InsideStep *step,
			   const FieldSet *set, Field *field, const bool *present)
{
	int			before = visitor->nmissing;

	if (field->extra != NULL && field->extra->fields != NULL)
	{
		const FieldSet *inner = field->extra->fields;
		JsonbRef	none = {0};
		FieldStates states;
		bool		go_on;

		field_states_begin(&states, field_set_size(inner));
		field_states_read(&states, inner, none, true);
		go_on = inside_missing(visitor, step, inner, &states);
		field_states_end(&states);
		if (!go_on || visitor->nmissing > before)
			return go_on;
	}
	visitor->nmissing++;
	return visitor->missing(visitor->arg, step, set, field, present);
}

/*
 * inside_missing: the required fields of a set that have no value, in the order
 * of their definitions, and what is missing in their values; outer leads to their
 * object.
 */
bool
inside_missing(InsideVisitor *visitor, const InsideStep *outer,
			   const FieldSet *set, const FieldStates *states)
{
	static const JsonbRef none = {0};
	InsideStep	step = {.outer = outer};

	if (set->outer != NULL && !inside_missing(visitor, outer, set->outer, states))
		return false;
	for (int i = 0; i < set->ndemanding; i++)
	{
		Field	   *field = set->demanding[i];
		JsonbRef	value = states->values[field->index];
		bool		go_on = true;

		if (!states->applies[field->index])
			continue;
		step.key = field->name;
		step.value = states->given[field->index] ? value : none;
		if (states->present[field->index])
			go_on = inside_visit(visitor, &step, field, value);
		else if (field_is_required(field, states->present))
			go_on = value.type <= JREF_NULL ?
				missing_inside(visitor, &step, set, field, states->present) :
				(visitor->nmissing++,
				 visitor->missing(visitor->arg, &step, set, field, states->present));
		if (!go_on)
			return false;
	}
	return true;
}

/*
 * fields_differ: has any field of an object a value other than what it has
 * where nobody gives one?
 */
static bool
fields_differ(const Field *field, JsonbRef object, JsonbRef unset)
{
	const FieldSet *set = field_set_of(field, object);
	bool		conditional = has_conditions(set);
	FieldStates states;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;
	bool		differs = false;

	if (conditional)
	{
		field_states_begin(&states, field_set_size(set));
		field_states_read(&states, set, object, true);
	}
	jsonb_walk_begin(&walk, object);
	while (!differs && jsonb_walk_member(&walk, &key, &value))
	{
		const Field *inner = field_inside(field, set, key);
		JsonbRef	otherwise = jsonb_ref_member(unset, key.ptr, key.len);

		CHECK_FOR_INTERRUPTS();
		if (inner == NULL)
			differs = !jsonb_ref_equal(value, otherwise);
		else if (!conditional || states.applies[inner->index])
			differs = value_differs(inner, value, unset.type == JREF_OBJECT ?
									otherwise : inner->fill);
	}
	if (conditional)
		field_states_end(&states);
	return differs;
}

/*
 * arrays_differ: are arrays of a field other ones, but for what does not apply in
 * them?
 */
static bool
arrays_differ(const Field *field, JsonbRef value, JsonbRef unset)
{
	if (jsonb_ref_equal(value, unset))
		return false;
	if (!field->conditions_inside || unset.type != JREF_ARRAY)
		return true;
	return !jsonb_ref_equal(overlay_values(field, &value, 1, true),
							overlay_values(field, &unset, 1, true));
}

/*
 * value_differs: is a field's value, of a merged document, another one than
 * unset, which it has where nobody gives one?  Of what is described, leaf by
 * leaf; an object that has none is none.  What does not apply is none either.
 */
bool
value_differs(const Field *field, JsonbRef value, JsonbRef unset)
{
	const FieldExtra *extra = field->extra;

	if (!value_present(value))
		return false;
	if (value.type == JREF_ARRAY)
		return arrays_differ(field, value, unset);
	if (extra == NULL || value.type != JREF_OBJECT ||
		(extra->fields == NULL && extra->values == NULL))
		return !jsonb_ref_equal(value, unset);
	return fields_differ(field, value, unset);
}

/*
 * append_inside_path: append the way to a value, as JSON Pointer (RFC 6901) has
 * it.
 */
void
append_inside_path(StringInfo out, const InsideStep *step)
{
	if (step == NULL)
		return;
	append_inside_path(out, step->outer);
	if (step->key.type != JREF_NONE)
		append_pointer_step(out, step->key);
	else
		appendStringInfo(out, "/%d", step->index);
}
