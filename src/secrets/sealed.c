/*-------------------------------------------------------------------------
 *
 * secrets/sealed.c
 *	  A sealed secret: "sealed:1:<id of the data key>:<base64url>".
 *
 * The base64url (RFC 4648, section 5, without padding) is of nonce, ciphertext
 * and tag, as secrets/cipher.c makes them.  The additional data are the key's id
 * in 16 bytes, and then, each after its length in four bytes, the most
 * significant first: the organisation, the node, the entry's key and the field's
 * path.  So a sealed secret opens where it was sealed and nowhere else.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"
#include "common/base64.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "secrets/sealed.h"
#include "server/messages.h"
#include "utils/builtins.h"

#define PREFIX_LENGTH ((int) strlen(SEALED_PREFIX))
#define UUID_LENGTH 36

#if PG_VERSION_NUM >= 180000
typedef uint8 base64_byte;
#else
typedef char base64_byte;
#endif

/*
 * additional_data: what a secret is bound to, palloc'd.
 */
static StringInfoData
additional_data(const pg_uuid_t *id, const SealPlace *place)
{
	JsonbRef	parts[] = {place->org_id, place->node_id, place->entry, place->path};
	StringInfoData data;

	initStringInfo(&data);
	appendBinaryStringInfo(&data, (const char *) id, sizeof(*id));
	for (int i = 0; i < (int) lengthof(parts); i++)
	{
		pq_sendint32(&data, parts[i].len);
		appendBinaryStringInfo(&data, parts[i].ptr, parts[i].len);
	}
	return data;
}

/*
 * swap: change two characters of a string for two others.
 */
static void
swap(char *string, int length, const char *from, const char *to)
{
	for (int i = 0; i < length; i++)
	{
		if (string[i] == from[0])
			string[i] = to[0];
		else if (string[i] == from[1])
			string[i] = to[1];
	}
}

/*
 * sealed_make: a secret, sealed with that key for that place; palloc'd.
 */
JsonbRef
sealed_make(const DataKey *key, const SealPlace *place, JsonbRef clear)
{
	Size		bytes = (Size) clear.len + CIPHER_EXTRA;
	unsigned char *sealed = palloc(bytes);
	StringInfoData data = additional_data(&key->id, place);
	char	   *id = DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&key->id)));
	int			before = PREFIX_LENGTH + UUID_LENGTH + 1;
	int			room = pg_b64_enc_len(bytes);
	char	   *result = palloc(before + room + 1);
	int			length;

	cipher_seal(key->key, data.data, data.len, clear.ptr, clear.len, sealed);
	memcpy(result, SEALED_PREFIX, PREFIX_LENGTH);
	memcpy(result + PREFIX_LENGTH, id, UUID_LENGTH);
	result[before - 1] = ':';
	length = pg_b64_encode((const base64_byte *) sealed, bytes, result + before, room);
	if (length < 0)
		elog(ERROR, "could not encode a sealed secret");
	while (length > 0 && result[before + length - 1] == '=')
		length--;
	swap(result + before, length, "+/", "-_");
	pfree(sealed);
	pfree(data.data);
	pfree(id);
	return jsonb_ref_string(result, before + length);
}

/*
 * hex_digit: the value of one, in lower case; -1 for anything else.
 */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * sealed_key: which key a string was sealed with; false where it is no sealed
 * secret, as far as its form goes.
 */
bool
sealed_key(JsonbRef sealed, pg_uuid_t *id)
{
	const char *text = sealed.ptr + PREFIX_LENGTH;
	int			digits = 0;

	if (!shown_is_sealed(sealed) || sealed.len <= (uint32) (PREFIX_LENGTH + UUID_LENGTH) ||
		text[UUID_LENGTH] != ':')
		return false;
	for (int i = 0; i < UUID_LENGTH; i++)
	{
		int			digit = hex_digit(text[i]);

		if (i == 8 || i == 13 || i == 18 || i == 23)
		{
			if (text[i] != '-')
				return false;
			continue;
		}
		if (digit < 0)
			return false;
		id->data[digits / 2] = digits % 2 == 0 ? digit << 4 : id->data[digits / 2] | digit;
		digits++;
	}
	return true;
}

/*
 * decode: the bytes of a base64url, palloc'd; NULL where it is none, or not in
 * the one form that an encoder writes.
 */
static unsigned char *
decode(const char *text, int length, int *bytes)
{
	int			padded = (length + 3) / 4 * 4;
	char	   *base64 = palloc(padded + 1);
	unsigned char *result = palloc(pg_b64_dec_len(padded) + 1);
	char	   *again;
	int			room;

	if (length % 4 == 1 || memchr(text, '+', length) != NULL ||
		memchr(text, '/', length) != NULL || memchr(text, '=', length) != NULL)
		return NULL;
	memcpy(base64, text, length);
	swap(base64, length, "-_", "+/");
	memset(base64 + length, '=', padded - length);
	*bytes = pg_b64_decode(base64, padded, (base64_byte *) result, pg_b64_dec_len(padded));
	if (*bytes < 0)
		return NULL;
	/* the last character has bits that mean nothing: they must be zero */
	room = pg_b64_enc_len(*bytes);
	again = palloc(room + 1);
	if (pg_b64_encode((const base64_byte *) result, *bytes, again, room) != padded ||
		memcmp(again, base64, padded) != 0)
		return NULL;
	pfree(again);
	pfree(base64);
	return result;
}

/*
 * sealed_try: the secret that is sealed there, palloc'd, into *clear; false where
 * it was not sealed for that place, or was changed.
 *
 * Errors: object_not_in_prerequisite_state without the master key.
 */
bool
sealed_try(FunctionCallInfo fcinfo, const SealPlace *place, JsonbRef sealed, JsonbRef *clear)
{
	int			before = PREFIX_LENGTH + UUID_LENGTH + 1;
	pg_uuid_t	id;
	const DataKey *key;
	unsigned char *bytes;
	int			length;
	StringInfoData data;
	char	   *text;
	bool		opened;

	if (!sealed_key(sealed, &id))
		return false;
	bytes = decode(sealed.ptr + before, sealed.len - before, &length);
	if (bytes == NULL || length < CIPHER_EXTRA)
		return false;
	key = data_key_find(fcinfo, &id);
	if (key == NULL ||
		!jsonb_ref_is(place->org_id, key->org_id, strlen(key->org_id)))
		return false;
	data = additional_data(&id, place);
	text = palloc(length - CIPHER_EXTRA + 1);
	opened = cipher_open(key->key, data.data, data.len, bytes, length, text);
	pfree(bytes);
	pfree(data.data);
	if (opened)
		*clear = jsonb_ref_string(text, length - CIPHER_EXTRA);
	else
		pfree(text);
	return opened;
}

/*
 * sealed_open: the same, or an error (data_corrupted).
 */
JsonbRef
sealed_open(FunctionCallInfo fcinfo, const SealPlace *place, JsonbRef sealed)
{
	JsonbRef	clear;

	if (!sealed_try(fcinfo, place, sealed, &clear))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("sealed secret does not open"),
				 errdetail("It stands in field %s of integration %s at node %s of organisation %s, and was changed or not sealed for there.",
						   name_phrase(place->path), name_phrase(place->entry),
						   name_phrase(place->node_id), name_phrase(place->org_id)),
				 errhint("Give the field its value again, or take it away with integration_config_erase().")));
	return clear;
}
