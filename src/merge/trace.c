/*-------------------------------------------------------------------------
 *
 * merge/trace.c
 *	  How each field of the merged configuration came about.
 *
 * Of a structured field a row is told for each leaf that is defined in it.  The
 * layers' words on the field are followed into it: those that count (they are
 * neither locked out, nor of what an inner word started anew), and all of them,
 * since a row names the layers whose value did not count.  A null that counts
 * takes away what is before it, and so it is a word on all that is inside, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"
#include "catalogue/shown.h"
#include "merge/gather.h"
#include "merge/merge.h"
#include "miscadmin.h"

/* What a layer says at a place; layer 0 is a default's. */
typedef struct Word
{
	JsonbRef	value;
	int			layer;
	bool		counts;
	bool		is_void;		/* a lock kept it out */
} Word;

/* A place in a structured field. */
typedef struct TracePlace
{
	const InsideStep *step;
	const Field *field;
	JsonbRef	value;			/* that it has in the end */
	bool		applies;
	bool		required;
	const Word *words;			/* outermost first */
	int			nwords;
} TracePlace;

typedef struct Tracer
{
	FieldTrace	trace;			/* of the entry */
	FieldTraceCallback callback;
	void	   *arg;
} Tracer;

static void trace_place(Tracer *tracer, const TracePlace *place);

/*
 * tell: call back with the trace, whose value is freed.
 */
static void
tell(Tracer *tracer)
{
	tracer->callback(&tracer->trace, tracer->arg);
	if (tracer->trace.value != NULL)
		pfree(tracer->trace.value);
}

/*
 * path_of: the path of a place, less its first slash; palloc'd.
 */
static JsonbRef
path_of(const InsideStep *step)
{
	StringInfoData path;

	if (step->outer == NULL)
		return step->key;
	initStringInfo(&path);
	append_inside_path(&path, step);
	return jsonb_ref_string(path.data + 1, path.len - 1);
}

/*
 * who_unset: the layer whose null took away what was given before, and is not
 * given again; -1 for none.  A default that applies again is not.
 */
static int
who_unset(const TracePlace *place)
{
	int			unset_by = NO_LAYER;
	bool		given = false;

	for (int i = 0; i < place->nwords; i++)
	{
		const Word *word = &place->words[i];

		if (!word->counts)
			continue;
		if (word->value.type != JREF_NULL)
		{
			given = true;
			if (word->layer > 0)
				unset_by = NO_LAYER;
		}
		else if (given)
		{
			given = false;
			unset_by = word->layer;
		}
	}
	return unset_by;
}

/*
 * trace_leaf: how a place without defined ones in it came about.
 *
 * Of the words that count after the last null, the last has it, but where arrays
 * or objects are put together: then all of those that are of its type.
 */
static void
trace_leaf(Tracer *tracer, const TracePlace *place)
{
	FieldTrace *trace = &tracer->trace;
	const Field *field = place->field;
	bool		unset = place->value.type == JREF_NONE;
	bool		together = field->merge >= MERGE_APPEND ||
		(place->value.type == JREF_OBJECT && field->merge != MERGE_REPLACE);
	bool		last = true;

	trace->field = field;
	trace->path = path_of(place->step);
	trace->value = unset ? NULL : shown_document(field, place->value);
	trace->source = unset ? NO_LAYER : 0;
	trace->required = place->required;
	trace->unset_by = who_unset(place);
	trace->ignored = NULL;
	for (int i = place->nwords - 1; i >= 0; i--)
	{
		const Word *word = &place->words[i];
		bool		counts;

		unset |= word->counts && word->value.type == JREF_NULL;
		counts = word->counts && !unset && (last || together);
		if (word->layer == 0)
			continue;
		if (counts && last)
			trace->source = word->layer;
		else if (counts && word->value.type != place->value.type)
			counts = together = false;
		if (counts)
			last = false;
		else if (word->value.type != JREF_NULL || word->is_void)
			trace->ignored = bms_add_member(trace->ignored, word->layer);
	}
	tell(tracer);
}

/*
 * with_default: the words of a place with its default, which is the outermost
 * one, and applies again after a null; palloc'd.  What does not apply has none.
 */
static Word *
with_default(const TracePlace *place, int *nwords)
{
	JsonbRef	value = place->field->default_value;
	Word	   *words = palloc_extended(sizeof(Word) * ((Size) place->nwords + 1),
										MCXT_ALLOC_HUGE);
	int			outside = place->nwords;
	int			has_default = place->applies && value.type != JREF_NONE;

	while (outside > 0 && !(place->words[outside - 1].counts &&
							place->words[outside - 1].value.type == JREF_NULL))
		outside--;
	for (int i = 0; i < place->nwords; i++)
		words[i + (i < outside ? 0 : has_default)] = place->words[i];
	if (has_default)
		words[outside] = (Word) {.value = value,.counts = true};
	*nwords = place->nwords + has_default;
	return words;
}

/*
 * words_inside: the words on a member of the objects that are said at a place;
 * palloc'd.
 */
static Word *
words_inside(const TracePlace *place, JsonbRef key, TracePlace *inner)
{
	Word	   *words = palloc_extended(sizeof(Word) * ((Size) place->nwords + 1),
										MCXT_ALLOC_HUGE);
	int			nwords = 0;

	for (int i = 0; i < place->nwords; i++)
	{
		Word		word = place->words[i];

		if (word.value.type != JREF_NULL)
			word.value = jsonb_ref_member(word.value, key.ptr, key.len);
		else if (!word.counts)
			continue;
		if (word.value.type != JREF_NONE)
			words[nwords++] = word;
	}
	inner->words = words;
	inner->nwords = nwords;
	return words;
}

/*
 * start_anew: of the words of a place, those outside of a value of another type,
 * of one that replaces them, or of one of another choice no longer count.
 */
static void
start_anew(const Field *field, Word *words, int nwords)
{
	const FieldExtra *extra = field->extra;
	JsonbRef	by = {0};

	for (int i = 0; i < nwords; i++)
	{
		JsonbRef	named;

		if (!words[i].counts)
			continue;
		if (words[i].value.type == JREF_NULL)
		{
			by.type = JREF_NONE;
			continue;
		}
		if (words[i].value.type != JREF_OBJECT || field->merge == MERGE_REPLACE)
		{
			for (int j = 0; j < i; j++)
				words[j].counts = false;
			by.type = JREF_NONE;
		}
		if (extra->nchoices == 0)
			continue;
		named = jsonb_ref_member(words[i].value, extra->by.ptr, extra->by.len);
		if (named.type == JREF_NONE)
			continue;
		if (by.type != JREF_NONE && !jsonb_ref_equal(named, by))
			for (int j = 0; j < i; j++)
				words[j].counts = false;
		by = named;
		if (named.type == JREF_NULL)
			by.type = JREF_NONE;
	}
}

/*
 * trace_member: one field of an object at a place.
 */
static void
trace_member(Tracer *tracer, const TracePlace *place, const Field *field,
			 JsonbRef key, JsonbRef value, bool applies, bool required)
{
	InsideStep	step = {.outer = place->step,.key = key};
	TracePlace	inner = {.step = &step,.field = field,.value = value,
		.applies = applies,.required = required};
	Word	   *words = words_inside(place, key, &inner);

	trace_place(tracer, &inner);
	pfree(words);
}

/*
 * trace_fields: the fields of an object at a place, or of one that is not there.
 */
static void
trace_fields(Tracer *tracer, const TracePlace *place)
{
	const FieldSet *set = field_set_of(place->field, place->value);
	const FieldSet *parts[2] = {set->outer != NULL ? set->outer : set,
	set->outer != NULL ? set : NULL};
	FieldStates states;

	field_states_begin(&states, field_set_size(set));
	field_states_read(&states, set, place->value, true);
	for (int i = 0; i < 2 && parts[i] != NULL; i++)
		for (int j = 0; j < parts[i]->nfields; j++)
		{
			const Field *field = parts[i]->ordered[j];
			bool		applies = states.applies[field->index];

			trace_member(tracer, place, field, field->name,
						 jsonb_ref_member(place->value, field->name.ptr, field->name.len),
						 applies,
						 place->value.type != JREF_NONE && applies &&
						 field_is_required(field, states.present));
		}
	field_states_end(&states);
}

/*
 * trace_place: how what is at a place in a structured field came about.
 */
static void
trace_place(Tracer *tracer, const TracePlace *place)
{
	const FieldExtra *extra = place->field->extra;
	TracePlace	live = *place;
	Word	   *words;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	CHECK_FOR_INTERRUPTS();
	words = with_default(place, &live.nwords);
	live.words = words;
	if (extra == NULL || (extra->fields == NULL && extra->values == NULL) ||
		(place->value.type != JREF_NONE && place->value.type != JREF_OBJECT) ||
		(extra->values != NULL && jsonb_ref_count(place->value) == 0))
	{
		trace_leaf(tracer, &live);
		pfree(words);
		return;
	}
	start_anew(place->field, words, live.nwords);
	if (extra->fields != NULL)
		trace_fields(tracer, &live);
	else
	{
		jsonb_walk_begin(&walk, place->value);
		while (jsonb_walk_member(&walk, &key, &value))
			trace_member(tracer, &live, extra->values, key, value, true, false);
	}
	pfree(words);
}

/*
 * trace_structured: a field in which others are defined, by the layers' words on
 * it.
 */
static void
trace_structured(Tracer *tracer, const Field *field, const FoldedField *folded,
				 bool applies, bool required)
{
	InsideStep	step = {.key = field->name};
	TracePlace	place = {.step = &step,.field = field,.value = folded->top.value,
		.applies = applies,.required = required};
	Word	   *words;
	int			nwords = 0;
	int			index;

	for (const FoldedWord *word = folded->words; word; word = word->earlier)
		nwords++;
	words = palloc_extended(sizeof(Word) * ((Size) nwords + 1), MCXT_ALLOC_HUGE);
	index = nwords;
	for (const FoldedWord *word = folded->words; word; word = word->earlier)
		words[--index] = (Word) {word->value, word->layer, !word->is_void, word->is_void};
	place.words = words;
	place.nwords = nwords;
	trace_place(tracer, &place);
	pfree(words);
}

/*
 * traced_value: a field's value as it may be shown; NULL where it is unset.
 */
static Jsonb *
traced_value(const Field *field, const FoldedValue *value)
{
	Jsonb	   *merged;
	Jsonb	   *shown;

	if (value->value.type == JREF_NONE)
		return NULL;
	if (value->below == NULL)
		return shown_document(field, value->value);
	merged = fold_value_document(value);
	shown = shown_document(field, jsonb_ref_root(merged));
	pfree(merged);
	return shown;
}

/*
 * whose_lock: of a field's own lock, its entry's and the catalogue's, the one
 * that took hold first.
 */
static int
whose_lock(const FoldedEntry *fold, int own)
{
	if (own >= 0)
		return own;
	if (fold->locked_by >= 0)
		return fold->locked_by;
	return fold->integration->locked ? 0 : NO_LAYER;
}

/*
 * trace_enabled: how an entry's "enabled" came about.
 */
static void
trace_enabled(Tracer *tracer, const FoldedEntry *fold)
{
	FieldTrace *trace = &tracer->trace;

	trace->field = NULL;
	trace->value = jsonb_write_document(jsonb_ref_bool(fold->enabled));
	trace->source = fold->enabled_source;
	trace->required = trace->integration->required;
	trace->locked_by = whose_lock(fold, fold->enabled_locked_by);
	trace->unset_by = NO_LAYER;
	trace->ignored = fold->enabled_given_by;
	if (fold->enabled_source > 0)
		trace->ignored = bms_del_member(trace->ignored, fold->enabled_source);
	tell(tracer);
}

/*
 * trace_field: how a field came about.
 */
static void
trace_field(Tracer *tracer, const FoldedEntry *fold, const Field *field)
{
	FieldTrace *trace = &tracer->trace;
	const FoldedField *folded = &fold->fields[field->index];
	bool		applies = fold->states->applies[field->index];
	bool		required = applies && field_is_required(field, fold->states->present);

	trace->locked_by = whose_lock(fold, folded->locked_by);
	if (field->structured)
	{
		trace_structured(tracer, field, folded, applies, required);
		return;
	}
	trace->field = field;
	trace->path = field->name;
	trace->value = traced_value(field, &folded->top);
	trace->source = folded->top.value.type == JREF_NONE ? NO_LAYER : folded->top.layer;
	trace->required = required;
	trace->unset_by = folded->unset_by;
	trace->ignored = folded->given_by;
	for (const FoldedValue *value = &folded->top; value; value = value->below)
		if (value->value.type != JREF_NONE && value->layer > 0)
			trace->ignored = bms_del_member(trace->ignored, value->layer);
	tell(tracer);
}

/*
 * trace_entry: first its "enabled" and then its fields, in the order of their
 * definitions.
 */
static void
trace_entry(Tracer *tracer, FoldedEntry *fold, JsonbRef key)
{
	const FieldSet *config = &fold->integration->config;

	CHECK_FOR_INTERRUPTS();
	tracer->trace.integration = fold->integration;
	tracer->trace.key = key;
	trace_enabled(tracer, fold);
	for (int i = 0; i < config->nfields; i++)
		trace_field(tracer, fold, config->ordered[i]);
	fold_release(fold);
}

/*
 * merge_explain: how each field of the catalogue came about: integrations in
 * the order of display, each followed by its instances.
 *
 * The callback gets a trace whose contents live until it returns.
 */
void
merge_explain(const Catalogue *catalogue,
			  const JsonbRef *documents, int ndocuments,
			  FieldTraceCallback callback, void *arg)
{
	Tracer		tracer = {.callback = callback,.arg = arg};
	Layers		layers;

	layers_gather(&layers, catalogue, documents, ndocuments);
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		const Integration *integration = catalogue->displayed[i];
		int			index = integration - catalogue->integrations;
		FoldedEntry fold;

		layers_fold(&layers, &fold, index, false, true);
		trace_entry(&tracer, &fold, integration->id);
		for (int instance = layers.ninstances > 0 ? layers.first_instance[index] : -1;
			 instance >= 0; instance = layers.instances[instance].next)
		{
			layers_fold_instance(&layers, &fold, &layers.instances[instance], false, true);
			trace_entry(&tracer, &fold, layers.instances[instance].key);
		}
	}
}
