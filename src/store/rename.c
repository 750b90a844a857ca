/*-------------------------------------------------------------------------
 *
 * store/rename.c
 *	  The SQL-callable functions that rename an integration or a field, in the
 *	  catalogue and in every document.
 *
 * Locks are taken in one order: the catalogue's version row, for which all who
 * change the catalogue wait for each other, then the table of nodes, against all
 * who write it.  So when the nodes are read, every document with the old name is
 * there, and none comes after: who waited to write one is judged by the new
 * catalogue.
 *
 * The nodes are read one after the other, and each that has the name is written
 * with an UPDATE of its own, as the functions for one node do it.  Nothing but a
 * name changes, so nothing is validated: what is wrong with a document otherwise
 * does not stand in the way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/definition.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "server/actor.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "server/sql_result.h"
#include "storage/lmgr.h"
#include "store/lookup.h"
#include "store/node_rules.h"
#include "store/rename.h"
#include "store/store.h"
#include "store/write.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(integration_schema_rename_field);
PG_FUNCTION_INFO_V1(integration_schema_rename);

static const char rename_field_text[] = "UPDATE ONLY %s AS s SET fields = $2 WHERE s.id = $1";
static const char rename_text[] = "UPDATE ONLY %s AS s SET id = $2 WHERE s.id = $1";

/*
 * name_argument: a name that an argument gives.
 */
static JsonbRef
name_argument(FunctionCallInfo fcinfo, int number)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("names must not be null")));
	return store_text_ref(PG_GETARG_TEXT_PP(number));
}

/*
 * require_rights: the caller must have the rights that the statements on a table
 * take, and reach all of its rows.
 *
 * Errors: insufficient_privilege.
 */
static void
require_rights(Oid relid, int nread, const AttrNumber *read, AttrNumber written)
{
	(void) rights_checked(relid, ACL_SELECT, nread, read, GetUserId(), true);
	(void) rights_checked(relid, ACL_UPDATE, 1, &written, GetUserId(), true);
	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("nothing can be renamed under row security"),
				 errdetail("Row security of table \"%s\" applies to role \"%s\", and every row must be reached.",
						   get_rel_name(relid), GetUserNameFromId(GetUserId(), false))));
}

/*
 * require_catalogue_rights, require_node_rights: the same for each table.
 */
static void
require_catalogue_rights(Relation catalogue, const Rename *rename)
{
	AttrNumber	read[2];

	read[0] = own_column(catalogue, "id", TEXTOID);
	read[1] = own_column(catalogue, "fields", JSONBOID);
	require_rights(RelationGetRelid(catalogue), lengthof(read), read,
				   rename->from_field.type == JREF_NONE ? read[0] : read[1]);
}

static void
require_node_rights(Oid relid)
{
	NodeTable	table;
	AttrNumber	read[3];

	node_table_open(&table, relid, NoLock);
	read[0] = table.columns[NODE_ORG_ID];
	read[1] = table.columns[NODE_NODE_ID];
	read[2] = table.columns[NODE_CONFIG_JSON];
	node_table_close(&table);
	require_rights(relid, lengthof(read), read, read[2]);
}

/*
 * require_id: can it be an integration's id?  As the table's constraint has it,
 * whose error would show the row.
 *
 * Errors: check_violation.
 */
static void
require_id(JsonbRef id)
{
	bool		valid = id.len >= 1 && id.len <= 64;

	for (uint32 i = 0; i < id.len && valid; i++)
		valid = (id.ptr[i] >= 'a' && id.ptr[i] <= 'z') || (id.ptr[i] >= '0' && id.ptr[i] <= '9') ||
			(i > 0 && (id.ptr[i] == '_' || id.ptr[i] == '-'));
	if (!valid)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("integration cannot have the id %s", name_phrase(id)),
				 errhint("Write an id of 1 to 64 lower case letters, digits, hyphens and underscores that begins with a letter or a digit.")));
}

/*
 * renamed_definitions: the definitions with the new name; with SPI connected, in
 * its memory.
 */
static RenamedDefinitions
renamed_definitions(Relation catalogue, const Rename *rename, const FieldPath *path,
					JsonbRef name)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {text_from_ref(rename->from_id)};
	RenamedDefinitions none = {0};
	Datum		fields;
	bool		isnull;

	if (own_execute(NULL, RelationGetForm(catalogue)->relowner,
					psprintf("SELECT s.fields FROM ONLY %s AS s WHERE s.id = $1",
							 qualified_name(RelationGetRelid(catalogue))),
					lengthof(types), types, values, NULL, GetLatestSnapshot()) == 0)
		return none;
	fields = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	return isnull ? none : rename_definitions(jsonb_ref_root(DatumGetJsonbP(fields)), path, name);
}

/*
 * require_names: the old name must be there, and the new one free and well formed;
 * with SPI connected.  Returns the definitions with a field's new name.
 *
 * Errors: undefined_object, unique_violation, check_violation.
 */
static Jsonb *
require_names(FunctionCallInfo fcinfo, Relation catalogue, const Rename *rename, JsonbRef name)
{
	FieldPath	path;
	RenamedDefinitions renamed;

	(void) catalogue_require(catalogue_current(fcinfo), rename->from_id.ptr, rename->from_id.len);
	if (rename->from_field.type == JREF_NONE)
	{
		require_id(rename->to_id);
		if (catalogue_integration(catalogue_current(fcinfo), rename->to_id.ptr, rename->to_id.len) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNIQUE_VIOLATION),
					 errmsg("integration %s exists already", name_phrase(rename->to_id))));
		return NULL;
	}
	path = field_path_parse(rename->from_field);
	require_field(catalogue_current(fcinfo), field_name(rename->from_id, rename->from_field));
	if (!is_field_name(name))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("field cannot have the name %s", name_phrase(name)),
				 errhint("%s", FIELD_NAME_HINT)));
	if (path.nsteps == 1 && JREF_IS(name, "enabled"))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("field cannot be renamed to %s", name_phrase(name)),
				 errhint("In \"locked\" that name is the integration's own switch.")));
	renamed = renamed_definitions(catalogue, rename, &path, name);
	if (renamed.tells_choices)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("field %s of integration %s cannot be renamed",
						name_phrase(rename->from_field), name_phrase(rename->from_id)),
				 errdetail("It tells the choices of an object apart.")));
	if (!renamed.found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("integration %s has no field %s", name_phrase(rename->from_id),
						name_phrase(rename->from_field)),
				 errhint("A path is that of the definition: \"*\" stands for any element of an array and any key of a map.")));
	if (renamed.taken)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("integration %s has a field %s already", name_phrase(rename->from_id),
						name_phrase(rename->to_field))));
	return renamed.fields;
}

/*
 * rename_in_catalogue: rename it there; with SPI connected.
 *
 * Errors: object_not_in_prerequisite_state, also where a secret would be shown
 * (catalogue/secret_change.c).
 */
static void
rename_in_catalogue(Relation catalogue, const Rename *rename, Jsonb *fields)
{
	Oid			types[] = {TEXTOID, fields != NULL ? JSONBOID : TEXTOID};
	Datum		values[2];

	values[0] = text_from_ref(rename->from_id);
	values[1] = fields != NULL ? JsonbPGetDatum(fields) : text_from_ref(rename->to_id);
	if (own_execute(NULL, RelationGetForm(catalogue)->relowner,
					psprintf(fields != NULL ? rename_field_text : rename_text,
							 qualified_name(RelationGetRelid(catalogue))),
					lengthof(types), types, values, NULL, GetLatestSnapshot()) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("integration %s was not renamed", name_phrase(rename->from_id)),
				 errdetail("A trigger or a rule of the table took the change away.")));
}

/*
 * refuse_collision: the error for a document that has the new name already.
 */
static void
refuse_collision(const NodeRow *row, const Rename *rename)
{
	bool		field = rename->from_field.type != JREF_NONE;

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 field ?
			 errmsg("%s has a field %s of integration %s already",
					node_phrase(row->org_id, row->node_id),
					name_phrase(rename->to_field), name_phrase(rename->from_id)) :
			 errmsg("%s has an integration %s already",
					node_phrase(row->org_id, row->node_id), name_phrase(rename->to_id)),
			 errdetail("It would stand for what is renamed."),
			 errhint("Take it out of the node's document first.")));
}

/*
 * rename_in_node: write the node's document with the new name.
 *
 * Errors: serialization_failure where the transaction's snapshot is too old to
 * see the node.
 */
static void
rename_in_node(FunctionCallInfo fcinfo, const NodeTable *table, const NodeRow *row,
			   const Rename *rename)
{
	NodeWrite	write = {0};
	Jsonb	   *document = rename_document(rename, jsonb_ref_root(row->document));

	write.relid = RelationGetRelid(table->relation);
	write.org_id = row->org_id;
	write.node_id = row->node_id;
	write.ruled = table->relation->rd_rules != NULL;
	write.context.org_id = store_text_ref(row->org_id);
	write.context.node_id = store_text_ref(row->node_id);
	write.context.renames = true;
	SPI_connect();
	/* the catalogue has the new names only since a moment ago */
	PushActiveSnapshot(GetLatestSnapshot());
	document = secrets_renamed(fcinfo, write.context.org_id, write.context.node_id, rename,
							   document);
	PopActiveSnapshot();
	if (!write_update(&write, document))
	{
		if (IsolationUsesXactSnapshot())
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to a concurrent change of the nodes"),
					 errhint("The transaction might succeed if retried.")));
		write_refused(&write);
	}
	SPI_finish();
}

/*
 * rename_in_nodes: rename it in every document that is there; returns how many
 * nodes were changed.
 */
static uint64
rename_in_nodes(FunctionCallInfo fcinfo, Oid relid, const Rename *rename)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row_cxt = AllocSetContextCreate(caller, "node that has a name",
												  ALLOCSET_DEFAULT_SIZES);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	uint64		changed = 0;
	NodeTable	table;
	NodeScan	scan;
	NodeRow		row;

	node_table_open(&table, relid, NoLock);
	node_scan_begin(&scan, &table, NULL, true, snapshot);
	MemoryContextSwitchTo(row_cxt);
	while (node_scan_next(&scan, &row))
	{
		bool		whole = row.org_id != NULL && row.node_id != NULL && row.document != NULL;

		if (whole && rename_collides(rename, jsonb_ref_root(row.document)))
			refuse_collision(&row, rename);
		if (whole && rename_concerns(rename, jsonb_ref_root(row.document)))
		{
			rename_in_node(fcinfo, &table, &row, rename);
			changed++;
		}
		MemoryContextReset(row_cxt);
	}
	MemoryContextSwitchTo(caller);
	node_scan_end(&scan);
	node_table_close(&table);
	UnregisterSnapshot(snapshot);
	MemoryContextDelete(row_cxt);
	return changed;
}

/*
 * rename_everywhere: rename something, for that reason, to which the setting's
 * is added; returns how many nodes were changed.
 *
 * What is read is the latest: the lock may have been waited for.
 */
static uint64
rename_everywhere(FunctionCallInfo fcinfo, const Rename *rename, JsonbRef name,
				  const char *reason)
{
	Relation	catalogue = table_open(own_table_required(fcinfo, OWN_CATALOGUE,
														  RowExclusiveLock), NoLock);
	Oid			nodes = own_table_required(fcinfo, OWN_NODES, AccessShareLock);
	const char *given = actor_reason();
	Jsonb	   *fields;
	uint64		changed;
	int			level;

	require_catalogue_rights(catalogue, rename);
	require_node_rights(nodes);

	SPI_connect();
	catalogue_move_version(catalogue);
	LockRelationOid(nodes, ShareRowExclusiveLock);
	PushActiveSnapshot(GetLatestSnapshot());
	fields = require_names(fcinfo, catalogue, rename, name);
	PopActiveSnapshot();

	level = NewGUCNestLevel();
	if (given != NULL)
		reason = psprintf("%s: %s", reason, given);
	(void) set_config_option("integration_schemas.reason", reason, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	rename_record(fcinfo, rename);
	rename_in_catalogue(catalogue, rename, fields);
	SPI_finish();
	changed = rename_in_nodes(fcinfo, nodes, rename);
	AtEOXact_GUC(false, level);
	table_close(catalogue, NoLock);
	return changed;
}

/*
 * beside: the path of a field of that name beside the one at a path, palloc'd.
 */
static JsonbRef
beside(JsonbRef path, JsonbRef name)
{
	StringInfoData result;
	int			before = path.len;

	while (before > 0 && path.ptr[before - 1] != '/')
		before--;
	initStringInfo(&result);
	appendBinaryStringInfo(&result, path.ptr, before);
	appendBinaryStringInfo(&result, name.ptr, name.len);
	return jsonb_ref_string(result.data, result.len);
}

/*
 * integration_schema_rename_field(id text, "from" text, "to" text) returns
 * bigint: give a field another name; "from" may be a path.
 */
Datum
integration_schema_rename_field(PG_FUNCTION_ARGS)
{
	Rename		rename = {0};
	JsonbRef	name;

	rename.from_id = rename.to_id = name_argument(fcinfo, 0);
	rename.from_field = name_argument(fcinfo, 1);
	name = name_argument(fcinfo, 2);
	rename.to_field = beside(rename.from_field, name);
	PG_RETURN_INT64(rename_everywhere(fcinfo, &rename, name, "field renamed"));
}

/*
 * integration_schema_rename("from" text, "to" text) returns bigint: give an
 * integration another id.
 */
Datum
integration_schema_rename(PG_FUNCTION_ARGS)
{
	Rename		rename = {0};

	rename.from_id = name_argument(fcinfo, 0);
	rename.to_id = name_argument(fcinfo, 1);
	PG_RETURN_INT64(rename_everywhere(fcinfo, &rename, rename.to_id, "integration renamed"));
}
