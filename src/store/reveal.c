/*-------------------------------------------------------------------------
 *
 * store/reveal.c
 *	  One secret in clear, for a reason that is kept.
 *
 * For people: who has privilege "reveal" alone, which shows nothing by itself,
 * gets one secret at a time, and each leaves a record.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "catalogue/walk.h"
#include "catalogue/field_path.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "server/actor.h"
#include "server/messages.h"
#include "server/own_query.h"
#include "store/answers.h"
#include "store/layers.h"
#include "server/record.h"
#include "store/store.h"
#include "store/write.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(integration_config_reveal);

/*
 * value_at: what an answer of _resolve has at a path in its config; JREF_NONE for
 * nothing.
 */
static JsonbRef
value_at(const Jsonb *answer, const FieldPath *path)
{
	JsonbRef	value = JREF_MEMBER(jsonb_ref_root(answer), "config");

	for (int i = 0; i < path->nsteps; i++)
	{
		JsonbRef	step = path->steps[i];
		JsonbRef	inner = {0};

		if (value.type == JREF_OBJECT)
			inner = jsonb_ref_member(value, step.ptr, step.len);
		else if (value.type == JREF_ARRAY)
		{
			char		number[12];
			JsonbRef	element;
			JsonbWalk	walk;

			jsonb_walk_begin(&walk, value);
			while (jsonb_walk_element(&walk, &element))
			{
				CHECK_FOR_INTERRUPTS();
				if (jsonb_ref_is(step, number,
								 snprintf(number, sizeof(number), "%u", walk.index - 1)))
					inner = element;
			}
		}
		value = inner;
	}
	return value;
}

/*
 * require_secret: the value must be one that is not shown, or the field one whose
 * values never are.
 *
 * Errors: undefined_object, wrong_object_type.
 */
static void
require_secret(const Catalogue *catalogue, FieldName name, JsonbRef value, JsonbRef shown)
{
	JsonbRef	instance;
	const Integration *integration = catalogue_require_entry(catalogue, name.id.ptr, name.id.len,
															 &instance);
	const Field *field = field_path_field(&integration->config, &name.path);

	if (field == NULL && value.type == JREF_NONE)
		require_field(catalogue, name);
	if (!JREF_IS_SCALAR(value))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("field %s of integration %s is no single secret",
						name_phrase(name.field), name_phrase(name.id)),
				 errhint("Name one inside it by its path.")));
	if ((field == NULL || field->type != FIELD_SECRET) && jsonb_ref_equal(value, shown))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("field %s of integration %s is no secret",
						name_phrase(name.field), name_phrase(name.id)),
				 errhint("integration_config_resolve() shows it.")));
}

/*
 * record_reveal: note who is going to be shown what, and why.
 *
 * Errors: object_not_in_prerequisite_state where something of the table's owner
 * takes the record away.
 */
static void
record_reveal(FunctionCallInfo fcinfo)
{
	static const Oid types[] = {
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID
	};
	Oid			relid = own_table_required(fcinfo, OWN_REVEALS, RowExclusiveLock);
	Datum		values[lengthof(types)];
	uint64		rows;

	values[0] = CStringGetTextDatum(actor_role());
	values[1] = CStringGetTextDatum(actor_author());
	for (int i = 0; i < 5; i++)
		values[2 + i] = PG_GETARG_DATUM(i);
	values[7] = TimestampTzGetDatum(actor_stamp());
	SPI_connect();
	rows = record_write(relid,
						psprintf("INSERT INTO %s (role, author, org_id, node_id, integration,"
								 " field, reason, revealed_at)"
								 " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", qualified_name(relid)),
						lengthof(types), types, values, NULL);
	SPI_finish();
	if (rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("secret is not shown, since that was not recorded"),
				 errdetail("A trigger or a rule of table \"%s\" took the record away.",
						   get_rel_name(relid))));
}

/*
 * require_reason: the last argument must say something.
 *
 * Errors: invalid_parameter_value.
 */
static void
require_reason(FunctionCallInfo fcinfo)
{
	const char *reason = PG_ARGISNULL(4) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(4));

	if (reason[strspn(reason, " \t\n\r\f\v")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a secret is not shown without a reason")));
}

/*
 * scalar_text: a value as text, palloc'd.
 */
static text *
scalar_text(JsonbRef value)
{
	if (value.type == JREF_STRING)
		return cstring_to_text_with_len(value.ptr, value.len);
	if (value.type == JREF_BOOL)
		return cstring_to_text(value.boolean ? "true" : "false");
	return cstring_to_text(DatumGetCString(DirectFunctionCall1(numeric_out,
															   PointerGetDatum(JREF_NUMERIC_VALUE(value)))));
}

/*
 * integration_config_reveal(org_id text, node_id text, id text, field text,
 * reason text) returns text: one secret of a node, or null where it has none.
 *
 * Errors: insufficient_privilege, undefined_object, wrong_object_type,
 * invalid_parameter_value, read_only_sql_transaction.
 */
Datum
integration_config_reveal(PG_FUNCTION_ARGS)
{
	FieldName	name = field_argument(fcinfo);
	NodeLayers	layers;
	LayersOpener opener;
	const Catalogue *catalogue;
	Jsonb	   *answer;
	Jsonb	   *redacted;
	JsonbRef	value;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("organisation and node must not be null")));
	require_reason(fcinfo);
	PreventCommandIfReadOnly("integration_config_reveal()");
	layers_read(&layers, fcinfo, PRIVILEGE_REVEAL);
	catalogue = access_catalogue(fcinfo, &layers.access);
	layers_opener_begin(&opener, fcinfo, store_text_ref(PG_GETARG_TEXT_PP(0)), &layers);
	answer = answer_resolve(catalogue, name.id, &opener);
	value = value_at(answer, &name.path);
	/* he has rights on the table, where it is sealed */
	if (opener.shown == SHOWN_STORED && walk_is_mask(value))
		access_refuse(grants_of_caller(fcinfo), own_table_required(fcinfo, OWN_NODES, NoLock),
					  PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1), PRIVILEGE_REVEAL);
	opener.shown = SHOWN_REDACTED;
	redacted = answer_resolve(catalogue, name.id, &opener);
	require_secret(catalogue, name, value, value_at(redacted, &name.path));
	record_reveal(fcinfo);
	if (value.type <= JREF_NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(scalar_text(value));
}
