/*-------------------------------------------------------------------------
 *
 * store/plans.c
 *	  The store's prepared queries.
 *
 * The plans are kept for the session.  The server's plan cache sees to what
 * may change under them: the tables (dropped and made again included, since
 * it analyses the text anew), the role and its row security.  Only the
 * extension's schema is part of the text, so the plans belong to a schema.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "store/plans.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* A query: %s is the table node_configurations. */
typedef struct StoreQueryText
{
	const char *text;
	int			nargs;
	Oid			argtypes[3];
} StoreQueryText;

static const StoreQueryText queries[STORE_QUERIES] = {
	[STORE_NODE] = {
		"SELECT n.parent_id::pg_catalog.text, n.config_json::pg_catalog.jsonb FROM %s AS n"
		" WHERE n.org_id OPERATOR(pg_catalog.=) $1 AND n.node_id OPERATOR(pg_catalog.=) $2",
		2, {TEXTOID, TEXTOID}
	},

	/*
	 * A plan of its own: the trigger runs as the owner, and under row
	 * security a plan that changes hands is made anew each time.
	 */
	[STORE_ANCESTOR] = {
		"SELECT n.parent_id::pg_catalog.text, n.config_json::pg_catalog.jsonb FROM %s AS n"
		" WHERE n.org_id OPERATOR(pg_catalog.=) $1 AND n.node_id OPERATOR(pg_catalog.=) $2",
		2, {TEXTOID, TEXTOID}
	},
	[STORE_NODES] = {
		"SELECT n.node_id::pg_catalog.text, n.parent_id::pg_catalog.text,"
		" n.node_type::pg_catalog.text, n.config_json::pg_catalog.jsonb FROM %s AS n"
		" WHERE n.org_id OPERATOR(pg_catalog.=) $1 ORDER BY n.node_id",
		1, {TEXTOID}
	},
	[STORE_HEIGHT] = {
		"WITH RECURSIVE below AS ("
		" SELECT $2 AS node_id, 0 AS level"
		" UNION ALL"
		" SELECT n.node_id, b.level OPERATOR(pg_catalog.+) 1"
		" FROM below AS b JOIN %s AS n ON n.org_id OPERATOR(pg_catalog.=) $1 AND n.parent_id OPERATOR(pg_catalog.=) b.node_id"
		" WHERE b.level OPERATOR(pg_catalog.<=) $3)"
		" SELECT pg_catalog.max(level) FROM below",
		3, {TEXTOID, TEXTOID, INT4OID}
	},
};

/* The plans and the schema that they were made for. */
static struct
{
	char	   *schema;			/* in TopMemoryContext */
	SPIPlanPtr	plans[STORE_QUERIES];
} prepared;

/*
 * store_qualified: the quoted, qualified name of one of the store's tables,
 * palloc'd.
 */
char *
store_qualified(Oid namespace, const char *name)
{
	char	   *schema = get_namespace_name(namespace);

	if (schema == NULL)
		elog(ERROR, "cache lookup failed for schema %u", namespace);
	return quote_qualified_identifier(schema, name);
}

/*
 * prepared_for: make sure that the plans are for that schema.
 *
 * The schema is known by its name, since that is what the texts have: one
 * that was renamed must not be looked for under its old name.
 */
static void
prepared_for(Oid namespace)
{
	char	   *schema = get_namespace_name(namespace);

	if (schema == NULL)
		elog(ERROR, "cache lookup failed for schema %u", namespace);
	if (prepared.schema != NULL && strcmp(prepared.schema, schema) == 0)
	{
		pfree(schema);
		return;
	}
	for (int i = 0; i < STORE_QUERIES; i++)
	{
		if (prepared.plans[i] != NULL)
			SPI_freeplan(prepared.plans[i]);
		prepared.plans[i] = NULL;
	}
	if (prepared.schema != NULL)
		pfree(prepared.schema);
	prepared.schema = NULL;
	prepared.schema = MemoryContextStrdup(TopMemoryContext, schema);
	pfree(schema);
}

/*
 * store_plan: the plan of a query, prepared on first use.
 *
 * The caller is connected to SPI.  The plan stays the store's own.
 */
SPIPlanPtr
store_plan(Oid namespace, StoreQuery query)
{
	prepared_for(namespace);
	if (prepared.plans[query] == NULL)
	{
		const StoreQueryText *q = &queries[query];
		Oid			argtypes[lengthof(q->argtypes)];
		char	   *text;
		SPIPlanPtr	plan;

		text = psprintf(q->text, store_qualified(namespace, STORE_TABLE));
		memcpy(argtypes, q->argtypes, sizeof(argtypes));
		plan = SPI_prepare_cursor(text, q->nargs, argtypes,
								  CURSOR_OPT_GENERIC_PLAN);
		if (plan == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", text,
				 SPI_result_code_string(SPI_result));
		if (SPI_keepplan(plan) != 0)
			elog(ERROR, "could not keep a plan");
		prepared.plans[query] = plan;
	}
	return prepared.plans[query];
}

/*
 * store_execute: run a query, reading only, under the active snapshot; its
 * rows are in SPI_tuptable and their number is returned.
 *
 * The caller is connected to SPI.
 */
uint64
store_execute(Oid namespace, StoreQuery query, Datum *values)
{
	int			status;

	status = SPI_execute_plan(store_plan(namespace, query), values, NULL, true, 0);
	if (status != SPI_OK_SELECT)
		elog(ERROR, "could not execute a query of the store: %s",
			 SPI_result_code_string(status));
	return SPI_processed;
}
