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
 *		required, configured, [description,] config_schema, display_order
 *		[, team_config_schema]
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
entry_keys(bool described, bool team_fields)
{
	static const char *const names[] = {
		"name", "level", "order", "config", "in_use", "locked", "enabled",
		"missing", "category", "required", "configured", "description",
		"config_schema", "display_order", "team_config_schema"
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
			const Integration *integration, bool described)
{
	JsonbRef	keys = integration->entry_keys[described];

	jsonb_write_object(writer, outer, entry, jsonb_ref_count(keys));
	jsonb_write_keys_of(writer, entry, keys);
	jsonb_write_value(writer, entry, integration->name);
	jsonb_write_value(writer, entry, integration->level);
	jsonb_write_value(writer, entry, integration->order);
}

/*
 * entry_write_missing: the array of the missing fields' names, as the next
 * value of outer.
 */
void
entry_write_missing(JsonbWriter *writer, JsonbFrame *outer,
					const IntegrationStatus *status)
{
	JsonbFrame	array;

	jsonb_write_array(writer, outer, &array, status->nmissing);
	for (int i = 0; i < status->nmissing; i++)
		jsonb_write_value(writer, &array, status->missing[i]->name);
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
	jsonb_write_bool(writer, entry, integration->required);
	jsonb_write_bool(writer, entry, status->nmissing == 0);
	if (description.type != JREF_NONE)
		jsonb_write_value(writer, entry, description);
	jsonb_write_value(writer, entry, integration->config_schema);
	jsonb_write_value(writer, entry, integration->display_order);
	if (integration->team_config_schema.type != JREF_NONE)
		jsonb_write_value(writer, entry, integration->team_config_schema);
	jsonb_write_end(writer, entry);
}
