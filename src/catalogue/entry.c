/*-------------------------------------------------------------------------
 *
 * catalogue/entry.c
 *	  Writing an integration's entry of the merged document.
 *
 * The catalogue writes each entry as it is without layers, once; the merge
 * writes those anew that a layer touches.  Both do it here, so that an entry
 * has one form.  Its keys in key order are
 *
 *		name, level, order, config, in_use, locked, enabled, missing, category,
 *		[instance,] required, configured, [description,] [integration,]
 *		config_schema, display_order [, team_config_schema]
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/entry.h"

/*
 * entry_keys: an object, palloc'd, that has an entry's keys (and null values),
 * to be copied by jsonb_write_keys_of.
 */
JsonbRef
entry_keys(bool described, bool team_fields, bool instance)
{
	static const char *const names[] = {
		"name", "level", "order", "config", "in_use", "locked", "enabled",
		"missing", "category", "instance", "required", "configured",
		"description", "integration", "config_schema", "display_order", "team_config_schema"
	};
	JsonbMember members[lengthof(names)];
	int			nmembers = 0;
	JsonbWriter writer;

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (!described && strcmp(names[i], "description") == 0)
			continue;
		if (!team_fields && strcmp(names[i], "team_config_schema") == 0)
			continue;
		if (!instance && (strcmp(names[i], "instance") == 0 ||
						  strcmp(names[i], "integration") == 0))
			continue;
		members[nmembers].key = jsonb_ref_string(names[i], strlen(names[i]));
		members[nmembers].value = (JsonbRef) {0};
		nmembers++;
	}
	jsonb_write_begin(&writer, 256);
	jsonb_write_members(&writer, NULL, members, nmembers);
	return jsonb_ref_root(jsonb_write_finish(&writer));
}

/*
 * entry_begin: the beginning of an entry, up to where its config comes as the
 * next value.  described: a description will be given to entry_end.
 */
void
entry_begin(JsonbWriter *writer, JsonbFrame *outer, JsonbFrame *entry,
			const Integration *integration, const IntegrationStatus *status,
			bool described)
{
	bool		instance = status->instance.type != JREF_NONE;
	JsonbRef	keys = integration->entry_keys[described][instance];

	jsonb_write_object(writer, outer, entry, jsonb_ref_count(keys));
	jsonb_write_keys_of(writer, entry, keys);
	jsonb_write_value(writer, entry, integration->name);
	jsonb_write_value(writer, entry, integration->level);
	jsonb_write_value(writer, entry, integration->order);
}

/*
 * add_missing: note a required field that has no value, by its path; the name
 * itself where it is the integration's own.
 */
static bool
add_missing(void *arg, const InsideStep *step, const FieldSet *set,
			const Field *field, const bool *present)
{
	IntegrationStatus *status = arg;
	JsonbRef	path = field->name;

	(void) set;
	(void) present;
	if (step->outer != NULL)
	{
		StringInfoData pointer;

		initStringInfo(&pointer);
		append_inside_path(&pointer, step);
		path = jsonb_ref_string(pointer.data + 1, pointer.len - 1);
	}
	if (status->nmissing == status->missing_room)
	{
		status->missing_room *= 2;
		status->missing = repalloc_huge(status->missing,
										sizeof(JsonbRef) * (Size) status->missing_room);
	}
	status->missing[status->nmissing++] = path;
	return true;
}

/*
 * status_missing: which required fields of an integration have no value.
 */
void
status_missing(IntegrationStatus *status, const FieldSet *config,
			   const FieldStates *states)
{
	InsideVisitor visitor = {.missing = add_missing,.arg = status,.whole = true};

	status->nmissing = 0;
	if (status->missing == NULL)
	{
		status->missing_room = config->ndemanding + 1;
		status->missing = palloc(sizeof(JsonbRef) * status->missing_room);
	}
	inside_missing(&visitor, NULL, config, states);
}

/*
 * entry_write_missing: the array of the missing fields' paths, as the next
 * value of outer.
 */
void
entry_write_missing(JsonbWriter *writer, JsonbFrame *outer,
					const IntegrationStatus *status)
{
	JsonbFrame	array;

	jsonb_write_array(writer, outer, &array, status->nmissing);
	for (int i = 0; i < status->nmissing; i++)
		jsonb_write_value(writer, &array, status->missing[i]);
	jsonb_write_end(writer, &array);
}

/*
 * entry_end: the rest of an entry, once its config is written.
 */
void
entry_end(JsonbWriter *writer, JsonbFrame *entry,
		  const Integration *integration, const IntegrationStatus *status,
		  JsonbRef description)
{
	jsonb_write_bool(writer, entry, status->in_use);
	jsonb_write_bool(writer, entry, integration->locked);
	jsonb_write_bool(writer, entry, status->enabled);
	entry_write_missing(writer, entry, status);
	jsonb_write_value(writer, entry, integration->category);
	if (status->instance.type != JREF_NONE)
		jsonb_write_value(writer, entry, status->instance);
	jsonb_write_bool(writer, entry, integration->required);
	jsonb_write_bool(writer, entry, status->nmissing == 0);
	if (description.type != JREF_NONE)
		jsonb_write_value(writer, entry, description);
	if (status->instance.type != JREF_NONE)
		jsonb_write_value(writer, entry, integration->id);
	jsonb_write_value(writer, entry, integration->config_schema);
	jsonb_write_value(writer, entry, integration->display_order);
	if (integration->team_config_schema.type != JREF_NONE)
		jsonb_write_value(writer, entry, integration->team_config_schema);
	jsonb_write_end(writer, entry);
}
