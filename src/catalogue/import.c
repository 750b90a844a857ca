/*-------------------------------------------------------------------------
 *
 * catalogue/import.c
 *	  Moving in: a platform that has a catalogue of its own takes its rows over.
 *
 * Columns are matched by name, and those that the source does not have keep
 * what they are.  The source is read, and the rows are written, with the
 * caller's rights, but as the owner of the one and of the other, whose code may
 * be on it (server/identity.c); where row security applies to the caller, as
 * himself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "server/actor.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"

PG_FUNCTION_INFO_V1(integration_schemas_import);

#define IMPORT_REASON "import from "
#define PROBLEMS_SHOWN 100

/* The columns that are taken over, with what a new row has where they are null. */
static const struct
{
	const char *name;
	const char *type;
	const char *absent;			/* NULL: the column may be null */
}			columns[] = {
	{"name", "text", "r.id"},
	{"category", "text", "'other'"},
	{"description", "text", "''"},
	{"docs_url", "text", NULL},
	{"icon_url", "text", NULL},
	{"display_order", "int4", "999"},
	{"featured", "bool", "false"},
	{"required", "bool", "false"},
	{"locked", "bool", "false"},
	{"instances", "bool", "true"},
	{"fields", "jsonb", "'[]'"},
};

/* What comes of a row. */
typedef enum Outcome
{
	UNCHANGED,
	UPDATED,
	INSERTED
} Outcome;

typedef struct Import
{
	const char *source;			/* its name, for a query */
	Oid			catalogue;
	Oid			changes;		/* its history */
	Oid			caller;
	bool		overwrite;
	SPIPlanPtr	look;			/* $1 is the source's row in all of them */
	SPIPlanPtr	update;
	SPIPlanPtr	insert;
	int64		counts[INSERTED + 1];
	int			nedited;
	StringInfoData edited;		/* rows that were changed here since */
	int			nproblems;
	StringInfoData problems;
} Import;

/*
 * prepare: a statement about one row of the source.
 */
static SPIPlanPtr
prepare(const char *query)
{
	static const Oid types[] = {JSONBOID};

	return plan_prepare(query, lengthof(types), types);
}

/*
 * prepare_all: the statements.
 *
 * A column that the source has and the row leaves null is null, or keeps what
 * it is where it must not be.
 */
static void
prepare_all(Import *import)
{
	char	   *table = qualified_name(import->catalogue);
	char	   *history = qualified_name(import->changes);
	StringInfoData row;
	StringInfoData names;
	StringInfoData fresh;
	StringInfoData mended;
	StringInfoData present;

	initStringInfo(&row);
	initStringInfo(&names);
	initStringInfo(&fresh);
	initStringInfo(&mended);
	initStringInfo(&present);
	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		const char *name = columns[i].name;
		const char *comma = i > 0 ? ", " : "";

		appendStringInfo(&row, ", %s %s", name, columns[i].type);
		appendStringInfo(&names, "%s%s", comma, name);
		appendStringInfo(&present, "%st.%s", comma, name);
		if (columns[i].absent != NULL)
		{
			appendStringInfo(&fresh, "%scoalesce(r.%s, %s)", comma, name, columns[i].absent);
			appendStringInfo(&mended, "%scoalesce(r.%s, t.%s)", comma, name, name);
		}
		else
		{
			appendStringInfo(&fresh, "%sr.%s", comma, name);
			appendStringInfo(&mended, "%sCASE WHEN $1 ? '%s' THEN r.%s ELSE t.%s END",
							 comma, name, name, name);
		}
	}
	import->look = prepare(psprintf(
									"SELECT t.id IS NOT NULL, ROW(%s) IS DISTINCT FROM ROW(%s),"
									" t.origin IS DISTINCT FROM 'builtin' AND l.reason IS NOT NULL "
									"FROM jsonb_to_record($1) AS r (id text%s)"
									" LEFT JOIN ONLY %s AS t ON t.id = r.id"
									" LEFT JOIN LATERAL (SELECT coalesce(h.reason, '') AS reason FROM %s AS h"
									"  WHERE h.id = r.id ORDER BY h.version DESC LIMIT 1) AS l"
									"  ON l.reason NOT LIKE '" IMPORT_REASON "%%'",
									mended.data, present.data, row.data, table, history));
	import->update = prepare(psprintf(
									  "UPDATE ONLY %s AS t SET (%s) = ROW(%s) "
									  "FROM jsonb_to_record($1) AS r (id text%s) WHERE t.id = r.id",
									  table, names.data, mended.data, row.data));
	import->insert = prepare(psprintf(
									  "INSERT INTO %s (id, %s, created_at) "
									  "SELECT r.id, %s, coalesce(r.created_at, now()) "
									  "FROM jsonb_to_record($1) AS r (id text, created_at timestamptz%s)",
									  table, names.data, fresh.data, row.data));
}

/*
 * may: has the caller that right on the columns that are taken over, or an
 * error (insufficient_privilege)?
 */
static void
may(Import *import, AclMode mode)
{
	Relation	table = table_open(import->catalogue, NoLock);
	AttrNumber	attnums[lengthof(columns) + 2];
	int			count = 0;

	for (int i = 0; i < (int) lengthof(columns); i++)
	{
		int			attnum = SPI_fnumber(RelationGetDescr(table), columns[i].name);

		if (attnum > 0)
			attnums[count++] = attnum;
	}
	if (mode != ACL_UPDATE)
		attnums[count++] = own_column(table, "id", TEXTOID);
	table_close(table, NoLock);
	(void) rights_checked(import->catalogue, mode, count, attnums, import->caller, true);
}

/*
 * run: execute a statement about a row.
 */
static void
run(const Import *import, SPIPlanPtr plan, Datum row)
{
	Identity	caller;
	int			result;

	identity_for_table(&caller, import->catalogue);
	result = SPI_execute_plan(plan, &row, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	identity_return(&caller);
}

/*
 * import_row: bring a row; what comes of it, and whether it was edited here.
 */
static Outcome
import_row(Import *import, Datum row, bool *edited)
{
	bool		flags[3];

	run(import, import->look, row);
	for (int i = 0; i < (int) lengthof(flags); i++)
	{
		bool		isnull;
		Datum		flag = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
										 i + 1, &isnull);

		flags[i] = !isnull && DatumGetBool(flag);
	}
	SPI_freetuptable(SPI_tuptable);
	if (flags[0] && !flags[1])
		return UNCHANGED;
	*edited = flags[2];
	if (*edited && !import->overwrite)
		return UNCHANGED;
	may(import, flags[0] ? ACL_UPDATE : ACL_INSERT);
	run(import, flags[0] ? import->update : import->insert, row);
	return flags[0] ? UPDATED : INSERTED;
}

/*
 * is_the_rows: is an error the row's own fault, to be told with the others'?
 */
static bool
is_the_rows(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) ||
		sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
}

/*
 * add_problem: remember what is wrong with a row.
 */
static void
add_problem(Import *import, const char *id, const char *message)
{
	if (import->nproblems++ >= PROBLEMS_SHOWN)
		return;
	appendStringInfo(&import->problems, "%sintegration \"%s\": %s",
					 import->nproblems > 1 ? "\n" : "",
					 id != NULL ? id : "", message);
}

/*
 * import_row_safely: import_row() in a subtransaction, so that what is wrong
 * with one row is told beside what is wrong with others.
 */
static void
import_row_safely(Import *import, const char *id, Datum row)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool edited = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		bool		was_edited = false;
		Outcome		outcome = import_row(import, row, &was_edited);

		ReleaseCurrentSubTransaction();
		import->counts[outcome]++;
		edited = was_edited;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (!is_the_rows(error->sqlerrcode))
			ReThrowError(error);
		add_problem(import, id, error->message);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (edited)
	{
		if (import->nedited++ < PROBLEMS_SHOWN)
			appendStringInfo(&import->edited, "%s%s", import->nedited > 1 ? ", " : "", id);
	}
}

/*
 * read_source: the source's rows, in SPI_tuptable: id, the row, whether the id
 * has come before.
 *
 * JSON may be kept as text there.
 */
static void
read_source(const Import *import, Oid source)
{
	AttrNumber	whole_row = InvalidAttrNumber;
	Identity	caller;
	int			result;

	identity_for_source(&caller, source, 1, &whole_row);
	result = SPI_execute(psprintf(
								  "SELECT r.row ->> 'id', CASE jsonb_typeof(r.row -> 'fields')"
								  " WHEN 'string' THEN jsonb_set(r.row, '{fields}',"
								  "  integration_schemas_internal.imported_fields((r.row ->> 'fields')::jsonb))"
								  " WHEN 'null' THEN r.row - 'fields'"
								  " WHEN 'array' THEN jsonb_set(r.row, '{fields}',"
								  "  integration_schemas_internal.imported_fields(r.row -> 'fields'))"
								  " ELSE r.row END,"
								  " row_number() OVER (PARTITION BY r.row -> 'id') > 1 "
								  "FROM (SELECT to_jsonb(s) AS row FROM %s AS s) AS r",
								  import->source), true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
	identity_return(&caller);
}

/*
 * report: say what was wrong, which is an error, and which edits are gone.
 */
static void
report(Import *import)
{
	if (import->nproblems > 0)
	{
		char	   *first = pnstrdup(import->problems.data,
									 strcspn(import->problems.data, "\n"));

		if (import->nproblems > PROBLEMS_SHOWN)
			appendStringInfo(&import->problems, "\nand %d more",
							 import->nproblems - PROBLEMS_SHOWN);
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("%s", first),
				 errdetail("%s", import->problems.data)));
	}
	if (import->nedited == 0)
		return;
	if (import->nedited > PROBLEMS_SHOWN)
		appendStringInfo(&import->edited, " and %d more", import->nedited - PROBLEMS_SHOWN);
	if (import->overwrite)
		ereport(WARNING,
				(errmsg("import took the place of changes that were made here"),
				 errdetail("Integrations: %s.", import->edited.data),
				 errhint("integration_schema_changes() has what they were; to keep such changes, import with overwrite => false.")));
	else
		ereport(NOTICE,
				(errmsg("import left alone what was changed here"),
				 errdetail("Integrations: %s.", import->edited.data)));
}

/*
 * integration_schemas_import(source regclass, overwrite boolean): new rows are
 * added, others of the same id changed.
 *
 * A row that was changed or deleted here since it was last imported is, with
 * overwrite, brought back to what the source has, and a WARNING says so; else
 * it is left alone.
 */
Datum
integration_schemas_import(PG_FUNCTION_ARGS)
{
	Oid			source = PG_GETARG_OID(0);
	Import		import = {.overwrite = PG_GETARG_BOOL(1), .caller = GetUserId()};
	TupleDesc	desc;
	Datum		values[3];
	bool		nulls[3] = {false, false, false};
	SPITupleTable *rows;
	uint64		nrows;
	int			level;
	Identity	writer;
	const char *reason = actor_reason();

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (get_rel_name(source) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", source)));
	import.catalogue = own_table_required(fcinfo, OWN_CATALOGUE, RowExclusiveLock);
	import.changes = own_table_required(fcinfo, OWN_CHANGES, RowExclusiveLock);
	import.source = qualified_name(source);
	(void) source_column(source, "id");
	may(&import, ACL_SELECT);
	initStringInfo(&import.edited);
	initStringInfo(&import.problems);

	level = search_path_secure();
	(void) set_config_option("integration_schemas.reason",
							 psprintf(IMPORT_REASON "%s%s%s", import.source,
									  reason != NULL ? ": " : "", reason != NULL ? reason : ""),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	read_source(&import, source);
	rows = SPI_tuptable;
	nrows = SPI_processed;
	identity_for_table(&writer, import.catalogue);
	prepare_all(&import);
	identity_return(&writer);
	for (uint64 i = 0; i < nrows; i++)
	{
		char	   *id = SPI_getvalue(rows->vals[i], rows->tupdesc, 1);
		bool		isnull;
		Datum		row = SPI_getbinval(rows->vals[i], rows->tupdesc, 2, &isnull);

		CHECK_FOR_INTERRUPTS();
		if (DatumGetBool(SPI_getbinval(rows->vals[i], rows->tupdesc, 3, &isnull)))
			add_problem(&import, id, "it is there more than once");
		else
			import_row_safely(&import, id, row);
	}
	SPI_finish();
	AtEOXact_GUC(false, level);
	report(&import);

	values[0] = Int64GetDatum(import.counts[INSERTED]);
	values[1] = Int64GetDatum(import.counts[UPDATED]);
	values[2] = Int64GetDatum(import.counts[UNCHANGED]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
