/*-------------------------------------------------------------------------
 *
 * secrets/grants.c
 *	  Privileges at nodes: what they are called, and which a role has.
 *
 * A backend keeps, for each role that calls, the grants that count for it: its
 * own and those of the roles whose privileges it has.  They are true of what is
 * committed now, whatever older snapshot the transaction has, so that a
 * revocation counts from its commit on:
 *
 * - Each change of a row of integration_config_grants sends an invalidation of
 *	 the table's relcache entry (secrets/grants.c: grants_changed(), called by
 *	 the table's trigger, which fires ALWAYS, and by nothing else, since the
 *	 trigger lets no other statement in).  The server sends it when the
 *	 transaction has become visible and before COMMIT returns, and applies it to
 *	 the transaction's own backend as each command ends and when it rolls back.
 *	 Who calls takes in what was sent before he looks at what is kept.
 *
 * - The rows are read under a snapshot that is taken then, as the server reads
 *	 its own catalogues: also where the transaction's snapshot is older, and in
 *	 a parallel worker.  A change that commits meanwhile sends its invalidation
 *	 later, so that what was read is read again.
 *
 * - DROP and CREATE of the table, DISABLE TRIGGER and the like send an
 *	 invalidation too.  While the trigger is disabled, nothing is kept.
 *
 * - Who has whose privileges is asked again once a role, a membership or the
 *	 owner of a database has changed.  A role that is no longer there has none,
 *	 also where a session of it lives on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "secrets/grants.h"
#include "server/extension.h"
#include "server/own_table.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#define GRANTS_GUARD "integration_config_grants_guard"

/* The columns of integration_config_grants that are read here. */
enum
{
	GRANT_ROLE,
	GRANT_ORG_ID,
	GRANT_NODE_ID,
	GRANT_INCARNATION,
	GRANT_PRIVILEGES,
	GRANT_COLUMNS
};

static const OwnColumn columns[GRANT_COLUMNS] = {
	[GRANT_ROLE] = {"role", REGROLEOID},
	[GRANT_ORG_ID] = {"org_id", TEXTOID},
	[GRANT_NODE_ID] = {"node_id", TEXTOID},
	[GRANT_INCARNATION] = {"incarnation", INT4OID},
	[GRANT_PRIVILEGES] = {"privileges", TEXTARRAYOID},
};

static const char *const names[PRIVILEGES] = {"read", "reveal", "write", "admin"};

/* Roles whose grants are kept; a session seldom changes between more. */
#define KEPT_SETS 16

static struct
{
	bool		registered;		/* callbacks are */
	Oid			namespace;
	Oid			relid;			/* the table; InvalidOid: none was read */
	uint64		changes;		/* that were heard of */
	bool		stale;			/* something has changed since */
	MemoryContext cxt;			/* of the sets; NULL: none */
	int			nsets;
	GrantSet   *sets[KEPT_SETS];
} cache;

/*
 * privilege_name: what a privilege is called.
 */
const char *
privilege_name(int privilege)
{
	for (int i = 0; i < PRIVILEGES; i++)
		if (privilege == 1 << i)
			return names[i];
	return "";
}

/*
 * privileges_parse: the privileges that an array names; the first that is none
 * goes into unknown: NULL where all are known.
 */
int
privileges_parse(ArrayType *array, const char **unknown)
{
	int			privileges = 0;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	*unknown = NULL;
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		const char *name = nulls[i] ? "null" : TextDatumGetCString(elements[i]);
		int			place = 0;

		CHECK_FOR_INTERRUPTS();
		while (place < PRIVILEGES && (nulls[i] || strcmp(name, names[place]) != 0))
			place++;
		if (place < PRIVILEGES)
			privileges |= 1 << place;
		else if (*unknown == NULL)
			*unknown = name;
	}
	return privileges;
}

/*
 * privileges_array: the names of privileges as an array, palloc'd.
 */
ArrayType *
privileges_array(int privileges)
{
	Datum		elements[PRIVILEGES];
	int			count = 0;

	for (int i = 0; i < PRIVILEGES; i++)
		if (privileges & 1 << i)
			elements[count++] = CStringGetTextDatum(names[i]);
	return construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/*
 * relcache_callback, role_callback: the table or its rows, or roles, have
 * changed.
 *
 * Only flags are set here: somebody may be using a set.
 */
static void
relcache_callback(Datum arg pg_attribute_unused(), Oid relid)
{
	if (relid == InvalidOid || relid == cache.relid || cache.relid == InvalidOid)
	{
		cache.stale = true;
		cache.changes++;
	}
}

static void
role_callback(Datum arg pg_attribute_unused(), int cacheid pg_attribute_unused(),
			  uint32 hashvalue pg_attribute_unused())
{
	cache.stale = true;
	cache.changes++;
}

static void
register_callbacks(void)
{
	if (cache.registered)
		return;
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
	/* those that the server's own answer about memberships hangs on: acl.c */
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, role_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, role_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(DATABASEOID, role_callback, (Datum) 0);
	cache.registered = true;
}

/*
 * forget: what was kept is used no more.
 *
 * A caller further out may still look at it: it goes with the transaction.
 */
static void
forget(void)
{
	if (cache.cxt != NULL)
		MemoryContextSetParent(cache.cxt, TopTransactionContext);
	cache.cxt = NULL;
	cache.nsets = 0;
	cache.stale = false;
}

/*
 * is_watched: does each change of the table's rows fire the trigger?
 */
static bool
is_watched(Relation table)
{
	for (int i = 0; table->trigdesc != NULL && i < table->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &table->trigdesc->triggers[i];

		if (strcmp(trigger->tgname, GRANTS_GUARD) == 0)
			return trigger->tgenabled == TRIGGER_FIRES_ALWAYS;
	}
	return false;
}

/*
 * counts_for: has the user the privileges of that role, which must be there?
 */
static bool
counts_for(Oid userid, Oid role)
{
	return SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(role)) &&
		has_privs_of_role(userid, role);
}

/*
 * read_name: a copy of a text.
 */
static JsonbRef
read_name(Datum value)
{
	text	   *name = DatumGetTextPCopy(value);

	return jsonb_ref_string(VARDATA(name), VARSIZE(name) - VARHDRSZ);
}

/*
 * read_privileges: the privileges that a row has, with what they imply.
 */
static int
read_privileges(Datum value)
{
	const char *unknown;

	return privileges_implied(privileges_parse(DatumGetArrayTypeP(value), &unknown));
}

/*
 * add_grant: take a row of the table over, in the current memory context.
 */
static void
add_grant(GrantSet *set, int *allocated, const Datum *values, int privileges)
{
	Grant		grant = {.privileges = privileges};

	grant.org_id = read_name(values[GRANT_ORG_ID]);
	grant.node_id = read_name(values[GRANT_NODE_ID]);
	grant.incarnation = DatumGetInt32(values[GRANT_INCARNATION]);
	if (JREF_IS(grant.org_id, "*") && JREF_IS(grant.node_id, "*"))
	{
		set->platform |= grant.privileges;
		return;
	}
	if (set->count == *allocated)
	{
		*allocated = *allocated > 0 ? *allocated * 2 : 4;
		set->grants = set->grants == NULL ? palloc(sizeof(Grant) * *allocated) :
			repalloc_huge(set->grants, sizeof(Grant) * *allocated);
	}
	set->grants[set->count++] = grant;
}

/*
 * compare_grants: by organisation and node.
 */
static int
compare_places(const Grant *grant, JsonbRef org_id, JsonbRef node_id)
{
	int			order = jsonb_key_compare(grant->org_id.ptr, grant->org_id.len,
										  org_id.ptr, org_id.len);

	return order != 0 ? order : jsonb_key_compare(grant->node_id.ptr, grant->node_id.len,
												  node_id.ptr, node_id.len);
}

static int
compare_grants(const void *a, const void *b)
{
	const Grant *gb = b;

	return compare_places(a, gb->org_id, gb->node_id);
}

/* The reading of what counts for a user. */
typedef struct GrantReader
{
	Relation	table;
	AttrNumber	numbers[GRANT_COLUMNS];
	GrantSet   *set;
	int			allocated;
	MemoryContext cxt;			/* the set's */
	MemoryContext row_cxt;		/* reset for each row */
	Oid			role;			/* the last one asked for */
	bool		counts;			/* and does it count? */
} GrantReader;

/*
 * read_row: take a row over, if it counts.
 */
static void
read_row(GrantReader *reader, HeapTuple row)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum		values[GRANT_COLUMNS];
	int			privileges;

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < GRANT_COLUMNS; i++)
	{
		bool		isnull;

		values[i] = heap_getattr(row, reader->numbers[i], RelationGetDescr(reader->table),
								 &isnull);
		if (isnull)
			return;				/* the table's owner lets nulls in */
	}
	if (reader->role != DatumGetObjectId(values[GRANT_ROLE]))
	{
		reader->role = DatumGetObjectId(values[GRANT_ROLE]);
		reader->counts = counts_for(reader->set->userid, reader->role);
	}
	if (!reader->counts)
		return;
	MemoryContextSwitchTo(reader->row_cxt);
	privileges = read_privileges(values[GRANT_PRIVILEGES]);
	MemoryContextSwitchTo(reader->cxt);
	add_grant(reader->set, &reader->allocated, values, privileges);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(reader->row_cxt);
}

/*
 * next_role: the first role of the index that comes after one; InvalidOid at the
 * end.
 */
static Oid
next_role(const GrantReader *reader, Relation index, Oid after)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	Oid			role = InvalidOid;

	ScanKeyInit(&key, reader->numbers[GRANT_ROLE], BTGreaterStrategyNumber, F_OIDGT,
				ObjectIdGetDatum(after));
	scan = systable_beginscan_ordered(reader->table, index, NULL, 1, &key);
	row = systable_getnext_ordered(scan, ForwardScanDirection);
	if (HeapTupleIsValid(row))
	{
		bool		isnull;

		role = DatumGetObjectId(heap_getattr(row, reader->numbers[GRANT_ROLE],
											 RelationGetDescr(reader->table), &isnull));
	}
	systable_endscan_ordered(scan);
	return role;
}

/*
 * read_by_role: read the rows of each role in the index that counts, and no
 * others.
 */
static void
read_by_role(GrantReader *reader, Oid index_oid)
{
	Relation	index = index_open(index_oid, AccessShareLock);

	for (Oid role = next_role(reader, index, InvalidOid); OidIsValid(role);
		 role = next_role(reader, index, role))
	{
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple	row;

		CHECK_FOR_INTERRUPTS();
		if (!counts_for(reader->set->userid, role))
			continue;
		ScanKeyInit(&key, reader->numbers[GRANT_ROLE], BTEqualStrategyNumber, F_OIDEQ,
					ObjectIdGetDatum(role));
		scan = systable_beginscan_ordered(reader->table, index, NULL, 1, &key);
		while (HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
			read_row(reader, row);
		systable_endscan_ordered(scan);
	}
	index_close(index, NoLock);
}

/*
 * read_all: read all rows, where the table's owner has taken the index away.
 */
static void
read_all(GrantReader *reader)
{
	SysScanDesc scan = systable_beginscan(reader->table, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
		read_row(reader, row);
	systable_endscan(scan);
}

/*
 * read_set: read the grants that count for a user, into that context.
 *
 * A superuser needs none.
 */
static GrantSet *
read_set(Relation table, Oid userid, MemoryContext cxt)
{
	GrantReader reader = {.table = table,.cxt = cxt};
	AttrNumber	key[3];
	Oid			index;

	reader.set = MemoryContextAllocZero(cxt, sizeof(GrantSet));
	reader.set->userid = userid;
	if (superuser_arg(userid))
		return reader.set;
	own_columns(table, columns, GRANT_COLUMNS, reader.numbers);
	reader.row_cxt = AllocSetContextCreate(CurrentMemoryContext, "row of grants",
										   ALLOCSET_SMALL_SIZES);
	for (int i = 0; i < (int) lengthof(key); i++)
		key[i] = reader.numbers[i];
	StaticAssertStmt(GRANT_ROLE == 0 && GRANT_ORG_ID == 1 && GRANT_NODE_ID == 2,
					 "the primary key's columns come first");
	index = own_key_index(table, lengthof(key), key);
	if (OidIsValid(index))
		read_by_role(&reader, index);
	else
		read_all(&reader);
	MemoryContextDelete(reader.row_cxt);
	if (reader.set->count > 1)
		qsort(reader.set->grants, reader.set->count, sizeof(Grant), compare_grants);
	return reader.set;
}

/*
 * refresh: read what counts for the user, and keep it if it may be kept; NULL
 * where there is no table.
 */
static const GrantSet *
refresh(FunctionCallInfo fcinfo, Oid userid)
{
	Oid			relid;
	Relation	table;
	MemoryContext cxt;
	GrantSet   *set;
	uint64		changes;
	bool		keep;

	register_callbacks();
	relid = own_table(fcinfo, OWN_GRANTS, AccessShareLock);
	if (cache.stale || cache.relid != relid || cache.nsets == KEPT_SETS)
		forget();
	cache.relid = relid;
	cache.namespace = own_namespace(fcinfo);
	if (!OidIsValid(relid))
		return NULL;

	changes = cache.changes;
	table = table_open(relid, NoLock);
	cxt = AllocSetContextCreate(CurrentMemoryContext, "integration_schemas grants of a role",
								ALLOCSET_SMALL_SIZES);
	set = read_set(table, userid, cxt);
	keep = is_watched(table);
	table_close(table, NoLock);

	/* what has changed meanwhile is read the next time */
	if (!keep || changes != cache.changes || cache.nsets == KEPT_SETS)
	{
		MemoryContextSetParent(cxt, TopTransactionContext);
		return set;
	}
	if (cache.cxt == NULL)
		cache.cxt = AllocSetContextCreate(CacheMemoryContext, "integration_schemas grants",
										  ALLOCSET_SMALL_SIZES);
	MemoryContextSetParent(cxt, cache.cxt);
	cache.sets[cache.nsets++] = set;
	return set;
}

/*
 * grants_of_caller: what is granted to the current user; NULL where that is
 * nothing at all.
 *
 * It is valid to the end of the transaction, and true now.  fcinfo is the
 * SQL-callable function's.  Errors: object_not_in_prerequisite_state where the
 * table's owner has altered it.
 */
const GrantSet *
grants_of_caller(FunctionCallInfo fcinfo)
{
	Oid			userid = GetUserId();
	const GrantSet *set = NULL;

	AcceptInvalidationMessages();
	if (likely(!cache.stale && cache.namespace == own_namespace(fcinfo)))
		for (int i = 0; i < cache.nsets && set == NULL; i++)
			if (cache.sets[i]->userid == userid)
				set = cache.sets[i];
	if (unlikely(set == NULL))
		set = refresh(fcinfo, userid);
	return set != NULL && (set->platform != 0 || set->count > 0) ? set : NULL;
}

/*
 * first_grant: the place of the first one that is not before that node.
 */
static int
first_grant(const GrantSet *set, JsonbRef org_id, JsonbRef node_id)
{
	int			low = 0;
	int			high = set->count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (compare_places(&set->grants[middle], org_id, node_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * grants_at: the privileges that are granted at a node itself.
 */
int
grants_at(const GrantSet *set, JsonbRef org_id, JsonbRef node_id, int32 incarnation)
{
	int			privileges = 0;

	for (int i = first_grant(set, org_id, node_id);
		 i < set->count && compare_places(&set->grants[i], org_id, node_id) == 0; i++)
		if (set->grants[i].incarnation == incarnation)
			privileges |= set->grants[i].privileges;
	return privileges;
}

/*
 * grants_of_organisation: the place of the first grant at a node of an
 * organisation, and how many of them there are.
 */
int
grants_of_organisation(const GrantSet *set, JsonbRef org_id, int *count)
{
	/* no node has the empty name, which comes before all others */
	int			first = first_grant(set, org_id, jsonb_ref_string("", 0));
	int			end = first;

	while (end < set->count && jsonb_ref_equal(set->grants[end].org_id, org_id))
		end++;
	*count = end - first;
	return first;
}
