/*-------------------------------------------------------------------------
 *
 * secrets/search.c
 *	  Looking for a secret that somebody knows.
 *
 * Somebody may have put it anywhere, so every string is looked at: in a secret's
 * place, in one that is shown, in a free-form object, under names that nobody
 * defines, and as the password of a URI.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"
#include "miscadmin.h"
#include "secrets/cipher.h"
#include "secrets/search.h"
#include "server/uri.h"

/*
 * may_hold: can a document have the secret?  Nearly all can't, which their bytes
 * tell sooner than a walk.
 *
 * A sealed one may be any, and a URI may have it percent-encoded.
 */
static bool
may_hold(const Jsonb *document, JsonbRef secret)
{
	const char *bytes = VARDATA(document);
	Size		len = VARSIZE(document) - VARHDRSZ;

	return memmem(bytes, len, secret.ptr, secret.len) != NULL ||
		memmem(bytes, len, SEALED_PREFIX, strlen(SEALED_PREFIX)) != NULL ||
		(memmem(bytes, len, "://", 3) != NULL && memchr(bytes, '%', len) != NULL);
}

/*
 * with_passwords: a string with another password in its URIs that have the wanted
 * one, palloc'd; JREF_NONE where none has it.  Without another one, the string.
 */
static JsonbRef
with_passwords(JsonbRef string, JsonbRef wanted, JsonbRef instead)
{
	const char *rest = string.ptr;
	int			len = string.len;
	StringInfoData result = {0};
	int			start;
	int			length;

	while (uri_password_find(rest, len, &start, &length))
	{
		bool		same = uri_password_is(rest + start, length, wanted.ptr, wanted.len);

		CHECK_FOR_INTERRUPTS();
		if (same && instead.type == JREF_NONE)
			return string;
		if (same && result.data == NULL)
		{
			initStringInfo(&result);
			appendBinaryStringInfo(&result, string.ptr, rest - string.ptr);
		}
		if (result.data != NULL)
		{
			appendBinaryStringInfo(&result, rest, start);
			if (same)
				uri_password_append(&result, instead.ptr, instead.len);
			else
				appendBinaryStringInfo(&result, rest + start, length);
		}
		rest += start + length;
		len -= start + length;
	}
	if (result.data == NULL)
		return (JsonbRef) {0};
	appendBinaryStringInfo(&result, rest, len);
	return jsonb_ref_string(result.data, result.len);
}

/*
 * clear_of: a string in clear, palloc'd where it is sealed; JREF_NONE where it does
 * not open.
 */
static JsonbRef
clear_of(SecretSearch *search, JsonbRef string)
{
	JsonbRef	clear;

	if (!shown_is_sealed(string))
		return string;
	resetStringInfo(&search->path);
	walk_path(&search->walk, &search->path, PATH_ANY_ELEMENT);
	search->place.entry = search->walk.entry;
	search->place.path = jsonb_ref_string(search->path.data, search->path.len);
	if (sealed_try(search->fcinfo, &search->place, string, &clear))
		return clear;
	search->closed++;
	return (JsonbRef) {0};
}

/*
 * may_be_replaced: may another secret be written at that place?
 *
 * Nobody reads what no definition knows any more, and a write there is refused.
 */
static bool
may_be_replaced(const Walk *walk, Place place)
{
	return place != PLACE_HIDDEN || (walk->field != NULL && walk->field->type == FIELD_SECRET);
}

/*
 * search_visit: WalkVisitor that compares strings.
 *
 * The new secret goes to no place that is shown: what has the old one there, by
 * chance or by mistake, must not give the new one away.
 */
static bool
search_visit(Walk *walk, JsonbFrame *frame, JsonbRef value, JsonbRef beside, Place place)
{
	SecretSearch *search = (SecretSearch *) walk;
	bool		sealed = shown_is_sealed(value);
	bool		hidden = sealed || place == PLACE_HIDDEN || place == PLACE_INSIDE;
	JsonbRef	instead = {0};
	JsonbRef	clear;
	JsonbRef	other;
	bool		replaced;

	(void) beside;
	if (value.type != JREF_STRING)
		return false;
	clear = clear_of(search, value);
	if (clear.type == JREF_NONE)
		return false;
	if (may_be_replaced(walk, place))
		instead = search->instead;
	if (!jsonb_ref_equal(clear, search->wanted))
	{
		other = with_passwords(clear, search->wanted, instead);
		hidden = true;			/* as every password of a URI is */
	}
	else
		other = hidden && instead.type != JREF_NONE ? instead : clear;
	if (other.type != JREF_NONE && search->found != NULL)
		search->found(search, !hidden);
	replaced = other.type != JREF_NONE && other.ptr != clear.ptr;
	if (replaced)
		jsonb_write_value(walk->writer, frame, other);
	search->replaced |= replaced;
	if (sealed)
	{
		explicit_bzero(unconstify(char *, clear.ptr), clear.len);
		pfree(unconstify(char *, clear.ptr));
	}
	return replaced;
}

/*
 * search_document: tell of each place where a node's document has the secret, and
 * put the other one there, if there is another one; palloc'd, or the document
 * itself where nothing changes.
 */
Jsonb *
search_document(SecretSearch *search, Jsonb *document)
{
	JsonbRef	root = jsonb_ref_root(document);
	Jsonb	   *result;

	search->replaced = false;
	if (root.type != JREF_OBJECT || !may_hold(document, search->wanted))
		return document;
	search->walk.visit = search_visit;
	initStringInfo(&search->path);
	result = walk_document(&search->walk, root, (JsonbRef) {0}, PLACE_DOCUMENT);
	pfree(search->path.data);
	cipher_forget();
	if (search->replaced)
		return result;
	pfree(result);
	return document;
}

/*
 * search_entry: the key of the entry in whose config the secret was found; JREF_NONE
 * where it is in none.
 */
JsonbRef
search_entry(const SecretSearch *search)
{
	return walk_is_in_config(&search->walk) ? search->walk.entry : (JsonbRef) {0};
}

/*
 * search_path: append the path of where the secret was found, from the entry's
 * config on, or from the document's root where it is in none.
 */
void
search_path(const SecretSearch *search, StringInfo out)
{
	walk_path(&search->walk, out, PATH_EXACT);
}
