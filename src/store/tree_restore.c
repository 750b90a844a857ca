/*-------------------------------------------------------------------------
 *
 * store/tree_restore.c
 *	  Puts the nodes back that the history tells of.
 *
 * A dump carries node_configuration_history alone.  When rows come into it
 * from outside, as a restore's COPY, the nodes of which they are the latest
 * versions are written as they were: the same version, time and author, not
 * validated (the catalogue may have changed since, or not be there yet), not
 * announced, and not written to the history once more.  So the tables'
 * triggers must not fire for them, which is what
 * session_replication_role = replica is for; a role that restores may not be
 * allowed to set it, but this code may, for what it does here, and only where
 * nothing of somebody's own would run under it: that could evade the triggers
 * and foreign keys of any table.  The foreign
 * key does not fire either: pg_dump --inserts restores a row a statement, in
 * an order in which a child may come before its parent.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "server/own_table.h"
#include "server/trigger_call.h"
#include "store/plans.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#define HISTORY_TABLE "node_configuration_history"

PG_FUNCTION_INFO_V1(node_configuration_history_restore);
PG_FUNCTION_INFO_V1(integration_config_rebuild);

/* The latest versions of the nodes of which there are rows in %1$s. */
#define LATEST \
	"SELECT DISTINCT ON (h.org_id, h.node_id) h.*" \
	" FROM (SELECT DISTINCT org_id, node_id FROM %1$s) AS r" \
	" JOIN %2$s AS h USING (org_id, node_id)" \
	" ORDER BY h.org_id, h.node_id, h.version DESC"

/* Those that are deletions first: a root makes room for the next one. */
static const char delete_gone[] =
	"WITH latest AS (" LATEST ")"
	" DELETE FROM %3$s AS n USING latest AS l"
	" WHERE n.org_id = l.org_id AND n.node_id = l.node_id"
	" AND l.operation = 'delete' AND n.version < l.version";

static const char write_latest[] =
	"WITH latest AS (" LATEST ")"
	" INSERT INTO %3$s AS n (org_id, node_id, parent_id, node_type, config_json,"
	" version, created_at, updated_at, updated_by)"
	" SELECT org_id, node_id, parent_id, node_type, config_json,"
	" version, created_at, changed_at, author"
	" FROM latest WHERE operation <> 'delete'"
	" ON CONFLICT (org_id, node_id) DO UPDATE"
	" SET parent_id = excluded.parent_id, node_type = excluded.node_type,"
	" config_json = excluded.config_json, version = excluded.version,"
	" created_at = excluded.created_at, updated_at = excluded.updated_at,"
	" updated_by = excluded.updated_by"
	" WHERE n.version < excluded.version";

/*
 * check_code: refuse a table that runs code of its owner's, unless he is a
 * superuser.  It is locked, so that this stays true.
 */
static void
check_code(Oid namespace, const char *name, bool writing)
{
	Relation	table;

	if (superuser())
		return;
	table = table_openrv(makeRangeVar(get_namespace_name(namespace), pstrdup(name), -1),
						 writing ? RowExclusiveLock : AccessShareLock);
	if (own_table_runs_code(table, writing))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("nodes cannot be restored with table \"%s\" as it is", name),
				 errdetail("It has triggers, rules, row security, expressions or types that run functions of this database."),
				 errhint("Restore first and add them then, or let a superuser call integration_config_rebuild().")));
	table_close(table, NoLock);
}

/*
 * write_nodes: bring the nodes up to their latest versions in the history,
 * those of which there are rows in source (a table's name, quoted).
 *
 * The caller is connected to SPI.
 */
static void
write_nodes(Oid namespace, const char *source)
{
	char	   *history = store_qualified(namespace, HISTORY_TABLE);
	char	   *nodes = store_qualified(namespace, STORE_TABLE);
	int			level = NewGUCNestLevel();
	int			status;

	check_code(namespace, HISTORY_TABLE, false);
	check_code(namespace, STORE_TABLE, true);
	(void) set_config_option("session_replication_role", "replica",
							 PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	status = SPI_execute(psprintf(delete_gone, source, history, nodes), false, 0);
	if (status == SPI_OK_DELETE)
		status = SPI_execute(psprintf(write_latest, source, history, nodes), false, 0);
	if (status != SPI_OK_INSERT)
		elog(ERROR, "could not restore nodes: %s", SPI_result_code_string(status));
	AtEOXact_GUC(true, level);
}

/*
 * node_configuration_history_restore: AFTER INSERT on the history, for each
 * statement, with the rows as "restored".
 */
Datum
node_configuration_history_restore(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, HISTORY_TABLE,
											FIRED(AFTER, STATEMENT, INSERT),
											"after insert, for each statement");

	SPI_connect();
	if (SPI_register_trigger_data(trigger) != SPI_OK_TD_REGISTER)
		elog(ERROR, "could not register a trigger's rows");
	write_nodes(RelationGetNamespace(trigger->tg_relation), "restored");
	SPI_finish();
	return PointerGetDatum(NULL);
}

/*
 * integration_config_rebuild() returns void: all nodes.
 */
Datum
integration_config_rebuild(PG_FUNCTION_ARGS)
{
	Oid			namespace = get_func_namespace(fcinfo->flinfo->fn_oid);

	SPI_connect();
	write_nodes(namespace, store_qualified(namespace, HISTORY_TABLE));
	SPI_finish();
	PG_RETURN_VOID();
}
