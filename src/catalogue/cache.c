/*-------------------------------------------------------------------------
 *
 * catalogue/cache.c
 *	  The one place where the catalogue's table is read, and the compiled copy
 *	  that a backend keeps of it.
 *
 * What a caller gets is always what a SELECT on the table would see in the
 * same place.  The argument:
 *
 * - Each change of the table's rows first gives the row of
 *	 integration_schema_version a new UUID, in the same transaction (trigger
 *	 integration_schemas_touch, which fires ALWAYS, for each statement and,
 *	 for the apply worker, each row).  The version never repeats, a rollback
 *	 takes the change and the version back together, and the row's lock makes
 *	 writers wait for each other.  So for every snapshot of a transaction that
 *	 does not itself write the catalogue, the version seen determines the rows
 *	 seen; and it is read under the caller's active snapshot, like the rows.
 *	 A copy filled under an old snapshot carries the old version and is found
 *	 out by the next reader with a newer snapshot, whenever the commit came.
 *
 * - A transaction that writes the catalogue sees it change under one version.
 *	 It is "unsettled" from its first trigger to its end: what it reads is used
 *	 for that snapshot only and never kept.  The copy that was kept before
 *	 stays good for after a rollback.
 *
 * - What changes the rows without firing triggers (a rewriting ALTER TABLE,
 *	 TRUNCATE under an older snapshot, DROP and CREATE, DISABLE TRIGGER) sends
 *	 an invalidation of the table's relcache entry, which drops the kept copy.
 *	 A new one is kept only if it was read under a snapshot that is younger than
 *	 the table's pg_class row and the triggers' pg_trigger rows, since an older
 *	 one may see a table that no later one does; and not while the triggers are
 *	 disabled or the table has children (catalogue/watch.c).
 *
 * - Row security and other roles: a copy is given only to a role that may
 *	 SELECT the table, which is asked again once a role, a membership or a
 *	 grant has changed; where row security applies to the role, the table is
 *	 read anew for each call, and the copy of all rows stays as it was.
 *
 * - catalogue_of_owner() gives the copy of all rows, whoever calls: the rights
 *	 of the caller are remembered apart from what the copy is right for.
 *
 * - "The same snapshot": the version is not read again while the active
 *	 snapshot has the same identity: transaction horizon, transactions in
 *	 progress and, where the copy is not kept, command counter (a copy is kept
 *	 only while no command of this transaction has changed the catalogue).  The
 *	 end of a transaction, the abort of a subtransaction, an invalidation and a
 *	 change of the catalogue end that.
 *
 * - A lock as a SELECT takes it is held to the end of the transaction, so the
 *	 table cannot be dropped or rewritten between two calls of one statement.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalogue/catalogue.h"
#include "catalogue/read.h"
#include "catalogue/watch.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

/* What tells one snapshot of this transaction from another. */
typedef struct SnapshotIdentity
{
	TransactionId xmax;
	uint64		xids;			/* sum of those in progress */
	int32		subxcnt;
	CommandId	curcid;
} SnapshotIdentity;

static struct
{
	bool		registered;		/* callbacks are */
	Oid			namespace;
	Oid			relid;			/* the table; InvalidOid: the fallback */
	Catalogue  *catalogue;		/* the copy last filled, of all rows */
	bool		kept;			/* version says what it is a copy of */
	pg_uuid_t	version;

	bool		checked;		/* copy is right for the snapshot below */
	SnapshotIdentity snapshot;
	Oid			userid;			/* and for this role: InvalidOid, none yet */
	bool		told;			/* the owner's rights were asked, for others */
	Catalogue  *filtered;		/* what row security last let somebody see */

	bool		unsettled;		/* nothing read in this transaction is kept */
	bool		moved;			/* the version was, in this transaction */
	Catalogue  *fallback;		/* never changes once compiled */
} cache;

/*
 * Catalogues that are in use across calls of other functions.  A pin is
 * released with the memory context in which it was taken.
 */
typedef struct CataloguePin
{
	MemoryContextCallback callback;
	Catalogue  *catalogue;
} CataloguePin;

/*
 * drop_catalogue: free a copy, now or when its last pin goes.
 */
static void
drop_catalogue(Catalogue *catalogue)
{
	if (catalogue == NULL)
		return;
	catalogue->dropped = true;
	if (catalogue->pins == 0)
		MemoryContextDelete(catalogue->cxt);
}

static void
release_pin(void *arg)
{
	CataloguePin *pin = arg;

	if (--pin->catalogue->pins == 0 && pin->catalogue->dropped)
		MemoryContextDelete(pin->catalogue->cxt);
}

/*
 * catalogue_pin: keep a catalogue for as long as the current memory context.
 *
 * For callers that run other code (SPI, a set's next row) between
 * catalogue_current() and the last use of what it gave.
 */
void
catalogue_pin(const Catalogue *catalogue)
{
	CataloguePin *pin = palloc(sizeof(CataloguePin));

	pin->catalogue = unconstify(Catalogue *, catalogue);
	pin->catalogue->pins++;
	pin->callback.func = release_pin;
	pin->callback.arg = pin;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &pin->callback);
}

/*
 * relcache_callback: the table was altered, dropped, rewritten or granted.
 *
 * Only flags are set here; the copy is freed by the next call, since somebody
 * may be using it.
 */
static void
relcache_callback(Datum arg pg_attribute_unused(), Oid relid)
{
	if (relid == InvalidOid || relid == cache.relid || cache.relid == InvalidOid)
	{
		cache.checked = false;
		cache.kept = false;
	}
}

/*
 * role_callback: a role, or who is a member of it, has changed, and with it who
 * may SELECT the table.
 */
static void
role_callback(Datum arg pg_attribute_unused(), int cacheid pg_attribute_unused(),
			  uint32 hashvalue pg_attribute_unused())
{
	cache.userid = InvalidOid;
}

static void
xact_callback(XactEvent event, void *arg pg_attribute_unused())
{
	cache.checked = false;
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE || event == XACT_EVENT_PARALLEL_COMMIT ||
		event == XACT_EVENT_PARALLEL_ABORT)
	{
		cache.unsettled = false;
		cache.moved = false;
	}
}

static void
subxact_callback(SubXactEvent event,
				 SubTransactionId mySubid pg_attribute_unused(),
				 SubTransactionId parentSubid pg_attribute_unused(),
				 void *arg pg_attribute_unused())
{
	cache.checked = false;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		cache.moved = false;
}

/*
 * register_callbacks: once a backend.
 */
static void
register_callbacks(void)
{
	if (cache.registered)
		return;
	CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, role_callback, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, role_callback, (Datum) 0);
	RegisterXactCallback(xact_callback, NULL);
	RegisterSubXactCallback(subxact_callback, NULL);
	cache.registered = true;
}

/*
 * catalogue_unsettle: this transaction is about to change the catalogue.
 *
 * Called by the trigger before each change.  Returns whether the trigger must
 * move the version: not again, until a subtransaction aborts in which it may
 * have been moved.
 */
bool
catalogue_unsettle(void)
{
	bool		move = !cache.moved;

	register_callbacks();
	cache.checked = false;
	cache.unsettled = true;
	cache.moved = true;
	return move;
}

/*
 * snapshot_identity: what the snapshot sees, in few words.
 *
 * All transactions below xmax had begun when a snapshot with that xmax was
 * taken, and those still in progress only become fewer.  So of two snapshots
 * with one xmax, the ones whose lists have the same sum list the same, and the
 * lists need no comparing.  (How many there are would not tell: a transaction
 * stands in a list twice for the moment in which it is prepared.)  On a standby
 * all of them are in the second list, which is not always there to be added up
 * (snapmgr.c: CopySnapshot), but nothing is prepared.
 */
static inline SnapshotIdentity
snapshot_identity(Snapshot snapshot)
{
	uint64		xids = 0;

	for (uint32 i = 0; i < snapshot->xcnt; i++)
		xids += snapshot->xip[i];
	return (SnapshotIdentity) {
		.xmax = snapshot->xmax,
		.xids = xids,
		.subxcnt = snapshot->subxcnt,
		.curcid = snapshot->curcid
	};
}

/*
 * snapshot_is_same: does the snapshot see what the remembered one saw?
 */
static bool
snapshot_is_same(Snapshot snapshot)
{
	SnapshotIdentity identity = snapshot_identity(snapshot);

	return cache.snapshot.xmax == identity.xmax &&
		cache.snapshot.xids == identity.xids &&
		cache.snapshot.subxcnt == identity.subxcnt &&
		(cache.kept || cache.snapshot.curcid == identity.curcid);
}

/*
 * remember_snapshot: the copy is right for this snapshot, and for this role;
 * InvalidOid: nobody's rights were asked.
 */
static void
remember_snapshot(Snapshot snapshot, Oid userid)
{
	cache.snapshot = snapshot_identity(snapshot);
	cache.userid = userid;
	cache.told = false;
	cache.checked = true;
}

/*
 * warn_fallback: say once a query and call site that the fallback stands in.
 */
static void
warn_fallback(FunctionCallInfo fcinfo)
{
	static char warned;

	if (fcinfo->flinfo->fn_extra == &warned)
		return;
	if (fcinfo->flinfo->fn_extra == NULL && !CALLED_AS_TRIGGER(fcinfo))
		fcinfo->flinfo->fn_extra = &warned;
	ereport(WARNING,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("catalogue table \"%s\" does not exist, using the fallback catalogue",
					CATALOGUE_TABLE),
			 errhint("Restore the table, or drop and create the extension again.")));
}

/*
 * catalogue_context: a memory context for a catalogue, which goes with the
 * caller's until the catalogue is complete: an error in between leaves nothing.
 */
static MemoryContext
catalogue_context(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "integration_schemas catalogue",
								 ALLOCSET_DEFAULT_SIZES);
}

/*
 * fallback_catalogue: the catalogue that stands in, compiled once a backend.
 */
static Catalogue *
fallback_catalogue(void)
{
	if (cache.fallback == NULL)
	{
		MemoryContext cxt = catalogue_context();
		int			nrows;
		CatalogueRow *rows = catalogue_read_fallback(cxt, &nrows);
		Catalogue  *catalogue = catalogue_compile(rows, nrows, cxt);

		MemoryContextSetParent(catalogue->cxt, CacheMemoryContext);
		catalogue->is_fallback = true;
		cache.fallback = catalogue;
	}
	return cache.fallback;
}

/*
 * use_fallback: there is no table.
 */
static Catalogue *
use_fallback(Oid namespace, Snapshot snapshot, Oid userid)
{
	Catalogue  *catalogue = fallback_catalogue();

	drop_catalogue(cache.catalogue);
	cache.catalogue = NULL;
	cache.kept = false;
	cache.relid = InvalidOid;
	cache.namespace = namespace;
	remember_snapshot(snapshot, userid);
	return catalogue;
}

/*
 * read_filtered: the rows that row security lets the user see.
 */
static Catalogue *
read_filtered(Oid relid)
{
	MemoryContext cxt = catalogue_context();
	int			nrows;
	CatalogueRow *rows = catalogue_read_as_caller(relid, cxt, &nrows);
	Catalogue  *catalogue = catalogue_compile(rows, nrows, cxt);

	MemoryContextSetParent(catalogue->cxt, CacheMemoryContext);
	drop_catalogue(cache.filtered);
	cache.filtered = catalogue;
	return catalogue;
}

/*
 * refresh: make the copy right for the active snapshot and for that user, or
 * for that snapshot alone where userid is InvalidOid.
 */
static Catalogue *
refresh(FunctionCallInfo fcinfo, Oid userid)
{
	Oid			namespace = own_namespace(fcinfo);
	Snapshot	snapshot = GetActiveSnapshot();
	Oid			relid;
	bool		versioned;
	bool		keep;
	pg_uuid_t	version;
	MemoryContext cxt;
	CatalogueRow *rows;
	int			nrows;
	Catalogue  *catalogue;

	register_callbacks();
	relid = own_table(fcinfo, OWN_CATALOGUE, AccessShareLock);

	/*
	 * Invalidations arrive with the lock, but not where it was held already;
	 * and to disable a trigger, others need not wait for our lock.
	 */
	AcceptInvalidationMessages();
	if (!OidIsValid(relid))
		return use_fallback(namespace, snapshot, userid);

	if (OidIsValid(userid))
	{
		catalogue_check_select(relid, userid);
		if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
			return read_filtered(relid);
	}
	if (cache.checked && cache.relid == relid && snapshot_is_same(snapshot))
	{
		/* only whose rights were asked is new; the owner's view asks nobody's */
		if (OidIsValid(userid))
			cache.userid = userid;
		return cache.catalogue;
	}

	versioned = catalogue_version(fcinfo, snapshot, &version);
	if (!cache.unsettled && versioned && cache.kept && cache.relid == relid &&
		memcmp(&version, &cache.version, sizeof(version)) == 0)
	{
		remember_snapshot(snapshot, userid);
		return cache.catalogue;
	}

	cxt = catalogue_context();
	rows = catalogue_read_table(relid, cxt, &nrows);
	catalogue = catalogue_compile(rows, nrows, cxt);
	keep = !cache.unsettled && versioned && catalogue_is_watched(relid, snapshot);

	/* Nothing below throws before all is set. */
	MemoryContextSetParent(catalogue->cxt, CacheMemoryContext);
	drop_catalogue(cache.catalogue);
	cache.catalogue = catalogue;
	cache.namespace = namespace;
	cache.relid = relid;
	cache.kept = keep;
	if (keep)
		cache.version = version;
	remember_snapshot(snapshot, userid);
	return catalogue;
}

/*
 * refresh_somehow: refresh(), also where no snapshot is active.
 */
static Catalogue *
refresh_somehow(FunctionCallInfo fcinfo, Oid userid)
{
	Catalogue  *catalogue;

	if (ActiveSnapshotSet())
		return refresh(fcinfo, userid);
	PushActiveSnapshot(GetTransactionSnapshot());
	catalogue = refresh(fcinfo, userid);
	PopActiveSnapshot();
	return catalogue;
}

/*
 * catalogue_current: the catalogue as a SELECT would see it here.
 *
 * fcinfo is the SQL-callable function's, which tells the schema.  The result
 * is valid until the next call in this backend; catalogue_pin() makes it last.
 * Where there is no table it is the fallback, with a WARNING.  Errors:
 * insufficient_privilege as SELECT has it, and whatever reading a table may
 * throw.
 */
const Catalogue *
catalogue_current(FunctionCallInfo fcinfo)
{
	Oid			namespace = own_namespace(fcinfo);
	Catalogue  *catalogue;

	if (likely(cache.checked && cache.namespace == namespace &&
			   cache.userid == GetUserId() && ActiveSnapshotSet() &&
			   snapshot_is_same(GetActiveSnapshot())))
		catalogue = OidIsValid(cache.relid) ? cache.catalogue : cache.fallback;
	else
		catalogue = refresh_somehow(fcinfo, GetUserId());
	if (unlikely(catalogue == cache.fallback))
		warn_fallback(fcinfo);
	return catalogue;
}

/*
 * catalogue_of_owner: the catalogue as its owner sees it: all rows, whatever
 * the caller's rights and row security are.
 *
 * For what is decided on everybody's behalf: what is stored, what a node
 * inherits, what is hidden.  Under the active snapshot and valid as
 * catalogue_current()'s is, and often the same copy, so that calls of both may
 * alternate.  Errors: object_not_in_prerequisite_state where there is no table,
 * since what is stored is not judged by the fallback.
 */
const Catalogue *
catalogue_of_owner(FunctionCallInfo fcinfo)
{
	Oid			namespace = own_namespace(fcinfo);
	Catalogue  *catalogue;

	if (likely(cache.checked && cache.namespace == namespace &&
			   ActiveSnapshotSet() && snapshot_is_same(GetActiveSnapshot())))
		catalogue = OidIsValid(cache.relid) ? cache.catalogue : cache.fallback;
	else
		catalogue = refresh_somehow(fcinfo, InvalidOid);
	if (unlikely(catalogue == cache.fallback))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("catalogue table \"%s\" does not exist", CATALOGUE_TABLE),
				 errdetail("Documents cannot be written while the fallback catalogue stands in."),
				 errhint("Restore the table, or drop and create the extension again.")));
	return catalogue;
}

/*
 * catalogue_for_granted: the same for a caller who has privileges at nodes and
 * needs none on tables; the fallback, with a WARNING, where there is no table.
 *
 * What hangs on the executor's check sees the owner read the table.
 */
const Catalogue *
catalogue_for_granted(FunctionCallInfo fcinfo)
{
	Oid			namespace = own_namespace(fcinfo);
	Catalogue  *catalogue;

	if (likely(cache.checked && cache.told && cache.namespace == namespace &&
			   ActiveSnapshotSet() && snapshot_is_same(GetActiveSnapshot())))
		return cache.catalogue;
	catalogue = refresh_somehow(fcinfo, InvalidOid);
	if (unlikely(catalogue == cache.fallback))
		warn_fallback(fcinfo);
	else
	{
		catalogue_check_select(cache.relid, relation_owner(cache.relid));
		cache.told = true;
	}
	return catalogue;
}

/*
 * catalogue_source: what a query on the catalogue has after FROM: the table's
 * name, or the fallback's row with a WARNING.
 */
char *
catalogue_source(FunctionCallInfo fcinfo)
{
	Oid			relid = own_table(fcinfo, OWN_CATALOGUE, AccessShareLock);

	if (OidIsValid(relid))
		return qualified_name(relid);
	warn_fallback(fcinfo);
	return catalogue_fallback_source();
}

/*
 * catalogue_fallback: the fallback catalogue, without a warning.
 */
const Catalogue *
catalogue_fallback(void)
{
	return fallback_catalogue();
}
