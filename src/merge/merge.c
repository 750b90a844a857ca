/*-------------------------------------------------------------------------
 *
 * merge/merge.c
 *	  The merge of layers over the compiled catalogue.
 *
 * Most of an answer is entries that no layer touches: their bytes are laid
 * into the result as they lie in the compiled catalogue.  The layers are read
 * where they lie; each touched integration is folded and written anew.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/deep_merge.h"
#include "merge/gather.h"
#include "merge/merge.h"
#include "miscadmin.h"
#include "server/messages.h"

/* What comes next in key order: one of these. */
typedef struct KeyCursor
{
	int			known;			/* of the catalogue's integrations */
	int			unknown;		/* of the entries that it does not know */
	int			instance;
} KeyCursor;

/*
 * write_folded: an entry, as the object's next value.  The fold is released.
 */
static void
write_folded(JsonbWriter *writer, JsonbFrame *object, Layers *layers,
			 FoldedEntry *fold, bool required, JsonbRef instance)
{
	JsonbFrame	entry;
	IntegrationStatus *status = &layers->status;

	fold_status(fold, status);
	status->in_use |= required;
	status->instance = instance;
	entry_begin(writer, object, &entry, fold->integration, status,
				fold->description.type != JREF_NONE);
	fold_write_config(writer, &entry, fold);
	entry_end(writer, &entry, fold->integration, status, fold->description);
	fold_release(fold);
}

/*
 * write_entry: an integration's plain entry, as the object's next value.
 */
static void
write_entry(JsonbWriter *writer, JsonbFrame *object, Layers *layers, int index)
{
	const Integration *integration = &layers->catalogue->integrations[index];
	bool		required = layers_required(layers, integration);
	FoldedEntry fold;

	if (layers->first[index] < 0 && required == integration->required)
	{
		jsonb_write_value(writer, object, integration->entry);
		return;
	}
	layers_fold(layers, &fold, index, false, false);
	write_folded(writer, object, layers, &fold, required, (JsonbRef) {0});
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
 * is_before: does a key come before another one, which may be none?
 */
static inline bool
is_before(JsonbRef key, JsonbRef other)
{
	return key.type != JREF_NONE &&
		(other.type == JREF_NONE ||
		 jsonb_key_compare(key.ptr, key.len, other.ptr, other.len) < 0);
}

/*
 * write_next: the next member of "integrations", its key or (with the object's
 * keys all written) its value; false at the end.
 */
static bool
write_next(JsonbWriter *writer, JsonbFrame *object, Layers *layers,
		   KeyCursor *cursor, bool keys)
{
	const Catalogue *catalogue = layers->catalogue;
	JsonbRef	none = {0};
	JsonbRef	known = none;
	JsonbRef	unknown = none;
	JsonbRef	instance = none;
	JsonbRef	next;

	if (cursor->known < catalogue->nintegrations)
		known = catalogue->integrations[cursor->known].id;
	if (cursor->unknown < layers->nunknown)
		unknown = layers->unknown[cursor->unknown].id;
	if (cursor->instance < layers->ninstances)
		instance = layers->instances[cursor->instance].key;

	if (is_before(unknown, known) && is_before(unknown, instance))
	{
		int			run = unknown_run(layers, cursor->unknown);

		next = unknown;
		if (!keys)
			unknown_write_entry(writer, object, &layers->unknown[cursor->unknown], run);
		cursor->unknown += run;
	}
	else if (is_before(instance, known))
	{
		const InstanceEntry *entry = &layers->instances[cursor->instance++];
		FoldedEntry fold;

		next = instance;
		if (!keys)
		{
			layers_fold_instance(layers, &fold, entry, false, false);
			write_folded(writer, object, layers, &fold, false, entry->name);
		}
	}
	else if (known.type != JREF_NONE)
	{
		next = known;
		if (!keys)
			write_entry(writer, object, layers, cursor->known);
		cursor->known++;
	}
	else
		return false;
	if (keys)
		jsonb_write_key(writer, object, next.ptr, next.len);
	return true;
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
	int			count = catalogue->nintegrations + layers->nunknown_ids +
		layers->ninstances;
	KeyCursor	cursor = {0};

	jsonb_write_object(writer, root, &object, count);
	if (count == catalogue->nintegrations)
	{
		jsonb_write_keys_of(writer, &object, catalogue->entries);
		for (int i = 0; i < count; i++)
			write_entry(writer, &object, layers, i);
		jsonb_write_end(writer, &object);
		return;
	}
	while (write_next(writer, &object, layers, &cursor, true))
		;
	cursor = (KeyCursor) {0};
	while (write_next(writer, &object, layers, &cursor, false))
		;
	jsonb_write_end(writer, &object);
}

/*
 * merge_config: the merged document.
 *
 * Errors: statement_too_complex where the layers nest deeper than the stack
 * allows; program_limit_exceeded where jsonb cannot hold the result.
 */
Jsonb *
merge_config(const Catalogue *catalogue, const JsonbRef *documents, int ndocuments,
			 const ValueOpener *opener)
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

	layers_gather(&layers, catalogue, documents, ndocuments);
	layers.opener = opener;
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
 * fold_one: fold the plain entry of one integration, looking up nothing else in
 * the layers.
 *
 * layers gets the room for the fold.
 */
static void
fold_one(FoldedEntry *fold, Layers *layers, const Integration *integration,
		 const JsonbRef *documents, int ndocuments)
{
	layers_begin_fields(layers, integration->config.nfields);
	fold_begin(fold, integration, layers->fields, &layers->states, false);
	fold->applicable = true;
	for (int i = 0; i < ndocuments && fold->locked_by < 0; i++)
		fold_entry(fold, jsonb_ref_member(layer_integrations(documents[i]),
										  integration->id.ptr, integration->id.len),
				   i + 1, i == ndocuments - 1);
	fold_end(fold);
}

/*
 * find_instance: the instance of that key, or an error (undefined_object) where
 * no layer gives it.
 */
static const InstanceEntry *
find_instance(const Layers *layers, const Integration *integration, JsonbRef key)
{
	StringInfoData name;

	if (layers->ninstances > 0)
	{
		int			place = key_search(&layers->instances->key, layers->ninstances,
									   sizeof(InstanceEntry), key.ptr, key.len);

		if (place < layers->ninstances &&
			jsonb_ref_is(layers->instances[place].key, key.ptr, key.len))
			return &layers->instances[place];
	}
	initStringInfo(&name);
	append_name(&name, key);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("instance %s does not exist", name.data),
			 integration->instances ?
			 errhint("integration_schema_instances() lists the instances that the layers give.") :
			 errdetail("The catalogue has it that the integration has no instances.")));
	return NULL;
}

/*
 * merge_resolve: one integration, or an instance of one: enabled, configured,
 * in_use, missing and config.
 *
 * Errors: undefined_object for a key that there is not.
 */
Jsonb *
merge_resolve(const Catalogue *catalogue, JsonbRef key,
			  const JsonbRef *documents, int ndocuments, const ValueOpener *opener)
{
	JsonbRef	name = {0};
	const Integration *integration = catalogue_require_entry(catalogue, key.ptr,
															 key.len, &name);
	Layers		layers = {0};
	FoldedEntry fold;
	JsonbWriter writer;
	JsonbFrame	object;
	IntegrationStatus *status = &layers.status;
	bool		required = false;

	if (name.type == JREF_NONE && !(integration->required && integration->instances))
	{
		required = integration->required;
		fold_one(&fold, &layers, integration, documents, ndocuments);
	}
	else
	{
		layers_gather(&layers, catalogue, documents, ndocuments);
		if (name.type != JREF_NONE)
			layers_fold_instance(&layers, &fold, find_instance(&layers, integration, key),
								 true, false);
		else
		{
			required = layers_required(&layers, integration);
			layers_fold(&layers, &fold, integration - catalogue->integrations, true, false);
		}
	}
	fold.opener = opener;
	fold_status(&fold, status);
	jsonb_write_begin(&writer, 512);
	jsonb_write_object(&writer, NULL, &object, 5);
	jsonb_write_key(&writer, &object, "config", 6);
	jsonb_write_key(&writer, &object, "in_use", 6);
	jsonb_write_key(&writer, &object, "enabled", 7);
	jsonb_write_key(&writer, &object, "missing", 7);
	jsonb_write_key(&writer, &object, "configured", 10);
	fold_write_config(&writer, &object, &fold);
	jsonb_write_bool(&writer, &object, status->in_use || required);
	jsonb_write_bool(&writer, &object, status->enabled);
	entry_write_missing(&writer, &object, status);
	jsonb_write_bool(&writer, &object, status->nmissing == 0);
	jsonb_write_end(&writer, &object);
	return jsonb_write_finish(&writer);
}

/*
 * tell_instances: call back for the instances of an integration.
 */
static void
tell_instances(Layers *layers, const Integration *integration,
			   StatusCallback callback, void *arg)
{
	if (layers->ninstances == 0)
		return;
	for (int i = layers->first_instance[integration - layers->catalogue->integrations];
		 i >= 0; i = layers->instances[i].next)
	{
		FoldedEntry fold;

		CHECK_FOR_INTERRUPTS();
		layers_fold_instance(layers, &fold, &layers->instances[i], true, false);
		fold_status(&fold, &layers->status);
		fold_release(&fold);
		layers->status.instance = layers->instances[i].name;
		callback(layers->instances[i].key, &layers->status, arg);
	}
}

/*
 * merge_status: what resolve says of each integration and instance, without its
 * config: in the order of display, an integration's instances after it.
 */
void
merge_status(const Catalogue *catalogue, const JsonbRef *documents, int ndocuments,
			 StatusCallback callback, void *arg)
{
	Layers		layers;

	layers_gather(&layers, catalogue, documents, ndocuments);
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		const Integration *integration = catalogue->displayed[i];
		bool		required = layers_required(&layers, integration);
		FoldedEntry fold;

		CHECK_FOR_INTERRUPTS();
		layers_fold(&layers, &fold, integration - catalogue->integrations, true, false);
		fold_status(&fold, &layers.status);
		fold_release(&fold);
		layers.status.in_use |= required;
		layers.status.instance = (JsonbRef) {0};
		callback(integration->id, &layers.status, arg);
		tell_instances(&layers, integration, callback, arg);
	}
}

/*
 * merge_instances: the same for the instances of one integration.
 */
void
merge_instances(const Catalogue *catalogue, const Integration *integration,
				const JsonbRef *documents, int ndocuments,
				StatusCallback callback, void *arg)
{
	Layers		layers;

	layers_gather(&layers, catalogue, documents, ndocuments);
	tell_instances(&layers, integration, callback, arg);
}

/*
 * is_usable: is what is folded in use, enabled and configured?  The fold is
 * released.
 */
static bool
is_usable(Layers *layers, FoldedEntry *fold, bool required)
{
	IntegrationStatus *status = &layers->status;

	fold_status(fold, status);
	fold_release(fold);
	return (status->in_use || required) && status->enabled && status->nmissing == 0;
}

/*
 * plain_is_usable: the same for an integration's plain entry.
 */
static bool
plain_is_usable(Layers *layers, int index)
{
	const Integration *integration = &layers->catalogue->integrations[index];
	bool		required = layers_required(layers, integration);
	FoldedEntry fold;

	if (layers->first[index] < 0)
		return required && integration->configured;
	layers_fold(layers, &fold, index, true, false);
	return is_usable(layers, &fold, required);
}

/*
 * write_values: a config in the answer of merge_values.
 */
static void
write_values(JsonbWriter *writer, JsonbFrame *object, FoldedEntry *fold)
{
	fold_write_config(writer, object, fold);
	fold_release(fold);
}

/*
 * merge_values: the resolved config of each integration, or instance, that is in
 * use, enabled and configured.
 *
 * An object's keys come before its values, so the touched integrations that
 * belong to it are found first, and folded again when they are written.
 */
Jsonb *
merge_values(const Catalogue *catalogue, const JsonbRef *documents, int ndocuments,
			 const ValueOpener *opener)
{
	Layers		layers;
	FoldedEntry fold;
	JsonbWriter writer;
	JsonbFrame	object;
	bool	   *included = palloc(catalogue->nintegrations + 1);
	int			kept = 0;
	uint32		count = 0;
	int			instance;

	layers_gather(&layers, catalogue, documents, ndocuments);
	layers.opener = opener;
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		included[i] = plain_is_usable(&layers, i);
		count += included[i];
	}
	for (int i = 0; i < layers.ninstances; i++)
	{
		layers_fold_instance(&layers, &fold, &layers.instances[i], true, false);
		if (is_usable(&layers, &fold, false))
			layers.instances[kept++] = layers.instances[i];
	}
	count += kept;

	jsonb_write_begin(&writer, layers.bytes + 128 * (Size) (count + 1));
	jsonb_write_object(&writer, NULL, &object, count);
	instance = 0;
	for (int i = 0; i <= catalogue->nintegrations; i++)
	{
		JsonbRef	id = {0};

		if (i < catalogue->nintegrations)
			id = catalogue->integrations[i].id;
		for (; instance < kept && is_before(layers.instances[instance].key, id); instance++)
			jsonb_write_key(&writer, &object, layers.instances[instance].key.ptr,
							layers.instances[instance].key.len);
		if (i < catalogue->nintegrations && included[i])
			jsonb_write_key(&writer, &object, id.ptr, id.len);
	}
	instance = 0;
	for (int i = 0; i <= catalogue->nintegrations; i++)
	{
		JsonbRef	id = {0};

		if (i < catalogue->nintegrations)
			id = catalogue->integrations[i].id;
		for (; instance < kept && is_before(layers.instances[instance].key, id); instance++)
		{
			layers_fold_instance(&layers, &fold, &layers.instances[instance], true, false);
			write_values(&writer, &object, &fold);
		}
		if (i == catalogue->nintegrations || !included[i])
			continue;
		if (layers.first[i] < 0)
			jsonb_write_value(&writer, &object, catalogue->integrations[i].defaults_applying);
		else
		{
			layers_fold(&layers, &fold, i, true, false);
			write_values(&writer, &object, &fold);
		}
	}
	jsonb_write_end(&writer, &object);
	return jsonb_write_finish(&writer);
}
