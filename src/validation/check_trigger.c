/*-------------------------------------------------------------------------
 *
 * validation/check_trigger.c
 *	  integration_schema_check: the trigger that keeps wrong documents out of
 *	  a table.
 *
 * The table is any table of any user, and its trigger's arguments are what
 * that user wrote.  CREATE TRIGGER can't ask us whether they are right, so a
 * wrong one is an error at the first row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "server/copy_context.h"
#include "server/suggest.h"
#include "server/trigger_call.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "validation/findings.h"

PG_FUNCTION_INFO_V1(integration_schema_check);

#define LEVEL_ARGUMENT "level="
#define MODE_ARGUMENT "mode="

#define USAGE "Give the name of the jsonb column, and optionally that of the column with the level, or level=..., and mode=warn."

/* A row that the trigger is fired for, and what its arguments say. */
typedef struct CheckCall
{
	const TriggerData *trigger;
	HeapTuple	row;
	HeapTuple	before;			/* NULL on INSERT */
	const char *level_column;	/* NULL where the level is given */
	ValidationLevel level;
	bool		warn;			/* let the row pass */
} CheckCall;

/*
 * wrong_use: refuse to work for a trigger that is not created right.
 */
static void
wrong_use(const TriggerData *trigdata, int code, const char *detail,
		  const char *hint)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("trigger \"%s\" on table \"%s\" does not use integration_schema_check correctly",
					trigdata->tg_trigger->tgname,
					RelationGetRelationName(trigdata->tg_relation)),
			 errdetail_internal("%s", detail),
			 errhint("%s", hint)));
}

/*
 * nearest_column: a hint for a column that the table does not have.
 */
static const char *
nearest_column(TupleDesc desc, const char *name)
{
	JsonbRef   *columns = palloc(sizeof(JsonbRef) * Max(desc->natts, 1));
	JsonbRef	nearest;
	int			ncolumns = 0;

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped)
			columns[ncolumns++] = jsonb_ref_string(NameStr(attribute->attname),
												   strlen(NameStr(attribute->attname)));
	}
	nearest = suggest_nearest(jsonb_ref_string(name, strlen(name)), columns,
							  ncolumns, sizeof(JsonbRef), NULL);
	if (nearest.type == JREF_NONE)
		return USAGE;
	return psprintf("Perhaps you meant the column \"%s\".", jsonb_ref_cstring(nearest));
}

/*
 * find_column: the column that an argument names.
 */
static Form_pg_attribute
find_column(const TriggerData *trigdata, const char *name)
{
	TupleDesc	desc = RelationGetDescr(trigdata->tg_relation);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || strcmp(NameStr(attribute->attname), name) != 0)
			continue;
		/* the server computes these after the BEFORE triggers, if at all */
		if (attribute->attgenerated != '\0' &&
			(TRIGGER_FIRED_BEFORE(trigdata->tg_event) ||
			 attribute->attgenerated != ATTRIBUTE_GENERATED_STORED))
			wrong_use(trigdata, ERRCODE_INVALID_PARAMETER_VALUE,
					  psprintf("Column \"%s\" is generated, and has no value yet when the trigger runs.", name),
					  "For a stored generated column, create the trigger AFTER INSERT OR UPDATE.");
		return attribute;
	}
	wrong_use(trigdata, ERRCODE_UNDEFINED_COLUMN,
			  psprintf("The table has no column \"%s\".", name),
			  nearest_column(desc, name));
	return NULL;				/* not reached */
}

/*
 * base_type: the column's type, below domains.
 */
static inline Oid
base_type(Form_pg_attribute attribute)
{
	if (attribute->atttypid == JSONBOID || attribute->atttypid == TEXTOID)
		return attribute->atttypid;
	return getBaseType(attribute->atttypid);
}

/*
 * complain_of_level: refuse, or tell of, a row whose level is none.
 */
static void
complain_of_level(const CheckCall *call, Form_pg_attribute attribute)
{
	Relation	relation = call->trigger->tg_relation;

	ereport(call->warn ? WARNING : ERROR,
			(call->warn ? 0 : errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("column \"%s\" of table \"%s\" does not hold a level",
					NameStr(attribute->attname), RelationGetRelationName(relation)),
			 errhint("Levels are %s.", NODE_LEVELS),
			 errtablecol(relation, attribute->attnum),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME,
								call->trigger->tg_trigger->tgname)));
}

/*
 * read_level: the level that the row's own column has, into call->level; a null
 * leaves the default.  False where it has none and the row is to pass.
 */
static bool
read_level(CheckCall *call)
{
	Form_pg_attribute attribute = find_column(call->trigger, call->level_column);
	Oid			type = base_type(attribute);
	const char *name;
	int			len;
	Datum		value;
	bool		isnull;

	if (type != TEXTOID && type != VARCHAROID && type != BPCHAROID &&
		type != NAMEOID && !type_is_enum(type))
		wrong_use(call->trigger, ERRCODE_DATATYPE_MISMATCH,
				  psprintf("Column \"%s\" is of type %s, which can't hold a level.",
						   call->level_column, format_type_be(attribute->atttypid)),
				  "The level's column is one of text, or of an enum.");
	value = heap_getattr(call->row, attribute->attnum,
						 RelationGetDescr(call->trigger->tg_relation), &isnull);
	if (isnull)
		return true;
	if (type == NAMEOID)
		name = NameStr(*DatumGetName(value));
	else if (type == TEXTOID || type == VARCHAROID || type == BPCHAROID)
		name = NULL;
	else
		name = DatumGetCString(DirectFunctionCall1(enum_out, value));

	if (name != NULL)
		len = strlen(name);
	else
	{
		text	   *string = DatumGetTextPP(value);

		name = VARDATA_ANY(string);
		len = VARSIZE_ANY_EXHDR(string);
		if (type == BPCHAROID)
			len = bpchartruelen(unconstify(char *, name), len);
	}
	if (validation_level_parse(name, len, &call->level))
		return true;
	complain_of_level(call, attribute);
	return false;
}

/*
 * read_arguments: what the trigger's arguments after the first say.
 */
static void
read_arguments(CheckCall *call)
{
	const Trigger *trigger = call->trigger->tg_trigger;
	const char *level = NULL;

	call->level = LEVEL_TEAM;
	for (int i = 1; i < trigger->tgnargs; i++)
	{
		const char *argument = trigger->tgargs[i];

		if (strncmp(argument, LEVEL_ARGUMENT, strlen(LEVEL_ARGUMENT)) == 0)
		{
			argument += strlen(LEVEL_ARGUMENT);
			if (level != NULL)
				wrong_use(call->trigger, ERRCODE_INVALID_PARAMETER_VALUE,
						  psprintf("It has two levels, \"%s\" and \"%s\".", level, argument), USAGE);
			level = argument;
			if (!validation_level_parse(argument, strlen(argument), &call->level))
				wrong_use(call->trigger, ERRCODE_INVALID_PARAMETER_VALUE,
						  psprintf("There is no level \"%s\".", argument),
						  "Levels are " VALIDATION_LEVELS ".");
		}
		else if (strncmp(argument, MODE_ARGUMENT, strlen(MODE_ARGUMENT)) == 0)
		{
			argument += strlen(MODE_ARGUMENT);
			call->warn = strcmp(argument, "warn") == 0;
			if (!call->warn && strcmp(argument, "refuse") != 0)
				wrong_use(call->trigger, ERRCODE_INVALID_PARAMETER_VALUE,
						  psprintf("There is no mode \"%s\".", argument),
						  "Modes are refuse (the default) and warn.");
		}
		else if (call->level_column == NULL)
			call->level_column = argument;
		else
			wrong_use(call->trigger, ERRCODE_INVALID_PARAMETER_VALUE,
					  psprintf("It has two columns for the level, \"%s\" and \"%s\".",
							   call->level_column, argument), USAGE);
	}
}

/*
 * check_use: is the trigger one that we can work for?
 */
static void
check_use(const TriggerData *trigdata)
{
	TriggerEvent event = trigdata->tg_event;

	if (!TRIGGER_FIRED_FOR_ROW(event))
		wrong_use(trigdata, ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
				  "The trigger is fired for each statement.",
				  "Create it FOR EACH ROW.");
	if (!TRIGGER_FIRED_BY_INSERT(event) && !TRIGGER_FIRED_BY_UPDATE(event))
		wrong_use(trigdata, ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
				  "The trigger is fired for DELETE, where there is no new document.",
				  "Create it for INSERT OR UPDATE.");
	/* there the trigger would be all that is done with the row */
	if (TRIGGER_FIRED_INSTEAD(event))
		wrong_use(trigdata, ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
				  "The trigger is fired INSTEAD OF the change.",
				  "Create it BEFORE or AFTER, on the view's table.");
	/* a BEFORE trigger may set what the statement does not name */
	if (trigdata->tg_trigger->tgnattr > 0)
		wrong_use(trigdata, ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
				  "The trigger is not fired for an UPDATE of other columns, where another trigger can still set the document.",
				  "Create it for UPDATE without a list of columns: where the document does not change, it costs next to nothing.");
	if (trigdata->tg_trigger->tgnargs < 1 || trigdata->tg_trigger->tgnargs > 3)
		wrong_use(trigdata, ERRCODE_INVALID_PARAMETER_VALUE,
				  psprintf("It has %d arguments.", trigdata->tg_trigger->tgnargs),
				  USAGE);
}

/*
 * document_of: the column of the document in a row, as it lies there; NULL where
 * there is none.
 */
static struct varlena *
document_of(const CheckCall *call, HeapTuple row, AttrNumber column)
{
	bool		isnull = true;
	Datum		value = (Datum) 0;

	if (row != NULL)
		value = heap_getattr(row, column,
							 RelationGetDescr(call->trigger->tg_relation), &isnull);
	return isnull ? NULL : (struct varlena *) DatumGetPointer(value);
}

/*
 * root_of: the document in that column; JREF_NONE where there is none.
 */
static JsonbRef
root_of(struct varlena *stored)
{
	if (stored == NULL)
		return (JsonbRef) {0};
	return jsonb_ref_root(DatumGetJsonbP(PointerGetDatum(stored)));
}

/*
 * check_row: refuse, or tell of, a row whose document is not right.
 */
static void
check_row(const CheckCall *call, const Catalogue *catalogue, AttrNumber column)
{
	const TriggerData *trigger = call->trigger;
	Findings	findings = {0};
	struct varlena *document = document_of(call, call->row, column);
	struct varlena *before = document_of(call, call->before, column);

	if (document == NULL)
		return;
	/* an UPDATE of other columns has nothing to be judged */
	if (before != NULL &&
		datumIsEqual(PointerGetDatum(document), PointerGetDatum(before), false, -1))
		return;
	validate_document(catalogue, root_of(document), root_of(before), call->level,
					  findings_add, &findings);
	if (!findings_refused(&findings))
		findings_warn(&findings, "");
	else if (call->warn)
		findings_warn(&findings,
					  psprintf("trigger \"%s\" on table \"%s\" would refuse this row: ",
							   trigger->tg_trigger->tgname,
							   RelationGetRelationName(trigger->tg_relation)));
	else
		findings_refuse(&findings, trigger->tg_relation, column,
						trigger->tg_trigger->tgname);
}

/*
 * integration_schema_check(): refuse a row whose document is not valid, on
 * UPDATE as far as it was changed.
 *
 * The first argument names the jsonb column; of the others, which may be left
 * out, one names the column that holds the level, or gives it as level=..., and
 * mode=warn lets every row pass with a warning.  A row without a document
 * passes.
 */
Datum
integration_schema_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_call(fcinfo);
	CheckCall	call = {0};
	Form_pg_attribute attribute;

	hide_rows_of_copy();
	check_use(trigdata);
	call.trigger = trigdata;
	call.row = trigdata->tg_trigtuple;
	if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
	{
		call.row = trigdata->tg_newtuple;
		call.before = trigdata->tg_trigtuple;
	}

	attribute = find_column(trigdata, trigdata->tg_trigger->tgargs[0]);
	if (base_type(attribute) != JSONBOID)
		wrong_use(trigdata, ERRCODE_DATATYPE_MISMATCH,
				  psprintf("Column \"%s\" is of type %s, not jsonb.",
						   NameStr(attribute->attname),
						   format_type_be(attribute->atttypid)),
				  "Give the name of the column with the documents, of type jsonb.");
	read_arguments(&call);
	if (call.level_column != NULL && !read_level(&call))
		return PointerGetDatum(call.row);

	check_row(&call, catalogue_current(fcinfo), attribute->attnum);
	return PointerGetDatum(call.row);
}
