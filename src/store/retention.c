/*-------------------------------------------------------------------------
 *
 * store/retention.c
 *	  What is taken out of the history: old versions, and values that must not
 *	  be there.
 *
 * Whoever may delete, or update, the rows of the history may call these; the
 * rows themselves are guarded from his statements.  The work is done as the
 * table's owner.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/history.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "secrets/grants.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/sql_result.h"
#include "store/history.h"
#include "store/places.h"
#include "store/rename.h"
#include "store/store.h"
#include "store/write.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(integration_config_prune);
PG_FUNCTION_INFO_V1(integration_config_erase);

/*
 * change_history: run a statement on the history, as $1 to $n; returns how many
 * rows it changed.
 *
 * The format's two %1$s are the table.  right is what the caller must have, or
 * where it is granted to him the owner.
 */
static uint64
change_history(FunctionCallInfo fcinfo, AclMode right, bool granted, const char *format,
			   int nargs, Oid *argtypes, Datum *values, const char *nulls)
{
	Oid			relid = own_table_required(fcinfo, OWN_HISTORY, RowExclusiveLock);
	Relation	table = table_open(relid, NoLock);
	AttrNumber	written = own_column(table, "config_json", JSONBOID);
	char	   *query;
	uint64		changed;

	table_close(table, NoLock);
	(void) rights_checked(relid, right, right == ACL_UPDATE ? 1 : 0, &written,
						  granted ? relation_owner(relid) : GetUserId(), true);
	if (!granted && check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("history cannot be changed under row security"),
				 errdetail("Row security of table \"%s\" applies to role \"%s\".",
						   get_rel_name(relid), GetUserNameFromId(GetUserId(), false))));
	query = psprintf(format, qualified_name(relid));
	SPI_connect();
	changed = history_change(relid, query, nargs, argtypes, values, nulls);
	SPI_finish();
	pfree(query);
	return changed;
}

/*
 * integration_config_prune(before timestamptz, keep integer, org_id text)
 * returns bigint: take versions that were written before a moment out of the
 * history, but for the latest ones of each node; returns how many went.
 *
 * A node's latest version never goes: a living one's is what a dump has of its
 * history, and a deleted one's keeps its version numbers from being given again.
 */
Datum
integration_config_prune(PG_FUNCTION_ARGS)
{
	Oid			argtypes[] = {TIMESTAMPTZOID, INT4OID, TEXTOID};
	Datum		values[3];
	char		nulls[] = "   ";

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("moment before which versions go must not be null")));
	if (PG_ARGISNULL(1) || PG_GETARG_INT32(1) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at least one version of each node must be kept")));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = PG_ARGISNULL(2) ? (Datum) 0 : PG_GETARG_DATUM(2);
	nulls[2] = PG_ARGISNULL(2) ? 'n' : ' ';
	PG_RETURN_INT64(change_history(fcinfo, ACL_DELETE, false,
								   "DELETE FROM ONLY %1$s AS h USING ("
								   " SELECT v.org_id, v.node_id, v.version, v.changed_at,"
								   "  pg_catalog.row_number() OVER (PARTITION BY v.org_id, v.node_id ORDER BY v.version DESC) AS place"
								   " FROM ONLY %1$s AS v WHERE $3 IS NULL OR v.org_id OPERATOR(pg_catalog.=) $3) AS v"
								   " WHERE h.org_id OPERATOR(pg_catalog.=) v.org_id"
								   " AND h.node_id OPERATOR(pg_catalog.=) v.node_id"
								   " AND h.version OPERATOR(pg_catalog.=) v.version"
								   " AND v.place OPERATOR(pg_catalog.>) $2"
								   " AND v.changed_at OPERATOR(pg_catalog.<) $1",
								   lengthof(argtypes), argtypes, values, nulls));
}

/*
 * erase_versions: put null in the place of a field's value in every version of
 * a node that were written in a period in which it had that name, and note the
 * place as erased; returns in how many versions it was.
 */
static uint64
erase_versions(FunctionCallInfo fcinfo, bool granted, const FieldPeriod *period)
{
	Oid			argtypes[] = {TEXTOID, TEXTOID, TEXTARRAYOID, INT8OID, INT8OID};
	FieldPath	field = field_path_parse(period->field);
	FieldPath	path = places_path(period->id, &field);
	Datum	   *steps = palloc_extended(sizeof(Datum) * (Size) path.nsteps, MCXT_ALLOC_HUGE);
	Datum		values[5];

	for (int i = 0; i < path.nsteps; i++)
		steps[i] = text_from_ref(path.steps[i]);
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = PointerGetDatum(construct_array(steps, path.nsteps, TEXTOID, -1, false,
												TYPALIGN_INT));
	values[3] = Int64GetDatum(period->after);
	values[4] = Int64GetDatum(period->before);
	return change_history(fcinfo, ACL_UPDATE, granted,
						  "UPDATE ONLY %1$s AS h"
						  " SET config_json = integration_schemas_internal.without_values(h.config_json, $3),"
						  " erased = pg_catalog.array_cat(h.erased,"
						  "  integration_schemas_internal.value_places(h.config_json, $3))"
						  " WHERE h.org_id OPERATOR(pg_catalog.=) $1"
						  " AND h.node_id OPERATOR(pg_catalog.=) $2"
						  " AND h.sequence OPERATOR(pg_catalog.>) $4"
						  " AND h.sequence OPERATOR(pg_catalog.<) $5"
						  " AND pg_catalog.cardinality("
						  "  integration_schemas_internal.value_places(h.config_json, $3)) OPERATOR(pg_catalog.>) 0",
						  lengthof(argtypes), argtypes, values, NULL);
}

/*
 * erase_past: erase_versions() under every name that the field has had.
 */
static uint64
erase_past(FunctionCallInfo fcinfo, bool granted, FieldName name)
{
	uint64		versions = 0;
	FieldPeriod *periods;
	int			count;

	SPI_connect();
	count = field_periods(fcinfo, name.id, name.field, &periods);
	for (int i = 0; i < count; i++)
		versions += erase_versions(fcinfo, granted, &periods[i]);
	SPI_finish();
	return versions;
}

/*
 * require_name_of_today: refuse the name of a field that has another one now: its
 * value would stay under that.  With SPI connected, and the node locked, which
 * may have waited for the renaming.
 *
 * Errors: undefined_object.
 */
static void
require_name_of_today(FunctionCallInfo fcinfo, FieldName name)
{
	JsonbRef	today_id = name.id;
	JsonbRef	today_field = name.field;
	const Integration *integration;
	JsonbRef	instance;

	if (!renamed_to(fcinfo, &today_id, &today_field))
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	integration = catalogue_entry(catalogue_of_owner(fcinfo), name.id.ptr, name.id.len, &instance);
	PopActiveSnapshot();
	if (integration != NULL &&
		field_path_end(&integration->config, &name.path) != FIELD_PATH_NOWHERE)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("field %s of integration %s was renamed",
					name_phrase(name.field), name_phrase(name.id)),
			 errhint("It is field %s of integration %s now.",
					 name_phrase(today_field), name_phrase(today_id))));
}

/*
 * refuse_position: an array's elements stand elsewhere in other versions, so one
 * can't be erased by its position.
 *
 * Errors: invalid_parameter_value.
 */
static void
refuse_position(FunctionCallInfo fcinfo, FieldName name)
{
	JsonbRef	instance;
	const Integration *integration;

	PushActiveSnapshot(GetLatestSnapshot());
	integration = catalogue_entry(catalogue_of_owner(fcinfo), name.id.ptr, name.id.len, &instance);
	PopActiveSnapshot();
	if (integration != NULL &&
		field_path_end(&integration->config, &name.path) == FIELD_PATH_POSITION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an element of an array cannot be erased by its position"),
				 errdetail("It may have had another one in older versions."),
				 errhint("Write \"*\" for all elements.")));
}

/*
 * once_had_field: did the catalogue ever have such a field, under that name?
 */
static bool
once_had_field(FunctionCallInfo fcinfo, FieldName name)
{
	JsonbWalk	walk;
	JsonbRef	path;
	JsonbRef	value;

	jsonb_walk_begin(&walk, history_names(fcinfo, entry_id(name.id), true));
	while (jsonb_walk_member(&walk, &path, &value))
		if (field_path_matches(path, name.field))
			return true;
	return false;
}

/*
 * integration_config_erase(org_id text, node_id text, id text, field text,
 * reason text, author text) returns bigint: take a field's value out of a node's
 * document, where null then stands, and out of every version in its history;
 * returns in how many versions it was.
 *
 * The field may be a path, in which "*" is any element of an array.  A lock above
 * does not hold a value that must go.  The node may be deleted.  A
 * name that nobody knows, and that nothing has a value for, is a mistake.
 */
Datum
integration_config_erase(PG_FUNCTION_ARGS)
{
	FieldName	name = field_argument(fcinfo);
	FieldPath	path = places_path(name.id, &name.path);
	NodeWrite	write;
	bool		live;
	uint64		versions;

	write_lock(&write, fcinfo, 3, PRIVILEGE_ADMIN);
	refuse_position(fcinfo, name);
	live = write.document != NULL && places_any(jsonb_ref_root(write.document), &path);
	if (!live)
		require_name_of_today(fcinfo, name);
	if (write.context.reason == NULL)
		write.context.reason = "erased";
	write.context.accepted = true;
	if (live)
		(void) write_end(&write, places_emptied(jsonb_ref_root(write.document), &path));
	else
		SPI_finish();
	versions = erase_past(fcinfo, write.granted, name);
	if (versions == 0)
	{
		text	   *org_id = PG_GETARG_TEXT_PP(0);
		text	   *node_id = PG_GETARG_TEXT_PP(1);
		LatestVersion latest;

		if (write.document == NULL &&
			history_latest(fcinfo, org_id, node_id, GetActiveSnapshot(), &latest) == 0)
			store_no_such(store_text_ref(org_id), store_text_ref(node_id));
		if (!once_had_field(fcinfo, name))
			require_field(write_catalogue(&write, fcinfo), name);
	}
	PG_RETURN_INT64(versions);
}
