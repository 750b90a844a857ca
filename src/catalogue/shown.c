/*-------------------------------------------------------------------------
 *
 * catalogue/shown.c
 *	  A field's value as it may be shown.
 *
 * What its definition says is kept from being a secret is shown, and all else
 * is masked.  Redaction, explain and whatever tells of a change show values
 * through here, so that none of them shows more than another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"
#include "miscadmin.h"
#include "server/uri.h"

/* How a sealed secret begins. */
#define SEALED_PREFIX "sealed:1:"

static const char masked[] = REDACTED_VALUE;

/*
 * mask: what stands for a value that is not shown; null is none, and stays.
 */
static JsonbRef
mask(JsonbRef value)
{
	return value.type == JREF_NULL ? value :
		jsonb_ref_string(masked, strlen(masked));
}

/*
 * shown_string: a string with the passwords of URIs in it masked, and a sealed
 * one masked as a whole; palloc'd where it is another one.
 */
static JsonbRef
shown_string(JsonbRef string)
{
	const char *rest = string.ptr;
	int			len = string.len;
	StringInfoData shown;
	int			start;
	int			length;

	if (string.len >= strlen(SEALED_PREFIX) &&
		memcmp(string.ptr, SEALED_PREFIX, strlen(SEALED_PREFIX)) == 0)
		return mask(string);
	if (!uri_password_find(rest, len, &start, &length))
		return string;
	initStringInfo(&shown);
	do
	{
		CHECK_FOR_INTERRUPTS();
		appendBinaryStringInfo(&shown, rest, start);
		appendStringInfoString(&shown, REDACTED_VALUE);
		rest += start + length;
		len -= start + length;
	} while (uri_password_find(rest, len, &start, &length));
	appendBinaryStringInfo(&shown, rest, len);
	return jsonb_ref_string(shown.data, shown.len);
}

/*
 * write_string: a string with what of it may be shown, as the frame's next.
 */
static void
write_string(JsonbWriter *writer, JsonbFrame *frame, JsonbRef string)
{
	JsonbRef	shown = shown_string(string);

	jsonb_write_value(writer, frame, shown);
	if (shown.ptr != string.ptr && shown.ptr != masked)
		pfree(unconstify(char *, shown.ptr));
}

/*
 * write_value: a value that is no secret's, as the frame's next or, if it is a
 * container and frame is NULL, as the root.  hidden: its strings are not shown.
 */
static void
write_value(JsonbWriter *writer, JsonbFrame *frame, JsonbRef value, bool hidden,
			bool public)
{
	JsonbFrame	container;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	inner;

	switch (value.type)
	{
		case JREF_STRING:
			if (hidden)
				jsonb_write_value(writer, frame, mask(value));
			else
				write_string(writer, frame, value);
			break;
		case JREF_ARRAY:
			check_stack_depth();
			jsonb_write_array(writer, frame, &container, jsonb_ref_count(value));
			jsonb_walk_begin(&walk, value);
			while (jsonb_walk_element(&walk, &inner))
			{
				CHECK_FOR_INTERRUPTS();
				write_value(writer, &container, inner, hidden, public);
			}
			jsonb_write_end(writer, &container);
			break;
		case JREF_OBJECT:
			check_stack_depth();
			jsonb_write_object(writer, frame, &container, jsonb_ref_count(value));
			jsonb_write_keys_of(writer, &container, value);
			jsonb_walk_begin(&walk, value);
			while (jsonb_walk_member(&walk, &key, &inner))
			{
				CHECK_FOR_INTERRUPTS();
				write_value(writer, &container, inner, !public, public);
			}
			jsonb_write_end(writer, &container);
			break;
		default:
			jsonb_write_value(writer, frame, value);
	}
}

/*
 * shown_write_value: a field's value as it may be shown, as the frame's next.
 *
 * A secret, and what is no field's (field is NULL), is masked whatever it is;
 * of any other, the passwords of URIs, sealed strings, and the strings inside
 * free-form objects, unless the field is public.  Keys, numbers, booleans and
 * nulls stay.  Nothing stays
 * allocated but what the writer has.  Errors: statement_too_complex for too
 * deep a nesting.
 */
void
shown_write_value(JsonbWriter *writer, JsonbFrame *frame, const Field *field,
				  JsonbRef value)
{
	if (field == NULL || field->type == FIELD_SECRET)
		jsonb_write_value(writer, frame, mask(value));
	else
		write_value(writer, frame, value, false, field->is_public);
}

/*
 * shown_document: the same as a document of its own, palloc'd.
 */
Jsonb *
shown_document(const Field *field, JsonbRef value)
{
	JsonbWriter writer;

	if (field == NULL || field->type == FIELD_SECRET)
		return jsonb_write_document(mask(value));
	if (JREF_IS_SCALAR(value))
		return jsonb_write_document(value.type == JREF_STRING ?
									shown_string(value) : value);
	jsonb_write_begin(&writer, VARHDRSZ + value.len + 64);
	write_value(&writer, NULL, value, false, field->is_public);
	return jsonb_write_finish(&writer);
}
