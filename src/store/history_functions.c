/*-------------------------------------------------------------------------
 *
 * store/history_functions.c
 *	  A node's history, as people read it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "server/own_query.h"
#include "server/sql_result.h"
#include "store/access.h"
#include "store/store.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(integration_config_history);

/*
 * One version more than is wanted is read, to see what changed in the oldest of
 * them.  $3 is how many are wanted, -1 all.
 */
static const char history_text[] =
	"SELECT v.version, v.operation, v.changed_at, v.author, v.reason, v.role,"
	" v.parent_id, v.node_type, v.name, v.shown,"
	" integration_schemas_internal.config_diff(v.document_before, v.config_json,"
	"  v.shown_before, v.shown)"
	" || CASE WHEN v.operation = 'update' AND v.parent_id IS DISTINCT FROM v.parent_before"
	"  THEN jsonb_build_object('parent_id',"
	"   jsonb_build_object('before', v.parent_before, 'after', v.parent_id)) ELSE '{}' END"
	" || CASE WHEN v.operation = 'update' AND v.node_type <> v.type_before"
	"  THEN jsonb_build_object('node_type',"
	"   jsonb_build_object('before', v.type_before, 'after', v.node_type)) ELSE '{}' END"
	" || CASE WHEN v.operation = 'update' AND v.type_before IS NOT NULL"
	"   AND v.name IS DISTINCT FROM v.name_before"
	"  THEN jsonb_build_object('name',"
	"   jsonb_build_object('before', v.name_before, 'after', v.name)) ELSE '{}' END"
	" FROM (SELECT s.*, lag(s.config_json) OVER w AS document_before,"
	"   lag(s.shown) OVER w AS shown_before, lag(s.parent_id) OVER w AS parent_before,"
	"   lag(s.node_type) OVER w AS type_before, lag(s.name) OVER w AS name_before"
	"  FROM (SELECT h.version, h.operation, h.changed_at, h.author, h.reason, h.role,"
	"     h.parent_id, h.node_type, h.name, h.config_json,"
	"     integration_schemas_internal.redact_past(h.config_json, e.secrets, h.erased) AS shown"
	"    FROM (SELECT * FROM ONLY %s AS t WHERE t.org_id = $1 AND t.node_id = $2"
	"      ORDER BY t.version DESC LIMIT nullif($3, -1) + 1) AS h,"
	"     (SELECT integration_schemas_internal.ever_secret() AS secrets OFFSET 0) AS e) AS s"
	"  WINDOW w AS (ORDER BY s.version)) AS v"
	" ORDER BY v.version DESC LIMIT nullif($3, -1)";

/*
 * refuse_unless_by_table: an error for a caller to whom something is granted, but
 * nothing here, and who has no rights on the history either.
 */
static void
refuse_unless_by_table(FunctionCallInfo fcinfo)
{
	const GrantSet *grants = grants_of_caller(fcinfo);
	Oid			relid = own_table_required(fcinfo, OWN_HISTORY, AccessShareLock);

	if (grants != NULL &&
		pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT, ACLMASK_ALL) != ACLCHECK_OK)
		access_refuse(grants, relid, PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1), PRIVILEGE_READ);
}

/*
 * integration_config_history(org_id text, node_id text, max integer) returns
 * setof record: a node's versions, newest first.
 *
 * Of a null organisation or node there is none.  Errors: undefined_object where
 * there is no such node, and never was; insufficient_privilege;
 * invalid_parameter_value.
 */
Datum
integration_config_history(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, INT8OID};
	Oid			extension = own_extension(fcinfo);
	ReturnSetInfo *result = result_begin(fcinfo);
	bool		granted;
	int64		max = PG_ARGISNULL(2) ? -1 : PG_GETARG_INT32(2);
	Datum		values[3];

	(void) extension;			/* its function may be gone: an error of ours */
	if (!PG_ARGISNULL(2) && max < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of versions must not be negative")));
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	values[2] = Int64GetDatum(max);
	granted = access_granted(fcinfo, PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1),
							 GetActiveSnapshot()) & PRIVILEGE_READ;
	if (!granted)
		refuse_unless_by_table(fcinfo);
	SPI_connect();
	if (granted)
		own_select_as_owner(fcinfo, OWN_HISTORY, history_text, lengthof(types), types, values,
							result);
	else
		own_select(fcinfo, OWN_HISTORY, history_text, lengthof(types), types, values, result);
	if (SPI_processed == 0 && max != 0)
		store_no_such(store_text_ref(PG_GETARG_TEXT_PP(0)),
					  store_text_ref(PG_GETARG_TEXT_PP(1)));
	SPI_finish();
	return (Datum) 0;
}
