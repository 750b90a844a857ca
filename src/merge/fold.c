/*-------------------------------------------------------------------------
 *
 * merge/fold.c
 *	  What the layers make of one integration's entry.
 *
 * Layers are folded one after the other, outermost first.  A field that is
 * frozen takes nothing more.  Fields of the catalogue have a slot each; what
 * it does not know is noted as events, which are sorted by name once all
 * layers are in, so that many of them cost no more than a sort; each field of
 * theirs is folded when it is written.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"
#include "catalogue/overlay.h"
#include "jsonb/deep_merge.h"
#include "merge/fold.h"
#include "miscadmin.h"

/*
 * begin_field: a field of which no layer has said anything.
 */
static inline void
begin_field(FoldedField *field, JsonbRef default_value)
{
	field->top.value = default_value;
	field->top.layer = 0;
	field->top.below = NULL;
	field->locked_by = NO_LAYER;
	field->unset_by = NO_LAYER;
	field->named = false;
	field->given_by = NULL;
	field->words = NULL;
}

/*
 * fold_begin: start with the defaults.
 *
 * fields and states have room for the integration's fields.  integration is
 * NULL for one that the catalogue does not know.  traced: note who gave what,
 * for explain.
 */
void
fold_begin(FoldedEntry *fold, const Integration *integration,
		   FoldedField *fields, FieldStates *states, bool traced)
{
	memset(fold, 0, sizeof(*fold));
	fold->integration = integration;
	fold->traced = traced;
	fold->locked_by = NO_LAYER;
	fold->enabled = true;
	fold->enabled_locked_by = NO_LAYER;
	fold->fields = fields;
	fold->states = states;
	if (integration == NULL)
		return;
	fold->origin.id = fold->origin.key = integration->id;
	for (int i = 0; i < integration->config.nfields; i++)
		begin_field(&fields[i], integration->config.fields[i].default_value);
}

/*
 * add_word: note what a layer says of a structured field, for a trace of what is
 * in it.
 */
static void
add_word(FoldedField *field, JsonbRef value, int layer, bool is_void)
{
	FoldedWord *word = palloc(sizeof(FoldedWord));

	word->value = value;
	word->layer = layer;
	word->is_void = is_void;
	word->earlier = field->words;
	field->words = word;
}

/*
 * set_value: a layer gives the field a value; null unsets it, so that the
 * default applies again.  definition is NULL where the catalogue has none.
 */
static void
set_value(const FoldedEntry *fold, FoldedField *field, const Field *definition,
		  JsonbRef value, int layer)
{
	FoldedValue *top = &field->top;
	bool		structured = definition != NULL && definition->structured;

	if (structured && fold->traced)
		add_word(field, value, layer, field->locked_by >= 0);
	if (fold->traced && (value.type != JREF_NULL || field->locked_by >= 0))
		field->given_by = bms_add_member(field->given_by, layer);
	if (field->locked_by >= 0)
		return;
	if (value.type == JREF_NULL)
	{
		if (top->layer > 0)
			field->unset_by = layer;
		top->value = definition != NULL ? definition->default_value : value;
		if (definition == NULL)
			top->value.type = JREF_NONE;
		top->layer = 0;
		top->below = NULL;
		return;
	}
	if (top->value.type != JREF_NONE &&
		(structured ||
		 (value.type == JREF_OBJECT && top->value.type == JREF_OBJECT)))
	{
		FoldedValue *below = palloc(sizeof(FoldedValue));

		*below = *top;
		top->below = below;
	}
	else
		top->below = NULL;
	top->value = value;
	top->layer = layer;
	field->unset_by = NO_LAYER;

	/*
	 * Locked in the catalogue: the outermost that gives a value has it.  Only
	 * null gives none: who blanks a field has decided.
	 */
	if (fold->integration && fold->integration->locked)
		field->locked_by = 0;
}

/*
 * add_event: note a layer's word on a field that the catalogue does not know.
 * So many may be coming, with this one.
 */
static void
add_event(FoldedEntry *fold, JsonbRef name, JsonbRef value, int layer, int coming)
{
	ExtraEvent *event;

	if (fold->traced)
		return;					/* explain does not speak of them */
	if (fold->nevents == fold->maxevents)
	{
		Size		size;

		fold->maxevents = fold->maxevents + Max(fold->maxevents / 2, coming);
		size = sizeof(ExtraEvent) * (Size) fold->maxevents;
		fold->events = fold->events ? repalloc_huge(fold->events, size) :
			MemoryContextAllocHuge(CurrentMemoryContext, size);
	}
	event = &fold->events[fold->nevents++];
	event->name = name;
	event->value = value;
	event->layer = layer;
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
			set_value(fold, &fold->fields[field->index], field, value, layer);
		else
			add_event(fold, name, value, layer, walk.count - walk.index + 1);
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

	if (fold->locked_by >= 0)
		return;
	if (locked.type == JREF_BOOL && locked.boolean)
		fold->locked_by = layer;
	if (locked.type != JREF_ARRAY)
		return;
	jsonb_walk_begin(&walk, locked);
	while (jsonb_walk_element(&walk, &name))
	{
		Field	   *field;

		if (name.type != JREF_STRING)
			continue;
		fold->names_locked = true;
		if (JREF_IS(name, "enabled"))
		{
			fold->enabled_named = true;
			if (fold->enabled_locked_by < 0)
				fold->enabled_locked_by = layer;
		}
		field = integration ?
			integration_field(integration, name.ptr, name.len) : NULL;
		if (field == NULL)
			add_event(fold, name, (JsonbRef) {0}, layer, walk.count - walk.index + 1);
		else
		{
			FoldedField *folded = &fold->fields[field->index];

			folded->named = true;
			if (folded->locked_by < 0)
				folded->locked_by = layer;
		}
	}
}

/*
 * set_enabled: a layer says whether the integration is enabled.
 */
static void
set_enabled(FoldedEntry *fold, bool enabled, int layer)
{
	if (fold->traced)
		fold->enabled_given_by = bms_add_member(fold->enabled_given_by, layer);
	if (fold->enabled_locked_by >= 0)
		return;
	fold->enabled = enabled;
	fold->enabled_source = layer;
	if (fold->integration->locked)
		fold->enabled_locked_by = 0;
}

/*
 * fold_void: note what a layer gives in vain, where that is traced: the whole
 * entry is locked, or it may not be the layer's.
 */
void
fold_void(FoldedEntry *fold, JsonbRef entry, int layer)
{
	const Integration *integration = fold->integration;
	JsonbWalk	walk;
	JsonbRef	name;
	JsonbRef	value;

	if (!fold->traced)
		return;
	if (JREF_MEMBER(entry, "enabled").type == JREF_BOOL)
		fold->enabled_given_by = bms_add_member(fold->enabled_given_by, layer);
	jsonb_walk_begin(&walk, JREF_MEMBER(entry, "config"));
	while (jsonb_walk_member(&walk, &name, &value))
	{
		Field	   *field = integration_field(integration, name.ptr, name.len);

		if (field)
		{
			FoldedField *folded = &fold->fields[field->index];

			if (field->structured)
				add_word(folded, value, layer, true);
			folded->given_by = bms_add_member(folded->given_by, layer);
		}
	}
}

/*
 * fold_entry: a layer's entry for an integration of the catalogue.
 *
 * What has the wrong shape is left out.  innermost: no layer comes after it
 * that its locks could keep from anything.
 */
void
fold_entry(FoldedEntry *fold, JsonbRef entry, int layer, bool innermost)
{
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;
	JsonbRef	locked = {0};

	CHECK_FOR_INTERRUPTS();
	if (entry.type != JREF_OBJECT)
		return;
	if (fold->locked_by >= 0)
	{
		fold_void(fold, entry, layer);
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
			if (value.type == JREF_BOOL)
				set_enabled(fold, value.boolean, layer);
		}
		else if (JREF_IS(key, "description"))
		{
			if (value.type == JREF_STRING)
				fold->description = value;
		}
	}
	/* A lock keeps the fields as this layer leaves them. */
	if (!innermost || fold->traced)
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
 * is_locked_name: is the field of the first of these events locked by its name?
 * *run is how many there are for it.
 */
static bool
is_locked_name(const ExtraEvent *events, int nevents, int *run)
{
	bool		locked = false;

	for (*run = 0; *run < nevents &&
		 jsonb_ref_is(events[*run].name, events[0].name.ptr, events[0].name.len); (*run)++)
		locked |= events[*run].value.type == JREF_NONE;
	return locked;
}

/*
 * fold_keep_locked: forget all but what the layers so far have locked by name.
 */
void
fold_keep_locked(FoldedEntry *fold)
{
	const FieldSet *config = &fold->integration->config;
	int			kept = 0;
	int			run;

	for (int i = 0; i < config->nfields; i++)
		if (!fold->fields[i].named)
			begin_field(&fold->fields[i], config->fields[i].default_value);
	if (!fold->enabled_named)
	{
		fold->enabled = true;
		fold->enabled_source = 0;
		fold->enabled_locked_by = NO_LAYER;
		fold->enabled_given_by = NULL;
	}
	fold->description = (JsonbRef) {0};
	if (fold->nevents > 1)
		qsort(fold->events, fold->nevents, sizeof(ExtraEvent), compare_events);
	for (int i = 0; i < fold->nevents; i += run)
		if (is_locked_name(&fold->events[i], fold->nevents - i, &run))
		{
			memmove(&fold->events[kept], &fold->events[i], sizeof(ExtraEvent) * run);
			kept += run;
		}
	fold->nevents = fold->holds_checked = kept;
}

/*
 * drop_default: of a field that does not apply, what the layers give stands
 * without the default.
 */
static void
drop_default(FoldedValue *top)
{
	FoldedValue *value = top;

	while (value->below != NULL && value->below->layer > 0)
		value = value->below;
	value->below = NULL;
}

/*
 * settle_structured: what the layers' words on a structured field give.
 */
static void
settle_structured(const FoldedEntry *fold, const Field *definition, FoldedField *field)
{
	FoldedValue *top = &field->top;
	JsonbRef   *values;
	int			nvalues = 0;
	int			index;

	if (top->layer == 0)
	{
		top->value = field_fill(definition, fold->applicable);
		return;
	}
	for (const FoldedValue *below = top; below; below = below->below)
		nvalues++;
	values = palloc_extended(sizeof(JsonbRef) * nvalues, MCXT_ALLOC_HUGE);
	index = nvalues;
	for (const FoldedValue *below = top; below; below = below->below)
		values[--index] = below->value;
	top->value = overlay_values(definition, values, nvalues, fold->applicable);
	top->below = NULL;
	pfree(values);
}

/*
 * settle_fields: which fields apply and which have a value; those that don't
 * apply have no default.
 */
static void
settle_fields(FoldedEntry *fold)
{
	const FieldSet *config = &fold->integration->config;
	FieldStates *states = fold->states;

	for (int i = 0; i < config->nfields; i++)
	{
		states->values[i] = fold->fields[i].top.value;
		states->given[i] = fold->fields[i].top.layer > 0;
	}
	/* What conditions name are scalars, which need no settling. */
	field_states_judge(states, config, true);
	for (int i = 0; i < config->nconditional; i++)
	{
		int			index = config->conditional[i]->index;

		if (!states->applies[index])
			drop_default(&fold->fields[index].top);
	}
	for (int i = 0; i < config->nstructured; i++)
	{
		int			index = config->structured[i]->index;
		FoldedField *field = &fold->fields[index];

		settle_structured(fold, config->structured[i], field);
		states->values[index] = field->top.value;
		states->present[index] = states->applies[index] && value_present(field->top.value);
	}
	for (int i = 0; i < config->nconditional; i++)
	{
		int			index = config->conditional[i]->index;

		if (!states->applies[index] && (fold->applicable || !states->given[index]))
			fold->fields[index].top.value.type = JREF_NONE;
	}
}

/*
 * fold_end: all layers are in.
 */
void
fold_end(FoldedEntry *fold)
{
	if (fold->nevents > 1)
		qsort(fold->events, fold->nevents, sizeof(ExtraEvent), compare_events);
	if (fold->integration != NULL)
		settle_fields(fold);
}

/*
 * fold_release: free what the fold has allocated for fields that the catalogue
 * does not know, which may be many.
 */
void
fold_release(FoldedEntry *fold)
{
	if (fold->events != NULL)
		pfree(fold->events);
	fold->events = NULL;
	fold->nevents = fold->maxevents = 0;
}

/*
 * next_extra: fold the next field that the catalogue does not know and that has
 * a value; false at the end.  After fold_end().
 *
 * event is where the next one begins, and extra starts as zeros.
 */
static bool
next_extra(const FoldedEntry *fold, int *event, JsonbRef *name, FoldedField *extra)
{
	JsonbRef	none = {0};

	do
	{
		const ExtraEvent *first = &fold->events[*event];

		while (extra->top.below != NULL)
		{
			FoldedValue *below = extra->top.below;

			extra->top.below = below->below;
			pfree(below);
		}
		if (*event >= fold->nevents)
			return false;
		begin_field(extra, none);
		for (; *event < fold->nevents; (*event)++)
		{
			const ExtraEvent *next = &fold->events[*event];

			if (!jsonb_ref_is(next->name, first->name.ptr, first->name.len))
				break;
			if (next->value.type == JREF_NONE)
				extra->locked_by = next->layer;
			else
				set_value(fold, extra, NULL, next->value, next->layer);
		}
		*name = first->name;
	} while (extra->top.value.type == JREF_NONE);
	return true;
}

/*
 * fold_holds_locked: has a field that is locked by name, and that the catalogue
 * does not know, a value?
 */
bool
fold_holds_locked(FoldedEntry *fold)
{
	FoldedField extra = {0};
	JsonbRef	name;
	int			event = 0;

	/* Nothing takes the value of such a field away. */
	if (!fold->names_locked || fold->holds_locked ||
		fold->holds_checked == fold->nevents)
		return fold->holds_locked;
	fold_end(fold);
	while (next_extra(fold, &event, &name, &extra))
		fold->holds_locked |= extra.locked_by >= 0;
	fold->holds_checked = fold->nevents;
	return fold->holds_locked;
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
	fold->nevents = fold->holds_checked = kept;
}

/*
 * is_default: is a value what the field's default is?
 */
static bool
is_default(const Field *field, const FoldedValue *value)
{
	Jsonb	   *merged;
	bool		equal;

	if (value->layer == 0)
		return true;
	if (field->structured)
		return !value_differs(field, value->value, field->fill);
	if (value->below == NULL)
		return jsonb_ref_equal(value->value, field->default_value);
	merged = fold_value_document(value);
	equal = jsonb_ref_equal(jsonb_ref_root(merged), field->default_value);
	pfree(merged);
	return equal;
}

/*
 * is_in_use: has one of the integration's fields a value other than its
 * default?
 */
static bool
is_in_use(const FoldedEntry *fold)
{
	const FieldSet *config = &fold->integration->config;

	for (int i = 0; i < config->nfields; i++)
		if (fold->states->present[i] &&
			!is_default(&config->fields[i], &fold->fields[i].top))
			return true;
	return false;
}

/*
 * fold_status: what has become of the entry, after fold_end(): in use by its
 * fields alone.
 *
 * The status keeps its room for what is missing.
 */
void
fold_status(const FoldedEntry *fold, IntegrationStatus *status)
{
	status->enabled = fold->enabled;
	status->in_use = is_in_use(fold);
	status_missing(status, &fold->integration->config, fold->states);
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

/* A walk over the members of the result's config. */
typedef struct MemberWalk
{
	const Field *definition;	/* of what was given last; NULL for none */
	int			field;			/* the catalogue's next one */
	int			event;			/* where the one after extra begins */
	bool		has_extra;		/* extra is to come */
	bool		gave_extra;		/* extra was given last */
	JsonbRef	extra_name;
	FoldedField extra;
} MemberWalk;

/*
 * next_member: the next field of the result's config in key order, from the
 * catalogue's fields and the others; NULL at the end.
 *
 * The walk starts as zeros with gave_extra set.
 */
static const FoldedValue *
next_member(const FoldedEntry *fold, MemberWalk *walk, JsonbRef *name)
{
	const FieldSet *config = fold->integration ? &fold->integration->config : NULL;
	int			nfields = config != NULL ? config->nfields : 0;

	if (walk->gave_extra)
		walk->has_extra = fold->nevents > 0 &&
			next_extra(fold, &walk->event, &walk->extra_name, &walk->extra);
	walk->gave_extra = false;
	while (walk->field < nfields && fold->fields[walk->field].top.value.type == JREF_NONE)
		walk->field++;
	if (walk->has_extra &&
		(walk->field >= nfields ||
		 jsonb_key_compare(walk->extra_name.ptr, walk->extra_name.len,
						   config->fields[walk->field].name.ptr,
						   config->fields[walk->field].name.len) < 0))
	{
		walk->gave_extra = true;
		walk->definition = NULL;
		*name = walk->extra_name;
		return &walk->extra.top;
	}
	if (walk->field >= nfields)
		return NULL;
	walk->definition = &config->fields[walk->field];
	*name = walk->definition->name;
	return &fold->fields[walk->field++].top;
}

/*
 * opened: a value as an answer has it.
 */
static inline JsonbRef
opened(const FoldedEntry *fold, const Field *field, const FoldedValue *value)
{
	if (fold->opener == NULL || field == NULL ||
		(field->type != FIELD_SECRET && !field_is_defined(field)))
		return value->value;
	return fold->opener->open(fold->opener, &fold->origin, field, value->value, value->layer);
}

/*
 * fold_write_config: the result's config, as the next value of outer or, with
 * NULL, as the document's root.
 */
void
fold_write_config(JsonbWriter *writer, JsonbFrame *outer, const FoldedEntry *fold)
{
	static const MemberWalk begin = {.gave_extra = true};
	JsonbFrame	object;
	const FoldedValue *value;
	JsonbRef	name;
	MemberWalk	walk = begin;
	uint32		count = 0;

	while (next_member(fold, &walk, &name) != NULL)
		count++;
	jsonb_write_object(writer, outer, &object, count);
	walk = begin;
	while (next_member(fold, &walk, &name) != NULL)
		jsonb_write_key(writer, &object, name.ptr, name.len);
	walk = begin;
	while ((value = next_member(fold, &walk, &name)) != NULL)
	{
		if (value->below)
			write_merged(writer, &object, value);
		else
			jsonb_write_value(writer, &object, opened(fold, walk.definition, value));
	}
	jsonb_write_end(writer, &object);
}
