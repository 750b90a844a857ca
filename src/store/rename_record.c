/*-------------------------------------------------------------------------
 *
 * store/rename_record.c
 *	  integration_schema_renames: what was renamed, and when.
 *
 * The history of nodes is not rewritten: an older version has the names of its
 * time.  A renaming takes its number from the sequence that numbers the
 * versions, while nobody else writes nodes, so that exactly the versions before
 * it have the old name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "replication/logicalworker.h"
#include "server/actor.h"
#include "server/identity.h"
#include "server/own_query.h"
#include "server/sql_result.h"
#include "server/trigger_call.h"
#include "store/rename.h"
#include "store/restore.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(rename_before);

/* Is a record being written by us?  Reset in any case. */
static bool recording;

/*
 * rename_before() returns trigger: BEFORE INSERT, UPDATE or DELETE, for each
 * row, and BEFORE TRUNCATE; it fires ALWAYS.
 */
Datum
rename_before(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call_for(fcinfo, OWN_RENAMES,
											FIRED(BEFORE, ROW, INSERT) |
											FIRED(BEFORE, ROW, UPDATE) |
											FIRED(BEFORE, ROW, DELETE) |
											FIRED(BEFORE, STATEMENT, TRUNCATE),
											"before insert, update or delete, for each row, and before truncate");
	TriggerEvent event = trigger->tg_event;

	if (!IsLogicalWorker() &&
		!(TRIGGER_FIRED_BY_INSERT(event) && (recording || restore_is_on(fcinfo))))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("record of renamings cannot be changed"),
				 errhint("integration_schema_rename() and integration_schema_rename_field() write it."),
				 errtable(trigger->tg_relation)));
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(event) ? trigger->tg_newtuple :
						   trigger->tg_trigtuple);
}

/*
 * rename_record: note that something is renamed now; with SPI connected, while
 * nobody else writes nodes.
 */
void
rename_record(FunctionCallInfo fcinfo, const Rename *rename)
{
	static const Oid types[] = {
		TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID
	};
	Oid			relid = own_table_required(fcinfo, OWN_RENAMES, RowExclusiveLock);
	bool		field = rename->from_field.type != JREF_NONE;
	Datum		values[lengthof(types)] = {0};
	const char *nulls = field ? "       " : "   nn  ";

	values[0] = TimestampTzGetDatum(actor_stamp());
	values[1] = text_from_ref(rename->from_id);
	values[2] = text_from_ref(rename->to_id);
	if (field)
	{
		values[3] = text_from_ref(rename->from_field);
		values[4] = text_from_ref(rename->to_field);
	}
	values[5] = CStringGetTextDatum(actor_author());
	values[6] = CStringGetTextDatum(actor_role());
	recording = true;
	PG_TRY();
	{
		(void) own_execute(NULL, relation_owner(relid),
						   psprintf("INSERT INTO %s (renamed_at, from_id, to_id, from_field,"
									" to_field, author, role) VALUES ($1, $2, $3, $4, $5, $6, $7)",
									qualified_name(relid)),
						   lengthof(types), types, values, nulls, GetLatestSnapshot());
	}
	PG_FINALLY();
	{
		recording = false;
	}
	PG_END_TRY();
}

/*
 * read_renames: the renamings that come after a place among the versions, the
 * first or the latest one first, as rows for rename_of(); with SPI connected.
 *
 * Under the latest snapshot: the caller may have waited for a renaming.
 */
static void
read_renames(FunctionCallInfo fcinfo, int64 sequence, bool latest_first)
{
	static const Oid types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(sequence)};

	PushActiveSnapshot(GetLatestSnapshot());
	own_select(fcinfo, OWN_RENAMES,
			   latest_first ?
			   "SELECT r.from_id::text, r.to_id::text, r.from_field::text, r.to_field::text,"
			   " r.sequence::bigint FROM ONLY %s AS r WHERE r.sequence > $1 ORDER BY r.sequence DESC" :
			   "SELECT r.from_id::text, r.to_id::text, r.from_field::text, r.to_field::text,"
			   " r.sequence::bigint FROM ONLY %s AS r WHERE r.sequence > $1 ORDER BY r.sequence",
			   lengthof(types), types, values, NULL);
	PopActiveSnapshot();
}

/*
 * column: a name of a row; JREF_NONE for a null.
 */
static JsonbRef
column(HeapTuple row, int number)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, number, &isnull);

	return isnull ? (JsonbRef) {0} : store_text_ref(DatumGetTextPP(value));
}

/*
 * rename_of: a row that read_renames() has read, in its memory.
 */
static Rename
rename_of(uint64 number)
{
	HeapTuple	row = SPI_tuptable->vals[number];

	return (Rename) {column(row, 1), column(row, 2), column(row, 3), column(row, 4)};
}

/*
 * renamed_since: a document of that place among the versions with the names of
 * today; with SPI connected, whose memory it is in.
 */
Jsonb *
renamed_since(FunctionCallInfo fcinfo, int64 sequence, Jsonb *document)
{
	read_renames(fcinfo, sequence, false);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Rename		rename = rename_of(i);

		if (rename_concerns(&rename, jsonb_ref_root(document)))
			document = rename_document(&rename, jsonb_ref_root(document));
	}
	return document;
}

/*
 * past_names: what a field of today was called before it was renamed, the latest
 * name first; returns how many there are.  With SPI connected, in its memory.
 */
int
past_names(FunctionCallInfo fcinfo, JsonbRef id, JsonbRef field, PastName **names)
{
	PastName   *past;
	int			count = 0;

	read_renames(fcinfo, 0, true);
	past = palloc(sizeof(PastName) * (SPI_processed + 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Rename		rename = rename_of(i);
		bool		whole = rename.from_field.type == JREF_NONE;
		bool		isnull;

		if (jsonb_ref_is(rename.to_id, id.ptr, id.len) &&
			(whole || jsonb_ref_is(rename.to_field, field.ptr, field.len)))
		{
			id = rename.from_id;
			if (!whole)
				field = rename.from_field;
			past[count].id = id;
			past[count].field = field;
			past[count++].before =
				DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 5, &isnull));
		}
		else if (jsonb_ref_is(rename.from_id, id.ptr, id.len) &&
				 (whole || jsonb_ref_is(rename.from_field, field.ptr, field.len)))
			break;				/* before that the name was another's */
	}
	*names = past;
	return count;
}
