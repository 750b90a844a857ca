/*-------------------------------------------------------------------------
 *
 * merge/gather.c
 *	  What the layers say, sorted by integration.
 *
 * Each entry of each layer is looked up once.  The entries of an integration
 * are chained, outermost first; those of instances, and those that the
 * catalogue does not know, are sorted by their keys.
 *
 * A lock in the plain entry reaches the instances of the layers inside of it.
 * One that appears only there takes what the lock names from the plain entry,
 * so the plain entries outside of its first word are folded first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "merge/gather.h"
#include "miscadmin.h"

/*
 * layers_begin_fields: room for folding integrations of so many fields.
 */
void
layers_begin_fields(Layers *layers, int max_fields)
{
	layers->fields = palloc(sizeof(FoldedField) * (max_fields + 1));
	field_states_begin(&layers->states, max_fields);
	layers->status.missing_room = max_fields + 1;
	layers->status.missing = palloc(sizeof(JsonbRef) * layers->status.missing_room);
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
 * add_known: note an entry of an integration that the catalogue has.
 */
static void
add_known(Layers *layers, const LayerEntry *found, int index, int *nentries)
{
	layers->entries[*nentries] = *found;
	if (layers->first[index] < 0)
		layers->first[index] = *nentries;
	else
		layers->entries[layers->last[index]].next = *nentries;
	layers->last[index] = (*nentries)++;
}

/*
 * count_ids: how many different ids there are among sorted entries.
 */
static int
count_ids(const LayerEntry *entries, int nentries)
{
	int			count = 0;

	for (int i = 0; i < nentries; i++)
		if (i == 0 || !jsonb_ref_is(entries[i].id, entries[i - 1].id.ptr,
									entries[i - 1].id.len))
			count++;
	return count;
}

/*
 * outermost_object: the outermost layer that has an object as the integration's
 * plain entry; INT_MAX for none.
 */
static int
outermost_object(const Layers *layers, int index)
{
	for (int i = layers->first[index]; i >= 0; i = layers->entries[i].next)
		if (layers->entries[i].entry.type == JREF_OBJECT)
			return layers->entries[i].layer;
	return INT_MAX;
}

/*
 * whole_lock: the outermost layer whose plain entry locks all of the
 * integration; INT_MAX for none.
 */
static int
whole_lock(const Layers *layers, int index)
{
	for (int i = layers->first[index]; i >= 0; i = layers->entries[i].next)
	{
		JsonbRef	locked = JREF_MEMBER(layers->entries[i].entry, "locked");

		if (locked.type == JREF_BOOL && locked.boolean)
			return layers->entries[i].layer;
	}
	return INT_MAX;
}

/*
 * gather_instances: the instances that there are: a whole lock keeps out those
 * of the layers inside of it, and where the catalogue locks the integration only
 * the outermost layer that speaks of it has any.
 */
static void
gather_instances(Layers *layers)
{
	const Catalogue *catalogue = layers->catalogue;
	int			count;
	int		   *outermost = palloc(sizeof(int) * (catalogue->nintegrations * 2 + 1));
	int			kept = 0;

	qsort(layers->own, layers->nown, sizeof(LayerEntry), compare_layer_entries);
	count = count_ids(layers->own, layers->nown);
	layers->instances = palloc_extended(sizeof(InstanceEntry) * (Size) count,
										MCXT_ALLOC_HUGE);
	layers->first_instance = outermost + catalogue->nintegrations;
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		layers->first_instance[i] = -1;
		outermost[i] = -1;
	}
	for (int i = 0; i < layers->nown;)
	{
		InstanceEntry *instance = &layers->instances[layers->ninstances++];
		int			index;

		CHECK_FOR_INTERRUPTS();
		instance->key = layers->own[i].id;
		instance->integration = catalogue_entry(catalogue, instance->key.ptr,
												instance->key.len, &instance->name);
		instance->own = &layers->own[i];
		instance->nown = 0;
		for (; i < layers->nown &&
			 jsonb_ref_is(layers->own[i].id, instance->key.ptr, instance->key.len); i++)
			instance->nown++;
		index = instance->integration - catalogue->integrations;
		if (outermost[index] < 0)
			outermost[index] = outermost_object(layers, index);
		outermost[index] = Min(outermost[index], instance->own->layer);
	}
	for (int i = layers->ninstances - 1; i >= 0; i--)
	{
		InstanceEntry *instance = &layers->instances[i];
		int			index = instance->integration - catalogue->integrations;

		if ((instance->integration->locked && instance->own->layer > outermost[index]) ||
			instance->own->layer > whole_lock(layers, index))
			instance->nown = 0;
	}
	for (int i = 0; i < layers->ninstances; i++)
		if (layers->instances[i].nown > 0)
			layers->instances[kept++] = layers->instances[i];
	layers->ninstances = kept;
	for (int i = kept - 1; i >= 0; i--)
	{
		int			index = layers->instances[i].integration - catalogue->integrations;

		layers->instances[i].next = layers->first_instance[index];
		layers->first_instance[index] = i;
	}
}

/*
 * layers_gather: find what the layers say on which integration.
 *
 * What is allocated stays in the current memory context.
 */
void
layers_gather(Layers *layers, const Catalogue *catalogue,
			  const JsonbRef *documents, int ndocuments)
{
	Size		total = 0;
	int			nentries = 0;
	LayerEntry *others;

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
	others = layers->entries + total;
	layers->first = palloc(sizeof(int) * (catalogue->nintegrations * 2 + 1));
	layers->last = layers->first + catalogue->nintegrations;
	memset(layers->first, -1, sizeof(int) * catalogue->nintegrations);
	layers_begin_fields(layers, catalogue->max_fields);

	for (int i = 0; i < ndocuments; i++)
	{
		JsonbWalk	walk;
		LayerEntry	found;

		jsonb_walk_begin(&walk, layer_integrations(documents[i]));
		found.layer = i + 1;
		found.next = -1;
		while (jsonb_walk_member(&walk, &found.id, &found.entry))
		{
			JsonbRef	instance = {0};
			const Integration *integration =
				catalogue_entry(catalogue, found.id.ptr, found.id.len, &instance);

			CHECK_FOR_INTERRUPTS();
			if (integration == NULL)
			{
				*--others = found;
				layers->nunknown++;
			}
			else if (instance.type == JREF_NONE)
				add_known(layers, &found, integration - catalogue->integrations, &nentries);
			else if (integration->instances && found.entry.type == JREF_OBJECT)
			{
				*--others = found;
				layers->nown++;
			}
		}
	}

	layers->unknown = others;
	if (layers->nown > 0)
	{
		/* apart from each other */
		int			front = 0;
		JsonbRef	instance;

		for (int i = 0; i < layers->nunknown + layers->nown; i++)
			if (catalogue_entry(catalogue, others[i].id.ptr, others[i].id.len, &instance) != NULL)
			{
				LayerEntry	own = others[i];

				others[i] = others[front];
				others[front++] = own;
			}
		layers->own = others;
		layers->unknown = others + layers->nown;
		gather_instances(layers);
	}
	if (layers->nunknown > 0)
	{
		qsort(layers->unknown, layers->nunknown, sizeof(LayerEntry), compare_layer_entries);
		layers->nunknown_ids = count_ids(layers->unknown, layers->nunknown);
	}
}

/*
 * begin_fold: begin with the fold of an entry, in the room that there is.
 */
static void
begin_fold(Layers *layers, FoldedEntry *fold, const Integration *integration,
		   bool applicable, bool traced)
{
	fold_begin(fold, integration, layers->fields, &layers->states, traced);
	fold->opener = layers->opener;
	fold->applicable = applicable;
}

/*
 * layers_fold: fold the layers' plain entries for one integration, by its index
 * in the catalogue.
 */
void
layers_fold(Layers *layers, FoldedEntry *fold, int index, bool applicable, bool traced)
{
	begin_fold(layers, fold, &layers->catalogue->integrations[index], applicable, traced);
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
 * fold_plain_locks: what the plain entries of the layers outside of an
 * instance's first word have locked, at what it is there.  Returns the first
 * plain entry that is not outside, or -1.
 */
static int
fold_plain_locks(const Layers *layers, FoldedEntry *fold, int plain, int first_layer)
{
	bool		any = false;
	int			i;

	for (i = plain; i >= 0 && layers->entries[i].layer < first_layer;
		 i = layers->entries[i].next)
		any |= JREF_MEMBER(layers->entries[i].entry, "locked").type == JREF_ARRAY;
	if (!any)
		return i;
	for (i = plain; i >= 0 && layers->entries[i].layer < first_layer;
		 i = layers->entries[i].next)
		fold_entry(fold, layers->entries[i].entry, layers->entries[i].layer, false);
	fold_keep_locked(fold);
	return i;
}

/*
 * layers_fold_instance: fold the layers' entries for an instance.
 */
void
layers_fold_instance(Layers *layers, FoldedEntry *fold, const InstanceEntry *instance,
					 bool applicable, bool traced)
{
	int			index = instance->integration - layers->catalogue->integrations;
	int			plain;

	begin_fold(layers, fold, instance->integration, applicable, traced);
	fold->origin.key = instance->key;
	fold->origin.own_from = instance->own->layer;
	plain = fold_plain_locks(layers, fold, layers->first[index], instance->own->layer);
	for (int i = 0; i < instance->nown; i++)
	{
		int			layer = instance->own[i].layer;

		for (; plain >= 0 && layers->entries[plain].layer < layer;
			 plain = layers->entries[plain].next)
			fold_locked(fold, JREF_MEMBER(layers->entries[plain].entry, "locked"),
						layers->entries[plain].layer);
		if (fold->locked_by >= 0 && !traced)
			break;
		/* of what the catalogue locks, an inner layer has no instances */
		if (i > 0 && instance->integration->locked)
			fold_void(fold, instance->own[i].entry, layer);
		else
			fold_entry(fold, instance->own[i].entry, layer, false);
	}
	for (; plain >= 0 && traced; plain = layers->entries[plain].next)
		fold_locked(fold, JREF_MEMBER(layers->entries[plain].entry, "locked"),
					layers->entries[plain].layer);
	fold_end(fold);
}

/*
 * layers_required: does the catalogue require the integration's plain entry?
 * Not where an instance of it is enabled and configured.
 *
 * The room for a fold is used.
 */
bool
layers_required(Layers *layers, const Integration *integration)
{
	if (!integration->required || layers->ninstances == 0)
		return integration->required;
	for (int i = layers->first_instance[integration - layers->catalogue->integrations];
		 i >= 0; i = layers->instances[i].next)
	{
		FoldedEntry fold;

		layers_fold_instance(layers, &fold, &layers->instances[i], false, false);
		fold_status(&fold, &layers->status);
		fold_release(&fold);
		if (layers->status.enabled && layers->status.nmissing == 0)
			return false;
	}
	return true;
}
