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
#include "common/hashfn.h"
#include "port/pg_bswap.h"
#include "secrets/opened_cache.h"
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
 * What a secret is bound to, and behind it room for the sealed form, by which
 * together it is known; nearly always short.
 */
typedef struct Binding
{
	char	   *data;
	Size		length;
	char		few[1024];
} Binding;

/*
 * bind_place: the additional data of a place, with room behind them; to be given to
 * unbind().
 */
static void
bind_place(Binding *binding, const pg_uuid_t *id, const SealPlace *place, Size room)
{
	JsonbRef	parts[] = {place->org_id, place->node_id, place->entry, place->path};
	Size		length = sizeof(*id);
	char	   *at;

	for (int i = 0; i < (int) lengthof(parts); i++)
		length += sizeof(uint32) + parts[i].len;
	binding->data = length + room <= sizeof(binding->few) ? binding->few : palloc(length + room);
	binding->length = length;
	memcpy(binding->data, id, sizeof(*id));
	at = binding->data + sizeof(*id);
	for (int i = 0; i < (int) lengthof(parts); i++)
	{
		uint32		bytes = pg_hton32(parts[i].len);

		memcpy(at, &bytes, sizeof(bytes));
		memcpy(at + sizeof(bytes), parts[i].ptr, parts[i].len);
		at += sizeof(bytes) + parts[i].len;
	}
}

static void
unbind(Binding *binding)
{
	if (binding->data != binding->few)
		pfree(binding->data);
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
	Binding		binding;
	char	   *id = DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&key->id)));
	int			before = PREFIX_LENGTH + UUID_LENGTH + 1;
	int			room = pg_b64_enc_len(bytes);
	char	   *result = palloc(before + room + 1);
	int			length;

	bind_place(&binding, &key->id, place, 0);
	cipher_seal(key->key, binding.data, binding.length, clear.ptr, clear.len, sealed);
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
	unbind(&binding);
	pfree(id);
	return jsonb_ref_string(result, before + length);
}

/*
 * sealed_key: which key a string was sealed with; false where it is no sealed
 * secret, as far as its form goes.
 */
bool
sealed_key(JsonbRef sealed, pg_uuid_t *id)
{
	static char last_text[UUID_LENGTH];
	static pg_uuid_t last_id;
	const char *text = sealed.ptr + PREFIX_LENGTH;
	char		digits[2 * UUID_LEN];
	int			ndigits = 0;

	if (!shown_is_sealed(sealed) || sealed.len <= (uint32) (PREFIX_LENGTH + UUID_LENGTH) ||
		text[UUID_LENGTH] != ':')
		return false;
	/* it is nearly always the one that it was before */
	if (memcmp(text, last_text, UUID_LENGTH) == 0)
	{
		*id = last_id;
		return true;
	}
	for (int i = 0; i < UUID_LENGTH; i++)
	{
		bool		hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? text[i] != '-' :
			!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
			return false;
		if (!hyphen)
			digits[ndigits++] = text[i];
	}
	(void) hex_decode(digits, ndigits, (char *) id);
	memcpy(last_text, text, UUID_LENGTH);
	last_id = *id;
	return true;
}

/*
 * is_canonical: are the bits of a base64's last character that mean nothing zero?
 */
static bool
is_canonical(const char *text, int length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *digit;

	if (length % 4 == 0)
		return true;
	digit = strchr(digits, text[length - 1]);
	return digit != NULL && (digit - digits) % (length % 4 == 2 ? 16 : 4) == 0;
}

/*
 * decode: the bytes of a base64url into a buffer of text's length; -1 where it is
 * none, or not in the one form that an encoder writes.
 */
static int
decode(const char *text, int length, unsigned char *bytes)
{
	int			padded = (length + 3) / 4 * 4;
	char		few[256];
	char	   *base64 = padded <= (int) sizeof(few) ? few : palloc(padded);
	bool		right = length % 4 != 1 && is_canonical(text, length);
	int			result = -1;

	for (int i = 0; i < length; i++)
	{
		char		c = text[i];

		right = right && c != '+' && c != '/' && c != '=' && (unsigned char) c > ' ';
		base64[i] = c == '-' ? '+' : c == '_' ? '/' : c;
	}
	memset(base64 + length, '=', padded - length);
	if (right)
		result = pg_b64_decode(base64, padded, (base64_byte *) bytes, padded);
	if (base64 != few)
		pfree(base64);
	return result;
}

/*
 * open_sealed: decrypt a sealed secret of that key's and binding, palloc'd; false
 * where it was not sealed so.
 */
static bool
open_sealed(FunctionCallInfo fcinfo, const pg_uuid_t *id, const SealPlace *place,
			const Binding *binding, JsonbRef sealed, JsonbRef *clear)
{
	int			before = PREFIX_LENGTH + UUID_LENGTH + 1;
	const DataKey *key;
	unsigned char few[512];
	unsigned char *bytes = sealed.len <= sizeof(few) ? few : palloc(sealed.len);
	int			length = decode(sealed.ptr + before, sealed.len - before, bytes);
	char	   *text;
	bool		opened;

	key = length < CIPHER_EXTRA ? NULL : data_key_find(fcinfo, id);
	if (key == NULL || !jsonb_ref_is(place->org_id, key->org_id, strlen(key->org_id)))
		return false;
	text = palloc(length - CIPHER_EXTRA + 1);
	opened = cipher_open(key->key, binding->data, binding->length, bytes, length, text);
	if (bytes != few)
		pfree(bytes);
	if (opened)
		*clear = jsonb_ref_string(text, length - CIPHER_EXTRA);
	else
		pfree(text);
	return opened;
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
	pg_uuid_t	id;
	Binding		binding;
	Size		length;
	uint32		hash;
	bool		opened;

	if (!sealed_key(sealed, &id))
		return false;
	data_keys_refresh();
	bind_place(&binding, &id, place, sealed.len);
	length = binding.length + sealed.len;
	memcpy(binding.data + binding.length, sealed.ptr, sealed.len);
	hash = hash_bytes((const unsigned char *) binding.data, length);
	opened = opened_find(binding.data, length, hash, clear);
	if (!opened)
	{
		opened = open_sealed(fcinfo, &id, place, &binding, sealed, clear);
		if (opened)
			opened_keep(binding.data, length, hash, *clear);
	}
	unbind(&binding);
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
