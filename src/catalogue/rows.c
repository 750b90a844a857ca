/*-------------------------------------------------------------------------
 *
 * catalogue/rows.c
 *	  The catalogue's rows with all their columns, as jsonb.
 *
 * What the merge has no use for (texts, links, times, columns that a user
 * added) is not compiled with the rest: a session that only resolves does not
 * pay for it.  The first function that shows rows asks the executor for them,
 * with the caller's rights and under his snapshot, and what it gets is kept
 * with the compiled catalogue, which is right for that snapshot and goes as
 * soon as it is not.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "catalogue/rows.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "jsonb/writer.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Bytes of a SHA-256 that make a version. */
#define VERSION_BYTES 16

static void write_definition(JsonbWriter *writer, JsonbFrame *outer,
							 JsonbRef definition, bool of_field, JsonbRef level,
							 int depth);

/*
 * write_list: definitions of fields; level is that of what they are in.
 */
static void
write_list(JsonbWriter *writer, JsonbFrame *outer, JsonbRef definitions,
		   JsonbRef level, int depth)
{
	JsonbFrame	array;
	JsonbWalk	walk;
	JsonbRef	definition;

	jsonb_write_array(writer, outer, &array, jsonb_ref_count(definitions));
	jsonb_walk_begin(&walk, definitions);
	while (jsonb_walk_element(&walk, &definition))
	{
		CHECK_FOR_INTERRUPTS();
		write_definition(writer, &array, definition, true, level, depth);
	}
	jsonb_write_end(writer, &array);
}

/*
 * write_with_lists: an object, or array of objects, in which member names hold
 * what leads to lists of definitions: "choices" of variants, and their "fields".
 */
static void
write_with_lists(JsonbWriter *writer, JsonbFrame *outer, JsonbRef value,
				 JsonbRef level, int depth)
{
	JsonbFrame	container;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	member;

	check_stack_depth();
	jsonb_walk_begin(&walk, value);
	if (value.type == JREF_ARRAY)
	{
		jsonb_write_array(writer, outer, &container, jsonb_ref_count(value));
		while (jsonb_walk_element(&walk, &member))
			write_with_lists(writer, &container, member, level, depth);
		jsonb_write_end(writer, &container);
	}
	else if (value.type == JREF_OBJECT)
	{
		jsonb_write_object(writer, outer, &container, jsonb_ref_count(value));
		jsonb_write_keys_of(writer, &container, value);
		while (jsonb_walk_member(&walk, &key, &member))
		{
			if (JREF_IS(key, "fields") && member.type == JREF_ARRAY)
				write_list(writer, &container, member, level, depth);
			else if (JREF_IS(key, "choices") && member.type == JREF_ARRAY)
				write_with_lists(writer, &container, member, level, depth);
			else
				jsonb_write_value(writer, &container, member);
		}
		jsonb_write_end(writer, &container);
	}
	else
		jsonb_write_value(writer, outer, value);
}

/*
 * write_key_value: what a definition has at a key.
 */
static void
write_key_value(JsonbWriter *writer, JsonbFrame *object, JsonbRef key,
				JsonbRef value, JsonbRef level, int depth)
{
	if (depth >= DEFINITION_DEPTH || JREF_IS_SCALAR(value))
		jsonb_write_value(writer, object, value);
	else if (JREF_IS(key, "fields") && value.type == JREF_ARRAY)
		write_list(writer, object, value, level, depth + 1);
	else if (JREF_IS(key, "variants") && value.type == JREF_OBJECT)
		write_with_lists(writer, object, value, level, depth + 1);
	else if ((JREF_IS(key, "items") || JREF_IS(key, "values")) && value.type == JREF_OBJECT)
		write_definition(writer, object, value, false, level, depth + 1);
	else
		jsonb_write_value(writer, object, value);
}

/*
 * write_definition: a definition with its type, and one of a field with required
 * and level too, given or not; and so those in it.
 */
static void
write_definition(JsonbWriter *writer, JsonbFrame *outer, JsonbRef definition,
				 bool of_field, JsonbRef level, int depth)
{
	const JsonbMember defaults[] = {
		{jsonb_ref_string("type", 4), jsonb_ref_string("string", 6)},
		{jsonb_ref_string("required", 8), jsonb_ref_bool(false)},
		{jsonb_ref_string("level", 5), level},
	};
	JsonbFrame	object;
	JsonbMember *members;
	int			nmembers = 0;
	JsonbWalk	walk;
	JsonbRef	own_level;

	if (definition.type != JREF_OBJECT)
	{
		jsonb_write_value(writer, outer, definition);
		return;
	}
	members = palloc(sizeof(JsonbMember) * (jsonb_ref_count(definition) + lengthof(defaults)));
	jsonb_walk_begin(&walk, definition);
	while (jsonb_walk_member(&walk, &members[nmembers].key, &members[nmembers].value))
		nmembers++;
	for (int i = 0; i < (of_field ? (int) lengthof(defaults) : 1); i++)
		if (jsonb_ref_member(definition, defaults[i].key.ptr, defaults[i].key.len).type == JREF_NONE)
			members[nmembers++] = defaults[i];
	jsonb_sort_members(members, nmembers);
	own_level = JREF_MEMBER(definition, "level");
	if (own_level.type == JREF_STRING)
		level = own_level;
	jsonb_write_object(writer, outer, &object, nmembers);
	for (int i = 0; i < nmembers; i++)
		jsonb_write_key(writer, &object, members[i].key.ptr, members[i].key.len);
	for (int i = 0; i < nmembers; i++)
		write_key_value(writer, &object, members[i].key, members[i].value, level, depth);
	jsonb_write_end(writer, &object);
	pfree(members);
}

/*
 * complete_row: a row with its fields completed, palloc'd.
 */
static JsonbRef
complete_row(JsonbRef row)
{
	JsonbWriter writer;
	JsonbFrame	object;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	value;

	jsonb_write_begin(&writer, VARHDRSZ + row.len + row.len / 8 + 64);
	jsonb_write_object(&writer, NULL, &object, jsonb_ref_count(row));
	jsonb_write_keys_of(&writer, &object, row);
	jsonb_walk_begin(&walk, row);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		if (JREF_IS(key, "fields") && value.type == JREF_ARRAY)
			write_list(&writer, &object, value, jsonb_ref_string("org", 3), 1);
		else
			jsonb_write_value(&writer, &object, value);
	}
	jsonb_write_end(&writer, &object);
	return jsonb_ref_root(jsonb_write_finish(&writer));
}

static int
compare_by_id(const void *a, const void *b)
{
	const JsonbRef *ia = &((const RowById *) a)->id;
	const JsonbRef *ib = &((const RowById *) b)->id;

	return jsonb_key_compare(ia->ptr, ia->len, ib->ptr, ib->len);
}

/*
 * read_rows: ask the executor for the rows, in a memory context below the
 * current one.
 */
static CatalogueRows *
read_rows(FunctionCallInfo fcinfo)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "integration_schemas rows",
											  ALLOCSET_DEFAULT_SIZES);
	CatalogueRows *rows = MemoryContextAllocZero(cxt, sizeof(CatalogueRows));
	char	   *query = psprintf("SELECT pg_catalog.to_jsonb(s.*) FROM %s AS s "
								 "ORDER BY s.display_order, s.name, s.id",
								 catalogue_source(fcinfo));

	rows->cxt = cxt;
	rows->timezone = session_timezone;
	SPI_connect();
	if (SPI_execute(query, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "reading the catalogue failed");
	MemoryContextSwitchTo(cxt);
	rows->displayed = palloc_extended(sizeof(JsonbRef) * (SPI_processed + 1),
									  MCXT_ALLOC_HUGE);
	rows->by_id = palloc_extended(sizeof(RowById) * (SPI_processed + 1),
								  MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
										  1, &isnull);
		RowById    *row = &rows->by_id[rows->count];

		CHECK_FOR_INTERRUPTS();
		row->row = complete_row(jsonb_ref_root(DatumGetJsonbP(value)));
		row->id = JREF_MEMBER(row->row, "id");
		rows->displayed[rows->count++] = row->row;
	}
	SPI_finish();
	qsort(rows->by_id, rows->count, sizeof(RowById), compare_by_id);
	return rows;
}

/*
 * rows_can_be_kept: is a row the same jsonb in each session, but for TimeZone?
 *
 * It is where all columns are of the types that ours have.  The text of others,
 * which a user may have added, follows settings, or a cast of his.
 */
static bool
rows_can_be_kept(FunctionCallInfo fcinfo)
{
	Oid			relid = own_table(fcinfo, OWN_CATALOGUE, AccessShareLock);
	Relation	relation;
	bool		result = true;

	if (!OidIsValid(relid))
		return false;			/* the fallback's times are now() */
	relation = relation_open(relid, NoLock);
	for (int i = 0; i < RelationGetDescr(relation)->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), i);

		if (!attribute->attisdropped &&
			attribute->atttypid != TEXTOID && attribute->atttypid != INT4OID &&
			attribute->atttypid != BOOLOID && attribute->atttypid != JSONBOID &&
			attribute->atttypid != TIMESTAMPTZOID)
			result = false;
	}
	relation_close(relation, NoLock);
	return result;
}

/*
 * catalogue_rows: the rows as a SELECT would see them here.
 *
 * The result is valid until the next call in this backend, and not longer than
 * the current memory context.  Errors: as catalogue_current() and SELECT have
 * them.
 */
const CatalogueRows *
catalogue_rows(FunctionCallInfo fcinfo)
{
	Catalogue  *catalogue = unconstify(Catalogue *, catalogue_current(fcinfo));
	CatalogueRows *rows;

	if (likely(catalogue->rows != NULL && catalogue->rows->timezone == session_timezone))
		return catalogue->rows;

	catalogue_pin(catalogue);
	rows = read_rows(fcinfo);
	if (rows_can_be_kept(fcinfo))
	{
		if (catalogue->rows != NULL)
			MemoryContextDelete(catalogue->rows->cxt);
		MemoryContextSetParent(rows->cxt, catalogue->cxt);
		catalogue->rows = rows;
	}
	return rows;
}

/*
 * digest: what tells these rows from any others, palloc'd.
 */
static char *
digest(const CatalogueRows *rows)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint8		result[PG_SHA256_DIGEST_LENGTH];
	char	   *text = palloc(VERSION_BYTES * 2 + 1);
	bool		done = hash != NULL && pg_cryptohash_init(hash) == 0;

	for (int i = 0; i < rows->count && done; i++)
		done = pg_cryptohash_update(hash, (const uint8 *) rows->displayed[i].ptr,
									rows->displayed[i].len) == 0;
	done = done && pg_cryptohash_final(hash, result, sizeof(result)) == 0;
	pg_cryptohash_free(hash);
	if (!done)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("could not compute the version of the catalogue")));
	hex_encode((const char *) result, VERSION_BYTES, text);
	text[VERSION_BYTES * 2] = '\0';
	return text;
}

/*
 * catalogue_version_text: a text that is another one once the catalogue is, as
 * a SELECT would see it here; the same one for the same rows, wherever they
 * are.
 *
 * The result lives as that of catalogue_rows().  The fallback's is fixed.
 */
const char *
catalogue_version_text(FunctionCallInfo fcinfo)
{
	Catalogue  *catalogue = unconstify(Catalogue *, catalogue_current(fcinfo));
	CatalogueRows *rows;
	char	   *version;
	int			nestlevel;

	if (likely(catalogue->version != NULL))
		return catalogue->version;
	if (!OidIsValid(own_table(fcinfo, OWN_CATALOGUE, AccessShareLock)))
		return "fallback";

	/* Times must not make it follow the session's time zone. */
	catalogue_pin(catalogue);
	nestlevel = NewGUCNestLevel();
	(void) set_config_option("TimeZone", "UTC", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	rows = read_rows(fcinfo);
	AtEOXact_GUC(true, nestlevel);
	version = digest(rows);
	if (rows_can_be_kept(fcinfo))
		catalogue->version = MemoryContextStrdup(catalogue->cxt, version);
	MemoryContextDelete(rows->cxt);
	return version;
}
