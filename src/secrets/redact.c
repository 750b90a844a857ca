/*-------------------------------------------------------------------------
 *
 * secrets/redact.c
 *	  integration_schema_redact: a document that may be shown.
 *
 * What is kept is what we know to be no secret; all else is replaced, since a
 * value in the wrong place (beside "config", in a field misspelt, in an
 * integration that the catalogue does not have) is as secret as it would be
 * in the right one.  Keys are names, and stay; so does null, which is no
 * value.  A caller's own top-level keys stay as they are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/catalogue.h"
#include "jsonb/writer.h"
#include "miscadmin.h"

PG_FUNCTION_INFO_V1(integration_schema_redact);

/* What a member's value needs to be redacted. */
typedef struct Redaction
{
	const Catalogue *catalogue;
	const Integration *integration; /* whose entry it is in; NULL unknown */
} Redaction;

typedef void (*MemberWriter) (JsonbWriter *writer, JsonbFrame *frame,
							  JsonbRef key, JsonbRef value,
							  Redaction *redaction);

/*
 * write_redacted: in place of a value; null is kept.
 */
static void
write_redacted(JsonbWriter *writer, JsonbFrame *frame, JsonbRef value)
{
	if (value.type == JREF_NULL)
		jsonb_write_value(writer, frame, value);
	else
		jsonb_write_string(writer, frame, REDACTED_VALUE, strlen(REDACTED_VALUE));
}

/*
 * write_members: an object with the same keys, and values that write_member
 * writes; what is no object is redacted.
 */
static void
write_members(JsonbWriter *writer, JsonbFrame *outer, JsonbRef object,
			  MemberWriter write_member, Redaction *redaction)
{
	JsonbFrame	frame;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	if (object.type != JREF_OBJECT)
	{
		write_redacted(writer, outer, object);
		return;
	}
	jsonb_write_object(writer, outer, &frame, jsonb_ref_count(object));
	jsonb_write_keys_of(writer, &frame, object);
	jsonb_walk_begin(&walk, object);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		CHECK_FOR_INTERRUPTS();
		write_member(writer, &frame, key, value, redaction);
	}
	jsonb_write_end(writer, &frame);
}

/*
 * holds_names: is it an array of nothing but strings?
 */
static bool
holds_names(JsonbRef value)
{
	JsonbWalk	walk;
	JsonbRef	element;

	if (value.type != JREF_ARRAY)
		return false;
	jsonb_walk_begin(&walk, value);
	while (jsonb_walk_element(&walk, &element))
		if (element.type != JREF_STRING)
			return false;
	return true;
}

/*
 * may_be_shown: is it a member of an entry that holds no field's value, and in
 * the shape that such a member has?
 *
 * For a known integration these are also the keys that a merge adds; what it
 * takes from the catalogue is shown where it is the catalogue's indeed, since a
 * layer may have anything there.
 */
static bool
may_be_shown(JsonbRef key, JsonbRef value, const Integration *integration)
{
	if (JREF_IS(key, "enabled"))
		return value.type == JREF_BOOL;
	if (JREF_IS(key, "description"))
		return value.type == JREF_STRING;
	if (JREF_IS(key, "locked"))
		return value.type == JREF_BOOL || holds_names(value);
	if (integration == NULL)
		return false;
	if (JREF_IS(key, "name"))
		return jsonb_ref_equal(value, integration->name);
	if (JREF_IS(key, "category"))
		return jsonb_ref_equal(value, integration->category);
	if (JREF_IS(key, "level"))
		return jsonb_ref_equal(value, integration->level);
	if (JREF_IS(key, "config_schema"))
		return jsonb_ref_equal(value, integration->config_schema);
	if (JREF_IS(key, "team_config_schema"))
		return jsonb_ref_equal(value, integration->team_config_schema);
	if (JREF_IS(key, "required") || JREF_IS(key, "configured"))
		return value.type == JREF_BOOL;
	if (JREF_IS(key, "missing"))
		return holds_names(value);
	return false;
}

/*
 * write_field: a member of "config".
 */
static void
write_field(JsonbWriter *writer, JsonbFrame *frame, JsonbRef key,
			JsonbRef value, Redaction *redaction)
{
	const Field *field = NULL;

	if (redaction->integration != NULL)
		field = integration_field(redaction->integration, key.ptr, key.len);
	if (field == NULL || field->type == FIELD_SECRET)
		write_redacted(writer, frame, value);
	else
		jsonb_write_value(writer, frame, value);
}

/*
 * write_entry_member: a member of an integration's entry.
 */
static void
write_entry_member(JsonbWriter *writer, JsonbFrame *frame, JsonbRef key,
				   JsonbRef value, Redaction *redaction)
{
	if (JREF_IS(key, "config"))
		write_members(writer, frame, value, write_field, redaction);
	else if (may_be_shown(key, value, redaction->integration))
		jsonb_write_value(writer, frame, value);
	else
		write_redacted(writer, frame, value);
}

/*
 * write_entry: a member of "integrations".
 */
static void
write_entry(JsonbWriter *writer, JsonbFrame *frame, JsonbRef key,
			JsonbRef value, Redaction *redaction)
{
	redaction->integration = catalogue_integration(redaction->catalogue,
												   key.ptr, key.len);
	write_members(writer, frame, value, write_entry_member, redaction);
}

/*
 * write_top_level: a member of the document.
 */
static void
write_top_level(JsonbWriter *writer, JsonbFrame *frame, JsonbRef key,
				JsonbRef value, Redaction *redaction)
{
	if (JREF_IS(key, "integrations"))
		write_members(writer, frame, value, write_entry, redaction);
	else
		jsonb_write_value(writer, frame, value);
}

/*
 * integration_schema_redact(document jsonb): the document without its secrets.
 *
 * A document that is no object is replaced as a whole.
 */
Datum
integration_schema_redact(PG_FUNCTION_ARGS)
{
	Jsonb	   *document = PG_GETARG_JSONB_P(0);
	JsonbRef	root = jsonb_ref_root(document);
	Redaction	redaction = {0};
	JsonbWriter writer;

	if (root.type == JREF_NULL)
		PG_RETURN_JSONB_P(document);
	if (root.type != JREF_OBJECT)
		PG_RETURN_JSONB_P(jsonb_write_document(jsonb_ref_string(REDACTED_VALUE,
																strlen(REDACTED_VALUE))));
	redaction.catalogue = catalogue_current(fcinfo);
	jsonb_write_begin(&writer, VARSIZE(document) + 64);
	write_members(&writer, NULL, root, write_top_level, &redaction);
	PG_FREE_IF_COPY(document, 0);
	PG_RETURN_JSONB_P(jsonb_write_finish(&writer));
}
