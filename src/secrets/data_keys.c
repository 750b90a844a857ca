/*-------------------------------------------------------------------------
 *
 * secrets/data_keys.c
 *	  The keys that secrets are sealed with: one of each organisation's own, in
 *	  the table integration_config_keys, wrapped by a master key.
 *
 * A key's id is never given to another key, so that a key once unwrapped may be
 * kept for the session.  Which key of an organisation seals is asked for each
 * write, under the latest snapshot and a lock of the organisation that a rotation
 * waits for: once it has had the lock, nobody seals with an older key any more.
 *
 * A key is wrapped with AES-256-GCM as secrets are sealed; the additional data
 * are its id and its organisation, so that a row that was given to another one
 * does not unwrap.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "secrets/data_keys.h"
#include "secrets/master_keys.h"
#include "secrets/opened_cache.h"
#include "server/extension.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/record.h"
#include "storage/bufmgr.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* The last field of the lock's tag, and how many locks there are for all. */
#define KEY_LOCK_CLASS 5
#define KEY_LOCKS 256

/* So many unwrapped keys are kept at most. */
#define KEPT_KEYS 1024

/* The columns, as sql/66_secrets.sql declares them. */
enum
{
	KEY_ID,
	KEY_ORG_ID,
	KEY_MASTER,
	KEY_WRAPPED,
	KEY_ACTIVE,
	KEY_COLUMNS
};

static const OwnColumn columns[KEY_COLUMNS] = {
	[KEY_ID] = {"key_id", UUIDOID},
	[KEY_ORG_ID] = {"org_id", TEXTOID},
	[KEY_MASTER] = {"master", TEXTOID},
	[KEY_WRAPPED] = {"wrapped", BYTEAOID},
	[KEY_ACTIVE] = {"active", BOOLOID},
};

/* A row; what it points to is palloc'd. */
typedef struct KeyRow
{
	pg_uuid_t	id;
	text	   *org_id;
	char	   *master;
	bytea	   *wrapped;
	bool		active;
} KeyRow;

/* The table, opened. */
typedef struct KeyTable
{
	Relation	relation;
	AttrNumber	columns[KEY_COLUMNS];
} KeyTable;

static HTAB *kept_keys;

/* The one of them that was found last; NULL for none. */
static DataKey *last_key;

/*
 * key_table_open, key_table_close: its lock stays, as after a SELECT.
 */
static void
key_table_open(KeyTable *table, FunctionCallInfo fcinfo)
{
	table->relation = table_open(own_table_required(fcinfo, OWN_KEYS, AccessShareLock), NoLock);
	own_columns(table->relation, columns, KEY_COLUMNS, table->columns);
}

static void
key_table_close(KeyTable *table)
{
	table_close(table->relation, NoLock);
}

/*
 * read_row: copies of a row's columns; an error where one is null, which the
 * table as it was made lets nobody write.
 */
static void
read_row(const KeyTable *table, HeapTuple tuple, KeyRow *row)
{
	Datum		values[KEY_COLUMNS];

	for (int i = 0; i < KEY_COLUMNS; i++)
	{
		bool		isnull;

		values[i] = heap_getattr(tuple, table->columns[i],
								 RelationGetDescr(table->relation), &isnull);
		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("column \"%s\" of table \"%s\" is null", columns[i].name,
							RelationGetRelationName(table->relation)),
					 errtablecol(table->relation, table->columns[i])));
	}
	row->id = *DatumGetUUIDP(values[KEY_ID]);
	row->org_id = DatumGetTextPCopy(values[KEY_ORG_ID]);
	row->master = TextDatumGetCString(values[KEY_MASTER]);
	row->wrapped = DatumGetByteaPCopy(values[KEY_WRAPPED]);
	row->active = DatumGetBool(values[KEY_ACTIVE]);
}

/*
 * find_row: the row of a key; false where the snapshot sees none.
 */
static bool
find_row(const KeyTable *table, const pg_uuid_t *id, Snapshot snapshot, KeyRow *row)
{
	Oid			index = own_key_index(table->relation, 1, &table->columns[KEY_ID]);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found;

	ScanKeyInit(&key, table->columns[KEY_ID], BTEqualStrategyNumber, F_UUID_EQ,
				UUIDPGetDatum(id));
	scan = systable_beginscan(table->relation, index, OidIsValid(index), snapshot, 1, &key);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
		read_row(table, tuple, row);
	systable_endscan(scan);
	return found;
}

/*
 * find_of: the organisation's key that seals or, with any, any of its keys;
 * false where there is none.
 */
static bool
find_of(const KeyTable *table, text *org_id, bool any, Snapshot snapshot, KeyRow *row)
{
	AttrNumber	column = table->columns[KEY_ORG_ID];
	Oid			index = own_index(table->relation, 1, &column);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyEntryInitialize(&key, 0, column, BTEqualStrategyNumber, InvalidOid,
						   TupleDescAttr(RelationGetDescr(table->relation),
										 column - 1)->attcollation,
						   F_TEXTEQ, PointerGetDatum(org_id));
	scan = systable_beginscan(table->relation, index, OidIsValid(index), snapshot, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		read_row(table, tuple, row);
		found = any || row->active;
	}
	systable_endscan(scan);
	return found;
}

/*
 * data_keys_any: can there be any data key?  False only where there is none, and
 * never was since the table was last vacuumed.
 */
bool
data_keys_any(FunctionCallInfo fcinfo)
{
	KeyTable	table;
	bool		any;

	table.relation = table_open(own_table_required(fcinfo, OWN_KEYS, AccessShareLock), NoLock);
	any = RelationGetNumberOfBlocks(table.relation) > 0;
	key_table_close(&table);
	return any;
}

/*
 * data_keys_of: has the organisation a data key, by the latest snapshot?
 */
bool
data_keys_of(FunctionCallInfo fcinfo, text *org_id)
{
	KeyTable	table;
	KeyRow		row;
	bool		found;

	key_table_open(&table, fcinfo);
	PushActiveSnapshot(GetLatestSnapshot());
	found = find_of(&table, org_id, true, GetActiveSnapshot(), &row);
	PopActiveSnapshot();
	key_table_close(&table);
	return found;
}

/*
 * data_keys_lock: the organisation's lock, to the end of the transaction or, with
 * release, only for as long as it takes to get it.
 */
void
data_keys_lock(FunctionCallInfo fcinfo, text *org_id, bool exclusive, bool release)
{
	uint32		hash = hash_bytes((const unsigned char *) VARDATA_ANY(org_id),
								  VARSIZE_ANY_EXHDR(org_id));
	LOCKMODE	mode = exclusive ? ExclusiveLock : ShareLock;
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, own_table_required(fcinfo, OWN_KEYS, NoLock),
						 hash % KEY_LOCKS, KEY_LOCK_CLASS);
	(void) LockAcquire(&tag, mode, false, false);
	if (release)
		(void) LockRelease(&tag, mode, false);
}

/*
 * forget_keys: forget what is unwrapped.
 */
static void
forget_keys(void)
{
	HASH_SEQ_STATUS status;
	DataKey    *key;

	if (kept_keys == NULL)
		return;
	hash_seq_init(&status, kept_keys);
	while ((key = hash_seq_search(&status)) != NULL)
	{
		if (key->key != NULL)
			key_memory_free(key->key, KEY_BYTES);
		if (key->org_id != NULL)
			pfree(key->org_id);
	}
	hash_destroy(kept_keys);
	kept_keys = NULL;
	last_key = NULL;
}

/*
 * data_keys_refresh: forget what was opened with keys of a configuration that was
 * read anew since.
 */
void
data_keys_refresh(void)
{
	if (!master_keys_moved())
		return;
	forget_keys();
	opened_forget();
}

/*
 * kept_key: the entry of a key, made where there is none and make is true.
 */
static DataKey *
kept_key(const pg_uuid_t *id, bool make, bool *found)
{
	if (kept_keys != NULL && make && hash_get_num_entries(kept_keys) >= KEPT_KEYS)
		forget_keys();
	if (kept_keys == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(pg_uuid_t),.entrysize = sizeof(DataKey),.hcxt = TopMemoryContext
		};

		*found = false;
		if (!make)
			return NULL;
		kept_keys = hash_create("data keys of integration_schemas", 64, &control,
								HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	return hash_search(kept_keys, id, make ? HASH_ENTER : HASH_FIND, found);
}

/*
 * wrap_data: the additional data that a key is wrapped with, palloc'd.
 */
static char *
wrap_data(const pg_uuid_t *id, text *org_id, Size *length)
{
	int			bytes = VARSIZE_ANY_EXHDR(org_id);
	char	   *data = palloc(sizeof(pg_uuid_t) + bytes);

	memcpy(data, id, sizeof(pg_uuid_t));
	memcpy(data + sizeof(pg_uuid_t), VARDATA_ANY(org_id), bytes);
	*length = sizeof(pg_uuid_t) + bytes;
	return data;
}

/*
 * wrap: a key wrapped by a master key, palloc'd.
 */
static bytea *
wrap(const MasterKey *master, const pg_uuid_t *id, text *org_id, const unsigned char *key)
{
	Size		length;
	char	   *data = wrap_data(id, org_id, &length);
	bytea	   *wrapped = palloc(VARHDRSZ + KEY_BYTES + CIPHER_EXTRA);

	SET_VARSIZE(wrapped, VARHDRSZ + KEY_BYTES + CIPHER_EXTRA);
	cipher_seal(master->key, data, length, (const char *) key, KEY_BYTES,
				(unsigned char *) VARDATA(wrapped));
	pfree(data);
	return wrapped;
}

/*
 * memory_for_key: memory for one; where there is no more, the kept keys go.
 */
static unsigned char *
memory_for_key(void)
{
	unsigned char *key = key_memory(KEY_BYTES);

	if (key == NULL)
	{
		forget_keys();
		opened_forget();
		key = key_memory(KEY_BYTES);
	}
	if (key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory for keys")));
	return key;
}

/*
 * unwrap: a row's key in memory for keys.
 *
 * Errors: object_not_in_prerequisite_state where its master key is not to be had,
 * data_corrupted where it is not wrapped by that.
 */
static unsigned char *
unwrap(const KeyRow *row)
{
	const MasterKey *master = master_key_named(row->master);
	unsigned char *key;
	char	   *data;
	Size		length;

	if (master == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("secrets of organisation %s cannot be opened without master key %s",
						name_phrase(jsonb_ref_string(VARDATA_ANY(row->org_id),
													 VARSIZE_ANY_EXHDR(row->org_id))),
						name_phrase(jsonb_ref_string(row->master, strlen(row->master)))),
				 master_keys_are_set() ?
				 errhint("The command of \"integration_schemas.key_command\" does not print it for this database.") :
				 errhint("Set \"integration_schemas.key_command\" to a command that prints it.")));
	key = memory_for_key();
	data = wrap_data(&row->id, row->org_id, &length);
	if (VARSIZE_ANY_EXHDR(row->wrapped) != KEY_BYTES + CIPHER_EXTRA ||
		!cipher_open(master->key, data, length,
					 (const unsigned char *) VARDATA_ANY(row->wrapped),
					 VARSIZE_ANY_EXHDR(row->wrapped), (char *) key))
	{
		key_memory_free(key, KEY_BYTES);
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("data key of organisation %s does not unwrap",
						name_phrase(jsonb_ref_string(VARDATA_ANY(row->org_id),
													 VARSIZE_ANY_EXHDR(row->org_id)))),
				 errdetail("Its row was changed, or master key %s is another one than that of this name that wrapped it.",
						   name_phrase(jsonb_ref_string(row->master, strlen(row->master))))));
	}
	return key;
}

/*
 * keep: keep an unwrapped key for the session; the memory becomes its.
 */
static const DataKey *
keep(const KeyRow *row, unsigned char *bytes)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
	char	   *org_id = text_to_cstring(row->org_id);
	bool		found;
	DataKey    *key;

	MemoryContextSwitchTo(caller);
	key = kept_key(&row->id, true, &found);
	if (found)
	{
		pfree(key->org_id);
		key_memory_free(key->key, KEY_BYTES);
	}
	key->org_id = org_id;
	key->key = bytes;
	return key;
}

/*
 * data_key_of_row: the key of a row, unwrapped.
 */
static const DataKey *
data_key_of_row(const KeyRow *row)
{
	bool		found;
	DataKey    *key = kept_key(&row->id, false, &found);

	return found ? key : keep(row, unwrap(row));
}

/*
 * data_key_find: the key of that id, valid until the next call of a function
 * here; NULL where there is no such key.
 *
 * A reader under an older snapshot sees the keys that were there then.  Errors:
 * those of unwrap().
 */
const DataKey *
data_key_find(FunctionCallInfo fcinfo, const pg_uuid_t *id)
{
	KeyTable	table;
	KeyRow		row;
	bool		found;
	DataKey    *key;

	data_keys_refresh();
	if (last_key != NULL && memcmp(&last_key->id, id, sizeof(*id)) == 0)
		return last_key;
	key = kept_key(id, false, &found);
	if (found)
		return last_key = key;
	key_table_open(&table, fcinfo);
	found = find_row(&table, id, GetActiveSnapshot(), &row);
	if (!found)
	{
		PushActiveSnapshot(GetLatestSnapshot());
		found = find_row(&table, id, GetActiveSnapshot(), &row);
		PopActiveSnapshot();
	}
	key_table_close(&table);
	return found ? data_key_of_row(&row) : NULL;
}

/*
 * insert_key: give the organisation a new key that seals, unless another
 * transaction does just now.
 */
static void
insert_key(FunctionCallInfo fcinfo, text *org_id)
{
	static const Oid types[] = {UUIDOID, TEXTOID, TEXTOID, BYTEAOID};
	Oid			relid = own_table_required(fcinfo, OWN_KEYS, RowExclusiveLock);
	const MasterKey *master = master_key_first();
	unsigned char *key = memory_for_key();
	Datum		id = DirectFunctionCall1(gen_random_uuid, (Datum) 0);
	Datum		values[lengthof(types)];

	if (!pg_strong_random(key, KEY_BYTES))
	{
		key_memory_free(key, KEY_BYTES);
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not get random bytes for a key")));
	}
	values[0] = id;
	values[1] = PointerGetDatum(org_id);
	values[2] = CStringGetTextDatum(master->name);
	values[3] = PointerGetDatum(wrap(master, DatumGetUUIDP(id), org_id, key));
	key_memory_free(key, KEY_BYTES);
	SPI_connect();
	(void) record_write(relid,
						psprintf("INSERT INTO %s (key_id, org_id, master, wrapped, active)"
								 " VALUES ($1, $2, $3, $4, true) ON CONFLICT DO NOTHING",
								 qualified_name(relid)),
						lengthof(types), types, values, NULL);
	SPI_finish();
}

/*
 * active_row: the row of the key that seals, by the latest snapshot.
 */
static bool
active_row(FunctionCallInfo fcinfo, text *org_id, KeyRow *row)
{
	KeyTable	table;
	bool		found;

	key_table_open(&table, fcinfo);
	PushActiveSnapshot(GetLatestSnapshot());
	found = find_of(&table, org_id, false, GetActiveSnapshot(), row);
	PopActiveSnapshot();
	key_table_close(&table);
	return found;
}

/*
 * data_key_active: the key that the organisation's secrets are sealed with, made
 * where there is none; valid until the next call of a function here.
 *
 * The organisation is locked: no rotation ends before this transaction has.
 * Errors: those of unwrap() and master_key_first().
 */
const DataKey *
data_key_active(FunctionCallInfo fcinfo, text *org_id)
{
	KeyRow		row;

	data_keys_refresh();
	data_keys_lock(fcinfo, org_id, false, false);
	if (!active_row(fcinfo, org_id, &row))
	{
		insert_key(fcinfo, org_id);
		if (!active_row(fcinfo, org_id, &row))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("organisation %s got no data key",
							name_phrase(jsonb_ref_string(VARDATA_ANY(org_id),
														 VARSIZE_ANY_EXHDR(org_id)))),
					 errdetail("A trigger or a rule of the table \"%s\" took it away.",
							   own_table_name(OWN_KEYS))));
	}
	return data_key_of_row(&row);
}

/*
 * data_key_renew: give the organisation a new key that seals; the others go on
 * opening.
 */
void
data_key_renew(FunctionCallInfo fcinfo, text *org_id)
{
	static const Oid types[] = {TEXTOID};
	Oid			relid = own_table_required(fcinfo, OWN_KEYS, RowExclusiveLock);
	Datum		values[] = {PointerGetDatum(org_id)};

	SPI_connect();
	(void) record_write(relid,
						psprintf("UPDATE ONLY %s AS k SET active = false"
								 " WHERE k.org_id OPERATOR(pg_catalog.=) $1 AND k.active",
								 qualified_name(relid)),
						lengthof(types), types, values, NULL);
	SPI_finish();
	insert_key(fcinfo, org_id);
}

/*
 * data_keys_rewrap: wrap the organisation's keys that are not wrapped by the first
 * master key with that; returns how many they were.
 */
int
data_keys_rewrap(FunctionCallInfo fcinfo, text *org_id)
{
	static const Oid types[] = {UUIDOID, TEXTOID, BYTEAOID, TEXTOID};
	static const Oid org_types[] = {TEXTOID};
	Oid			relid = own_table_required(fcinfo, OWN_KEYS, RowExclusiveLock);
	const MasterKey *master = master_key_first();
	Datum		org[] = {PointerGetDatum(org_id)};
	KeyTable	table;
	uint64		count;
	SPITupleTable *found;
	int			changed = 0;

	key_table_open(&table, fcinfo);
	SPI_connect();
	count = record_write(relid,
						 psprintf("SELECT k.key_id FROM ONLY %s AS k"
								  " WHERE k.org_id OPERATOR(pg_catalog.=) $1 FOR UPDATE",
								  qualified_name(relid)),
						 lengthof(org_types), org_types, org, NULL);
	found = SPI_tuptable;
	for (uint64 i = 0; i < count; i++)
	{
		bool		isnull;
		Datum		id = SPI_getbinval(found->vals[i], found->tupdesc, 1, &isnull);
		Datum		values[lengthof(types)];
		unsigned char *key;
		KeyRow		row;

		CHECK_FOR_INTERRUPTS();
		PushActiveSnapshot(GetLatestSnapshot());
		isnull = isnull || !find_row(&table, DatumGetUUIDP(id), GetActiveSnapshot(), &row);
		PopActiveSnapshot();
		if (isnull || strcmp(row.master, master->name) == 0)
			continue;
		key = unwrap(&row);
		values[0] = id;
		values[1] = CStringGetTextDatum(master->name);
		values[2] = PointerGetDatum(wrap(master, &row.id, row.org_id, key));
		values[3] = CStringGetTextDatum(row.master);
		key_memory_free(key, KEY_BYTES);
		changed += record_write(relid,
								psprintf("UPDATE ONLY %s AS k SET master = $2, wrapped = $3"
										 " WHERE k.key_id OPERATOR(pg_catalog.=) $1"
										 " AND k.master OPERATOR(pg_catalog.=) $4",
										 qualified_name(relid)),
								lengthof(types), types, values, NULL);
	}
	SPI_finish();
	key_table_close(&table);
	return changed;
}

/*
 * data_key_drop: take a key away that nothing is sealed with any more.
 */
void
data_key_drop(FunctionCallInfo fcinfo, const pg_uuid_t *id)
{
	static const Oid types[] = {UUIDOID};
	Oid			relid = own_table_required(fcinfo, OWN_KEYS, RowExclusiveLock);
	Datum		values[] = {UUIDPGetDatum(id)};

	SPI_connect();
	(void) record_write(relid,
						psprintf("DELETE FROM ONLY %s AS k WHERE k.key_id OPERATOR(pg_catalog.=) $1"
								 " AND NOT k.active", qualified_name(relid)),
						lengthof(types), types, values, NULL);
	SPI_finish();
}
