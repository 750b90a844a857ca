/*-------------------------------------------------------------------------
 *
 * secrets/held_seals.c
 *	  Which sealed secrets documents hold, and where.
 *
 * A document may have thousands of sealed secrets in its arrays, and each of them
 * may be asked for at any position.  They are kept by a digest, so that the
 * documents of a long history need not be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/shown.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "secrets/held_seals.h"

/* The digest of a sealed secret and its place. */
typedef struct SealDigest
{
	uint8		bytes[PG_SHA256_DIGEST_LENGTH];
} SealDigest;

/*
 * digest_of: the digest of a sealed secret at its place.  Each part is preceded by
 * its length, so that no two ways to divide the bytes are the same.
 */
static SealDigest
digest_of(const EachSecret *secret)
{
	const JsonbRef *parts[] = {&secret->entry, &secret->path, &secret->value};
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	SealDigest	digest;
	bool		done = hash != NULL && pg_cryptohash_init(hash) >= 0;

	for (int i = 0; i < (int) lengthof(parts) && done; i++)
		done = pg_cryptohash_update(hash, (const uint8 *) &parts[i]->len, sizeof(parts[i]->len)) >= 0 &&
			pg_cryptohash_update(hash, (const uint8 *) parts[i]->ptr, parts[i]->len) >= 0;
	done = done && pg_cryptohash_final(hash, digest.bytes, sizeof(digest.bytes)) >= 0;
	pg_cryptohash_free(hash);
	if (!done)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a SHA-256 digest")));
	return digest;
}

/*
 * held_seals_begin: an empty set, in the memory context of the caller.
 */
void
held_seals_begin(HeldSeals *held)
{
	HASHCTL		ctl = {.keysize = sizeof(SealDigest),.entrysize = sizeof(SealDigest),
	.hcxt = CurrentMemoryContext};

	held->table = hash_create("sealed secrets", 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/*
 * add_visit: a SecretVisitor.
 */
static JsonbRef
add_visit(const EachSecret *secret, void *arg)
{
	HeldSeals  *held = arg;

	if (shown_is_sealed(secret->value))
	{
		SealDigest	digest = digest_of(secret);

		(void) hash_search(held->table, &digest, HASH_ENTER, NULL);
	}
	return secret->value;
}

/*
 * held_seals_add: add all that is sealed in a document of a node, also where the
 * definitions have no secret any more.
 */
void
held_seals_add(HeldSeals *held, const Catalogue *catalogue, Jsonb *document)
{
	if (holds_sealed(jsonb_ref_root(document)))
		(void) each_secret(catalogue, document, (JsonbRef) {0}, jsonb_empty_object,
						   add_visit, held);
}

/*
 * held_seals_add_value: the same for the value of one of an integration's fields,
 * in that entry; nothing of a scalar.
 */
void
held_seals_add_value(HeldSeals *held, const Field *field, JsonbRef value, JsonbRef entry)
{
	if (!JREF_IS_SCALAR(value) && holds_sealed(value))
		(void) each_secret_of_field(field, value, entry, add_visit, held);
}

/*
 * held_seals_have: is a sealed secret in the set, at that place?  At any position of
 * an array.
 */
bool
held_seals_have(const HeldSeals *held, const EachSecret *secret)
{
	SealDigest	digest = digest_of(secret);

	return hash_search(held->table, &digest, HASH_FIND, NULL) != NULL;
}

/*
 * held_seals_end: the set is used no more.
 */
void
held_seals_end(HeldSeals *held)
{
	if (held->table != NULL)
		hash_destroy(held->table);
	held->table = NULL;
}
