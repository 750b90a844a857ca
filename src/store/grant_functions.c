/*-------------------------------------------------------------------------
 *
 * store/grant_functions.c
 *	  The SQL-callable functions that grant privileges at nodes, take them away
 *	  and tell of them.
 *
 * Who has privilege "admin" at a node may grant what he has there, which is all.
 * One change waits for the other, so that nobody grants what was taken from him
 * meanwhile.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "server/actor.h"
#include "server/identity.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/sql_result.h"
#include "store/access.h"
#include "store/history.h"
#include "store/node_rules.h"
#include "store/reader.h"
#include "server/record.h"
#include "store/store.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(integration_config_grant);
PG_FUNCTION_INFO_V1(integration_config_revoke);
PG_FUNCTION_INFO_V1(integration_config_privileges);

/* A role at a node, whose privileges are changed. */
typedef struct GrantChange
{
	Oid			relid;			/* the table of grants */
	Oid			role;
	text	   *role_name;
	text	   *org_id;
	text	   *node_id;
	int32		incarnation;
	int			before;			/* privileges that it has now */
	bool		exists;			/* has it a row, of whichever incarnation? */
} GrantChange;

/*
 * is_platform: is it the platform, which is everywhere, whether it has a document
 * or not?
 */
static bool
is_platform(text *org_id, text *node_id)
{
	return JREF_IS(store_text_ref(org_id), "*") && JREF_IS(store_text_ref(node_id), "*");
}

/*
 * find_incarnation: the incarnation of a node now or, where gone ones count, that
 * of one that was deleted.
 *
 * Errors: undefined_object.
 */
static int32
find_incarnation(FunctionCallInfo fcinfo, text *org_id, text *node_id, bool gone)
{
	LatestVersion latest;
	NodeTable	table;
	NodeRow		row;
	bool		found;

	if (is_platform(org_id, node_id))
		return 0;
	node_table_open(&table, own_table_required(fcinfo, OWN_NODES, AccessShareLock), NoLock);
	table.incarnations = true;
	PushActiveSnapshot(GetLatestSnapshot());
	found = node_place(&table, org_id, node_id, GetActiveSnapshot(), &row);
	node_table_close(&table);
	if (!found && gone &&
		history_latest(fcinfo, org_id, node_id, GetActiveSnapshot(), &latest) != 0)
	{
		found = true;
		row.incarnation = latest.incarnation;
	}
	PopActiveSnapshot();
	if (!found)
		store_no_such(store_text_ref(org_id), store_text_ref(node_id));
	return row.incarnation;
}

/*
 * find_role: the role of that name.
 *
 * Errors: undefined_object.
 */
static Oid
find_role(text *name)
{
	char	   *string = text_to_cstring(name);
	Oid			role = strlen(string) < NAMEDATALEN ? get_role_oid(string, true) : InvalidOid;

	if (!OidIsValid(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role %s does not exist", name_phrase(store_text_ref(name)))));
	return role;
}

/*
 * find_grant: what the role has at the node now; with SPI connected.
 */
static void
find_grant(GrantChange *change)
{
	static const Oid types[] = {OIDOID, TEXTOID, TEXTOID};
	Datum		values[] = {
		ObjectIdGetDatum(change->role), PointerGetDatum(change->org_id),
		PointerGetDatum(change->node_id)
	};
	Datum		incarnation;
	Datum		privileges;
	bool		nulls[2];
	const char *unknown;

	change->exists = own_execute(NULL, relation_owner(change->relid),
								 psprintf("SELECT g.incarnation::integer, g.privileges::text[] FROM ONLY %s AS g"
										  " WHERE g.role = $1 AND g.org_id = $2 AND g.node_id = $3",
										  qualified_name(change->relid)),
								 lengthof(types), types, values, NULL, GetLatestSnapshot()) > 0;
	if (!change->exists)
		return;
	incarnation = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &nulls[0]);
	privileges = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &nulls[1]);
	if (!nulls[0] && !nulls[1] && DatumGetInt32(incarnation) == change->incarnation)
		change->before = privileges_parse(DatumGetArrayTypeP(privileges), &unknown);
}

/*
 * drop_unbound: take out what was granted to roles that were dropped since, whose
 * numbers another one may get one day; with SPI connected.
 *
 * By the roles that there are in the table, not by its rows.
 */
static void
drop_unbound(Oid relid)
{
	char	   *table = qualified_name(relid);

	(void) record_write(relid,
						psprintf("WITH RECURSIVE r (role) AS ("
								 " (SELECT g.role FROM ONLY %1$s AS g ORDER BY g.role LIMIT 1)"
								 " UNION ALL SELECT (SELECT g.role FROM ONLY %1$s AS g"
								 "  WHERE g.role > r.role ORDER BY g.role LIMIT 1)"
								 " FROM r WHERE r.role IS NOT NULL)"
								 " DELETE FROM ONLY %1$s AS g WHERE g.role IN (SELECT r.role FROM r"
								 " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS a WHERE a.oid = r.role))",
								 table),
						0, NULL, NULL, NULL);
}

/*
 * change_begin: what a function's first three arguments name, and the caller may
 * change; connects to SPI.
 *
 * At a node that is gone something can only be taken away.  Errors: invalid_parameter_value, insufficient_privilege, undefined_object.
 */
static void
change_begin(GrantChange *change, FunctionCallInfo fcinfo, bool gone)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("role, organisation and node must not be null")));
	memset(change, 0, sizeof(*change));
	change->role_name = PG_GETARG_TEXT_PP(0);
	change->org_id = PG_GETARG_TEXT_PP(1);
	change->node_id = PG_GETARG_TEXT_PP(2);
	/* who is not allowed to does not keep others waiting */
	access_require(fcinfo, change->org_id, change->node_id, PRIVILEGE_ADMIN);
	change->relid = own_table_required(fcinfo, OWN_GRANTS, ShareUpdateExclusiveLock);
	access_require(fcinfo, change->org_id, change->node_id, PRIVILEGE_ADMIN);
	change->incarnation = find_incarnation(fcinfo, change->org_id, change->node_id, gone);
	change->role = find_role(change->role_name);
	SPI_connect();
	drop_unbound(change->relid);
	find_grant(change);
}

/*
 * record: note a change of privileges; with SPI connected.
 */
static void
record(FunctionCallInfo fcinfo, const GrantChange *change, const char *operation, int privileges)
{
	static const Oid types[] = {
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTARRAYOID, TEXTOID, TEXTOID, TIMESTAMPTZOID
	};
	Oid			relid = own_table_required(fcinfo, OWN_GRANT_HISTORY, RowExclusiveLock);
	Datum		values[lengthof(types)];

	values[0] = CStringGetTextDatum(operation);
	values[1] = PointerGetDatum(change->role_name);
	values[2] = PointerGetDatum(change->org_id);
	values[3] = PointerGetDatum(change->node_id);
	values[4] = Int32GetDatum(change->incarnation);
	values[5] = PointerGetDatum(privileges_array(privileges));
	values[6] = CStringGetTextDatum(actor_author());
	values[7] = CStringGetTextDatum(actor_role());
	values[8] = TimestampTzGetDatum(actor_stamp());
	if (record_write(relid,
					 psprintf("INSERT INTO %s (operation, role, org_id, node_id, incarnation,"
							  " privileges, author, changed_by, changed_at)"
							  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", qualified_name(relid)),
					 lengthof(types), types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("change of privileges was not recorded"),
				 errdetail("A trigger or a rule of table \"%s\" took the record away.",
						   get_rel_name(relid))));
}

/*
 * write_grant: let the role have these privileges at the node, or none; with SPI
 * connected.
 */
static void
write_grant(const GrantChange *change, int privileges)
{
	static const Oid types[] = {
		OIDOID, TEXTOID, TEXTOID, INT4OID, TEXTARRAYOID, TEXTOID, TIMESTAMPTZOID
	};
	char	   *table = qualified_name(change->relid);
	Datum		values[lengthof(types)];
	uint64		rows;

	values[0] = ObjectIdGetDatum(change->role);
	values[1] = PointerGetDatum(change->org_id);
	values[2] = PointerGetDatum(change->node_id);
	values[3] = Int32GetDatum(change->incarnation);
	values[4] = PointerGetDatum(privileges_array(privileges));
	values[5] = CStringGetTextDatum(actor_role());
	values[6] = TimestampTzGetDatum(actor_stamp());
	if (privileges == 0)
		rows = record_write(change->relid,
							psprintf("DELETE FROM ONLY %s AS g"
									 " WHERE g.role = $1 AND g.org_id = $2 AND g.node_id = $3", table),
							3, types, values, NULL);
	else if (change->exists)
		rows = record_write(change->relid,
							psprintf("UPDATE ONLY %s AS g SET incarnation = $4, privileges = $5,"
									 " granted_by = $6, granted_at = $7"
									 " WHERE g.role = $1 AND g.org_id = $2 AND g.node_id = $3", table),
							lengthof(types), types, values, NULL);
	else
		rows = record_write(change->relid,
							psprintf("INSERT INTO %s (role, org_id, node_id, incarnation, privileges,"
									 " granted_by, granted_at) VALUES ($1, $2, $3, $4, $5, $6, $7)", table),
							lengthof(types), types, values, NULL);
	if (rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("privileges at %s were not changed",
						node_phrase(change->org_id, change->node_id)),
				 errdetail("A trigger or a rule of table \"%s\" took the change away.",
						   get_rel_name(change->relid))));
}

/*
 * change_end: let the role have these privileges; returns them as the function
 * does.
 */
static Datum
change_end(FunctionCallInfo fcinfo, const GrantChange *change, int privileges)
{
	if (privileges & ~change->before)
		record(fcinfo, change, "grant", privileges & ~change->before);
	if (change->before & ~privileges)
		record(fcinfo, change, "revoke", change->before & ~privileges);
	/* a row of an incarnation that is gone goes too */
	if (privileges != change->before || (privileges == 0 && change->exists))
		write_grant(change, privileges);
	SPI_finish();
	PG_RETURN_ARRAYTYPE_P(privileges_array(privileges));
}

/*
 * privileges_argument: the privileges that the fourth argument names.
 *
 * Errors: invalid_parameter_value.
 */
static int
privileges_argument(FunctionCallInfo fcinfo)
{
	const char *unknown;
	int			privileges;

	if (PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("privileges must not be null")));
	privileges = privileges_parse(PG_GETARG_ARRAYTYPE_P(3), &unknown);
	if (unknown != NULL || privileges == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 unknown == NULL ? errmsg("no privilege is named") :
				 errmsg("%s is no privilege",
						name_phrase(jsonb_ref_string(unknown, strlen(unknown)))),
				 errhint("Privileges are \"read\", \"reveal\", \"write\" and \"admin\".")));
	return privileges;
}

/*
 * integration_config_grant(role text, org_id text, node_id text, privileges
 * text[]) returns text[]: let a role have privileges at a node and all below it.
 */
Datum
integration_config_grant(PG_FUNCTION_ARGS)
{
	int			privileges = privileges_argument(fcinfo);
	GrantChange change;

	change_begin(&change, fcinfo, false);
	return change_end(fcinfo, &change, change.before | privileges);
}

/*
 * integration_config_revoke(role text, org_id text, node_id text, privileges
 * text[]) returns text[]: take privileges, or with null all, away from a role.
 */
Datum
integration_config_revoke(PG_FUNCTION_ARGS)
{
	int			privileges = PG_ARGISNULL(3) ? ~0 : privileges_argument(fcinfo);
	GrantChange change;

	change_begin(&change, fcinfo, true);
	return change_end(fcinfo, &change, change.before & ~privileges);
}

/*
 * The rows of integration_config_privileges.  $1 is the organisation, $2 and $3
 * the names and incarnations of the node and those above it, $4 the table of nodes.
 */
static const char privileges_text[] =
	"SELECT p.role, p.privileges, p.via, p.granted_at_node, p.granted_by, p.granted_at FROM ("
	" SELECT 1 AS place, r.rolname::text AS role, g.privileges::text[] AS privileges, 'grant' AS via,"
	"  g.node_id::text AS granted_at_node, g.granted_by::text AS granted_by,"
	"  g.granted_at::timestamptz AS granted_at"
	" FROM ONLY %1$s AS g JOIN pg_roles AS r ON r.oid = g.role"
	" WHERE (g.org_id = '*' AND g.node_id = '*') OR (g.org_id = $1 AND EXISTS ("
	"  SELECT FROM unnest($2, $3) AS n (node_id, incarnation)"
	"  WHERE n.node_id = g.node_id AND n.incarnation = g.incarnation))"
	" UNION ALL"
	" SELECT CASE WHEN r.rolsuper THEN 4 WHEN o.owns THEN 3 ELSE 2 END, r.rolname::text,"
	"  CASE WHEN r.rolsuper OR o.owns THEN '{read,reveal,write,admin}'::text[]"
	"  WHEN t.updates THEN '{read,reveal,write}' ELSE '{read,reveal}' END,"
	"  CASE WHEN r.rolsuper THEN 'superuser' WHEN o.owns THEN 'owner' ELSE 'table' END,"
	"  NULL, NULL, NULL::timestamptz"
	" FROM pg_roles AS r,"
	"  LATERAL (SELECT r.oid IN (SELECT c.relowner FROM pg_class AS c WHERE c.oid = $4"
	"   UNION ALL SELECT d.datdba FROM pg_database AS d WHERE d.datname = current_database()) AS owns) AS o,"
	"  LATERAL (SELECT has_column_privilege(r.oid, $4, 'config_json', 'SELECT') AS reads,"
	"   has_column_privilege(r.oid, $4, 'config_json', 'UPDATE') AS updates) AS t"
	" WHERE r.rolsuper OR o.owns OR t.reads"
	") AS p ORDER BY p.place, p.role, p.granted_at_node";

/* A node and those above it, innermost first, as a query takes them. */
typedef struct NodePath
{
	ArrayBuildState *names;
	ArrayBuildState *incarnations;
} NodePath;

/*
 * add_to_path: add a node to the path.
 */
static void
add_to_path(NodePath *path, const NodeRow *row)
{
	path->names = accumArrayResult(path->names, PointerGetDatum(row->node_id), false, TEXTOID,
								   CurrentMemoryContext);
	path->incarnations = accumArrayResult(path->incarnations, Int32GetDatum(row->incarnation),
										  false, INT4OID, CurrentMemoryContext);
}

/*
 * read_path: the path of a node that the caller may read.
 *
 * Errors: those of reader_require.
 */
static void
read_path(NodePath *path, FunctionCallInfo fcinfo, text *org_id, text *node_id)
{
	static const NodeColumn columns[] = {NODE_ORG_ID, NODE_NODE_ID, NODE_PARENT_ID};
	NodeReader	reader;
	NodeRow		row;
	bool		found;

	reader_begin(&reader, fcinfo, PRIVILEGE_READ, lengthof(columns), columns);
	reader.table.incarnations = true;
	found = reader_find(&reader, org_id, node_id, &row);
	reader_require(&reader, org_id, node_id, found, reader_privileges(&reader, fcinfo, org_id, node_id));
	for (int level = 0; level <= STORE_MAX_LEVELS; level++)
	{
		CHECK_FOR_INTERRUPTS();
		add_to_path(path, &row);
		if (row.parent_id == NULL ||
			!node_place(&reader.table, org_id, row.parent_id, reader.snapshot, &row))
			break;
	}
	reader_end(&reader);
}

/*
 * integration_config_privileges(org_id text, node_id text) returns setof record:
 * who may do what at a node, and by what.
 */
Datum
integration_config_privileges(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTARRAYOID, INT4ARRAYOID, OIDOID};
	ReturnSetInfo *result = result_begin(fcinfo);
	text	   *org_id = PG_GETARG_TEXT_PP(0);
	text	   *node_id = PG_GETARG_TEXT_PP(1);
	NodePath	path = {0};
	Datum		values[lengthof(types)];

	if (is_platform(org_id, node_id))
	{
		access_require(fcinfo, org_id, node_id, PRIVILEGE_READ);
		add_to_path(&path, &(NodeRow) {.node_id = node_id});
	}
	else
		read_path(&path, fcinfo, org_id, node_id);
	values[0] = PointerGetDatum(org_id);
	values[1] = makeArrayResult(path.names, CurrentMemoryContext);
	values[2] = makeArrayResult(path.incarnations, CurrentMemoryContext);
	values[3] = ObjectIdGetDatum(own_table_required(fcinfo, OWN_NODES, AccessShareLock));
	SPI_connect();
	own_select_as_owner(fcinfo, OWN_GRANTS, privileges_text, lengthof(types), types, values, result);
	SPI_finish();
	return (Datum) 0;
}
