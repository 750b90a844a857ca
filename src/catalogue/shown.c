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
 * shown_is_sealed: is it a sealed secret?
 */
bool
shown_is_sealed(JsonbRef value)
{
	return value.type == JREF_STRING && value.len >= strlen(SEALED_PREFIX) &&
		memcmp(value.ptr, SEALED_PREFIX, strlen(SEALED_PREFIX)) == 0;
}

/*
 * shown_string: a string with the passwords of URIs in it masked, and a sealed
 * one masked as a whole; palloc'd where it is another one.
 */
JsonbRef
shown_string(JsonbRef string)
{
	const char *rest = string.ptr;
	int			len = string.len;
	StringInfoData shown;
	int			start;
	int			length;

	if (shown_is_sealed(string))
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
 * shown_is_of: is this string what may be shown of the stored one, with the
 * passwords of URIs masked?
 */
bool
shown_is_of(JsonbRef string, JsonbRef stored)
{
	JsonbRef	shown = shown_string(stored);
	bool		result = jsonb_ref_equal(string, shown);

	if (shown.ptr != stored.ptr && shown.ptr != masked)
		pfree(unconstify(char *, shown.ptr));
	return result;
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
 * shown_visit: WalkVisitor that writes what may be shown.
 */
bool
shown_visit(Walk *walk, JsonbFrame *frame, JsonbRef value, JsonbRef beside,
			Place place)
{
	(void) beside;
	switch (place)
	{
		case PLACE_HIDDEN:
			jsonb_write_value(walk->writer, frame, mask(value));
			return true;
		case PLACE_INSIDE:
			if (value.type != JREF_STRING)
				return false;
			jsonb_write_value(walk->writer, frame, mask(value));
			return true;
		case PLACE_CATALOGUE:
			return false;
		default:
			if (value.type != JREF_STRING)
				return false;
			write_string(walk->writer, frame, value);
			return true;
	}
}

/*
 * shown_document: a field's value as it may be shown, a document of its own,
 * palloc'd.
 *
 * A secret, and what is no field's (field is NULL), is masked whatever it is;
 * of any other, the secrets that are defined in it, the passwords of URIs, sealed
 * strings, and what is free-form, unless that is public.  Keys, numbers, booleans and
 * nulls stay.
 */
Jsonb *
shown_document(const Field *field, JsonbRef value)
{
	Walk		walk = {.visit = shown_visit,.field = field};
	Place		place = walk_place_of_value(field, value);
	JsonbRef	none = {0};

	if (place == PLACE_HIDDEN || (place == PLACE_INSIDE && value.type == JREF_STRING))
		return jsonb_write_document(mask(value));
	if (JREF_IS_SCALAR(value))
		return jsonb_write_document(value.type == JREF_STRING ?
									shown_string(value) : value);
	return walk_document(&walk, value, none, place);
}
