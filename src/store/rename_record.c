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
#include "catalogue/field_path.h"
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
	uint64 volatile rows = 0;

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
		rows = own_execute(NULL, relation_owner(relid),
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
	if (rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("renaming was not recorded"),
				 errdetail("A trigger or a rule of table \"%s\" took the record away.",
						   get_rel_name(relid))));
}

/*
 * read_renames: the renamings that come after a place among the versions, the
 * first or the latest one first, as rows for rename_of(); with SPI connected.
 *
 * Whoever may write a node gets the record that belongs to it.  It is the latest
 * one: the caller may have waited for a renaming.
 */
static void
read_renames(FunctionCallInfo fcinfo, int64 sequence, bool latest_first)
{
	static const Oid types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(sequence)};
	Oid			relid = own_table_required(fcinfo, OWN_RENAMES, AccessShareLock);

	(void) own_execute(NULL, relation_owner(relid),
					   psprintf("SELECT r.from_id::text, r.to_id::text, r.from_field::text,"
								" r.to_field::text, r.sequence::bigint FROM ONLY %s AS r"
								" WHERE r.sequence > $1 ORDER BY r.sequence%s",
								qualified_name(relid), latest_first ? " DESC" : ""),
					   lengthof(types), types, values, NULL, GetLatestSnapshot());
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
 * is_name: does a renaming that calls a field, or its integration, so speak of
 * this one, or of one on the way to it?
 */
static bool
is_name(JsonbRef rename_id, JsonbRef rename_field, JsonbRef id, JsonbRef field)
{
	return jsonb_ref_is(rename_id, id.ptr, id.len) &&
		(rename_field.type == JREF_NONE ||
		 field_path_renamed(field, rename_field, rename_field).type != JREF_NONE);
}

/*
 * with_instance: an integration's id as the key of the same instance that another
 * key names; palloc'd where it names one.
 */
JsonbRef
with_instance(JsonbRef id, JsonbRef key)
{
	JsonbRef	old = entry_id(key);
	char	   *result;

	if (old.len == key.len)
		return id;
	result = palloc(id.len + key.len - old.len);
	memcpy(result, id.ptr, id.len);
	memcpy(result + id.len, key.ptr + old.len, key.len - old.len);
	return jsonb_ref_string(result, id.len + key.len - old.len);
}

/*
 * field_periods: what a field of today was called, and when, the latest name
 * first; returns how many there are.  id may be an instance's key.  With SPI
 * connected, in its memory.
 *
 * Where something else had the name before and gave it up, the field begins.
 */
int
field_periods(FunctionCallInfo fcinfo, JsonbRef id, JsonbRef field, FieldPeriod **periods)
{
	FieldPeriod *period;
	int			count = 1;

	read_renames(fcinfo, 0, true);
	period = *periods = palloc(sizeof(FieldPeriod) * (SPI_processed + 1));
	*period = (FieldPeriod) {entry_id(id), field, 0, PG_INT64_MAX};
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Rename		rename = rename_of(i);
		bool		given = is_name(rename.to_id, rename.to_field, period->id, period->field);
		bool		isnull;

		if (!given && !is_name(rename.from_id, rename.from_field, period->id, period->field))
			continue;
		period->after = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc,
													5, &isnull));
		if (!given)
			break;
		period[1] = (FieldPeriod) {
			rename.from_id,
			rename.from_field.type == JREF_NONE ? period->field :
			field_path_renamed(period->field, rename.to_field, rename.from_field),
			0, period->after
		};
		period++;
		count++;
	}
	for (int i = 0; i < count; i++)
		(*periods)[i].id = with_instance((*periods)[i].id, id);
	return count;
}

/*
 * renamed_to: what is called today what once had that name; false where it has
 * that name today.  With SPI connected, in its memory.
 */
bool
renamed_to(FunctionCallInfo fcinfo, JsonbRef *id, JsonbRef *field)
{
	bool		renamed = false;
	JsonbRef	key = *id;
	JsonbRef	today_id;
	JsonbRef	today_field = *field;

	*id = today_id = entry_id(key);
	read_renames(fcinfo, 0, false);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Rename		rename = rename_of(i);

		/* the name was given to something new meanwhile */
		if (is_name(rename.from_id, rename.from_field, *id, *field) &&
			!is_name(rename.from_id, rename.from_field, today_id, today_field))
		{
			today_id = *id;
			today_field = *field;
		}
		if (is_name(rename.from_id, rename.from_field, today_id, today_field))
		{
			renamed = true;
			today_id = rename.to_id;
			if (rename.to_field.type != JREF_NONE)
				today_field = field_path_renamed(today_field, rename.from_field, rename.to_field);
		}
	}
	renamed = renamed && !(jsonb_ref_is(today_id, id->ptr, id->len) &&
						   jsonb_ref_is(today_field, field->ptr, field->len));
	*id = with_instance(today_id, key);
	*field = today_field;
	return renamed;
}
