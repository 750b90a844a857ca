/*-------------------------------------------------------------------------
 *
 * merge/fold.c
 *	  What the layers make of one integration's entry.
 *
 * Layers are folded one after the other, outermost first.  A field that is
 * frozen takes nothing more.  Fields of the catalogue have a slot each; what
 * it does not know is noted as events, which are sorted by name once all
 * layers are in, so that many of them cost no more than a sort.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"
#include "jsonb/deep_merge.h"
#include "merge/fold.h"
#include "miscadmin.h"

/*
 * fold_begin: start with the defaults.
 *
 * fields has room for the integration's fields.  integration is NULL for one
 * that the catalogue does not know.  traced: note who gave what, for explain.
 */
void
fold_begin(FoldedEntry *fold, const Integration *integration,
		   FoldedField *fields, bool traced)
{
	memset(fold, 0, sizeof(*fold));
	fold->integration = integration;
	fold->traced = traced;
	fold->enabled = true;
	fold->fields = fields;
	if (integration == NULL)
		return;
	for (int i = 0; i < integration->nfields; i++)
	{
		fields[i].top.value = integration->fields[i].default_value;
		fields[i].top.layer = 0;
		fields[i].top.below = NULL;
		fields[i].frozen = false;
		fields[i].given_by = NULL;
	}
}

/*
 * set_value: a layer gives the field a value; null unsets it, so that the
 * default applies again.
 */
static void
set_value(FoldedEntry *fold, FoldedField *field, JsonbRef default_value,
		  JsonbRef value, int layer)
{
	FoldedValue *top = &field->top;

	if (fold->traced && (value.type != JREF_NULL || field->frozen))
		field->given_by = bms_add_member(field->given_by, layer);
	if (field->frozen)
		return;
	if (value.type == JREF_NULL)
	{
		top->value = default_value;
		top->layer = 0;
		top->below = NULL;
		return;
	}
	if (value.type == JREF_OBJECT && top->value.type == JREF_OBJECT)
	{
		FoldedValue *below = palloc(sizeof(FoldedValue));

		*below = *top;
		top->below = below;
	}
	else
		top->below = NULL;
	top->value = value;
	top->layer = layer;

	/* Locked in the catalogue: the outermost that gives a value has it. */
	if (fold->integration && fold->integration->locked)
		field->frozen = true;
}

/*
 * add_event: note a layer's word on a field that the catalogue does not know.
 */
static ExtraEvent *
add_event(FoldedEntry *fold, JsonbRef name, JsonbRef value, int layer)
{
	ExtraEvent *event;

	if (fold->nevents == fold->maxevents)
	{
		Size		size;

		fold->maxevents = fold->maxevents ? fold->maxevents * 2 : 8;
		size = sizeof(ExtraEvent) * (Size) fold->maxevents;
		fold->events = fold->events ? repalloc_huge(fold->events, size) :
			MemoryContextAllocHuge(CurrentMemoryContext, size);
	}
	event = &fold->events[fold->nevents++];
	event->name = name;
	event->value = value;
	event->layer = layer;
	return event;
}

/*
 * fold_config: a layer's config object.
 */
void
fold_config(FoldedEntry *fold, JsonbRef config, int layer)
{
	const Integration *integration = fold->integration;
	JsonbWalk	walk;
	JsonbRef	name;
	JsonbRef	value;

	jsonb_walk_begin(&walk, config);
	while (jsonb_walk_member(&walk, &name, &value))
	{
		Field	   *field = integration ?
			integration_field(integration, name.ptr, name.len) : NULL;

		if (field)
			set_value(fold, &fold->fields[field - integration->fields],
					  field->default_value, value, layer);
		else
			add_event(fold, name, value, layer);
	}
}

/*
 * fold_locked: a layer's locked, which holds for the layers inside of it.
 */
void
fold_locked(FoldedEntry *fold, JsonbRef locked, int layer)
{
	const Integration *integration = fold->integration;
	JsonbWalk	walk;
	JsonbRef	name;

	if (locked.type == JREF_BOOL && locked.boolean)
		fold->frozen = true;
	if (locked.type != JREF_ARRAY)
		return;
	jsonb_walk_begin(&walk, locked);
	while (jsonb_walk_element(&walk, &name))
	{
		Field	   *field;

		if (name.type != JREF_STRING)
			continue;
		fold->any_frozen = true;
		field = integration ?
			integration_field(integration, name.ptr, name.len) : NULL;
		if (field)
			fold->fields[field - integration->fields].frozen = true;
		else
			add_event(fold, name, (JsonbRef) {0}, layer);
	}
}

/*
 * trace_void: note the fields that a layer gives in vain, since the whole
 * entry is frozen.
 */
static void
trace_void(FoldedEntry *fold, JsonbRef config, int layer)
{
	const Integration *integration = fold->integration;
	JsonbWalk	walk;
	JsonbRef	name;
	JsonbRef	value;

	jsonb_walk_begin(&walk, config);
	while (jsonb_walk_member(&walk, &name, &value))
	{
		Field	   *field = integration_field(integration, name.ptr, name.len);

		if (field)
		{
			FoldedField *folded = &fold->fields[field - integration->fields];

			folded->given_by = bms_add_member(folded->given_by, layer);
		}
	}
}

/*
 * fold_entry: a layer's entry for an integration of the catalogue.
 *
 * What has the wrong shape is left out.
 */
void
fold_entry(FoldedEntry *fold, JsonbRef entry, int layer)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;
	JsonbRef	locked = {0};

	CHECK_FOR_INTERRUPTS();
	if (entry.type != JREF_OBJECT)
		return;
	if (fold->frozen)
	{
		if (fold->traced)
			trace_void(fold, JREF_MEMBER(entry, "config"), layer);
		return;
	}
	jsonb_walk_begin(&walk, entry);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		if (JREF_IS(key, "config"))
		{
			if (value.type == JREF_OBJECT)
				fold_config(fold, value, layer);
		}
		else if (JREF_IS(key, "locked"))
			locked = value;
		else if (JREF_IS(key, "enabled"))
		{
			if (value.type == JREF_BOOL && !fold->enabled_frozen)
			{
				fold->enabled = value.boolean;
				fold->enabled_frozen = fold->integration->locked;
			}
		}
		else if (JREF_IS(key, "description"))
		{
			if (value.type == JREF_STRING)
				fold->description = value;
		}
	}
	/* A lock keeps the fields as this layer leaves them. */
	fold_locked(fold, locked, layer);
}

/*
 * compare_events: qsort comparator, by name, then outermost first, and in one
 * layer a value before a lock.
 */
static int
compare_events(const void *a, const void *b)
{
	const ExtraEvent *ea = a;
	const ExtraEvent *eb = b;
	int			order = jsonb_key_compare(ea->name.ptr, ea->name.len,
										  eb->name.ptr, eb->name.len);

	CHECK_FOR_INTERRUPTS();
	if (order != 0)
		return order;
	if (ea->layer != eb->layer)
		return ea->layer - eb->layer;
	return (ea->value.type == JREF_NONE) - (eb->value.type == JREF_NONE);
}

/*
 * fold_end: all layers are in; give the fields that the catalogue does not
 * know their values.
 */
void
fold_end(FoldedEntry *fold)
{
	FoldedExtra *extra = NULL;

	if (fold->nevents == 0)
		return;
	qsort(fold->events, fold->nevents, sizeof(ExtraEvent), compare_events);
	fold->extras = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(FoldedExtra) * (Size) fold->nevents);
	for (int i = 0; i < fold->nevents; i++)
	{
		const ExtraEvent *event = &fold->events[i];

		if (extra == NULL ||
			!jsonb_ref_is(extra->name, event->name.ptr, event->name.len))
		{
			/* The place of a field that came to nothing is taken. */
			if (extra == NULL || extra->field.top.value.type != JREF_NONE)
				extra = &fold->extras[fold->nextras++];
			memset(extra, 0, sizeof(*extra));
			extra->name = event->name;
		}
		if (event->value.type == JREF_NONE)
			extra->field.frozen = true;
		else
			set_value(fold, &extra->field, (JsonbRef) {0}, event->value, event->layer);
	}
	if (extra->field.top.value.type == JREF_NONE)
		fold->nextras--;
}

/*
 * fold_holds_frozen: has a frozen field that the catalogue does not know a
 * value?
 */
bool
fold_holds_frozen(FoldedEntry *fold)
{
	bool		holds = false;

	if (!fold->any_frozen || fold->nevents == 0)
		return false;
	fold_end(fold);
	for (int i = 0; i < fold->nextras; i++)
		holds |= fold->extras[i].field.frozen;
	pfree(fold->extras);
	fold->extras = NULL;
	fold->nextras = 0;
	return holds;
}

/*
 * fold_forget_values: unset the fields that the catalogue does not know; what
 * is locked stays locked.
 */
void
fold_forget_values(FoldedEntry *fold)
{
	int			kept = 0;

	for (int i = 0; i < fold->nevents; i++)
		if (fold->events[i].value.type == JREF_NONE)
			fold->events[kept++] = fold->events[i];
	fold->nevents = kept;
}

/*
 * fold_missing: which required fields have no value, as missing_fields().
 *
 * present has room for integration->nfields flags, and is filled.
 */
int
fold_missing(const FoldedEntry *fold, bool *present, const Field **missing)
{
	const Integration *integration = fold->integration;

	for (int i = 0; i < integration->nfields; i++)
		present[i] = value_present(fold->fields[i].top.value) ||
			value_present(integration->fields[i].default_value);
	return missing_fields(integration, present, missing);
}

/*
 * write_merged: objects merged over each other, as the next value of outer or
 * as the document's root.
 */
static void
write_merged(JsonbWriter *writer, JsonbFrame *outer, const FoldedValue *value)
{
	JsonbRef   *objects;
	int			nobjects = 0;
	int			index;

	for (const FoldedValue *below = value; below; below = below->below)
		nobjects++;
	objects = palloc_extended(sizeof(JsonbRef) * nobjects, MCXT_ALLOC_HUGE);
	index = nobjects;
	for (const FoldedValue *below = value; below; below = below->below)
		objects[--index] = below->value;
	deep_merge_objects(writer, outer, objects, nobjects, NULL, 0);
	pfree(objects);
}

/*
 * fold_value_document: a folded value as a document of its own, palloc'd.
 */
Jsonb *
fold_value_document(const FoldedValue *value)
{
	JsonbWriter writer;

	if (value->below == NULL)
		return jsonb_write_document(value->value);
	jsonb_write_begin(&writer, 256);
	write_merged(&writer, NULL, value);
	return jsonb_write_finish(&writer);
}

/*
 * next_member: the next field of the result's config in key order, from the
 * catalogue's fields and the others; NULL at the end.
 */
static const FoldedValue *
next_member(const FoldedEntry *fold, int *field, int *extra, JsonbRef *name)
{
	int			nfields = fold->integration ? fold->integration->nfields : 0;

	while (*field < nfields && fold->fields[*field].top.value.type == JREF_NONE)
		(*field)++;
	if (*extra < fold->nextras)
	{
		const FoldedExtra *candidate = &fold->extras[*extra];

		if (*field >= nfields ||
			jsonb_key_compare(candidate->name.ptr, candidate->name.len,
							  fold->integration->fields[*field].name.ptr,
							  fold->integration->fields[*field].name.len) < 0)
		{
			(*extra)++;
			*name = candidate->name;
			return &candidate->field.top;
		}
	}
	if (*field >= nfields)
		return NULL;
	*name = fold->integration->fields[*field].name;
	return &fold->fields[(*field)++].top;
}

/*
 * fold_write_config: the result's config, as the next value of outer or, with
 * NULL, as the document's root.
 */
void
fold_write_config(JsonbWriter *writer, JsonbFrame *outer, const FoldedEntry *fold)
{
	JsonbFrame	object;
	const FoldedValue *value;
	JsonbRef	name;
	uint32		count = fold->nextras;
	int			field;
	int			extra;

	if (fold->integration)
		for (int i = 0; i < fold->integration->nfields; i++)
			if (fold->fields[i].top.value.type != JREF_NONE)
				count++;

	jsonb_write_object(writer, outer, &object, count);
	field = extra = 0;
	while (next_member(fold, &field, &extra, &name) != NULL)
		jsonb_write_key(writer, &object, name.ptr, name.len);
	field = extra = 0;
	while ((value = next_member(fold, &field, &extra, &name)) != NULL)
	{
		if (value->below)
			write_merged(writer, &object, value);
		else
			jsonb_write_value(writer, &object, value->value);
	}
	jsonb_write_end(writer, &object);
}
