/*-------------------------------------------------------------------------
 *
 * merge/merge.c
 *	  The merge of layers over the compiled catalogue.
 *
 * Most of an answer is entries that no layer touches: their bytes are laid
 * into the result as they lie in the compiled catalogue.  The layers are read
 * where they lie; each of their entries is looked up once, and each touched
 * integration is folded and written anew.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"
#include "catalogue/shown.h"
#include "jsonb/deep_merge.h"
#include "merge/fold.h"
#include "merge/merge.h"
#include "merge/unknown.h"
#include "miscadmin.h"

/* What the layers say, sorted by integration. */
typedef struct Layers
{
	const Catalogue *catalogue;
	LayerEntry *entries;		/* of integrations that the catalogue knows */
	int		   *first;			/* an integration's outermost entry, or -1 */
	int		   *last;
	LayerEntry *unknown;		/* by id, then outermost first */
	int			nunknown;
	int			nunknown_ids;	/* different ones */
	Size		bytes;			/* of all layers */

	/* room for one integration's fold, used for one after the other */
	FoldedField *fields;
	bool	   *present;
	const Field **missing;
} Layers;

/*
 * begin_fields: room for folding integrations of so many fields.
 */
static void
begin_fields(Layers *layers, int max_fields)
{
	layers->fields = palloc(sizeof(FoldedField) * (max_fields + 1));
	layers->present = palloc(sizeof(bool) * (max_fields + 1));
	layers->missing = palloc(sizeof(Field *) * (max_fields + 1));
}

/*
 * compare_layer_entries: qsort comparator, by id, then outermost first.
 */
static int
compare_layer_entries(const void *a, const void *b)
{
	const LayerEntry *ea = a;
	const LayerEntry *eb = b;
	int			order = jsonb_key_compare(ea->id.ptr, ea->id.len,
										  eb->id.ptr, eb->id.len);

	CHECK_FOR_INTERRUPTS();
	return order != 0 ? order : ea->layer - eb->layer;
}

/*
 * layer_integrations: the object "integrations" of a layer; what is none has
 * no members.
 */
static inline JsonbRef
layer_integrations(JsonbRef layer)
{
	JsonbRef	integrations = JREF_MEMBER(layer, "integrations");

	if (integrations.type != JREF_OBJECT)
		integrations = (JsonbRef) {0};
	return integrations;
}

/*
 * read_layers: find what the layers say on which integration.
 */
static void
read_layers(Layers *layers, const Catalogue *catalogue,
			const JsonbRef *documents, int ndocuments)
{
	Size		total = 0;
	int			nentries = 0;

	memset(layers, 0, sizeof(*layers));
	layers->catalogue = catalogue;
	for (int i = 0; i < ndocuments; i++)
	{
		total += jsonb_ref_count(layer_integrations(documents[i]));
		layers->bytes += documents[i].len;
	}
	layers->entries = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(LayerEntry) * (total + 1));
	/* Known ones from the front, the others from the back. */
	layers->unknown = layers->entries + total;
	layers->first = palloc(sizeof(int) * (catalogue->nintegrations * 2 + 1));
	layers->last = layers->first + catalogue->nintegrations;
	memset(layers->first, -1, sizeof(int) * catalogue->nintegrations);
	begin_fields(layers, catalogue->max_fields);

	for (int i = 0; i < ndocuments; i++)
	{
		JsonbWalk	walk;
		LayerEntry	found;

		jsonb_walk_begin(&walk, layer_integrations(documents[i]));
		found.layer = i + 1;
		found.next = -1;
		while (jsonb_walk_member(&walk, &found.id, &found.entry))
		{
			const Integration *integration =
				catalogue_integration(catalogue, found.id.ptr, found.id.len);
			int			index;

			CHECK_FOR_INTERRUPTS();
			if (integration == NULL)
			{
				*--layers->unknown = found;
				layers->nunknown++;
				continue;
			}
			index = integration - catalogue->integrations;
			layers->entries[nentries] = found;
			if (layers->first[index] < 0)
				layers->first[index] = nentries;
			else
				layers->entries[layers->last[index]].next = nentries;
			layers->last[index] = nentries++;
		}
	}

	if (layers->nunknown > 0)
	{
		qsort(layers->unknown, layers->nunknown, sizeof(LayerEntry), compare_layer_entries);
		for (int i = 0; i < layers->nunknown; i++)
			if (i == 0 || !jsonb_ref_is(layers->unknown[i].id, layers->unknown[i - 1].id.ptr,
										layers->unknown[i - 1].id.len))
				layers->nunknown_ids++;
	}
}

/*
 * fold_integration: fold the layers' entries for one integration.
 */
static void
fold_integration(FoldedEntry *fold, Layers *layers, int index, bool traced)
{
	fold_begin(fold, &layers->catalogue->integrations[index], layers->fields, traced);
	for (int i = layers->first[index]; i >= 0; i = layers->entries[i].next)
	{
		if (fold->locked_by >= 0 && !traced)
			break;
		fold_entry(fold, layers->entries[i].entry, layers->entries[i].layer,
				   layers->entries[i].next < 0);
	}
	fold_end(fold);
}

/*
 * write_entry: an integration's entry, as the object's next value.
 */
static void
write_entry(JsonbWriter *writer, JsonbFrame *object, Layers *layers, int index)
{
	const Integration *integration = &layers->catalogue->integrations[index];
	FoldedEntry fold;
	IntegrationStatus status;
	JsonbFrame	entry;

	if (layers->first[index] < 0)
	{
		jsonb_write_value(writer, object, integration->entry);
		return;
	}
	fold_integration(&fold, layers, index, false);
	fold_status(&fold, layers->present, layers->missing, &status);
	entry_begin(writer, object, &entry, integration,
				fold.description.type != JREF_NONE);
	fold_write_config(writer, &entry, &fold);
	entry_end(writer, &entry, integration, &status, fold.description);
	fold_release(&fold);
}

/*
 * unknown_run: how many of the entries from that index on have the same id.
 */
static int
unknown_run(const Layers *layers, int index)
{
	JsonbRef	id = layers->unknown[index].id;
	int			run = 1;

	while (index + run < layers->nunknown &&
		   jsonb_ref_is(layers->unknown[index + run].id, id.ptr, id.len))
		run++;
	return run;
}

/*
 * unknown_is_next: does an unknown id come before the catalogue's next one?
 */
static bool
unknown_is_next(const Layers *layers, int index, int unknown)
{
	const Catalogue *catalogue = layers->catalogue;

	if (unknown >= layers->nunknown || index >= catalogue->nintegrations)
		return unknown < layers->nunknown;
	return jsonb_key_compare(layers->unknown[unknown].id.ptr,
							 layers->unknown[unknown].id.len,
							 catalogue->integrations[index].id.ptr,
							 catalogue->integrations[index].id.len) < 0;
}

/*
 * write_integrations: SpecialMemberWriter for the member "integrations".
 */
static void
write_integrations(JsonbWriter *writer, JsonbFrame *root, void *arg)
{
	Layers	   *layers = arg;
	const Catalogue *catalogue = layers->catalogue;
	JsonbFrame	object;
	int			count = catalogue->nintegrations + layers->nunknown_ids;
	int			index;
	int			unknown;

	jsonb_write_object(writer, root, &object, count);
	if (layers->nunknown == 0)
	{
		jsonb_write_keys_of(writer, &object, catalogue->entries);
		for (index = 0; index < count; index++)
			write_entry(writer, &object, layers, index);
		jsonb_write_end(writer, &object);
		return;
	}

	index = unknown = 0;
	while (index < catalogue->nintegrations || unknown < layers->nunknown)
	{
		JsonbRef	id;

		if (unknown_is_next(layers, index, unknown))
		{
			id = layers->unknown[unknown].id;
			unknown += unknown_run(layers, unknown);
		}
		else
			id = catalogue->integrations[index++].id;
		jsonb_write_key(writer, &object, id.ptr, id.len);
	}
	index = unknown = 0;
	while (index < catalogue->nintegrations || unknown < layers->nunknown)
	{
		if (unknown_is_next(layers, index, unknown))
		{
			int			run = unknown_run(layers, unknown);

			unknown_write_entry(writer, &object, &layers->unknown[unknown], run);
			unknown += run;
		}
		else
			write_entry(writer, &object, layers, index++);
	}
	jsonb_write_end(writer, &object);
}

/*
 * merge_config: the merged document.
 *
 * Errors: statement_too_complex where the layers nest deeper than the stack
 * allows; program_limit_exceeded where jsonb cannot hold the result.
 */
Jsonb *
merge_config(const Catalogue *catalogue, const JsonbRef *documents, int ndocuments)
{
	Layers		layers;
	JsonbWriter writer;
	SpecialMember integrations = {
		.key = jsonb_ref_string("integrations", 12),
		.write = write_integrations,
		.arg = &layers
	};
	JsonbRef   *objects = palloc_extended(sizeof(JsonbRef) * (Size) (ndocuments + 1),
										  MCXT_ALLOC_HUGE);
	int			nobjects = 0;

	read_layers(&layers, catalogue, documents, ndocuments);
	jsonb_write_begin(&writer, VARSIZE(catalogue->document) + layers.bytes +
					  1024 + 64 * (Size) layers.nunknown);
	/* Layers that have nothing but "integrations" add no other member. */
	for (int i = 0; i < ndocuments; i++)
		if (jsonb_ref_count(documents[i]) > 1 ||
			(jsonb_ref_count(documents[i]) == 1 &&
			 JREF_MEMBER(documents[i], "integrations").type == JREF_NONE))
			objects[nobjects++] = documents[i];
	deep_merge_objects(&writer, NULL, objects, nobjects, &integrations, 1);
	return jsonb_write_finish(&writer);
}

/*
 * merge_one: fold one integration, looking up nothing else in the layers.
 *
 * layers gets the room for the fold.
 */
static void
merge_one(FoldedEntry *fold, Layers *layers, const Integration *integration,
		  const JsonbRef *documents, int ndocuments)
{
	begin_fields(layers, integration->nfields);
	fold_begin(fold, integration, layers->fields, false);
	for (int i = 0; i < ndocuments && fold->locked_by < 0; i++)
		fold_entry(fold, jsonb_ref_member(layer_integrations(documents[i]),
										  integration->id.ptr, integration->id.len),
				   i + 1, i == ndocuments - 1);
	fold_end(fold);
}

/*
 * merge_resolve: one integration: enabled, configured, in_use, missing and
 * config.
 */
Jsonb *
merge_resolve(const Integration *integration,
			  const JsonbRef *documents, int ndocuments)
{
	Layers		layers;
	FoldedEntry fold;
	JsonbWriter writer;
	JsonbFrame	object;
	IntegrationStatus status;

	merge_one(&fold, &layers, integration, documents, ndocuments);
	fold_status(&fold, layers.present, layers.missing, &status);
	jsonb_write_begin(&writer, 512);
	jsonb_write_object(&writer, NULL, &object, 5);
	jsonb_write_key(&writer, &object, "config", 6);
	jsonb_write_key(&writer, &object, "in_use", 6);
	jsonb_write_key(&writer, &object, "enabled", 7);
	jsonb_write_key(&writer, &object, "missing", 7);
	jsonb_write_key(&writer, &object, "configured", 10);
	fold_write_config(&writer, &object, &fold);
	jsonb_write_bool(&writer, &object, status.in_use);
	jsonb_write_bool(&writer, &object, status.enabled);
	entry_write_missing(&writer, &object, &status);
	jsonb_write_bool(&writer, &object, status.nmissing == 0);
	jsonb_write_end(&writer, &object);
	return jsonb_write_finish(&writer);
}

/*
 * merge_status: what resolve says of one integration, without its config.
 */
void
merge_status(const Integration *integration,
			 const JsonbRef *documents, int ndocuments,
			 IntegrationStatus *status)
{
	Layers		layers;
	FoldedEntry fold;

	merge_one(&fold, &layers, integration, documents, ndocuments);
	fold_status(&fold, layers.present, layers.missing, status);
	pfree(layers.fields);
	pfree(layers.present);
}

/*
 * is_usable: is an integration in use, enabled and configured?
 */
static bool
is_usable(Layers *layers, int index)
{
	const Integration *integration = &layers->catalogue->integrations[index];
	FoldedEntry fold;
	IntegrationStatus status;

	if (layers->first[index] < 0)
		return integration->required && integration->configured;
	fold_integration(&fold, layers, index, false);
	fold_status(&fold, layers->present, layers->missing, &status);
	fold_release(&fold);
	return status.in_use && status.enabled && status.nmissing == 0;
}

/*
 * merge_values: the resolved config of each integration that is in use, enabled
 * and configured.
 *
 * An object's keys come before its values, so the touched integrations that
 * belong to it are found first, and folded again when they are written.
 */
Jsonb *
merge_values(const Catalogue *catalogue, const JsonbRef *documents, int ndocuments)
{
	Layers		layers;
	FoldedEntry fold;
	JsonbWriter writer;
	JsonbFrame	object;
	bool	   *included = palloc(catalogue->nintegrations + 1);
	uint32		count = 0;

	read_layers(&layers, catalogue, documents, ndocuments);
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		included[i] = is_usable(&layers, i);
		count += included[i];
	}
	jsonb_write_begin(&writer, layers.bytes + 128 * (Size) (count + 1));
	jsonb_write_object(&writer, NULL, &object, count);
	for (int i = 0; i < catalogue->nintegrations; i++)
		if (included[i])
			jsonb_write_key(&writer, &object, catalogue->integrations[i].id.ptr,
							catalogue->integrations[i].id.len);
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		if (!included[i])
			continue;
		if (layers.first[i] < 0)
			jsonb_write_value(&writer, &object, catalogue->integrations[i].defaults);
		else
		{
			fold_integration(&fold, &layers, i, false);
			fold_write_config(&writer, &object, &fold);
			fold_release(&fold);
		}
	}
	jsonb_write_end(&writer, &object);
	return jsonb_write_finish(&writer);
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
trace_enabled(const FoldedEntry *fold, FieldTrace *trace)
{
	trace->field = NULL;
	trace->value = jsonb_write_document(jsonb_ref_bool(fold->enabled));
	trace->source = fold->enabled_source;
	trace->required = trace->integration->required;
	trace->locked_by = whose_lock(fold, fold->enabled_locked_by);
	trace->unset_by = NO_LAYER;
	trace->ignored = fold->enabled_given_by;
	if (fold->enabled_source > 0)
		trace->ignored = bms_del_member(trace->ignored, fold->enabled_source);
}

/*
 * trace_field: how a field came about.
 */
static void
trace_field(const FoldedEntry *fold, const Field *field, const bool *present,
			FieldTrace *trace)
{
	const FoldedField *folded = &fold->fields[field - fold->integration->fields];

	trace->field = field;
	trace->value = traced_value(field, &folded->top);
	trace->source = folded->top.value.type == JREF_NONE ? NO_LAYER : folded->top.layer;
	trace->required = field_is_required(field, present);
	trace->locked_by = whose_lock(fold, folded->locked_by);
	trace->unset_by = folded->unset_by;
	trace->ignored = folded->given_by;
	for (const FoldedValue *value = &folded->top; value; value = value->below)
		if (value->value.type != JREF_NONE && value->layer > 0)
			trace->ignored = bms_del_member(trace->ignored, value->layer);
}

/*
 * merge_explain: how each field of the catalogue came about: integrations in
 * the order of display, of each first its "enabled" and then its fields in the
 * order of their definitions.
 *
 * The callback gets a trace whose contents live until it returns.
 */
void
merge_explain(const Catalogue *catalogue,
			  const JsonbRef *documents, int ndocuments,
			  FieldTraceCallback callback, void *arg)
{
	Layers		layers;

	read_layers(&layers, catalogue, documents, ndocuments);
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		const Integration *integration = catalogue->displayed[i];
		FieldTrace	trace = {.integration = integration};
		FoldedEntry fold;
		IntegrationStatus status;

		CHECK_FOR_INTERRUPTS();
		fold_integration(&fold, &layers, integration - catalogue->integrations, true);
		fold_status(&fold, layers.present, layers.missing, &status);
		trace_enabled(&fold, &trace);
		callback(&trace, arg);
		for (int j = 0; j < integration->nfields; j++)
		{
			trace_field(&fold, integration->ordered[j], layers.present, &trace);
			callback(&trace, arg);
			if (trace.value != NULL)
				pfree(trace.value);
		}
	}
}
