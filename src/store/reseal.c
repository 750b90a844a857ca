/*-------------------------------------------------------------------------
 *
 * store/reseal.c
 *	  Sealing what is stored already.
 *
 * An organisation is done in one transaction, node by node: the node's row is
 * locked, then its document and all versions of its history are rewritten where
 * that changes them.  What was the same secret at the same place of a node before
 * is the same sealed secret after, so that a history still tells what changed and
 * what did not.  No version is made: nothing that a reader sees has changed.
 *
 * Documents of the past have places that were secrets once, by names that the
 * catalogue no longer has: they are known by the catalogue's own history.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue/ever_secret.h"
#include "catalogue/missing.h"
#include "catalogue/shown.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "secrets/each_secret.h"
#include "secrets/sealed.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/sql_result.h"
#include "storage/lmgr.h"
#include "store/history.h"
#include "store/reseal.h"
#include "store/store.h"
#include "store/write_context.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* How many versions are read at a time. */
#define VERSIONS_FETCHED 100

/* A secret that was sealed, and what became of it; they are in a chain by hash. */
typedef struct Resealed
{
	uint64		hash;			/* hash key */
	JsonbRef	entry;
	JsonbRef	path;
	JsonbRef	before;
	JsonbRef	after;
	struct Resealed *next;
} Resealed;

typedef struct ResealedSlot
{
	uint64		hash;
	Resealed   *first;
} ResealedSlot;

/* An organisation that is being done. */
typedef struct Reseal
{
	FunctionCallInfo fcinfo;
	const Catalogue *catalogue;
	JsonbRef	once_secret;
	Oid			nodes;
	Oid			history;
	text	   *org_id;
	text	   *node_id;
	SealPlace	place;
	pg_uuid_t	active;			/* the key that seals */
	bool		anew;			/* also what is sealed with another one */
	MemoryContext node_cxt;		/* what is kept for the node */
	HTAB	   *done;
	SealedCounts *counts;		/* NULL unless they are only counted */
} Reseal;

/*
 * hash_of: of a secret and its place.
 */
static uint64
hash_of(const EachSecret *secret)
{
	const JsonbRef *parts[] = {&secret->entry, &secret->path, &secret->value};
	uint64		hash = 0;

	for (int i = 0; i < (int) lengthof(parts); i++)
		hash = DatumGetUInt64(hash_any_extended((const unsigned char *) parts[i]->ptr,
												parts[i]->len, hash + i));
	return hash;
}

/*
 * copy_ref: a string in the node's memory.
 */
static JsonbRef
copy_ref(const Reseal *reseal, JsonbRef string)
{
	char	   *copy = MemoryContextAllocHuge(reseal->node_cxt, (Size) string.len + 1);

	memcpy(copy, string.ptr, string.len);
	return jsonb_ref_string(copy, string.len);
}

/*
 * found: what became of a secret at a place of the node; NULL where it has not
 * come before.
 */
static const Resealed *
found(const Reseal *reseal, const EachSecret *secret, uint64 hash)
{
	ResealedSlot *slot = hash_search(reseal->done, &hash, HASH_FIND, NULL);

	for (const Resealed *next = slot != NULL ? slot->first : NULL; next != NULL; next = next->next)
		if (jsonb_ref_equal(next->entry, secret->entry) &&
			jsonb_ref_equal(next->path, secret->path) &&
			jsonb_ref_equal(next->before, secret->value))
			return next;
	return NULL;
}

/*
 * keep: keep what became of it.
 */
static JsonbRef
keep(Reseal *reseal, const EachSecret *secret, uint64 hash, JsonbRef after)
{
	bool		there;
	ResealedSlot *slot = hash_search(reseal->done, &hash, HASH_ENTER, &there);
	Resealed   *resealed = MemoryContextAlloc(reseal->node_cxt, sizeof(Resealed));

	resealed->hash = hash;
	resealed->entry = copy_ref(reseal, secret->entry);
	resealed->path = copy_ref(reseal, secret->path);
	resealed->before = copy_ref(reseal, secret->value);
	resealed->after = copy_ref(reseal, after);
	resealed->next = there ? slot->first : NULL;
	slot->first = resealed;
	return resealed->after;
}

/*
 * note_sealed: a secret is sealed already: the same one in clear, at that place of
 * another version, is going to be sealed as it is.
 */
static void
note_sealed(Reseal *reseal, const EachSecret *secret)
{
	EachSecret	clear = *secret;
	uint64		hash;

	reseal->place.entry = secret->entry;
	reseal->place.path = secret->path;
	if (!sealed_try(reseal->fcinfo, &reseal->place, secret->value, &clear.value))
		return;
	hash = hash_of(&clear);
	if (found(reseal, &clear, hash) == NULL)
		(void) keep(reseal, &clear, hash, secret->value);
}

/*
 * reseal_visit: a SecretVisitor.
 */
static JsonbRef
reseal_visit(const EachSecret *secret, void *arg)
{
	Reseal	   *reseal = arg;
	JsonbRef	clear = secret->value;
	const Resealed *before;
	pg_uuid_t	key;
	uint64		hash;

	if (walk_is_mask(secret->value) || string_is_blank(secret->value))
		return secret->value;
	if (shown_is_sealed(secret->value) &&
		(!reseal->anew || !sealed_key(secret->value, &key) ||
		 memcmp(&key, &reseal->active, sizeof(key)) == 0))
	{
		if (!reseal->anew)
			note_sealed(reseal, secret);
		return secret->value;
	}
	hash = hash_of(secret);
	before = found(reseal, secret, hash);
	if (before != NULL)
		return before->after;
	reseal->place.entry = secret->entry;
	reseal->place.path = secret->path;
	if (shown_is_sealed(secret->value))
		clear = sealed_open(reseal->fcinfo, &reseal->place, secret->value);
	return keep(reseal, secret, hash,
				sealed_make(data_key_active(reseal->fcinfo, reseal->org_id), &reseal->place, clear));
}

/*
 * resealed: a document with its secrets sealed; itself where nothing is to be
 * done.
 */
static Jsonb *
resealed(Reseal *reseal, Jsonb *document)
{
	return each_secret(reseal->catalogue, document, (JsonbRef) {0}, reseal->once_secret,
					   reseal_visit, reseal);
}

/*
 * write_node: put a document into the node's row.
 */
static void
write_node(Reseal *reseal, Jsonb *document)
{
	static const Oid types[] = {TEXTOID, TEXTOID, JSONBOID};
	static KeptPlan kept;
	WriteContext context = {
		.org_id = store_text_ref(reseal->org_id),.node_id = store_text_ref(reseal->node_id),
		.reseals = true
	};
	WriteContext *outer = write_context;
	Datum		values[] = {
		PointerGetDatum(reseal->org_id), PointerGetDatum(reseal->node_id), JsonbPGetDatum(document)
	};

	PG_TRY();
	{
		write_context = &context;
		(void) own_execute(&kept, relation_owner(reseal->nodes),
						   psprintf("UPDATE ONLY %s AS n SET config_json = $3"
									" WHERE n.org_id OPERATOR(pg_catalog.=) $1"
									" AND n.node_id OPERATOR(pg_catalog.=) $2",
									qualified_name(reseal->nodes)),
						   lengthof(types), types, values, NULL, InvalidSnapshot);
	}
	PG_FINALLY();
	{
		write_context = outer;
	}
	PG_END_TRY();
}

/*
 * reseal_node: the node's document, whose row is locked.
 */
static void
reseal_node(Reseal *reseal)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	static KeptPlan kept;
	Datum		values[] = {PointerGetDatum(reseal->org_id), PointerGetDatum(reseal->node_id)};
	Jsonb	   *document;
	Jsonb	   *changed;
	bool		isnull;
	Datum		value;

	if (own_execute(&kept, relation_owner(reseal->nodes),
					psprintf("SELECT n.config_json FROM ONLY %s AS n"
							 " WHERE n.org_id OPERATOR(pg_catalog.=) $1"
							 " AND n.node_id OPERATOR(pg_catalog.=) $2 FOR NO KEY UPDATE",
							 qualified_name(reseal->nodes)),
					lengthof(types), types, values, NULL, InvalidSnapshot) == 0)
		return;
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull)
		return;
	document = DatumGetJsonbP(value);
	changed = resealed(reseal, document);
	if (changed != document)
		write_node(reseal, changed);
}

/*
 * write_version: put a document into a version of the history.
 */
static void
write_version(const Reseal *reseal, int32 version, Jsonb *document)
{
	static const Oid types[] = {TEXTOID, TEXTOID, INT4OID, JSONBOID};
	Datum		values[] = {
		PointerGetDatum(reseal->org_id), PointerGetDatum(reseal->node_id),
		Int32GetDatum(version), JsonbPGetDatum(document)
	};

	(void) history_change(reseal->history,
						  psprintf("UPDATE ONLY %s AS h SET config_json = $4"
								   " WHERE h.org_id OPERATOR(pg_catalog.=) $1"
								   " AND h.node_id OPERATOR(pg_catalog.=) $2"
								   " AND h.version OPERATOR(pg_catalog.=) $3",
								   qualified_name(reseal->history)),
						  lengthof(types), types, values, NULL);
}

/*
 * reseal_versions: some versions of the node's history, after that one; returns
 * the last of them, 0 at the end.
 */
static int32
reseal_versions(Reseal *reseal, int32 after)
{
	static const Oid types[] = {TEXTOID, TEXTOID, INT4OID};
	static KeptPlan kept;
	Datum		values[] = {
		PointerGetDatum(reseal->org_id), PointerGetDatum(reseal->node_id), Int32GetDatum(after)
	};
	uint64		rows;
	SPITupleTable *versions;
	int32		version = 0;

	rows = own_execute(&kept, relation_owner(reseal->history),
					   psprintf("SELECT h.version, h.config_json FROM ONLY %s AS h"
								" WHERE h.org_id OPERATOR(pg_catalog.=) $1"
								" AND h.node_id OPERATOR(pg_catalog.=) $2"
								" AND h.version OPERATOR(pg_catalog.>) $3"
								" AND h.config_json IS NOT NULL"
								" ORDER BY h.version LIMIT %d",
								qualified_name(reseal->history), VERSIONS_FETCHED),
					   lengthof(types), types, values, NULL, InvalidSnapshot);
	versions = SPI_tuptable;
	for (uint64 i = 0; i < rows; i++)
	{
		bool		isnull;
		Jsonb	   *document;
		Jsonb	   *changed;

		CHECK_FOR_INTERRUPTS();
		version = DatumGetInt32(SPI_getbinval(versions->vals[i], versions->tupdesc, 1, &isnull));
		document = DatumGetJsonbP(SPI_getbinval(versions->vals[i], versions->tupdesc, 2, &isnull));
		changed = resealed(reseal, document);
		if (changed != document)
			write_version(reseal, version, changed);
	}
	SPI_freetuptable(versions);
	return version;
}

/*
 * each_node: do each node that the organisation has, or had.
 */
static void
each_node(Reseal *reseal)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(reseal->org_id)};
	SPITupleTable *nodes;
	uint64		rows;

	rows = own_execute(NULL, relation_owner(reseal->history),
					   psprintf("SELECT DISTINCT h.node_id FROM ONLY %s AS h"
								" WHERE h.org_id OPERATOR(pg_catalog.=) $1 ORDER BY h.node_id",
								qualified_name(reseal->history)),
					   lengthof(types), types, values, NULL, InvalidSnapshot);
	nodes = SPI_tuptable;
	for (uint64 i = 0; i < rows; i++)
	{
		HASHCTL		control = {.keysize = sizeof(uint64),.entrysize = sizeof(ResealedSlot)};
		MemoryContext caller;
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		reseal->node_cxt = AllocSetContextCreate(CurrentMemoryContext, "secrets of a node",
												 ALLOCSET_DEFAULT_SIZES);
		control.hcxt = reseal->node_cxt;
		reseal->done = hash_create("secrets of a node", 16, &control,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		reseal->node_id = DatumGetTextPP(SPI_getbinval(nodes->vals[i], nodes->tupdesc, 1, &isnull));
		reseal->place.node_id = store_text_ref(reseal->node_id);
		caller = MemoryContextSwitchTo(reseal->node_cxt);
		SPI_connect();
		reseal_node(reseal);
		for (int32 version = 0; (version = reseal_versions(reseal, version)) > 0;)
			;
		SPI_finish();
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(reseal->node_cxt);
	}
	SPI_freetuptable(nodes);
}

/*
 * begin: of an organisation; the tables are locked.
 */
static void
begin(Reseal *reseal, FunctionCallInfo fcinfo, text *org_id, LOCKMODE lockmode)
{
	memset(reseal, 0, sizeof(*reseal));
	reseal->fcinfo = fcinfo;
	reseal->nodes = own_table_required(fcinfo, OWN_NODES, lockmode);
	reseal->history = own_table_required(fcinfo, OWN_HISTORY, lockmode);
	reseal->org_id = org_id;
	reseal->place.org_id = store_text_ref(org_id);
	reseal->catalogue = catalogue_of_owner(fcinfo);
	catalogue_pin(reseal->catalogue);
	reseal->once_secret = ever_secret_places(fcinfo);
}

/*
 * reseal_organisation: seal the organisation's secrets that are in clear or, anew,
 * also those that are sealed with another key than the one that seals.
 *
 * With SPI connected.  alone: nobody else writes nodes meanwhile.  Errors: those
 * of sealed_open() and data_key_active(); deadlock_detected beside those who write
 * many nodes in another order.
 */
void
reseal_organisation(FunctionCallInfo fcinfo, text *org_id, bool anew, bool alone)
{
	Reseal		reseal;

	if (alone)
		LockRelationOid(own_table_required(fcinfo, OWN_NODES, AccessShareLock),
						ShareRowExclusiveLock);
	begin(&reseal, fcinfo, org_id, RowExclusiveLock);
	if (anew)
		reseal.active = data_key_active(fcinfo, org_id)->id;
	reseal.anew = anew;
	each_node(&reseal);
}

/*
 * count_visit: a SecretVisitor that counts.
 */
static JsonbRef
count_visit(const EachSecret *secret, void *arg)
{
	Reseal	   *reseal = arg;
	SealedCounts *counts = reseal->counts;
	pg_uuid_t	key;
	int			i;

	if (walk_is_mask(secret->value) || string_is_blank(secret->value))
		return secret->value;
	if (!shown_is_sealed(secret->value))
		counts->clear++;
	if (!sealed_key(secret->value, &key))
		return secret->value;
	for (i = 0; i < counts->nkeys; i++)
		if (memcmp(&counts->keys[i].key, &key, sizeof(key)) == 0)
			break;
	if (i == counts->nkeys)
	{
		counts->keys = counts->keys == NULL ?
			MemoryContextAlloc(reseal->node_cxt, sizeof(SealedCount)) :
			repalloc(counts->keys, sizeof(SealedCount) * (i + 1));
		counts->keys[i] = (SealedCount) {.key = key};
		counts->nkeys++;
	}
	counts->keys[i].count++;
	return secret->value;
}

/*
 * sealed_counts: how the secrets of an organisation, in documents and history, are
 * sealed.  With SPI connected.
 */
void
sealed_counts(FunctionCallInfo fcinfo, text *org_id, SealedCounts *counts)
{
	static const char text_of[] = "SELECT t.config_json FROM ONLY %s AS t"
		" WHERE t.org_id OPERATOR(pg_catalog.=) $1 AND t.config_json IS NOT NULL";
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(org_id)};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(caller, "document", ALLOCSET_DEFAULT_SIZES);
	Reseal		reseal;

	memset(counts, 0, sizeof(*counts));
	begin(&reseal, fcinfo, org_id, AccessShareLock);
	reseal.counts = counts;
	for (int i = 0; i < 2; i++)
	{
		Oid			relid = i == 0 ? reseal.nodes : reseal.history;
		Identity	before;
		SPIPlanPtr	plan;
		Portal		portal;

		identity_become(&before, relation_owner(relid));
		plan = plan_prepare(psprintf(text_of, qualified_name(relid)), lengthof(types),
							types);
		portal = SPI_cursor_open(NULL, plan, values, NULL, false);
		for (;;)
		{
			SPI_cursor_fetch(portal, true, VERSIONS_FETCHED);
			if (SPI_processed == 0)
				break;
			for (uint64 j = 0; j < SPI_processed; j++)
			{
				bool		isnull;
				Datum		value = SPI_getbinval(SPI_tuptable->vals[j], SPI_tuptable->tupdesc,
												  1, &isnull);

				CHECK_FOR_INTERRUPTS();
				MemoryContextSwitchTo(row);
				/* what is counted is kept by the caller's */
				reseal.node_cxt = caller;
				(void) each_secret(reseal.catalogue, DatumGetJsonbP(value), (JsonbRef) {0},
								   reseal.once_secret, count_visit, &reseal);
				MemoryContextSwitchTo(caller);
				MemoryContextReset(row);
			}
			SPI_freetuptable(SPI_tuptable);
		}
		SPI_cursor_close(portal);
		SPI_freeplan(plan);
		identity_return(&before);
	}
	MemoryContextDelete(row);
}
