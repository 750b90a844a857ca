/*-------------------------------------------------------------------------
 *
 * store/import_history.c
 *	  Moving in: the history that a platform has kept of its nodes.
 *
 * What came before this database's own first version of a node has the versions up
 * to 0, so that it stands before that, whichever of the two is brought first; a node
 * that has nothing else is not there (history_latest()).  It is taken as it is, for
 * it is the past, but for secrets, which are sealed as any; the incarnation is 0.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "jsonb/reader.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "store/history.h"
#include "store/lookup.h"
#include "store/node_rules.h"
#include "store/node_seal.h"
#include "store/store.h"
#include "store/write_context.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(integration_config_import_history);

/* How many versions are read at a time. */
#define ROWS_FETCHED 100

/* What is read of a version. */
enum
{
	READ_ORG_ID,
	READ_NODE_ID,
	READ_NUMBER,
	READ_CONFIG_JSON,
	READ_CHANGED_AT,
	READ_AUTHOR,
	READ_REASON,
	READ_TYPE,
	READ_PARENT_ID,
	READ_NAME,
	READ_COLUMNS
};

/* %s is the source.  JSON may be kept as text there. */
static const char source_text[] =
	"SELECT v.org_id, v.node_id,"
	" (row_number() OVER w - count(*) OVER (PARTITION BY v.org_id, v.node_id))::int4,"
	" v.config_json, v.changed_at, v.author, v.reason, v.node_type, v.parent_id, v.name"
	" FROM (SELECT r.row ->> 'org_id' AS org_id, r.row ->> 'node_id' AS node_id,"
	"   CASE jsonb_typeof(r.row -> 'config_json')"
	"    WHEN 'string' THEN (r.row ->> 'config_json')::jsonb"
	"    WHEN 'null' THEN NULL ELSE r.row -> 'config_json' END AS config_json,"
	"   (r.row ->> 'changed_at')::timestamptz AS changed_at, r.row ->> 'author' AS author,"
	"   r.row ->> 'reason' AS reason, r.row ->> 'node_type' AS node_type,"
	"   r.row ->> 'parent_id' AS parent_id, r.row ->> 'name' AS name,"
	"   (r.row ->> 'version')::numeric AS version"
	"  FROM (SELECT to_jsonb(s) AS row FROM %s AS s) AS r) AS v"
	" WINDOW w AS (PARTITION BY v.org_id, v.node_id"
	"  ORDER BY v.version, v.changed_at)"
	" ORDER BY 1, 2, 3";

typedef struct HistoryImport
{
	FunctionCallInfo fcinfo;
	Oid			history;
	NodeTable	nodes;
	text	   *org_id;			/* the node whose versions are coming */
	text	   *node_id;
	bool		taken;			/* they were brought before */
	NodeRow		row;			/* as it is now, if it is there */
	bool		is_there;
	Jsonb	   *before;			/* the version before, as it is stored */
	MemoryContext node_cxt;
	int64		inserted;
	int64		unchanged;
} HistoryImport;

/*
 * text_of: a column as text; NULL where it is null.
 */
static text *
text_of(const Datum *values, const bool *nulls, int column)
{
	return nulls[column] ? NULL : DatumGetTextPP(values[column]);
}

/*
 * was_taken: has the node versions of elsewhere already?
 */
static bool
was_taken(const HistoryImport *import)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Datum		values[] = {PointerGetDatum(import->org_id), PointerGetDatum(import->node_id)};

	return own_execute(NULL, relation_owner(import->history),
					   psprintf("SELECT FROM ONLY %s AS h WHERE h.org_id OPERATOR(pg_catalog.=) $1"
								" AND h.node_id OPERATOR(pg_catalog.=) $2"
								" AND h.version OPERATOR(pg_catalog.<=) 0 LIMIT 1",
								qualified_name(import->history)),
					   lengthof(types), types, values, NULL, InvalidSnapshot) > 0;
}

/*
 * begin_node: the next version is another node's.
 */
static void
begin_node(HistoryImport *import, text *org_id, text *node_id)
{
	MemoryContext caller;

	MemoryContextReset(import->node_cxt);
	caller = MemoryContextSwitchTo(import->node_cxt);
	import->org_id = DatumGetTextPCopy(PointerGetDatum(org_id));
	import->node_id = DatumGetTextPCopy(PointerGetDatum(node_id));
	import->before = NULL;
	import->is_there = node_find(&import->nodes, import->org_id, import->node_id,
								 GetActiveSnapshot(), &import->row);
	MemoryContextSwitchTo(caller);
	import->taken = was_taken(import);
}

/*
 * refuse: the error for a version that is none.
 */
static void
refuse(const HistoryImport *import, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("history of %s cannot be imported",
					node_phrase(import->org_id, import->node_id)),
			 errdetail("A version of it %s.", what)));
}

/*
 * write_version: write a version into the history.
 */
static void
write_version(HistoryImport *import, NodeVersion *version, text *reason)
{
	WriteContext context = {
		.org_id = store_text_ref(import->org_id),.node_id = store_text_ref(import->node_id),
		.reason = reason != NULL ? text_to_cstring(reason) : "imported"
	};
	WriteContext *outer = write_context;

	PG_TRY();
	{
		write_context = &context;
		import->inserted += history_write(import->fcinfo, version);
	}
	PG_FINALLY();
	{
		write_context = outer;
	}
	PG_END_TRY();
}

/*
 * import_version: take a version over.
 */
static void
import_version(HistoryImport *import, const Datum *values, const bool *nulls)
{
	NodeVersion version = {0};
	MemoryContext caller;
	text	   *type = text_of(values, nulls, READ_TYPE);
	text	   *author = text_of(values, nulls, READ_AUTHOR);

	if (import->taken)
	{
		import->unchanged++;
		return;
	}
	if (nulls[READ_CONFIG_JSON] ||
		jsonb_ref_root(DatumGetJsonbP(values[READ_CONFIG_JSON])).type != JREF_OBJECT)
		refuse(import, "has no document that is a JSON object");
	if (nulls[READ_CHANGED_AT])
		refuse(import, "has no time");
	if (type == NULL)
		type = import->is_there ? import->row.node_type : cstring_to_text("team");
	version.org_id = import->org_id;
	version.node_id = import->node_id;
	version.version = DatumGetInt32(values[READ_NUMBER]);
	version.operation = import->before == NULL ? "insert" : "update";
	version.parent_id = nulls[READ_PARENT_ID] && import->is_there ? import->row.parent_id :
		text_of(values, nulls, READ_PARENT_ID);
	version.node_type = type;
	version.name = text_of(values, nulls, READ_NAME);
	version.author = author != NULL ? author : cstring_to_text("unknown");
	version.changed_at = version.created_at = DatumGetTimestampTz(values[READ_CHANGED_AT]);
	version.document = node_sealed(import->fcinfo, import->nodes.relation, import->org_id,
								   import->node_id, DatumGetJsonbP(values[READ_CONFIG_JSON]),
								   import->before, NULL);
	write_version(import, &version, text_of(values, nulls, READ_REASON));
	/* a secret that does not change is sealed as it was */
	caller = MemoryContextSwitchTo(import->node_cxt);
	import->before = DatumGetJsonbPCopy(JsonbPGetDatum(version.document));
	MemoryContextSwitchTo(caller);
}

/*
 * import_row: a row of the source.
 */
static void
import_row(HistoryImport *import, HeapTuple row, TupleDesc desc)
{
	Datum		values[READ_COLUMNS];
	bool		nulls[READ_COLUMNS];
	text	   *org_id;
	text	   *node_id;

	heap_deform_tuple(row, desc, values, nulls);
	if (nulls[READ_ORG_ID] || nulls[READ_NODE_ID])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("organisation and node of a version must not be null")));
	org_id = DatumGetTextPP(values[READ_ORG_ID]);
	node_id = DatumGetTextPP(values[READ_NODE_ID]);
	if (import->org_id == NULL ||
		!jsonb_ref_equal(store_text_ref(org_id), store_text_ref(import->org_id)) ||
		!jsonb_ref_equal(store_text_ref(node_id), store_text_ref(import->node_id)))
		begin_node(import, org_id, node_id);
	import_version(import, values, nulls);
}

/*
 * import_rows: all rows of the source, which is read as identity_for_source() has it.
 */
static void
import_rows(HistoryImport *import, Oid source)
{
	AttrNumber	whole_row = InvalidAttrNumber;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row_cxt = AllocSetContextCreate(caller, "version", ALLOCSET_DEFAULT_SIZES);
	Identity	reader;
	SPIPlanPtr	plan;
	Portal		portal;

	identity_for_source(&reader, source, 1, &whole_row);
	plan = plan_prepare(psprintf(source_text, qualified_name(source)), 0, NULL);
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	identity_return(&reader);
	for (;;)
	{
		SPITupleTable *rows;

		identity_for_source(&reader, source, 1, &whole_row);
		SPI_cursor_fetch(portal, true, ROWS_FETCHED);
		identity_return(&reader);
		rows = SPI_tuptable;
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0, count = SPI_processed; i < count; i++)
		{
			CHECK_FOR_INTERRUPTS();
			MemoryContextSwitchTo(row_cxt);
			SPI_connect();
			import_row(import, rows->vals[i], rows->tupdesc);
			SPI_finish();
			MemoryContextSwitchTo(caller);
			MemoryContextReset(row_cxt);
		}
		SPI_freetuptable(rows);
	}
	SPI_cursor_close(portal);
	SPI_freeplan(plan);
	MemoryContextDelete(row_cxt);
}

/*
 * require_rights: the caller may write all of the history.
 *
 * Errors: insufficient_privilege.
 */
static void
require_rights(Oid history)
{
	(void) rights_checked(history, ACL_INSERT, 0, NULL, GetUserId(), true);
	if (check_enable_rls(history, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("history cannot be imported under row security"),
				 errdetail("Row security of table \"%s\" applies to role \"%s\".",
						   get_rel_name(history), GetUserNameFromId(GetUserId(), false))));
}

/*
 * integration_config_import_history(source regclass) returns record: take the
 * versions over that a platform has kept of its nodes.
 *
 * The versions of a node are brought once.
 */
Datum
integration_config_import_history(PG_FUNCTION_ARGS)
{
	Oid			source = PG_GETARG_OID(0);
	HistoryImport import = {.fcinfo = fcinfo};
	TupleDesc	desc;
	Datum		values[2];
	bool		nulls[2] = {false};
	int			level;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (get_rel_name(source) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", source)));
	import.history = own_table_required(fcinfo, OWN_HISTORY, RowExclusiveLock);
	require_rights(import.history);
	(void) source_column(source, "org_id");
	(void) source_column(source, "node_id");
	(void) source_column(source, "config_json");
	(void) source_column(source, "changed_at");
	node_table_open(&import.nodes, own_table_required(fcinfo, OWN_NODES, AccessShareLock), NoLock);
	import.node_cxt = AllocSetContextCreate(CurrentMemoryContext, "node", ALLOCSET_DEFAULT_SIZES);
	level = search_path_secure();
	SPI_connect();
	import_rows(&import, source);
	SPI_finish();
	AtEOXact_GUC(false, level);
	node_table_close(&import.nodes);
	values[0] = Int64GetDatum(import.inserted);
	values[1] = Int64GetDatum(import.unchanged);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
