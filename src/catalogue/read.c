/*-------------------------------------------------------------------------
 *
 * catalogue/read.c
 *	  Reading the catalogue's rows.
 *
 * A table as our install script makes it is scanned directly: in a session's
 * first call, planning a query would cost more than all the rest.  What only
 * the planner and the executor know to read goes through SPI: altered columns
 * and rows of child tables as the table's owner, whose types and expressions
 * may be code of his; row security as the caller, for whom policies are made.
 * All see what the active snapshot sees.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "catalogue/read.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "server/compat.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

/* The row that stands in where there is no table. */
#define FALLBACK_ROWS \
	"(SELECT 'openai'::pg_catalog.text AS id, " \
	"'OpenAI'::pg_catalog.text AS name, " \
	"'ai'::pg_catalog.text AS category, " \
	"'Large language models for every agent and team.'::pg_catalog.text AS description, " \
	"'https://platform.openai.com/docs'::pg_catalog.text AS docs_url, " \
	"NULL::pg_catalog.text AS icon_url, " \
	"10 AS display_order, true AS featured, true AS required, true AS locked, " \
	"false AS instances, " \
	"'[{\"name\": \"api_key\", \"type\": \"secret\", \"required\": true, " \
	"\"display_name\": \"API key\", " \
	"\"description\": \"Secret key of an OpenAI project\", " \
	"\"placeholder\": \"sk-...\"}]'::pg_catalog.jsonb AS fields, " \
	"pg_catalog.now() AS created_at, pg_catalog.now() AS updated_at, " \
	"'builtin'::pg_catalog.text AS origin)"

/* The columns that are compiled, in the order of the queries here. */
enum
{
	COLUMN_ID,
	COLUMN_NAME,
	COLUMN_CATEGORY,
	COLUMN_DESCRIPTION,
	COLUMN_REQUIRED,
	COLUMN_LOCKED,
	COLUMN_INSTANCES,
	COLUMN_FIELDS,
	COLUMN_DISPLAY_ORDER,
	NCOLUMNS
};

static const struct
{
	const char *name;
	Oid			type;
}			columns[NCOLUMNS] = {
	{"id", TEXTOID},
	{"name", TEXTOID},
	{"category", TEXTOID},
	{"description", TEXTOID},
	{"required", BOOLOID},
	{"locked", BOOLOID},
	{"instances", BOOLOID},
	{"fields", JSONBOID},
	{"display_order", INT4OID},
};

/* Rows that are being read. */
typedef struct RowReader
{
	MemoryContext cxt;			/* where their contents go */
	MemoryContext rows_cxt;		/* where they are */
	CatalogueRow *rows;
	int			nrows;
	int			size;
} RowReader;

/*
 * read_string: a text datum as a string that stays.
 */
static JsonbRef
read_string(Datum value, bool isnull)
{
	text	   *string;

	if (isnull)
		return jsonb_ref_string("", 0);
	string = DatumGetTextPCopy(value);
	return jsonb_ref_string(VARDATA(string), VARSIZE(string) - VARHDRSZ);
}

/*
 * add_row: take a row's columns over.
 */
static void
add_row(RowReader *reader, const Datum *values, const bool *nulls)
{
	MemoryContext caller = MemoryContextSwitchTo(reader->cxt);
	CatalogueRow *row;

	if (reader->nrows == reader->size)
	{
		reader->size = reader->size ? reader->size * 2 : 32;
		reader->rows = reader->rows ?
			repalloc(reader->rows, sizeof(CatalogueRow) * reader->size) :
			MemoryContextAlloc(reader->rows_cxt, sizeof(CatalogueRow) * reader->size);
	}
	row = &reader->rows[reader->nrows++];
	row->id = read_string(values[COLUMN_ID], nulls[COLUMN_ID]);
	row->name = read_string(values[COLUMN_NAME], nulls[COLUMN_NAME]);
	row->category = read_string(values[COLUMN_CATEGORY], nulls[COLUMN_CATEGORY]);
	row->description = read_string(values[COLUMN_DESCRIPTION], nulls[COLUMN_DESCRIPTION]);
	row->required = !nulls[COLUMN_REQUIRED] && DatumGetBool(values[COLUMN_REQUIRED]);
	row->locked = !nulls[COLUMN_LOCKED] && DatumGetBool(values[COLUMN_LOCKED]);
	row->instances = nulls[COLUMN_INSTANCES] || DatumGetBool(values[COLUMN_INSTANCES]);
	row->fields = nulls[COLUMN_FIELDS] ? NULL : DatumGetJsonbPCopy(values[COLUMN_FIELDS]);
	row->display_order = nulls[COLUMN_DISPLAY_ORDER] ? PG_INT32_MAX :
		DatumGetInt32(values[COLUMN_DISPLAY_ORDER]);
	MemoryContextSwitchTo(caller);
}

/*
 * compare_rows: qsort comparator, by display_order, name and id.
 */
static int
compare_rows(const void *a, const void *b)
{
	const CatalogueRow *ra = a;
	const CatalogueRow *rb = b;
	int			order;

	if (ra->display_order != rb->display_order)
		return ra->display_order < rb->display_order ? -1 : 1;
	order = varstr_cmp(ra->name.ptr, ra->name.len, rb->name.ptr, rb->name.len,
					   DEFAULT_COLLATION_OID);
	if (order != 0)
		return order;
	return varstr_cmp(ra->id.ptr, ra->id.len, rb->id.ptr, rb->id.len,
					  DEFAULT_COLLATION_OID);
}

/*
 * read_by_query: read rows through SPI, with the current role's rights.
 */
static void
read_by_query(RowReader *reader, const char *source)
{
	StringInfoData query;

	initStringInfo(&query);
	for (int i = 0; i < NCOLUMNS; i++)
		appendStringInfo(&query, "%s s.%s::pg_catalog.%s", i == 0 ? "SELECT" : ",",
						 columns[i].name, columns[i].type == TEXTOID ? "text" :
						 columns[i].type == BOOLOID ? "bool" :
						 columns[i].type == JSONBOID ? "jsonb" : "int4");
	appendStringInfo(&query, " FROM %s AS s", source);

	SPI_connect();
	if (SPI_execute(query.data, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the catalogue failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Datum		values[NCOLUMNS];
		bool		nulls[NCOLUMNS];

		for (int j = 0; j < NCOLUMNS; j++)
			values[j] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
									  j + 1, &nulls[j]);
		add_row(reader, values, nulls);
	}
	SPI_finish();
	pfree(query.data);
}

/*
 * find_columns: where the columns are; false where one of them is missing, or
 * not as our install script makes it.
 */
static bool
find_columns(Relation relation, AttrNumber *attnums)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int i = 0; i < NCOLUMNS; i++)
	{
		attnums[i] = InvalidAttrNumber;
		for (int j = 0; j < desc->natts; j++)
		{
			Form_pg_attribute attribute = TupleDescAttr(desc, j);

			/* a generated one may be stored nowhere */
			if (!attribute->attisdropped && attribute->atttypid == columns[i].type &&
				attribute->attgenerated == '\0' &&
				strcmp(NameStr(attribute->attname), columns[i].name) == 0)
				attnums[i] = j + 1;
		}
		if (attnums[i] == InvalidAttrNumber)
			return false;
	}
	return true;
}

/*
 * catalogue_check_select: the user may SELECT the table, or an error as SELECT
 * has it (insufficient_privilege).
 *
 * Whoever may read the table as a whole, and where nobody listens to the
 * executor's check, needs no look at the columns.
 */
void
catalogue_check_select(Oid relid, Oid userid)
{
	Relation	relation;
	AttrNumber	attnums[NCOLUMNS];
	bool		found;

	if (ExecutorCheckPerms_hook == NULL &&
		pg_class_aclcheck(relid, userid, ACL_SELECT) == ACLCHECK_OK)
		return;
	relation = relation_open(relid, AccessShareLock);
	found = find_columns(relation, attnums);
	relation_close(relation, NoLock);
	if (!found)
		attnums[0] = InvalidAttrNumber; /* the whole row */
	(void) rights_checked(relid, ACL_SELECT, found ? NCOLUMNS : 1, attnums, userid, true);
}

/*
 * read_by_scan: read a table's rows; false where it must be queried.
 */
static bool
read_by_scan(RowReader *reader, Oid relid)
{
	Relation	relation = relation_open(relid, AccessShareLock);
	AttrNumber	attnums[NCOLUMNS];
	bool		plain = !relation->rd_rel->relhassubclass && find_columns(relation, attnums);

	if (plain)
	{
		TupleTableSlot *slot = table_slot_create(relation, NULL);
		TableScanDesc scan = scan_table(relation, GetActiveSnapshot());

		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			Datum		values[NCOLUMNS];
			bool		nulls[NCOLUMNS];

			CHECK_FOR_INTERRUPTS();
			for (int i = 0; i < NCOLUMNS; i++)
				values[i] = slot_getattr(slot, attnums[i], &nulls[i]);
			add_row(reader, values, nulls);
		}
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
	}
	relation_close(relation, NoLock);
	return plain;
}

/*
 * sorted_rows: what was read, in the order of display.
 */
static CatalogueRow *
sorted_rows(RowReader *reader, int *nrows)
{
	if (reader->nrows > 1)
		qsort(reader->rows, reader->nrows, sizeof(CatalogueRow), compare_rows);
	*nrows = reader->nrows;
	return reader->rows;
}

/*
 * catalogue_read_table: all of the table's rows under the active snapshot, in
 * the order of display, palloc'd; what they point to is in cxt.
 *
 * Nobody's rights are asked.
 */
CatalogueRow *
catalogue_read_table(Oid relid, MemoryContext cxt, int *nrows)
{
	RowReader	reader = {.cxt = cxt, .rows_cxt = CurrentMemoryContext};

	if (!read_by_scan(&reader, relid))
	{
		Identity	caller;

		identity_become(&caller, relation_owner(relid));
		read_by_query(&reader, qualified_name(relid));
		identity_return(&caller);
	}
	return sorted_rows(&reader, nrows);
}

/*
 * catalogue_read_as_caller: the same for those rows that row security lets the
 * caller see.
 *
 * Errors: object_not_in_prerequisite_state where a column was altered, since
 * the owner may have given it a type whose code is his.
 */
CatalogueRow *
catalogue_read_as_caller(Oid relid, MemoryContext cxt, int *nrows)
{
	RowReader	reader = {.cxt = cxt, .rows_cxt = CurrentMemoryContext};
	Relation	relation = relation_open(relid, AccessShareLock);
	AttrNumber	attnums[NCOLUMNS];

	if (!find_columns(relation, attnums))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("catalogue table \"%s\" has altered columns and row security",
						RelationGetRelationName(relation)),
				 errhint("Give its columns back the names and types that the extension made them with.")));
	relation_close(relation, NoLock);
	read_by_query(&reader, qualified_name(relid));
	return sorted_rows(&reader, nrows);
}

/*
 * catalogue_read_fallback: the rows that stand in where there is no table.
 */
CatalogueRow *
catalogue_read_fallback(MemoryContext cxt, int *nrows)
{
	RowReader	reader = {.cxt = cxt, .rows_cxt = CurrentMemoryContext};

	read_by_query(&reader, FALLBACK_ROWS);
	*nrows = reader.nrows;
	return reader.rows;
}

/*
 * catalogue_fallback_source: what a query has after FROM where there is no
 * table.
 */
char *
catalogue_fallback_source(void)
{
	return pstrdup(FALLBACK_ROWS);
}
