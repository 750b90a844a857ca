/*-------------------------------------------------------------------------
 *
 * store/secret_functions.c
 *	  The SQL-callable procedures and functions about keys and sealing.
 *
 * The procedures go through organisations, each in a transaction of its own, so
 * that one that is cancelled has done some of them wholly and can be called again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "secrets/data_keys.h"
#include "secrets/master_keys.h"
#include "server/extension.h"
#include "server/identity.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "server/sql_result.h"
#include "store/reseal.h"
#include "store/store.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(integration_secrets_seal);
PG_FUNCTION_INFO_V1(integration_secrets_rewrap);
PG_FUNCTION_INFO_V1(integration_secrets_rotate);
PG_FUNCTION_INFO_V1(integration_secrets_status);

/* So often a rotation gives way to writers before it keeps them out. */
#define GIVE_WAY 3

/*
 * procedure_begin: a procedure that ends transactions begins.
 *
 * Errors: active_sql_transaction where it may not.
 */
static void
procedure_begin(FunctionCallInfo fcinfo)
{
	CallContext *call = (CallContext *) fcinfo->context;

	if (call == NULL || !IsA(call, CallContext) || call->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot be called in a transaction block or a function",
						get_func_name(fcinfo->flinfo->fn_oid)),
				 errdetail("It commits what it has done of each organisation.")));
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	(void) master_key_first();
}

/*
 * organisations: the names of all organisations that have nodes, history or keys,
 * in memory that a commit leaves alone; *count of them.
 */
static text **
organisations(FunctionCallInfo fcinfo, MemoryContext cxt, uint64 *count)
{
	Oid			history = own_table_required(fcinfo, OWN_HISTORY, AccessShareLock);
	Oid			keys = own_table_required(fcinfo, OWN_KEYS, AccessShareLock);
	text	  **names;

	*count = own_execute(NULL, relation_owner(history),
						 psprintf("SELECT o.org_id FROM (SELECT h.org_id FROM ONLY %s AS h"
								  " UNION SELECT k.org_id FROM ONLY %s AS k) AS o ORDER BY o.org_id",
								  qualified_name(history), qualified_name(keys)),
						 0, NULL, NULL, NULL, InvalidSnapshot);
	names = MemoryContextAllocHuge(cxt, sizeof(text *) * (*count + 1));
	for (uint64 i = 0; i < *count; i++)
	{
		bool		isnull;
		Datum		name = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext caller = MemoryContextSwitchTo(cxt);

		names[i] = DatumGetTextPCopy(name);
		MemoryContextSwitchTo(caller);
	}
	SPI_freetuptable(SPI_tuptable);
	return names;
}

/*
 * try_organisation: reseal_organisation() in a subtransaction; false where it was
 * in a deadlock with others, whom it gives way to.
 */
static bool
try_organisation(FunctionCallInfo fcinfo, text *org_id, bool anew, bool alone)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		reseal_organisation(fcinfo, org_id, anew, alone);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode != ERRCODE_T_R_DEADLOCK_DETECTED)
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	return done;
}

/*
 * reseal: an organisation, giving way to those who write many of its nodes.
 *
 * It is ours to give way: we look for a deadlock before they do.
 */
static void
reseal(FunctionCallInfo fcinfo, text *org_id, bool anew)
{
	int			level = NewGUCNestLevel();

	(void) set_config_option("deadlock_timeout", "20ms", PGC_SUSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	for (int i = 0; !try_organisation(fcinfo, org_id, anew, i >= GIVE_WAY); i++)
		CHECK_FOR_INTERRUPTS();
	AtEOXact_GUC(false, level);
}

/*
 * integration_secrets_seal(): seal what was stored in clear, in documents and
 * history of all organisations.
 */
Datum
integration_secrets_seal(PG_FUNCTION_ARGS)
{
	MemoryContext cxt;
	text	  **names;
	uint64		count;

	procedure_begin(fcinfo);
	cxt = AllocSetContextCreate(PortalContext, "organisations", ALLOCSET_DEFAULT_SIZES);
	names = organisations(fcinfo, cxt, &count);
	for (uint64 i = 0; i < count; i++)
	{
		reseal(fcinfo, names[i], false);
		SPI_commit();
	}
	MemoryContextDelete(cxt);
	SPI_finish();
	return (Datum) 0;
}

/*
 * integration_secrets_rewrap(): wrap every organisation's data keys with the first
 * master key.
 */
Datum
integration_secrets_rewrap(PG_FUNCTION_ARGS)
{
	MemoryContext cxt;
	text	  **names;
	uint64		count;

	procedure_begin(fcinfo);
	cxt = AllocSetContextCreate(PortalContext, "organisations", ALLOCSET_DEFAULT_SIZES);
	names = organisations(fcinfo, cxt, &count);
	for (uint64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (data_keys_rewrap(fcinfo, names[i]) > 0)
			SPI_commit();
	}
	MemoryContextDelete(cxt);
	SPI_finish();
	return (Datum) 0;
}

/*
 * drop_older: take away the organisation's keys that nothing is sealed with any
 * more.
 *
 * One that something is still sealed with, in a place that nobody takes for a
 * secret, stays, with a warning.
 */
static void
drop_older(FunctionCallInfo fcinfo, text *org_id)
{
	static const Oid types[] = {TEXTOID};
	Oid			relid = own_table_required(fcinfo, OWN_KEYS, AccessShareLock);
	Datum		values[] = {PointerGetDatum(org_id)};
	SealedCounts counts;
	SPITupleTable *keys;
	uint64		rows;

	sealed_counts(fcinfo, org_id, &counts);
	rows = own_execute(NULL, relation_owner(relid),
					   psprintf("SELECT k.key_id FROM ONLY %s AS k"
								" WHERE k.org_id OPERATOR(pg_catalog.=) $1 AND NOT k.active",
								qualified_name(relid)),
					   lengthof(types), types, values, NULL, InvalidSnapshot);
	keys = SPI_tuptable;
	for (uint64 i = 0; i < rows; i++)
	{
		bool		isnull;
		pg_uuid_t  *id = DatumGetUUIDP(SPI_getbinval(keys->vals[i], keys->tupdesc, 1, &isnull));
		int64		used = 0;

		for (int j = 0; j < counts.nkeys; j++)
			if (memcmp(&counts.keys[j].key, id, sizeof(*id)) == 0)
				used = counts.keys[j].count;
		if (used == 0)
			data_key_drop(fcinfo, id);
		else
			ereport(WARNING,
					(errmsg("an older data key of organisation %s is kept",
							name_phrase(store_text_ref(org_id))),
					 errdetail_plural("%lld secret is still sealed with it.",
									  "%lld secrets are still sealed with it.",
									  used, (long long) used)));
	}
}

/*
 * integration_secrets_rotate(org_id text): give an organisation a new data key,
 * seal all of its secrets with that, and drop the older ones.
 *
 * The new key is committed first; then no transaction seals with an older one
 * once those that do now have ended.  Called again after it was cancelled, it
 * makes another key, and goes on with that.
 */
Datum
integration_secrets_rotate(PG_FUNCTION_ARGS)
{
	text	   *org_id;
	MemoryContext caller;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("organisation must not be null")));
	procedure_begin(fcinfo);
	caller = MemoryContextSwitchTo(PortalContext);
	org_id = DatumGetTextPCopy(PG_GETARG_DATUM(0));
	MemoryContextSwitchTo(caller);
	if (!data_keys_of(fcinfo, org_id))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("organisation %s has no data key", name_phrase(store_text_ref(org_id))),
				 errhint("It gets one with its first sealed secret; integration_secrets_seal() seals what is in clear.")));
	data_key_renew(fcinfo, org_id);
	SPI_commit();
	data_keys_lock(fcinfo, org_id, true, true);
	reseal(fcinfo, org_id, true);
	drop_older(fcinfo, org_id);
	SPI_finish();
	return (Datum) 0;
}

/*
 * status_row: what of an organisation.
 */
static void
status_row(FunctionCallInfo fcinfo, ReturnSetInfo *result, text *org_id)
{
	static const Oid types[] = {TEXTOID};
	Oid			relid = own_table_required(fcinfo, OWN_KEYS, AccessShareLock);
	Datum		parameters[] = {PointerGetDatum(org_id)};
	Datum		values[7];
	bool		nulls[7] = {false};
	SealedCounts counts;
	int64		active = 0;
	int64		older = 0;

	sealed_counts(fcinfo, org_id, &counts);
	for (int i = 0; i < counts.nkeys; i++)
		older += counts.keys[i].count;
	nulls[1] = nulls[2] = nulls[3] = true;
	values[0] = PointerGetDatum(org_id);
	if (own_execute(NULL, relation_owner(relid),
					psprintf("SELECT k.key_id, k.master, k.created_at FROM ONLY %s AS k"
							 " WHERE k.org_id OPERATOR(pg_catalog.=) $1 AND k.active",
							 qualified_name(relid)),
					lengthof(types), types, parameters, NULL, InvalidSnapshot) > 0)
		for (int i = 0; i < 3; i++)
			values[i + 1] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1,
										  &nulls[i + 1]);
	for (int i = 0; i < counts.nkeys && !nulls[1]; i++)
		if (memcmp(&counts.keys[i].key, DatumGetUUIDP(values[1]), sizeof(pg_uuid_t)) == 0)
			active = counts.keys[i].count;
	values[4] = Int64GetDatum(active);
	values[5] = Int64GetDatum(older - active);
	values[6] = Int64GetDatum(counts.clear);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * warn_of_roles: warn of the roles that may SELECT documents and to which nothing
 * is granted to reveal: to them secrets are shown no more once they are sealed.
 */
static void
warn_of_roles(FunctionCallInfo fcinfo)
{
	static const Oid types[] = {OIDOID, OIDOID};
	Oid			nodes = own_table_required(fcinfo, OWN_NODES, AccessShareLock);
	Oid			grants = own_table_required(fcinfo, OWN_GRANTS, AccessShareLock);
	Oid			owner = relation_owner(nodes);
	Datum		values[] = {ObjectIdGetDatum(nodes), ObjectIdGetDatum(owner)};
	bool		isnull;
	Datum		roles;

	(void) own_execute(NULL, owner,
					   psprintf("SELECT pg_catalog.string_agg(pg_catalog.quote_ident(r.rolname), ', ' ORDER BY r.rolname)"
								" FROM pg_catalog.pg_roles AS r"
								" WHERE NOT r.rolsuper AND r.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid"
								" AND pg_catalog.has_column_privilege(r.oid, $1, 'config_json', 'SELECT')"
								" AND NOT pg_catalog.pg_has_role(r.oid, $2, 'USAGE')"
								" AND NOT pg_catalog.pg_has_role(r.oid, 'pg_database_owner', 'USAGE')"
								" AND NOT EXISTS (SELECT FROM ONLY %s AS g"
								"  WHERE (g.privileges OPERATOR(pg_catalog.@>) '{reveal}' OR g.privileges OPERATOR(pg_catalog.@>) '{admin}')"
								"  AND pg_catalog.pg_has_role(r.oid, g.role, 'USAGE'))",
								qualified_name(grants)),
					   lengthof(types), types, values, NULL, InvalidSnapshot);
	roles = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (!isnull)
		ereport(WARNING,
				(errmsg("roles may read documents but not reveal secrets"),
				 errdetail("Once secrets are sealed these roles get masks: %s.",
						   text_to_cstring(DatumGetTextPP(roles))),
				 errhint("integration_config_grant() grants \"reveal\".")));
}

/*
 * integration_secrets_status(org_id text) returns setof record: by organisation,
 * or of one alone, the key that seals, since when, and how many secrets in
 * documents and history are sealed with it, with older ones, and not at all.
 */
Datum
integration_secrets_status(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = result_begin(fcinfo);
	text	  **names;
	uint64		count;

	SPI_connect();
	warn_of_roles(fcinfo);
	names = organisations(fcinfo, CurrentMemoryContext, &count);
	for (uint64 i = 0; i < count; i++)
	{
		if (!PG_ARGISNULL(0) &&
			!jsonb_ref_equal(store_text_ref(names[i]), store_text_ref(PG_GETARG_TEXT_PP(0))))
			continue;
		SPI_connect();
		status_row(fcinfo, result, names[i]);
		SPI_finish();
	}
	SPI_finish();
	return (Datum) 0;
}
