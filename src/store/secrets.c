/*-------------------------------------------------------------------------
 *
 * store/secrets.c
 *	  The SQL-callable function that tells which secrets are set.
 *
 * Of each node that the caller sees, the versions are gone through once, the
 * oldest first: what a secret's place has in the last one it has since the version
 * in which that came.  A sealed secret is the same as long as its sealed form is;
 * nothing is opened.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "catalogue/missing.h"
#include "catalogue/shown.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "secrets/each_secret.h"
#include "secrets/sealed.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/sql_result.h"
#include "store/access.h"
#include "store/store.h"
#include "store/tree.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(integration_config_secrets);

/* A secret's place in a node, and what it has; by the hash of the place. */
typedef struct SecretPlace
{
	uint64		hash;			/* hash key */
	char	   *entry;
	char	   *path;
	uint64		value;			/* hash of what it has */
	int32		version;		/* in which that came, */
	TimestampTz since;
	char	   *author;
	int32		seen;			/* the last version that has it */
	bool		sealed;
	pg_uuid_t	key;
} SecretPlace;

/* A node whose versions are gone through. */
typedef struct NodeSecrets
{
	MemoryContext cxt;
	HTAB	   *places;
	StringInfoData path;
	int32		version;		/* that is looked at */
	TimestampTz changed_at;
	char	   *author;
} NodeSecrets;

/*
 * hash_string: of a string, after another one's.
 */
static uint64
hash_string(const char *string, int length, uint64 before)
{
	return hash_bytes_extended((const unsigned char *) string, length, before);
}

/*
 * note_secret: a SecretVisitor.
 */
static JsonbRef
note_secret(const EachSecret *secret, void *arg)
{
	NodeSecrets *node = arg;
	uint64		hash;
	uint64		value;
	SecretPlace *place;
	bool		found;

	if (walk_is_mask(secret->value) || string_is_blank(secret->value))
		return secret->value;
	resetStringInfo(&node->path);
	walk_path(secret->walk, &node->path, PATH_EXACT);
	hash = hash_string(node->path.data, node->path.len,
					   hash_string(secret->entry.ptr, secret->entry.len, 0));
	value = hash_string(secret->value.ptr, secret->value.len, 1);
	place = hash_search(node->places, &hash, HASH_ENTER, &found);
	if (!found)
	{
		place->entry = MemoryContextStrdup(node->cxt, jsonb_ref_cstring(secret->entry));
		place->path = MemoryContextStrdup(node->cxt, node->path.data);
	}
	/* one that was away in between came anew */
	if (!found || place->value != value || place->seen != node->version - 1)
	{
		place->version = node->version;
		place->since = node->changed_at;
		place->author = MemoryContextStrdup(node->cxt, node->author);
	}
	place->value = value;
	place->seen = node->version;
	place->sealed = sealed_key(secret->value, &place->key);
	return secret->value;
}

/*
 * read_versions: go through a node's versions; with SPI connected.
 *
 * Versions that were pruned count as one with that before.
 */
static void
read_versions(NodeSecrets *node, const Catalogue *catalogue, Oid history, Datum org_id,
			  Datum node_id)
{
	static KeptPlan kept;
	static const Oid types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {org_id, node_id};
	uint64		rows;
	int32		number = 0;

	rows = own_execute(&kept, relation_owner(history),
					   psprintf("SELECT h.version, h.changed_at, h.author, h.config_json FROM ONLY %s AS h"
								" WHERE h.org_id OPERATOR(pg_catalog.=) $1"
								" AND h.node_id OPERATOR(pg_catalog.=) $2 ORDER BY h.version",
								qualified_name(history)),
					   lengthof(types), types, values, NULL, InvalidSnapshot);
	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Datum		columns[4];
		bool		nulls[4];

		CHECK_FOR_INTERRUPTS();
		heap_deform_tuple(row, desc, columns, nulls);
		number++;
		node->version = number;
		node->changed_at = DatumGetTimestampTz(columns[1]);
		node->author = TextDatumGetCString(columns[2]);
		if (!nulls[3])
			(void) each_secret(catalogue, DatumGetJsonbP(columns[3]), (JsonbRef) {0},
							   (JsonbRef) {0}, note_secret, node);
	}
	node->version = number;
}

/*
 * number_of: the version that a place in the order of a node's versions has.
 */
static int32
number_of(int32 place)
{
	bool		isnull;

	return DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[place - 1], SPI_tuptable->tupdesc, 1,
									   &isnull));
}

/*
 * compare_places: qsort comparator, by entry and path.
 */
static int
compare_places(const void *a, const void *b)
{
	const SecretPlace *pa = *(SecretPlace *const *) a;
	const SecretPlace *pb = *(SecretPlace *const *) b;
	int			order = strcmp(pa->entry, pb->entry);

	CHECK_FOR_INTERRUPTS();
	return order != 0 ? order : strcmp(pa->path, pb->path);
}

/*
 * give_rows: a row for each secret that the node has now.
 */
static void
give_rows(const NodeSecrets *node, ReturnSetInfo *result, Datum node_id)
{
	int64		count = 0;
	SecretPlace **places;
	SecretPlace *place;
	HASH_SEQ_STATUS status;

	places = palloc_extended(sizeof(SecretPlace *) * (Size) (hash_get_num_entries(node->places) + 1),
							 MCXT_ALLOC_HUGE);
	hash_seq_init(&status, node->places);
	while ((place = hash_seq_search(&status)) != NULL)
		if (place->seen == node->version)
			places[count++] = place;
	qsort(places, count, sizeof(SecretPlace *), compare_places);
	for (int64 i = 0; i < count; i++)
	{
		Datum		values[7];
		bool		nulls[7] = {false};

		values[0] = node_id;
		values[1] = CStringGetTextDatum(places[i]->entry);
		values[2] = CStringGetTextDatum(places[i]->path);
		values[3] = Int32GetDatum(number_of(places[i]->version));
		values[4] = TimestampTzGetDatum(places[i]->since);
		values[5] = CStringGetTextDatum(places[i]->author);
		values[6] = UUIDPGetDatum(&places[i]->key);
		nulls[6] = !places[i]->sealed;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * require_history: who reads nodes by his rights on the table must have those on
 * the history.
 *
 * Errors: insufficient_privilege.
 */
static void
require_history(Oid history, const Access *access)
{
	AttrNumber	whole_row = InvalidAttrNumber;

	(void) rights_checked(history, ACL_SELECT, 1, &whole_row,
						  access->table ? GetUserId() : relation_owner(history), true);
}

/*
 * integration_config_secrets(org_id text) returns setof record: every secret that
 * is set at a node that the caller sees: since which version, when and by whom, and
 * by which key it is sealed.
 */
Datum
integration_config_secrets(PG_FUNCTION_ARGS)
{
	static const NodeColumn columns[] = {
		NODE_ORG_ID, NODE_NODE_ID, NODE_PARENT_ID, NODE_TYPE, NODE_CONFIG_JSON
	};
	ReturnSetInfo *result = result_begin(fcinfo);
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	Oid			history = own_table_required(fcinfo, OWN_HISTORY, AccessShareLock);
	const Catalogue *catalogue;
	Tree		tree = {.any_document = true};
	NodeReader	reader;

	reader_begin_all(&reader, fcinfo, org_id, lengthof(columns), columns);
	if (!tree_read(&tree, &reader, org_id))
		reader_refuse_all(&reader, org_id);
	reader_end(&reader);
	require_history(history, &reader.access);
	catalogue = access_catalogue(fcinfo, &reader.access);
	catalogue_pin(catalogue);
	for (TreeNode *node = tree_next(&tree, NULL); node != NULL; node = tree_next(&tree, node))
	{
		HASHCTL		control = {.keysize = sizeof(uint64),.entrysize = sizeof(SecretPlace)};
		MemoryContext caller = CurrentMemoryContext;
		NodeSecrets secrets = {0};

		secrets.cxt = AllocSetContextCreate(caller, "secrets of a node", ALLOCSET_DEFAULT_SIZES);
		control.hcxt = secrets.cxt;
		MemoryContextSwitchTo(secrets.cxt);
		initStringInfo(&secrets.path);
		secrets.places = hash_create("secrets of a node", 16, &control,
									 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
		SPI_connect();
		read_versions(&secrets, catalogue, history, PointerGetDatum(org_id),
					  PointerGetDatum(node->row.node_id));
		give_rows(&secrets, result, PointerGetDatum(node->row.node_id));
		SPI_finish();
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(secrets.cxt);
	}
	return (Datum) 0;
}
