/*-------------------------------------------------------------------------
 *
 * store/import.c
 *	  Moving in: a platform that has a table of nodes of its own takes its rows
 *	  over.
 *
 * The source is read once, into a tuplestore that goes to disk where it is
 * large; what each node is going to be is worked out into another one, and the
 * statements that check and write take it from there, all nodes at once, as
 * the tree's rules want it.
 *
 * What the source holds is read with the caller's rights; what its owner wrote
 * around a table of his does not get hold of them.  The nodes are written as
 * the functions for one node do it (store/write.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "store/lookup.h"
#include "store/node_rules.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#include "validation/findings.h"

PG_FUNCTION_INFO_V1(integration_config_import);

/* How many nodes a notice names. */
#define NODES_SHOWN 100

/* How many documents are checked at a time. */
#define ROWS_FETCHED 1000

/* How the reason of a version begins that came from another table. */
#define IMPORT_REASON "import from "

/* Of a version that a renaming wrote, as a pattern: nobody changed the node. */
#define RENAME_REASON "^(field|integration) renamed"

/* The columns that a source may have. */
typedef enum ImportColumn
{
	IMPORT_ORG_ID,
	IMPORT_NODE_ID,
	IMPORT_PARENT_ID,
	IMPORT_TYPE,
	IMPORT_NAME,
	IMPORT_CONFIG_JSON,
	IMPORT_CREATED_AT,
	IMPORT_COLUMNS				/* how many there are */
} ImportColumn;

typedef struct NamedType
{
	const char *name;
	Oid			type;
} NamedType;

static const NamedType import_columns[IMPORT_COLUMNS] = {
	[IMPORT_ORG_ID] = {"org_id", TEXTOID},
	[IMPORT_NODE_ID] = {"node_id", TEXTOID},
	[IMPORT_PARENT_ID] = {"parent_id", TEXTOID},
	[IMPORT_TYPE] = {"node_type", TEXTOID},
	[IMPORT_NAME] = {"name", TEXTOID},
	[IMPORT_CONFIG_JSON] = {"config_json", JSONBOID},
	[IMPORT_CREATED_AT] = {"created_at", TIMESTAMPTZOID},
};

/* What the rows that wanted_text gives have beside these. */
static const NamedType wanted_columns[] = {
	{"version", INT4OID},		/* null: a new node */
	{"written", BOOLOID},
	{"newer", BOOLOID},			/* changed here since it was imported */
};

typedef struct Import
{
	Oid			source;
	const char *source_name;	/* qualified and quoted, as those below */
	const char *nodes_name;
	const char *history_name;
	const char *schema;			/* the extension's, quoted */
	AttrNumber	columns[IMPORT_COLUMNS];	/* in the source;
											 * InvalidAttrNumber: it has none */
	bool		overwrite;
} Import;

/*
 * What each node is going to be.  A column that the source has not keeps the
 * value that the node has; a level that nobody gives follows from the tree.
 *
 * A mask keeps what is stored at its place.
 *
 * The parameters are: whether newer changes are overwritten; the history;
 * parent_id and name of a node, the extension's schema, the node's document; the
 * table of nodes, and the history.
 */
static const char wanted_text[] =
"SELECT w.org_id, w.node_id, w.parent_id, w.node_type, w.name, w.config_json, w.created_at,"
"       w.version,"
"       w.version IS NULL OR w.differs AND (NOT w.here OR %s) AS written,"
"       w.version IS NOT NULL AND w.differs AND w.here AS newer"
"  FROM (SELECT i.org_id, i.node_id, i.parent_id,"
"               coalesce(i.node_type, i.type_now,"
"                        CASE WHEN i.org_id = '*' AND i.node_id = '*' THEN 'platform'"
"                             WHEN i.parent_id IS NULL THEN 'org'"
"                             WHEN p.parent_id IS NOT NULL THEN 'unit'"
"                             ELSE 'team' END) AS node_type,"
"               i.name, i.config_json, i.created_at, i.version,"
"               i.parent_id IS DISTINCT FROM i.parent_now"
"               OR coalesce(i.node_type, i.type_now) IS DISTINCT FROM i.type_now"
"               OR i.name IS DISTINCT FROM i.name_now"
"               OR i.config_json IS DISTINCT FROM i.config_now AS differs,"
"               NOT starts_with(coalesce(CASE WHEN h.reason ~ '" RENAME_REASON "' THEN ("
"                 SELECT v.reason FROM ONLY %s AS v"
"                  WHERE v.org_id = i.org_id AND v.node_id = i.node_id AND v.version < i.version"
"                    AND coalesce(v.reason, '') !~ '" RENAME_REASON "' ORDER BY v.version DESC LIMIT 1)"
"                 ELSE h.reason END, ''), '" IMPORT_REASON "') AS here"
"          FROM (SELECT i.org_id, i.node_id, %s AS parent_id, i.node_type, %s AS name,"
"                       %s.integration_schema_unmask(%s, n.config_json) AS config_json,"
"                       i.created_at, n.version,"
"                       n.parent_id AS parent_now, n.node_type AS type_now,"
"                       n.name AS name_now, n.config_json AS config_now"
"                  FROM incoming AS i"
"                  LEFT JOIN ONLY %s AS n ON n.org_id = i.org_id AND n.node_id = i.node_id) AS i"
"          LEFT JOIN (SELECT DISTINCT c.org_id, c.parent_id FROM incoming AS c) AS p"
"            ON p.org_id = i.org_id AND p.parent_id = i.node_id"
"          LEFT JOIN ONLY %s AS h"
"            ON h.org_id = i.org_id AND h.node_id = i.node_id AND h.version = i.version) AS w";

static const char check_text[] =
"SELECT w.org_id, w.node_id, w.node_type, w.config_json, n.config_json"
"  FROM wanted AS w"
"  LEFT JOIN ONLY %s AS n ON n.org_id = w.org_id AND n.node_id = w.node_id"
" WHERE w.written"
" ORDER BY w.org_id, w.node_id";

static const char insert_text[] =
"INSERT INTO %s (org_id, node_id, parent_id, node_type, name, config_json, created_at)"
" SELECT w.org_id, w.node_id, w.parent_id, w.node_type, w.name, w.config_json,"
"        coalesce(w.created_at, now())"
"   FROM wanted AS w WHERE w.version IS NULL";

static const char update_text[] =
"UPDATE ONLY %s AS n"
"   SET parent_id = w.parent_id, node_type = w.node_type, name = w.name,"
"       config_json = w.config_json"
"  FROM wanted AS w"
" WHERE n.org_id = w.org_id AND n.node_id = w.node_id AND w.version IS NOT NULL AND w.written";

static const char newer_text[] =
"SELECT w.org_id, w.node_id FROM wanted AS w WHERE w.newer ORDER BY w.org_id, w.node_id";

/*
 * append_column: append a name, which a source may have as null.
 */
static void
append_column(StringInfo out, HeapTuple row, int column)
{
	char	   *name = SPI_getvalue(row, SPI_tuptable->tupdesc, column);

	if (name != NULL)
		append_name(out, jsonb_ref_string(name, strlen(name)));
	else
		appendStringInfoString(out, "null");
}

/*
 * append_node_of: append a node's name, from a row that begins with it.
 */
static void
append_node_of(HeapTuple row, StringInfo out)
{
	appendStringInfoString(out, "node ");
	append_column(out, row, 2);
	appendStringInfoString(out, " of organisation ");
	append_column(out, row, 1);
}

/*
 * execute: run a statement, reading and writing; its rows go into the
 * tuplestore if there is one.  Returns how many there were.
 */
static uint64
execute(const char *text, Tuplestorestate *store)
{
	SPIExecuteOptions options = {0};
	int			status;

	if (store != NULL)
	{
		options.dest = CreateDestReceiver(DestTuplestore);
		SetTuplestoreDestReceiverParams(options.dest, store, CurrentMemoryContext,
										false, NULL, NULL);
	}
	status = SPI_execute_extended(text, &options);
	if (status < 0)
		elog(ERROR, "could not execute \"%s\": %s", text, SPI_result_code_string(status));
	return SPI_processed;
}

/*
 * rows_as: run a query, and let later statements read its rows, which have
 * import_columns and after them the extra ones, as a table of that name, until
 * rows_end().
 */
static uint64
rows_as(const char *name, const char *text, int nextra, const NamedType *extra,
		Tuplestorestate **rows_of)
{
	EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));
	TupleDesc	desc = CreateTemplateTupleDesc(IMPORT_COLUMNS + nextra);
	Tuplestorestate *store = tuplestore_begin_heap(true, false, work_mem);
	uint64		rows;
	int			status;

	for (int i = 0; i < IMPORT_COLUMNS + nextra; i++)
	{
		const NamedType *column = i < IMPORT_COLUMNS ? &import_columns[i] :
			&extra[i - IMPORT_COLUMNS];

		TupleDescInitEntry(desc, i + 1, column->name, column->type, -1, 0);
	}
#if PG_VERSION_NUM >= 190000
	TupleDescFinalize(desc);
#endif
	rows = execute(text, store);

	relation->md.name = pstrdup(name);
	relation->md.tupdesc = desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = rows;
	relation->reldata = store;
	status = SPI_register_relation(relation);
	if (status != SPI_OK_REL_REGISTER)
		elog(ERROR, "could not register \"%s\": %s", name, SPI_result_code_string(status));
	*rows_of = store;
	return rows;
}

/*
 * rows_end: nothing reads these rows any more.
 */
static void
rows_end(const char *name, Tuplestorestate *rows)
{
	(void) SPI_unregister_relation(name);
	tuplestore_end(rows);
}

/*
 * find_source: the table or view that the argument names, and its columns.
 */
static void
find_source(Import *import, Oid relid)
{
	Relation	source = try_relation_open(relid, AccessShareLock);

	if (source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	import->source = relid;
	import->source_name = qualified_name(relid);
	for (int i = 0; i < IMPORT_COLUMNS; i++)
		import->columns[i] = get_attnum(relid, import_columns[i].name);
	for (int i = IMPORT_ORG_ID; i <= IMPORT_NODE_ID; i++)
		(void) source_column(relid, import_columns[i].name);
	relation_close(source, NoLock);
}

/*
 * read_source: read the source, as "incoming"; returns how many rows it has.
 */
static uint64
read_source(const Import *import, Tuplestorestate **incoming)
{
	MemoryContext context = CurrentMemoryContext;
	Identity	caller;
	AttrNumber	read[IMPORT_COLUMNS];
	int			nread = 0;
	StringInfoData text;
	uint64		rows = 0;

	initStringInfo(&text);
	for (int i = 0; i < IMPORT_COLUMNS; i++)
	{
		bool		there = import->columns[i] != InvalidAttrNumber;

		appendStringInfo(&text, "%s %s%s::%s", i == 0 ? "SELECT" : ",",
						 there ? "s." : "NULL", there ? import_columns[i].name : "",
						 format_type_be_qualified(import_columns[i].type));
		if (there)
			read[nread++] = import->columns[i];
	}
	appendStringInfo(&text, " FROM %s AS s", import->source_name);

	identity_for_source(&caller, import->source, nread, read);
	PG_TRY();
	{
		rows = rows_as("incoming", text.data, 0, NULL, incoming);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (error->sqlerrcode != ERRCODE_INVALID_TEXT_REPRESENTATION &&
			error->sqlerrcode != ERRCODE_UNTRANSLATABLE_CHARACTER)
			PG_RE_THROW();
		/* the server's own error quotes the text */
		FlushErrorState();
		ereport(ERROR,
				(errcode(error->sqlerrcode),
				 errmsg("table %s has a document that is not JSON", import->source_name),
				 err_generic_string(PG_DIAG_TABLE_NAME, get_rel_name(import->source)),
				 err_generic_string(PG_DIAG_COLUMN_NAME,
									import_columns[IMPORT_CONFIG_JSON].name)));
	}
	PG_END_TRY();
	identity_return(&caller);
	return rows;
}

/*
 * check_document: collect what is wrong with the document of a row that
 * check_text gives.
 *
 * A level that there is not is left to the trigger.
 */
static void
check_document(const Catalogue *catalogue, HeapTuple row, Findings *findings)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	char	   *type = SPI_getvalue(row, desc, 3);
	ValidationLevel level = LEVEL_TEAM;
	JsonbRef	before = {0};
	Jsonb	   *document;
	bool		isnull;
	Datum		value;
	StringInfoData prefix;

	if (type != NULL)
		(void) validation_level_parse(type, strlen(type), &level);
	document = DatumGetJsonbP(SPI_getbinval(row, desc, 4, &isnull));
	value = SPI_getbinval(row, desc, 5, &isnull);
	if (!isnull)
		before = jsonb_ref_root(DatumGetJsonbP(value));
	initStringInfo(&prefix);
	append_node_of(row, &prefix);
	appendStringInfoString(&prefix, ": ");
	findings->prefix = prefix.data;
	validate_document(catalogue, jsonb_ref_root(document), before, level,
					  findings_add, findings);
}

/*
 * check_documents: an error (check_violation) that names everything that the
 * documents would be refused for, where there is something.
 *
 * As any write, an import is judged by what it adds or changes.  The locks of
 * nodes above are left to the trigger: those nodes may come with it.
 */
static void
check_documents(const Import *import, const Catalogue *catalogue, Oid nodes)
{
	MemoryContext row_cxt = AllocSetContextCreate(CurrentMemoryContext, "imported node",
												  ALLOCSET_DEFAULT_SIZES);
	Findings	findings = {0};
	Portal		portal;
	uint64		fetched;

	findings.cxt = CurrentMemoryContext;
	portal = SPI_cursor_open_with_args(NULL, psprintf(check_text, import->nodes_name),
									   0, NULL, NULL, NULL, false, 0);
	do
	{
		SPI_cursor_fetch(portal, true, ROWS_FETCHED);
		fetched = SPI_processed;
		for (uint64 i = 0; i < fetched; i++)
		{
			MemoryContext caller = MemoryContextSwitchTo(row_cxt);

			CHECK_FOR_INTERRUPTS();
			check_document(catalogue, SPI_tuptable->vals[i], &findings);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(row_cxt);
		}
		SPI_freetuptable(SPI_tuptable);
	} while (fetched > 0);
	SPI_cursor_close(portal);
	MemoryContextDelete(row_cxt);

	if (findings_refused(&findings))
	{
		NodeTable	table;

		node_table_open(&table, nodes, NoLock);
		findings_refuse(&findings, table.relation, table.columns[NODE_CONFIG_JSON], NODE_CHECK);
	}
}

/*
 * tell_newer: a notice that names the nodes that were changed here since they
 * were imported, and differ from the source now.
 */
static void
tell_newer(const Import *import)
{
	uint64		nodes = execute(newer_text, NULL);
	StringInfoData detail;

	if (nodes == 0)
		return;
	initStringInfo(&detail);
	for (uint64 i = 0; i < Min(nodes, NODES_SHOWN); i++)
	{
		if (i > 0)
			appendStringInfoChar(&detail, '\n');
		append_node_of(SPI_tuptable->vals[i], &detail);
	}
	if (nodes > NODES_SHOWN)
		appendStringInfo(&detail, "\nand " UINT64_FORMAT " more", nodes - NODES_SHOWN);
	ereport(NOTICE,
			(import->overwrite ?
			 errmsg("nodes that were changed here since they were imported are overwritten: " UINT64_FORMAT,
					nodes) :
			 errmsg("nodes that were changed here since they were imported are left as they are: " UINT64_FORMAT,
					nodes),
			 errdetail_internal("%s", detail.data),
			 import->overwrite ?
			 errhint("What they had is in their history; with overwrite => false they are left as they are.") : 0));
}

/*
 * check_rights: an error where the caller may not write nodes.
 */
static void
check_rights(Oid nodes)
{
	NodeTable	table;

	node_table_open(&table, nodes, NoLock);
	{
		const AttrNumber *all = table.columns;
		AttrNumber	inserted[] = {
			all[NODE_ORG_ID], all[NODE_NODE_ID], all[NODE_PARENT_ID], all[NODE_TYPE],
			all[NODE_NAME], all[NODE_CONFIG_JSON], all[NODE_CREATED_AT]
		};
		AttrNumber	updated[] = {
			all[NODE_PARENT_ID], all[NODE_TYPE], all[NODE_NAME], all[NODE_CONFIG_JSON]
		};
		AttrNumber	read[] = {
			all[NODE_ORG_ID], all[NODE_NODE_ID], all[NODE_PARENT_ID], all[NODE_TYPE],
			all[NODE_NAME], all[NODE_CONFIG_JSON], all[NODE_VERSION]
		};

		rights_checked(nodes, ACL_INSERT, lengthof(inserted), inserted, GetUserId(), true);
		rights_checked(nodes, ACL_UPDATE, lengthof(updated), updated, GetUserId(), true);
		rights_checked(nodes, ACL_SELECT, lengthof(read), read, GetUserId(), true);
	}
	node_table_close(&table);
}

/*
 * begin_reason: let the versions that are written say where they come from,
 * until AtEOXact_GUC(); before it what the session's own reason is.
 *
 * By how it begins a later import knows them.
 */
static void
begin_reason(const Import *import)
{
	const char *own = GetConfigOption("integration_schemas.reason", true, false);
	char	   *reason;

	reason = psprintf(IMPORT_REASON "%s%s%s", import->source_name,
					  own != NULL && own[0] != '\0' ? ": " : "", own != NULL ? own : "");
	(void) set_config_option("integration_schemas.reason", reason, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * integration_config_import(source regclass, overwrite boolean) returns record:
 * take the rows of another table of nodes over; gives how many were inserted,
 * updated, and left alone.
 */
Datum
integration_config_import(PG_FUNCTION_ARGS)
{
	Import		import = {0};
	Oid			nodes = own_table_required(fcinfo, OWN_NODES, RowExclusiveLock);
	Oid			history = own_table_required(fcinfo, OWN_HISTORY, AccessShareLock);
	int			guc_level = NewGUCNestLevel();
	Identity	caller;
	Tuplestorestate *incoming;
	Tuplestorestate *wanted;
	uint64		rows;
	uint64		inserted;
	uint64		updated;
	const Catalogue *catalogue;
	const char *document;
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	SPI_connect();
	find_source(&import, PG_GETARG_OID(0));
	import.overwrite = PG_GETARG_BOOL(1);
	import.nodes_name = qualified_name(nodes);
	import.history_name = qualified_name(history);
	import.schema = quote_identifier(get_namespace_name(own_namespace(fcinfo)));
	check_rights(nodes);
	catalogue = catalogue_of_owner(fcinfo);
	catalogue_pin(catalogue);
	rows = read_source(&import, &incoming);

	identity_for_table(&caller, nodes);
	begin_reason(&import);
	document = import.columns[IMPORT_CONFIG_JSON] == InvalidAttrNumber ?
		"coalesce(n.config_json, '{}')" : "coalesce(nullif(i.config_json, 'null'), '{}')";
	(void) rows_as("wanted",
				   psprintf(wanted_text, import.overwrite ? "true" : "false", import.history_name,
							import.columns[IMPORT_PARENT_ID] == InvalidAttrNumber ?
							"n.parent_id" : "i.parent_id",
							import.columns[IMPORT_NAME] == InvalidAttrNumber ?
							"n.name" : "i.name",
							import.schema, document, import.nodes_name, import.history_name),
				   lengthof(wanted_columns), wanted_columns, &wanted);
	rows_end("incoming", incoming);
	check_documents(&import, catalogue, nodes);
	tell_newer(&import);
	/* new nodes first: others may have moved below them */
	inserted = execute(psprintf(insert_text, import.nodes_name), NULL);
	updated = execute(psprintf(update_text, import.nodes_name), NULL);
	rows_end("wanted", wanted);
	identity_return(&caller);
	AtEOXact_GUC(false, guc_level);
	SPI_finish();

	values[0] = Int64GetDatum(inserted);
	values[1] = Int64GetDatum(updated);
	values[2] = Int64GetDatum(rows - inserted - updated);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
