/*-------------------------------------------------------------------------
 *
 * secrets/unmask.c
 *	  Masks that come back in a document.
 *
 * A form is shown a redacted document, changes a value, and sends the document
 * back.  A mask in it stands for what is stored at the same place, where
 * redaction would show that as a mask; elsewhere it is a string like others.
 * So it can never bring a secret to another place, or out of hiding.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "secrets/unmask.h"
#include "server/uri.h"

PG_FUNCTION_INFO_V1(integration_schema_unmask);

/*
 * holds_mask: are the mask's bytes anywhere in a document?
 */
static bool
holds_mask(const Jsonb *document)
{
	const char *p = VARDATA(document);
	const char *end = p + VARSIZE(document) - VARHDRSZ;
	int			length = strlen(REDACTED_VALUE);
	int			stars = 0;

	while ((p = memchr(p, REDACTED_VALUE[0], end - p)) != NULL)
	{
		for (stars = 0; p < end && *p == REDACTED_VALUE[0]; p++)
			if (++stars == length)
				return true;
	}
	return false;
}

/*
 * is_hidden: does redaction show a mask for what is stored at that place?
 */
static bool
is_hidden(JsonbRef stored, Place place)
{
	switch (place)
	{
		case PLACE_HIDDEN:
			return stored.type > JREF_NULL;
		case PLACE_INSIDE:
			return stored.type == JREF_STRING;
		case PLACE_CATALOGUE:
			return false;
		default:
			return shown_is_sealed(stored);
	}
}

/*
 * host_length: how far a URI's host and port reach.
 */
static int
host_length(const char *s, int len)
{
	int			i = 0;

	while (i < len && strchr("/?#", s[i]) == NULL && (unsigned char) s[i] > ' ')
		i++;
	return i;
}

/*
 * unmask_passwords: a string in which the masked passwords of URIs are those of
 * the stored string; palloc'd.  JREF_NONE where there is none to replace.
 *
 * All that is before a password, and the host after it, must be as stored: a
 * password never goes to another host.  What follows the last one's host, a
 * path say, may have changed.
 */
static JsonbRef
unmask_passwords(JsonbRef string, JsonbRef stored)
{
	JsonbRef	none = {0};
	const char *s = string.ptr;
	const char *t = stored.ptr;
	int			slen = string.len;
	int			tlen = stored.len;
	int			host;
	StringInfoData result;
	bool		found = false;

	if (shown_is_of(string, stored))
		return stored;
	initStringInfo(&result);
	for (;;)
	{
		int			start;
		int			length;
		int			stored_start;
		int			stored_length;
		JsonbRef	password;

		CHECK_FOR_INTERRUPTS();
		if (!uri_password_find(s, slen, &start, &length))
			break;
		if (!uri_password_find(t, tlen, &stored_start, &stored_length) ||
			start != stored_start || memcmp(s, t, start) != 0)
		{
			found = false;
			break;
		}
		password = jsonb_ref_string(s + start, length);
		if (walk_is_mask(password))
		{
			found = true;
			password = jsonb_ref_string(t + stored_start, stored_length);
		}
		appendBinaryStringInfo(&result, s, start);
		appendBinaryStringInfo(&result, password.ptr, password.len);
		s += start + length;
		slen -= start + length;
		t += stored_start + stored_length;
		tlen -= stored_start + stored_length;
	}
	host = host_length(s, slen);
	if (!found || host != host_length(t, tlen) || memcmp(s, t, host) != 0)
	{
		pfree(result.data);
		return none;
	}
	appendBinaryStringInfo(&result, s, slen);
	return jsonb_ref_string(result.data, result.len);
}

/*
 * unmask_keep_passwords: a string in which the passwords of URIs are those of
 * another string, as far as the URIs are otherwise the same; palloc'd, or the
 * string itself.
 */
JsonbRef
unmask_keep_passwords(JsonbRef string, JsonbRef stored)
{
	JsonbRef	shown = shown_string(string);
	JsonbRef	kept;

	if (shown.ptr == string.ptr || walk_is_mask(shown))
		return string;
	kept = unmask_passwords(shown, stored);
	return kept.type == JREF_NONE ? string : kept;
}

/*
 * unmask_visit: WalkVisitor that writes what is stored in place of a mask.
 */
static bool
unmask_visit(Walk *walk, JsonbFrame *frame, JsonbRef value, JsonbRef stored,
			 Place place)
{
	JsonbRef	unmasked;

	if (value.type != JREF_STRING || stored.type == JREF_NONE)
		return false;
	if (walk_is_mask(value))
	{
		if (!is_hidden(stored, place))
			return false;
		jsonb_write_value(walk->writer, frame, stored);
		return true;
	}
	if (place == PLACE_CATALOGUE || place == PLACE_INSIDE ||
		place == PLACE_HIDDEN || stored.type != JREF_STRING)
		return false;
	unmasked = unmask_passwords(value, stored);
	if (unmasked.type == JREF_NONE)
		return false;
	jsonb_write_value(walk->writer, frame, unmasked);
	if (unmasked.ptr != stored.ptr)
		pfree(unconstify(char *, unmasked.ptr));
	return true;
}

/*
 * is_same_scalar: is a value in an array's element the stored one, or what
 * redaction shows of it?  *seen becomes true where it can be told from others.
 */
static bool
is_same_scalar(JsonbRef value, JsonbRef stored, Place place, bool *seen)
{
	if (walk_is_mask(value) && is_hidden(stored, place))
		return true;
	*seen = true;
	if (jsonb_ref_equal(value, stored))
		return true;
	return value.type == JREF_STRING && stored.type == JREF_STRING &&
		(place == PLACE_OPEN || place == PLACE_FIELD) && shown_is_of(value, stored);
}

/*
 * scalar_ref: the iterator's scalar as a value.
 */
static JsonbRef
scalar_ref(const JsonbValue *value)
{
	JsonbRef	ref = {0};

	switch (value->type)
	{
		case jbvNull:
			ref.type = JREF_NULL;
			break;
		case jbvBool:
			return jsonb_ref_bool(value->val.boolean);
		case jbvString:
			return jsonb_ref_string(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			ref.type = JREF_NUMERIC;
			ref.ptr = (const char *) value->val.numeric;
			ref.len = VARSIZE_ANY(value->val.numeric);
			break;
		default:
			break;
	}
	return ref;
}

/*
 * iterator_free: free an iterator that is not at its end.
 */
static void
iterator_free(JsonbIterator *it)
{
	while (it != NULL)
	{
		JsonbIterator *outer = it->parent;

		pfree(it);
		it = outer;
	}
}

/*
 * is_same_container: as is_same_scalar, for all in a container.
 *
 * By the server's iterator, whose levels are in memory.
 */
static bool
is_same_container(JsonbRef element, JsonbRef stored, Place place, bool *seen)
{
	JsonbIterator *it = JsonbIteratorInit(JREF_CONTAINER(element));
	JsonbIterator *stored_it = JsonbIteratorInit(JREF_CONTAINER(stored));
	JsonbIteratorToken token;
	JsonbValue	value;
	JsonbValue	stored_value;
	int			objects = 0;
	bool		same = true;

	do
	{
		CHECK_FOR_INTERRUPTS();
		token = JsonbIteratorNext(&it, &value, false);
		same = JsonbIteratorNext(&stored_it, &stored_value, false) == token;
		if (token == WJB_BEGIN_OBJECT)
			objects++;
		else if (token == WJB_END_OBJECT)
			objects--;
		else if (same && token == WJB_KEY)
			same = jsonb_ref_equal(scalar_ref(&value), scalar_ref(&stored_value));
		else if (same && (token == WJB_VALUE || token == WJB_ELEM))
			same = is_same_scalar(scalar_ref(&value), scalar_ref(&stored_value),
								  place == PLACE_FIELD && objects > 0 ? PLACE_INSIDE : place,
								  seen);
	} while (same && token != WJB_DONE);
	iterator_free(it);
	iterator_free(stored_it);
	return same;
}

/*
 * is_same_value: as is_same_scalar, for a value at a place.
 */
static bool
is_same_value(JsonbRef value, JsonbRef stored, Place place, bool *seen)
{
	if (JREF_IS_SCALAR(value))
		return is_same_scalar(value, stored, place, seen);
	return !JREF_IS_SCALAR(stored) && is_same_container(value, stored, place, seen);
}

static bool is_same_defined(const Field *field, JsonbRef value, JsonbRef stored,
							bool *seen);

/*
 * are_same_members: as is_same_scalar, for all in an object whose fields are
 * defined.
 */
static bool
are_same_members(const Field *field, JsonbRef object, JsonbRef stored, bool *seen)
{
	const FieldSet *set = field_set_of(field, stored);
	bool		open = field_choice_is_open(field, stored);
	JsonbWalk	walk;
	JsonbWalk	stored_walk;
	JsonbRef	key;
	JsonbRef	stored_key;
	JsonbRef	value;
	JsonbRef	stored_value;

	if (jsonb_ref_count(object) != jsonb_ref_count(stored))
		return false;
	jsonb_walk_begin(&walk, object);
	jsonb_walk_begin(&stored_walk, stored);
	while (jsonb_walk_member(&walk, &key, &value) &&
		   jsonb_walk_member(&stored_walk, &stored_key, &stored_value))
	{
		CHECK_FOR_INTERRUPTS();
		if (!jsonb_ref_equal(key, stored_key) ||
			!is_same_defined(field_meant(field, set, open, key), value, stored_value, seen))
			return false;
	}
	return true;
}

/*
 * is_same_defined: as is_same_scalar, for a field's value, NULL for what is not
 * defined.  Definitions nest to a limited depth.
 */
static bool
is_same_defined(const Field *field, JsonbRef value, JsonbRef stored, bool *seen)
{
	Place		place = walk_place_of_value(field, stored);
	JsonbWalk	walk;
	JsonbWalk	stored_walk;
	JsonbRef	element;
	JsonbRef	stored_element;

	if (place != PLACE_DEFINED || value.type != stored.type)
		return is_same_value(value, stored, place, seen);
	if (value.type == JREF_OBJECT)
		return are_same_members(field, value, stored, seen);
	if (jsonb_ref_count(value) != jsonb_ref_count(stored))
		return false;
	jsonb_walk_begin(&walk, value);
	jsonb_walk_begin(&stored_walk, stored);
	while (jsonb_walk_element(&walk, &element) &&
		   jsonb_walk_element(&stored_walk, &stored_element))
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_same_defined(field->extra->items, element, stored_element, seen))
			return false;
	}
	return true;
}

/*
 * is_same: WalkSame for masks: is an array's element what it was, but for what
 * is masked in it?
 *
 * One in which nothing but masks can be seen is any of those that there were;
 * once elements were taken away, nobody can tell which.
 */
static bool
is_same(const Field *items, JsonbRef element, JsonbRef stored, Place place, bool shorter)
{
	bool		seen = false;

	if (items != NULL ? !is_same_defined(items, element, stored, &seen) :
		!is_same_value(element, stored, place, &seen))
		return false;
	return seen || !shorter;
}

/*
 * unmask_document: a document with its masks replaced by what is stored at the
 * same places; palloc'd, or the document itself where it holds no mask.
 *
 * stored is a document, or JREF_NONE for none; what it is, the other one is
 * too, whatever was added to it.  A mask for which nothing is stored stays;
 * validation reports it.
 */
Jsonb *
unmask_document(const Catalogue *catalogue, Jsonb *document, JsonbRef stored)
{
	Walk		walk = {.catalogue = catalogue,.visit = unmask_visit,.same = is_same};

	if (stored.type == JREF_NONE || !holds_mask(document))
		return document;
	return walk_document(&walk, jsonb_ref_root(document), stored,
						 walk_place(&walk, stored));
}

/*
 * integration_schema_unmask(document jsonb, stored jsonb) returns jsonb: a
 * document with its masks replaced by what is stored at the same places.
 */
Datum
integration_schema_unmask(PG_FUNCTION_ARGS)
{
	JsonbRef	stored = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		stored = jsonb_ref_root(PG_GETARG_JSONB_P(1));
	PG_RETURN_JSONB_P(unmask_document(catalogue_current(fcinfo),
									  PG_GETARG_JSONB_P(0), stored));
}
