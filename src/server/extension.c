/*-------------------------------------------------------------------------
 *
 * server/extension.c
 *	  The extension's own objects: from the function that was called to the
 *	  schema and the tables of the extension that it belongs to.
 *
 * A table is ours if it is a plain table, has the name, stands in the
 * extension's schema and is a member of the extension (pg_depend).  The name
 * alone would not do: where the table was dropped, whoever may create things
 * in the schema could put a view in its place, whose code would then run with
 * the caller's rights.
 *
 * What is found is kept for the session: the extension and its schema for each
 * function, since neither can change while the function is there; a table
 * until an invalidation of it arrives.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "server/extension.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

static const char *const names[OWN_TABLES] = {
	[OWN_CATALOGUE] = "integration_schemas",
	[OWN_REMOVED] = "integration_schema_removed",
	[OWN_CHANGES] = "integration_schema_history",
	[OWN_VERSION] = "integration_schema_version",
	[OWN_NODES] = "node_configurations",
	[OWN_HISTORY] = "node_configuration_history",
	[OWN_RENAMES] = "integration_schema_renames",
	[OWN_KEYS] = "integration_config_keys",
	[OWN_GRANTS] = "integration_config_grants",
	[OWN_GRANT_HISTORY] = "integration_config_grant_history",
	[OWN_REVEALS] = "integration_config_reveals",
	[OWN_FORGOTTEN] = "integration_config_forgotten",
};

/* A function that was called, and what belongs to its extension. */
typedef struct Membership
{
	Oid			function;		/* InvalidOid: the slot is free */
	Oid			extension;
	Oid			namespace;
	Oid			tables[OWN_TABLES]; /* InvalidOid: not looked for yet */
} Membership;

/* By the function's OID; a session calls a few of them over and over. */
#define MEMBERSHIP_SLOTS 32
static Membership memberships[MEMBERSHIP_SLOTS];
static bool registered;

/*
 * relcache_callback: a relation was altered, renamed, dropped.
 */
static void
relcache_callback(Datum arg pg_attribute_unused(), Oid relid)
{
	for (int i = 0; i < MEMBERSHIP_SLOTS; i++)
		for (int j = 0; j < OWN_TABLES; j++)
			if (relid == InvalidOid || memberships[i].tables[j] == relid)
				memberships[i].tables[j] = InvalidOid;
}

/*
 * proc_callback: a function was altered, dropped.
 */
static void
proc_callback(Datum arg pg_attribute_unused(), int cacheid pg_attribute_unused(),
			  uint32 hashvalue pg_attribute_unused())
{
	memset(memberships, 0, sizeof(memberships));
}

/*
 * extension_schema: the schema of an extension; InvalidOid where it is gone.
 * (The server has get_extension_schema for it from version 16 on.)
 */
static Oid
extension_schema(Oid extension)
{
	Relation	pg_extension = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	Oid			result = InvalidOid;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	scan = systable_beginscan(pg_extension, ExtensionOidIndexId, true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
		result = ((Form_pg_extension) GETSTRUCT(row))->extnamespace;
	systable_endscan(scan);
	table_close(pg_extension, AccessShareLock);
	return result;
}

/*
 * membership: what belongs to the called function's extension.
 *
 * Errors: undefined_object where the function is no member of an extension, as
 * after DROP EXTENSION in a transaction that still has a cursor on it.
 */
static Membership *
membership(FunctionCallInfo fcinfo)
{
	Oid			function = fcinfo->flinfo->fn_oid;
	Membership *member = &memberships[function % MEMBERSHIP_SLOTS];
	Oid			extension;
	Oid			namespace;

	if (likely(member->function == function))
		return member;

	if (!registered)
	{
		CacheRegisterRelcacheCallback(relcache_callback, (Datum) 0);
		CacheRegisterSyscacheCallback(PROCOID, proc_callback, (Datum) 0);
		registered = true;
	}
	extension = getExtensionOfObject(ProcedureRelationId, function);
	namespace = OidIsValid(extension) ? extension_schema(extension) : InvalidOid;
	if (!OidIsValid(namespace))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension of the called function does not exist"),
				 errdetail("The extension was dropped, or the function taken out of it.")));
	memset(member, 0, sizeof(*member));
	member->extension = extension;
	member->namespace = namespace;
	member->function = function;
	return member;
}

/*
 * find_table: the OID of a table; InvalidOid where it is not there.
 */
static Oid
find_table(FunctionCallInfo fcinfo, OwnTable table)
{
	Membership *member = membership(fcinfo);
	Oid			extension = member->extension;
	Oid			relid = member->tables[table];

	if (likely(OidIsValid(relid)))
		return relid;

	/* the look-ups may let an invalidation in, and empty the slot */
	relid = get_relname_relid(names[table], member->namespace);
	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_RELATION ||
		getExtensionOfObject(RelationRelationId, relid) != extension)
		return InvalidOid;
	if (member->function == fcinfo->flinfo->fn_oid)
		member->tables[table] = relid;
	return relid;
}

/*
 * own_table_name: the name of a table, as its definition has it.
 */
const char *
own_table_name(OwnTable table)
{
	return names[table];
}

/*
 * own_extension: the OID of the called function's extension.
 */
Oid
own_extension(FunctionCallInfo fcinfo)
{
	return membership(fcinfo)->extension;
}

/*
 * own_namespace: the schema of the called function's extension, in which its
 * tables are.
 */
Oid
own_namespace(FunctionCallInfo fcinfo)
{
	return membership(fcinfo)->namespace;
}

/*
 * own_table: the OID of one of the extension's tables, locked to the end of
 * the transaction; InvalidOid where it is not there.
 */
Oid
own_table(FunctionCallInfo fcinfo, OwnTable table, LOCKMODE lockmode)
{
	for (;;)
	{
		Oid			relid = find_table(fcinfo, table);

		if (!OidIsValid(relid) || lockmode == NoLock)
			return relid;
		/* with the lock come the invalidations that were sent before */
		LockRelationOid(relid, lockmode);
		if (find_table(fcinfo, table) == relid)
			return relid;
		UnlockRelationOid(relid, lockmode);
	}
}

/*
 * own_table_required: the same, or an error (undefined_table) where the table
 * is not there.
 */
Oid
own_table_required(FunctionCallInfo fcinfo, OwnTable table, LOCKMODE lockmode)
{
	Oid			relid = own_table(fcinfo, table, lockmode);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" of the extension does not exist", names[table]),
				 errhint("It was dropped, renamed, or taken out of the extension.")));
	return relid;
}
