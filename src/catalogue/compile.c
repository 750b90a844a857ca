/*-------------------------------------------------------------------------
 *
 * catalogue/compile.c
 *	  Compiling the catalogue's rows, and looking things up in them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/catalogue.h"
#include "catalogue/entry.h"
#include "catalogue/inside.h"
#include "jsonb/number.h"
#include "miscadmin.h"
#include "server/messages.h"
#include "server/suggest.h"
#include "utils/memutils.h"

/*
 * compare_rows: qsort comparator for pointers to rows, by id in key order.
 */
static int
compare_rows(const void *a, const void *b)
{
	const CatalogueRow *ra = *(const CatalogueRow *const *) a;
	const CatalogueRow *rb = *(const CatalogueRow *const *) b;

	return jsonb_key_compare(ra->id.ptr, ra->id.len, rb->id.ptr, rb->id.len);
}

/*
 * catalogue_integration: the integration of that id, or NULL.
 */
const Integration *
catalogue_integration(const Catalogue *catalogue, const char *id, int len)
{
	int			place = key_search(&catalogue->integrations->id, catalogue->nintegrations,
								   sizeof(Integration), id, len);

	return place < catalogue->nintegrations &&
		jsonb_ref_is(catalogue->integrations[place].id, id, len) ?
		&catalogue->integrations[place] : NULL;
}

/*
 * is_instance_name: ^[a-z0-9][a-z0-9_-]{0,63}$, as an id is.
 */
static bool
is_instance_name(const char *name, int len)
{
	if (len < 1 || len > 64 || *name == '_' || *name == '-')
		return false;
	for (int i = 0; i < len; i++)
		if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
			  name[i] == '_' || name[i] == '-'))
			return false;
	return true;
}

/*
 * catalogue_entry: the integration of a document's entry with that key, or
 * NULL.  The entry may be an instance's, "grafana:eu": *instance is its name,
 * and JREF_NONE for a plain one.
 *
 * Whether the integration may have instances is the caller's to ask.
 */
const Integration *
catalogue_entry(const Catalogue *catalogue, const char *key, int len,
				JsonbRef *instance)
{
	const char *colon = memchr(key, ':', len);
	int			id_len = colon != NULL ? colon - key : len;

	instance->type = JREF_NONE;
	if (colon != NULL)
	{
		if (!is_instance_name(colon + 1, len - id_len - 1))
			return NULL;
		*instance = jsonb_ref_string(colon + 1, len - id_len - 1);
	}
	return catalogue_integration(catalogue, key, id_len);
}

/*
 * catalogue_require_entry: the same, or an error as of catalogue_require.
 */
const Integration *
catalogue_require_entry(const Catalogue *catalogue, const char *key, int len,
						JsonbRef *instance)
{
	const Integration *integration = catalogue_entry(catalogue, key, len, instance);

	return likely(integration != NULL) ? integration :
		catalogue_require(catalogue, key, len);
}

/*
 * catalogue_require: the integration of that id, or an error
 * (undefined_object) with the nearest id as a hint.
 */
const Integration *
catalogue_require(const Catalogue *catalogue, const char *id, int len)
{
	const Integration *integration = catalogue_integration(catalogue, id, len);

	if (unlikely(integration == NULL))
	{
		JsonbRef	wanted = jsonb_ref_string(id, len);
		JsonbRef	nearest = {0};
		StringInfoData name;

		initStringInfo(&name);
		append_name(&name, wanted);
		if (catalogue->nintegrations > 0)
			nearest = suggest_nearest(entry_id(wanted), &catalogue->integrations[0].id,
									  catalogue->nintegrations,
									  sizeof(Integration), NULL);
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("integration %s does not exist", name.data),
				 nearest.type != JREF_NONE ?
				 errhint("Perhaps you meant \"%s\".", jsonb_ref_cstring(nearest)) :
				 errhint("integration_schema_list() lists the integrations that exist.")));
	}
	return integration;
}

/*
 * write_field_schema: a field's definition as an entry shows it: less its name
 * and level, default_value as default, type and required always there.
 */
static void
write_field_schema(JsonbWriter *writer, JsonbFrame *outer, const Field *field)
{
	JsonbMember *members;
	int			nmembers = 0;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	members = palloc(sizeof(JsonbMember) * (jsonb_ref_count(field->definition) + 2));
	members[nmembers].key = jsonb_ref_string("type", 4);
	members[nmembers++].value = jsonb_ref_string(field_type_name(field->type),
												 strlen(field_type_name(field->type)));
	members[nmembers].key = jsonb_ref_string("required", 8);
	members[nmembers++].value = jsonb_ref_bool(field->required);
	jsonb_walk_begin(&walk, field->definition);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		if (JREF_IS(key, "name") || JREF_IS(key, "level") ||
			JREF_IS(key, "type") || JREF_IS(key, "required"))
			continue;
		if (JREF_IS(key, "default_value"))
		{
			if (field->default_value.type == JREF_NONE)
				continue;
			key = jsonb_ref_string("default", 7);
		}
		else if (JREF_IS(key, "default"))
			continue;			/* no key of the vocabulary */
		members[nmembers].key = key;
		members[nmembers++].value = value;
	}
	jsonb_write_members(writer, outer, members, nmembers);
	pfree(members);
}

/*
 * build_schema: the schemas of the integration's fields of one level.
 */
static JsonbRef
build_schema(const Integration *integration, bool team_level)
{
	JsonbWriter writer;
	JsonbFrame	object;
	const FieldSet *config = &integration->config;
	uint32		count = 0;

	for (int i = 0; i < config->nfields; i++)
		if (config->fields[i].team_level == team_level)
			count++;
	if (count == 0 && team_level)
		return (JsonbRef) {0};

	jsonb_write_begin(&writer, 512);
	jsonb_write_object(&writer, NULL, &object, count);
	for (int i = 0; i < config->nfields; i++)
		if (config->fields[i].team_level == team_level)
			jsonb_write_key(&writer, &object, config->fields[i].name.ptr,
							config->fields[i].name.len);
	for (int i = 0; i < config->nfields; i++)
		if (config->fields[i].team_level == team_level)
			write_field_schema(&writer, &object, &config->fields[i]);
	jsonb_write_end(&writer, &object);
	return jsonb_ref_root(jsonb_write_finish(&writer));
}

/*
 * build_defaults: the config object where no layer gives anything: what the
 * fields that apply then are filled with; applicable: less what in these does not.
 */
static JsonbRef
build_defaults(const FieldSet *config, const FieldStates *states, bool applicable)
{
	JsonbWriter writer;
	JsonbMember *members = palloc(sizeof(JsonbMember) * (config->nfields + 1));
	int			nmembers = 0;

	for (int i = 0; i < config->nfields; i++)
	{
		if (states->values[i].type == JREF_NONE)
			continue;
		members[nmembers].key = config->fields[i].name;
		members[nmembers++].value = field_fill(&config->fields[i], applicable);
	}
	jsonb_write_begin(&writer, 256);
	jsonb_write_members(&writer, NULL, members, nmembers);
	pfree(members);
	return jsonb_ref_root(jsonb_write_finish(&writer));
}

/*
 * build_order: the names of all fields, in the order of their definitions.
 */
static JsonbRef
build_order(const Integration *integration)
{
	JsonbWriter writer;
	JsonbFrame	array;

	jsonb_write_begin(&writer, 256);
	jsonb_write_array(&writer, NULL, &array, integration->config.nfields);
	for (int i = 0; i < integration->config.nfields; i++)
		jsonb_write_value(&writer, &array, integration->config.ordered[i]->name);
	jsonb_write_end(&writer, &array);
	return jsonb_ref_root(jsonb_write_finish(&writer));
}

/*
 * write_untouched: an integration's entry where no layer says anything, with
 * what of it is kept to be laid into answers.
 */
static void
write_untouched(JsonbWriter *writer, JsonbFrame *outer, Integration *integration)
{
	JsonbFrame	entry;
	FieldStates states;
	IntegrationStatus status = {.enabled = true, .in_use = integration->required};
	JsonbRef	none = {0};

	field_states_begin(&states, integration->config.nfields);
	field_states_judge(&states, &integration->config, true);
	status_missing(&status, &integration->config, &states);
	integration->configured = status.nmissing == 0;

	entry_begin(writer, outer, &entry, integration, &status, false);
	jsonb_write_value(writer, &entry, integration->defaults);
	entry_end(writer, &entry, integration, &status, none);
	field_states_end(&states);
	pfree(status.missing);
}

/*
 * compile_integration: all of one row but its finished entry.
 *
 * What becomes part of the entry's bytes is made in the scratch context.
 */
static void
compile_integration(Integration *integration, const CatalogueRow *row,
					MemoryContext scratch)
{
	const FieldSet *config = &integration->config;
	MemoryContext caller;
	FieldStates states;

	memset(integration, 0, sizeof(*integration));
	integration->id = row->id;
	integration->name = row->name;
	integration->category = row->category;
	integration->description = row->description;
	integration->required = row->required;
	integration->locked = row->locked;
	integration->instances = row->instances;
	fields_compile(&integration->config,
				   row->fields ? jsonb_ref_root(row->fields) : (JsonbRef) {0});

	caller = MemoryContextSwitchTo(scratch);
	integration->config_schema = build_schema(integration, false);
	integration->team_config_schema = build_schema(integration, true);
	field_states_begin(&states, config->nfields);
	field_states_judge(&states, config, true);
	integration->defaults = build_defaults(config, &states, false);
	integration->order = build_order(integration);
	integration->display_order = number_from_int64(row->display_order);
	MemoryContextSwitchTo(caller);
	if (config->conditions_inside)
		integration->defaults_applying = build_defaults(config, &states, true);
	integration->level = jsonb_ref_string("org", 3);
	if (integration->config.nfields > 0 && jsonb_ref_count(integration->config_schema) == 0)
		integration->level = jsonb_ref_string("team", 4);
}

/*
 * build_document: the answer where there are no layers, of whose bytes most
 * other answers are made.  bytes is a guess at its size.
 */
static void
build_document(Catalogue *catalogue, Size bytes)
{
	JsonbWriter writer;
	JsonbFrame	root;
	JsonbFrame	object;
	JsonbWalk	walk;
	JsonbRef	key;

	jsonb_write_begin(&writer, bytes);
	jsonb_write_object(&writer, NULL, &root, 1);
	jsonb_write_key(&writer, &root, "integrations", 12);
	jsonb_write_object(&writer, &root, &object, catalogue->nintegrations);
	for (int i = 0; i < catalogue->nintegrations; i++)
		jsonb_write_key(&writer, &object, catalogue->integrations[i].id.ptr,
						catalogue->integrations[i].id.len);
	for (int i = 0; i < catalogue->nintegrations; i++)
		write_untouched(&writer, &object, &catalogue->integrations[i]);
	jsonb_write_end(&writer, &object);
	jsonb_write_end(&writer, &root);
	catalogue->document = repalloc(jsonb_write_finish(&writer), writer.len);

	/* From now on the finished bytes are where the parts are read. */
	catalogue->entries = JREF_MEMBER(jsonb_ref_root(catalogue->document), "integrations");
	jsonb_walk_begin(&walk, catalogue->entries);
	for (int i = 0; i < catalogue->nintegrations; i++)
	{
		Integration *integration = &catalogue->integrations[i];

		jsonb_walk_member(&walk, &key, &integration->entry);
		integration->config_schema = JREF_MEMBER(integration->entry, "config_schema");
		integration->team_config_schema = JREF_MEMBER(integration->entry, "team_config_schema");
		integration->defaults = JREF_MEMBER(integration->entry, "config");
		if (!integration->config.conditions_inside)
			integration->defaults_applying = integration->defaults;
		integration->order = JREF_MEMBER(integration->entry, "order");
		integration->display_order = JREF_MEMBER(integration->entry, "display_order");
	}
}

/*
 * catalogue_compile: compile rows, which come in the order of display.
 *
 * The rows' contents (not the array) lie in cxt, a memory context of their own,
 * which becomes the catalogue's: the caller frees it by deleting that.
 */
Catalogue *
catalogue_compile(const CatalogueRow *rows, int nrows, MemoryContext cxt)
{
	MemoryContext scratch = AllocSetContextCreate(cxt, "integration_schemas scratch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(cxt);
	Catalogue  *catalogue = palloc0(sizeof(Catalogue));
	const CatalogueRow **by_key = palloc(sizeof(CatalogueRow *) * (nrows + 1));
	JsonbRef	keys[2][2][2];
	Size		bytes = 1024;

	catalogue->cxt = cxt;
	catalogue->nintegrations = nrows;
	catalogue->integrations = palloc(sizeof(Integration) * (nrows + 1));
	catalogue->displayed = palloc(sizeof(Integration *) * (nrows + 1));
	for (int described = 0; described < 2; described++)
		for (int team_fields = 0; team_fields < 2; team_fields++)
			for (int instance = 0; instance < 2; instance++)
				keys[team_fields][described][instance] =
					entry_keys(described, team_fields, instance);

	for (int i = 0; i < nrows; i++)
		by_key[i] = &rows[i];
	qsort(by_key, nrows, sizeof(CatalogueRow *), compare_rows);
	for (int i = 0; i < nrows; i++)
	{
		Integration *integration = &catalogue->integrations[i];
		bool		team_fields;

		CHECK_FOR_INTERRUPTS();
		compile_integration(integration, by_key[i], scratch);
		catalogue->displayed[by_key[i] - rows] = integration;
		catalogue->max_fields = Max(catalogue->max_fields, integration->config.nfields);
		team_fields = integration->team_config_schema.type != JREF_NONE;
		memcpy(integration->entry_keys, keys[team_fields], sizeof(keys[team_fields]));
		bytes += 512 + integration->config_schema.len +
			integration->team_config_schema.len + integration->defaults.len +
			integration->order.len;
	}
	pfree(by_key);
	build_document(catalogue, bytes);
	MemoryContextDelete(scratch);

	MemoryContextSwitchTo(caller);
	return catalogue;
}
