/*-------------------------------------------------------------------------
 *
 * store/rollback.c
 *	  The SQL-callable function that gives a node an older document again.
 *
 * Secrets are changed because they leaked, or have run out: what is rolled back is
 * all else, unless the caller wants the old secrets too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "catalogue/secret_change.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "secrets/grants.h"
#include "secrets/keep.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/own_table.h"
#include "store/node_rules.h"
#include "store/rename.h"
#include "store/write.h"
#include "utils/builtins.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(integration_config_rollback);

/*
 * version_phrase: a version of the node as messages name it, palloc'd.
 */
static char *
version_phrase(const NodeWrite *write, int32 version)
{
	return psprintf("version %d of %s", version, node_phrase(write->org_id, write->node_id));
}

/*
 * old_document: the document of a version in the node's history, with the names
 * that things have now, which lives until write_end.
 *
 * It is read once the node's row is locked, so that what another transaction
 * has just taken out of the history is not put back.
 */
static Jsonb *
old_document(NodeWrite *write, FunctionCallInfo fcinfo, int32 version)
{
	static const Oid argtypes[] = {TEXTOID, TEXTOID, INT4OID};
	static KeptPlan read_history;
	Oid			relid = own_table_required(fcinfo, OWN_HISTORY, AccessShareLock);
	Relation	table = table_open(relid, NoLock);
	AttrNumber	read[5];
	Datum		values[3];
	Datum		document;
	Datum		sequence;
	bool		isnull;

	read[0] = own_column(table, "org_id", TEXTOID);
	read[1] = own_column(table, "node_id", TEXTOID);
	read[2] = own_column(table, "version", INT4OID);
	read[3] = own_column(table, "config_json", JSONBOID);
	read[4] = own_column(table, "sequence", INT8OID);
	table_close(table, NoLock);
	rights_checked(relid, ACL_SELECT, lengthof(read), read,
				   write->granted ? relation_owner(relid) : GetUserId(), true);

	values[0] = PointerGetDatum(write->org_id);
	values[1] = PointerGetDatum(write->node_id);
	values[2] = Int32GetDatum(version);
	if (write_run(&read_history, relid, write->granted,
			"SELECT h.config_json, h.sequence FROM ONLY %s AS h"
			" WHERE h.org_id OPERATOR(pg_catalog.=) $1 AND h.node_id OPERATOR(pg_catalog.=) $2"
			" AND h.version OPERATOR(pg_catalog.=) $3",
			lengthof(argtypes), argtypes, values) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s does not exist", version_phrase(write, version))));
	document = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has no document", version_phrase(write, version)),
				 errdetail("With this version the node was deleted.")));
	sequence = write_result(2, write);
	return renamed_since(fcinfo, DatumGetInt64(sequence), DatumGetJsonbP(document));
}

/*
 * keeps_secrets: what an argument says is to become of secrets.
 *
 * Errors: invalid_parameter_value.
 */
static bool
keeps_secrets(FunctionCallInfo fcinfo, int number)
{
	const char *word = PG_ARGISNULL(number) ? "null" :
		text_to_cstring(PG_GETARG_TEXT_PP(number));

	if (strcmp(word, "keep") != 0 && strcmp(word, "restore") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("secrets of a rollback must be \"keep\" or \"restore\"")));
	return strcmp(word, "keep") == 0;
}

/*
 * integration_config_rollback(org_id text, node_id text, version integer,
 * expected_version integer, reason text, author text, secrets text) returns
 * integer: give a node the document of an older version again, with the secrets
 * of today or of then.
 */
Datum
integration_config_rollback(PG_FUNCTION_ARGS)
{
	NodeWrite	write;
	bool		keep = keeps_secrets(fcinfo, 6);
	int32		version;
	Jsonb	   *document;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("organisation, node and version must not be null")));
	version = PG_GETARG_INT32(2);
	write_lock(&write, fcinfo, 3, PRIVILEGE_WRITE);
	document = old_document(&write, fcinfo, version);
	write_expect(&write, fcinfo, 3);
	if (keep)
		document = keep_secrets(catalogue_of_owner(fcinfo), jsonb_ref_root(document),
								jsonb_ref_root(write.document));
	else
		document = secrets_renamed_since(fcinfo, write.context.org_id, write.context.node_id,
										 document);
	if (write.context.reason == NULL)
		write.context.reason = psprintf("rollback to version %d", version);
	write.context.accepted = true;
	secret_stays_hidden(fcinfo, jsonb_ref_root(write.document), jsonb_ref_root(document));
	PG_RETURN_INT32(write_end(&write, document));
}
