/*-------------------------------------------------------------------------
 *
 * secrets/opened_cache.c
 *	  Secrets that the session has opened lately.
 *
 * A service asks for the same few secrets over and over, and to open one costs a
 * good part of what the answer does.  What is kept is found by all that was
 * authenticated, the sealed form and the place, byte for byte, so that it is never
 * given for another one.  It is in memory for keys, and goes with them when the
 * configuration is read anew.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "secrets/cipher.h"
#include "secrets/opened_cache.h"
#include "utils/memutils.h"

/* So many are kept, none longer than that. */
#define KEPT_SECRETS 128
#define KEPT_BYTES 512

typedef struct Opened
{
	char	   *key;			/* NULL: the slot is free */
	Size		key_len;
	uint32		hash;
	char	   *clear;			/* in memory for keys */
	Size		clear_len;
} Opened;

static Opened kept[KEPT_SECRETS];

/*
 * release: free a slot.
 */
static void
release(Opened *opened)
{
	if (opened->key == NULL)
		return;
	pfree(opened->key);
	key_memory_free(opened->clear, opened->clear_len + 1);
	opened->key = NULL;
}

/*
 * opened_find: the secret that was kept under that key, palloc'd, into *clear; false
 * where it is not.
 */
bool
opened_find(const char *key, Size key_len, uint32 hash, JsonbRef *clear)
{
	const Opened *opened = &kept[hash % KEPT_SECRETS];
	char	   *copy;

	if (opened->key == NULL || opened->hash != hash || opened->key_len != key_len ||
		memcmp(opened->key, key, key_len) != 0)
		return false;
	copy = palloc(opened->clear_len + 1);
	memcpy(copy, opened->clear, opened->clear_len);
	*clear = jsonb_ref_string(copy, opened->clear_len);
	return true;
}

/*
 * opened_keep: keep a secret, unless it is a long one, in the place of one that has
 * the same slot.
 */
void
opened_keep(const char *key, Size key_len, uint32 hash, JsonbRef clear)
{
	Opened	   *opened = &kept[hash % KEPT_SECRETS];
	char	   *memory;

	release(opened);
	if (clear.len > KEPT_BYTES || key_len > 4 * KEPT_BYTES)
		return;
	memory = key_memory(clear.len + 1);
	if (memory == NULL)
		return;
	memcpy(memory, clear.ptr, clear.len);
	opened->clear = memory;
	opened->clear_len = clear.len;
	opened->key_len = key_len;
	opened->hash = hash;
	opened->key = MemoryContextAlloc(TopMemoryContext, key_len);
	memcpy(opened->key, key, key_len);
}

/*
 * opened_forget: forget all of them.
 */
void
opened_forget(void)
{
	for (int i = 0; i < KEPT_SECRETS; i++)
		release(&kept[i]);
}
