/*-------------------------------------------------------------------------
 *
 * store/write.c
 *	  The SQL-callable functions that write one node's document.
 *
 * Each locks the node's row, makes the new document of the old one, and puts it
 * there with an UPDATE like anybody's: what a document may hold, its version
 * and its history are the triggers' business, which learn from write_context
 * who writes and why.
 *
 * The caller needs the rights that the two statements take, or a privilege at the
 * node (store/access.c).  Where he has only the rights, and row security applies
 * to him, they run as himself, so that the policies hold for what he reads and
 * what he writes.  Everywhere else they run as the table's owner: the owner's own
 * triggers, rules and constraints must not get hold of the rights of whoever
 * calls us (server/identity.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "catalogue/catalogue.h"
#include "catalogue/secret_change.h"
#include "executor/spi.h"
#include "jsonb/build.h"
#include "jsonb/merge_patch.h"
#include "miscadmin.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/own_table.h"
#include "store/access.h"
#include "store/lookup.h"
#include "store/node_rules.h"
#include "store/patch.h"
#include "store/rename.h"
#include "store/store.h"
#include "store/write.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(integration_config_set);
PG_FUNCTION_INFO_V1(integration_config_replace);
PG_FUNCTION_INFO_V1(integration_config_unset);
PG_FUNCTION_INFO_V1(integration_config_inherit);

#define UPDATE_NODE \
	"UPDATE ONLY %s AS n SET config_json = $3" \
	" WHERE n.org_id OPERATOR(pg_catalog.=) $1 AND n.node_id OPERATOR(pg_catalog.=) $2"

/* The write that is being made; see write_context.h. */
WriteContext *write_context = NULL;

/*
 * object_argument: an argument that must be a JSON object.
 */
static Jsonb *
object_argument(FunctionCallInfo fcinfo, int number, const char *what)
{
	Jsonb	   *argument = PG_ARGISNULL(number) ? NULL : PG_GETARG_JSONB_P(number);

	if (argument == NULL || jsonb_ref_root(argument).type != JREF_OBJECT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not a JSON object", what),
				 argument == NULL ? errdetail("It is a null value.") :
				 errdetail("It is a JSON %s.",
						   jsonb_ref_type_name(jsonb_ref_root(argument)))));
	return argument;
}

/*
 * write_text_argument: an argument as a string, palloc'd; NULL where it is null.
 */
char *
write_text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/*
 * write_run: run one of the statements on a table, as its owner or, unless it is
 * granted, as the caller whom row security applies to; returns how many rows
 * there were.  The plan is not kept where kept is NULL.
 *
 * %s in the text is the table's name as it is now: whoever owns the schema may
 * have renamed it.
 */
uint64
write_run(KeptPlan *kept, Oid relid, bool granted, const char *text, int nargs,
	const Oid *argtypes, Datum *values)
{
	Identity	caller;
	uint64		rows;

	if (granted)
		identity_become(&caller, relation_owner(relid));
	else
		identity_for_table(&caller, relid);
	rows = kept_plan_execute(kept, psprintf(text, qualified_name(relid)), nargs, argtypes,
							 values, NULL, InvalidSnapshot, false);
	identity_return(&caller);
	return rows;
}

/*
 * write_result: a column of the first row that write_run() has given, which lives until
 * SPI_finish; an error where it is null, which only a table that its owner has
 * altered can hold.
 */
Datum
write_result(int column, const NodeWrite *write)
{
	bool		isnull;
	Datum		value;

	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);
	if (isnull)
		store_no_document(write->context.node_id);
	return value;
}

/*
 * write_lock_node: lock the node's row, and read what it has now; false where there is
 * none.
 */
bool
write_lock_node(NodeWrite *write)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID};
	static KeptPlan kept;
	Datum		values[2];

	values[0] = PointerGetDatum(write->org_id);
	values[1] = PointerGetDatum(write->node_id);
	if (write_run(&kept, write->relid, write->granted,
			"SELECT n.version, n.config_json FROM ONLY %s AS n"
			" WHERE n.org_id OPERATOR(pg_catalog.=) $1 AND n.node_id OPERATOR(pg_catalog.=) $2"
			" FOR NO KEY UPDATE",
			lengthof(argtypes), argtypes, values) == 0)
		return false;
	write->version = DatumGetInt32(write_result(1, write));
	write->document = DatumGetJsonbP(write_result(2, write));
	return true;
}

/*
 * require_rights: the caller must have the privilege or, as whomever the two
 * statements run, the rights that they take.
 *
 * Errors: insufficient_privilege.
 */
static void
require_rights(NodeWrite *write, FunctionCallInfo fcinfo, int privilege)
{
	NodeTable	table;
	AttrNumber	read[4];
	Oid			userid;

	node_table_open(&table, write->relid, NoLock);
	read[0] = table.columns[NODE_ORG_ID];
	read[1] = table.columns[NODE_NODE_ID];
	read[2] = table.columns[NODE_VERSION];
	read[3] = table.columns[NODE_CONFIG_JSON];
	write->ruled = table.relation->rd_rules != NULL;
	write->granted = access_granted_now(fcinfo, write->org_id, write->node_id) & privilege;
	userid = write->granted ? table.relation->rd_rel->relowner : GetUserId();
	node_table_close(&table);
	if (!rights_checked(write->relid, ACL_SELECT, lengthof(read), read, userid, write->granted) ||
		!rights_checked(write->relid, ACL_UPDATE, 1, &read[3], userid, write->granted))
		access_refuse(grants_of_caller(fcinfo), write->relid, write->org_id, write->node_id,
					  privilege);
}

/*
 * write_lock: find and lock the node that a function's first two arguments
 * name, if it is there, for a write with the reason and the author that its
 * arguments after that number give.
 *
 * Connects to SPI: what is allocated from here on lives until write_end.
 * Errors: invalid_parameter_value, insufficient_privilege.
 */
void
write_lock(NodeWrite *write, FunctionCallInfo fcinfo, int first, int privilege)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("organisation and node must not be null")));
	SPI_connect();
	memset(write, 0, sizeof(*write));
	write->org_id = PG_GETARG_TEXT_PP(0);
	write->node_id = PG_GETARG_TEXT_PP(1);
	write->context.org_id = store_text_ref(write->org_id);
	write->context.node_id = store_text_ref(write->node_id);
	write->context.reason = write_text_argument(fcinfo, first + 1);
	write->context.author = write_text_argument(fcinfo, first + 2);

	write->relid = own_table_required(fcinfo, OWN_NODES, RowExclusiveLock);
	require_rights(write, fcinfo, privilege);

	/* the lock may have waited for a move of the node, or for a revocation */
	if (write_lock_node(write) && write->granted &&
		(access_granted_now(fcinfo, write->org_id, write->node_id) & privilege) == 0)
		access_refuse(grants_of_caller(fcinfo), write->relid, write->org_id, write->node_id,
					  privilege);
}

/*
 * write_expect: the node must be there, and have the expected version that the
 * argument of that number gives.
 *
 * Errors: undefined_object where there is no such node, or row security hides
 * it; serialization_failure.
 */
void
write_expect(const NodeWrite *write, FunctionCallInfo fcinfo, int number)
{
	if (write->document == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s does not exist", node_phrase(write->org_id, write->node_id)),
				 errhint("Nodes are made with INSERT INTO node_configurations.")));
	if (!PG_ARGISNULL(number) && PG_GETARG_INT32(number) != write->version)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("%s has changed", node_phrase(write->org_id, write->node_id)),
				 errdetail("The expected version is %d, the current one is %d.",
						   PG_GETARG_INT32(number), write->version),
				 errhint("Read the document again and repeat the change.")));
}

/*
 * write_begin: both, with the expected version, the reason and the author in
 * the function's arguments from that number on.
 */
static void
write_begin(NodeWrite *write, FunctionCallInfo fcinfo, int first)
{
	write_lock(write, fcinfo, first, PRIVILEGE_WRITE);
	write_expect(write, fcinfo, first);
}

/*
 * write_update: put the document there, with SPI connected; false where something
 * of the owner's has taken the change away, or the transaction's snapshot does
 * not see the node.  The version that the node then has is in the write.
 *
 * Where the table has rules, the server may refuse to return anything from an
 * UPDATE, so the row is asked afterwards; and a plan of which a rule has left
 * nothing would not notice that the rule goes, so none is kept.
 */
bool
write_update(NodeWrite *write, Jsonb *document)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID, JSONBOID};
	static KeptPlan kept;
	WriteContext *outer = write_context;
	uint64		rows = 0;
	Datum		values[3];

	values[0] = PointerGetDatum(write->org_id);
	values[1] = PointerGetDatum(write->node_id);
	values[2] = JsonbPGetDatum(document);
	PG_TRY();
	{
		write_context = &write->context;
		rows = write_run(write->ruled ? NULL : &kept, write->relid, write->granted,
				   write->ruled ? UPDATE_NODE : UPDATE_NODE " RETURNING n.version",
				   lengthof(argtypes), argtypes, values);
	}
	PG_FINALLY();
	{
		write_context = outer;
	}
	PG_END_TRY();
	if (rows == 0)
		return false;
	if (write->ruled)
		return write_lock_node(write);
	write->version = DatumGetInt32(write_result(1, write));
	return true;
}

/*
 * write_refused: the error for a document that write_update() has not put there.
 */
void
write_refused(const NodeWrite *write)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s was not written", node_phrase(write->org_id, write->node_id)),
			 errdetail("A trigger or a rule of the table took the change away.")));
}

/*
 * write_end: the node's new document; returns the version that it then has,
 * which is the one that it had where nothing changes.
 *
 * That may turn out only in the triggers, where the document holds masks.
 */
int32
write_end(NodeWrite *write, Jsonb *document)
{
	if (!jsonb_ref_equal(jsonb_ref_root(document), jsonb_ref_root(write->document)) &&
		!write_update(write, document))
		write_refused(write);
	SPI_finish();
	return write->version;
}

/*
 * integration_config_set(org_id text, node_id text, patch jsonb,
 * expected_version integer, reason text, author text) returns integer: apply a
 * JSON Merge Patch.  Where it switches a choice of variants, what belonged to the
 * other one goes.
 */
Datum
integration_config_set(PG_FUNCTION_ARGS)
{
	NodeWrite	write;
	Jsonb	   *patch = object_argument(fcinfo, 2, "patch");

	write_begin(&write, fcinfo, 3);
	PG_RETURN_INT32(write_end(&write, patched_document(catalogue_of_owner(fcinfo), write.document,
													   jsonb_ref_root(patch))));
}

/*
 * integration_config_replace(org_id text, node_id text, document jsonb,
 * expected_version integer, reason text, author text) returns integer: give a
 * node a whole document.
 */
Datum
integration_config_replace(PG_FUNCTION_ARGS)
{
	NodeWrite	write;
	Jsonb	   *document = object_argument(fcinfo, 2, "document");

	write_begin(&write, fcinfo, 3);
	PG_RETURN_INT32(write_end(&write, document));
}

/*
 * field_name: a field of an entry by its path.
 */
FieldName
field_name(JsonbRef id, JsonbRef field)
{
	return (FieldName) {id, field, field_path_parse(field)};
}

/*
 * field_argument: the field that a function's third and fourth argument name.
 */
FieldName
field_argument(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("integration and field must not be null")));
	return field_name(store_text_ref(PG_GETARG_TEXT_PP(2)), store_text_ref(PG_GETARG_TEXT_PP(3)));
}

/*
 * write_catalogue: the catalogue for the caller.
 */
const Catalogue *
write_catalogue(const NodeWrite *write, FunctionCallInfo fcinfo)
{
	return write->granted ? catalogue_for_granted(fcinfo) : catalogue_current(fcinfo);
}

/*
 * require_field: an error (undefined_object) where the catalogue has no such
 * field, with the nearest name as a hint.
 */
void
require_field(const Catalogue *catalogue, FieldName name)
{
	const Integration *integration;
	JsonbRef	nearest;
	JsonbRef	instance;
	StringInfoData message;

	integration = catalogue_require_entry(catalogue, name.id.ptr, name.id.len, &instance);
	if (field_path_end(&integration->config, &name.path) != FIELD_PATH_NOWHERE)
		return;
	nearest = field_path_nearest(&integration->config, &name.path);
	initStringInfo(&message);
	appendStringInfoString(&message, "integration ");
	append_name(&message, name.id);
	appendStringInfoString(&message, " has no field ");
	append_name(&message, name.field);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg_internal("%s", message.data),
			 nearest.type != JREF_NONE ?
			 errhint("Perhaps you meant \"%s\".", jsonb_ref_cstring(nearest)) : 0));
}

/*
 * require_member: the field must stand in objects: an array is a value as a whole,
 * and what is in it can't be inherited by itself.
 *
 * Errors: feature_not_supported.
 */
static void
require_member(const Catalogue *catalogue, FieldName name)
{
	JsonbRef	instance;
	const Integration *integration = catalogue_entry(catalogue, name.id.ptr, name.id.len,
													 &instance);

	if (integration != NULL &&
		field_path_end(&integration->config, &name.path) >= FIELD_PATH_ELEMENT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("field %s of integration %s is in an array",
						name_phrase(name.field), name_phrase(name.id)),
				 errdetail("A node has an array, or inherits it, as a whole.")));
}

/*
 * own_value: what the node's own document has for a field.
 */
static JsonbRef
own_value(const NodeWrite *write, FieldName name)
{
	JsonbRef	value = jsonb_ref_root(write->document);

	value = JREF_MEMBER(value, "integrations");
	value = jsonb_ref_member(value, name.id.ptr, name.id.len);
	value = JREF_MEMBER(value, "config");
	for (int i = 0; i < name.path.nsteps; i++)
		value = jsonb_ref_member(value, name.path.steps[i].ptr, name.path.steps[i].len);
	return value;
}

/*
 * null_patch: the patch that sets a field to null, palloc'd.
 */
static JsonbRef
null_patch(FieldName name)
{
	JsonbBuild	build = {0};
	JsonbRef	null = {.type = JREF_NULL};

	build_object(&build);
	build_key(&build, "integrations");
	build_object(&build);
	build_key_ref(&build, name.id);
	build_object(&build);
	build_key(&build, "config");
	for (int i = 0; i < name.path.nsteps; i++)
	{
		build_object(&build);
		build_key_ref(&build, name.path.steps[i]);
	}
	build_value(&build, null);
	for (int i = 0; i < name.path.nsteps + 3; i++)
		build_end(&build);
	return jsonb_ref_root(build_finish(&build));
}

/*
 * unset_field: the node's document with null for a field.
 */
static Jsonb *
unset_field(const Catalogue *catalogue, const NodeWrite *write, FieldName name)
{
	JsonbRefType own = own_value(write, name).type;
	Jsonb	   *document = write->document;

	if (own != JREF_NULL)
	{
		JsonbRef	patch = null_patch(name);

		/* the first null takes a value away, the next one stays */
		if (own != JREF_NONE)
			document = patched_document(catalogue, document, patch);
		document = patched_document(catalogue, document, patch);
	}
	return document;
}

/*
 * integration_config_unset(org_id text, node_id text, id text, field text,
 * expected_version integer, reason text, author text) returns integer: set a
 * field of the node to null, which masks what it inherits.
 */
Datum
integration_config_unset(PG_FUNCTION_ARGS)
{
	NodeWrite	write;
	FieldName	name = field_argument(fcinfo);
	const Catalogue *catalogue;

	write_begin(&write, fcinfo, 4);
	catalogue = write_catalogue(&write, fcinfo);
	require_field(catalogue, name);
	require_member(catalogue, name);
	PG_RETURN_INT32(write_end(&write, unset_field(catalogue_of_owner(fcinfo), &write, name)));
}

/*
 * integration_config_inherit(org_id text, node_id text, id text, field text,
 * expected_version integer, reason text, author text) returns integer: take
 * away what the node says of a field, so that it inherits again.
 *
 * What a catalogue that has changed does not know any more can be taken away
 * too; a name that nobody knows is a mistake.
 */
Datum
integration_config_inherit(PG_FUNCTION_ARGS)
{
	NodeWrite	write;
	FieldName	name = field_argument(fcinfo);
	Jsonb	   *document;

	write_begin(&write, fcinfo, 4);
	document = write.document;
	if (own_value(&write, name).type == JREF_NONE)
	{
		const Catalogue *catalogue = write_catalogue(&write, fcinfo);

		require_field(catalogue, name);
		require_member(catalogue, name);
	}
	else
		document = merge_patched(jsonb_ref_root(document), null_patch(name), NULL, NULL);
	PG_RETURN_INT32(write_end(&write, document));
}
