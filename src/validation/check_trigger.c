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
#include "lib/stringinfo.h"
#include "server/copy_context.h"
#include "server/messages.h"
#include "server/suggest.h"
#include "server/trigger_call.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "validation/validate.h"

PG_FUNCTION_INFO_V1(integration_schema_check);

/* Lines of an error's detail, and bytes of a path that one of them shows. */
#define DETAIL_LINES 100
#define PATH_SHOWN 320

#define LEVEL_ARGUMENT "level="

/* What is wrong with a document, for the error. */
typedef struct Findings
{
	int			count;
	StringInfoData first;		/* message of the first violation */
	StringInfoData lines;
} Findings;

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
		return "Give the name of the jsonb column, and optionally that of the column with the level, or level=...";
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
 * refuse_level: refuse a row whose level is none.
 */
static void
refuse_level(const TriggerData *trigdata, Form_pg_attribute attribute)
{
	Relation	relation = trigdata->tg_relation;

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("column \"%s\" of table \"%s\" does not hold a level",
					NameStr(attribute->attname), RelationGetRelationName(relation)),
			 errhint("Levels are %s.", VALIDATION_LEVELS),
			 errtablecol(relation, attribute->attnum),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME,
								trigdata->tg_trigger->tgname)));
}

/*
 * level_of_row: the level that the row's own column has; a null is the
 * default, "team".
 */
static ValidationLevel
level_of_row(const TriggerData *trigdata, HeapTuple row, const char *column)
{
	Form_pg_attribute attribute = find_column(trigdata, column);
	Oid			type = base_type(attribute);
	ValidationLevel level = LEVEL_TEAM;
	const char *name;
	int			len;
	Datum		value;
	bool		isnull;

	if (type != TEXTOID && type != VARCHAROID && type != BPCHAROID &&
		type != NAMEOID && !type_is_enum(type))
		wrong_use(trigdata, ERRCODE_DATATYPE_MISMATCH,
				  psprintf("Column \"%s\" is of type %s, which can't hold a level.",
						   column, format_type_be(attribute->atttypid)),
				  "The level's column is one of text, or of an enum.");
	value = heap_getattr(row, attribute->attnum,
						 RelationGetDescr(trigdata->tg_relation), &isnull);
	if (isnull)
		return level;
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
	if (!validation_level_parse(name, len, &level))
		refuse_level(trigdata, attribute);
	return level;
}

/*
 * level_of: the level of the row's document, by the trigger's second argument.
 */
static ValidationLevel
level_of(const TriggerData *trigdata, HeapTuple row)
{
	const char *argument;
	ValidationLevel level;

	if (trigdata->tg_trigger->tgnargs < 2)
		return LEVEL_TEAM;
	argument = trigdata->tg_trigger->tgargs[1];
	if (strncmp(argument, LEVEL_ARGUMENT, strlen(LEVEL_ARGUMENT)) != 0)
		return level_of_row(trigdata, row, argument);
	argument += strlen(LEVEL_ARGUMENT);
	if (!validation_level_parse(argument, strlen(argument), &level))
		wrong_use(trigdata, ERRCODE_INVALID_PARAMETER_VALUE,
				  psprintf("There is no level \"%s\".", argument),
				  "Levels are " VALIDATION_LEVELS ".");
	return level;
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
	if (trigdata->tg_trigger->tgnargs < 1 || trigdata->tg_trigger->tgnargs > 2)
		wrong_use(trigdata, ERRCODE_INVALID_PARAMETER_VALUE,
				  psprintf("It has %d arguments.", trigdata->tg_trigger->tgnargs),
				  "Give the name of the jsonb column, and optionally that of the column with the level, or level=...");
}

/*
 * add_finding: a ViolationCallback.
 */
static void
add_finding(const Violation *violation, void *arg)
{
	Findings   *findings = arg;

	if (findings->count++ == 0)
	{
		initStringInfo(&findings->first);
		initStringInfo(&findings->lines);
		appendStringInfoString(&findings->first, violation->message);
	}
	if (findings->count > DETAIL_LINES)
		return;
	if (findings->lines.len > 0)
		appendStringInfoChar(&findings->lines, '\n');
	append_escaped(&findings->lines, violation->path, strlen(violation->path),
				   PATH_SHOWN);
	if (violation->path[0] != '\0')
		appendStringInfoString(&findings->lines, ": ");
	appendStringInfoString(&findings->lines, violation->message);
}

/*
 * refuse_row: refuse a row for its document.
 *
 * The error's fields are those of a violated check constraint, so that a
 * client library maps it to the column.
 */
static void
refuse_row(const TriggerData *trigdata, AttrNumber attnum, Findings *findings)
{
	if (findings->count > DETAIL_LINES)
		appendStringInfo(&findings->lines, "\n... and %d more",
						 findings->count - DETAIL_LINES);
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg_internal("%s", findings->first.data),
			 errdetail_internal("%s", findings->lines.data),
			 errtablecol(trigdata->tg_relation, attnum),
			 err_generic_string(PG_DIAG_CONSTRAINT_NAME,
								trigdata->tg_trigger->tgname)));
}

/*
 * integration_schema_check(): refuse a row whose document is not valid.
 *
 * The first argument names the jsonb column, the second, if there is one, the
 * column that holds the level, or gives it as level=...  A row without a
 * document passes.
 */
Datum
integration_schema_check(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = trigger_call(fcinfo);
	Form_pg_attribute attribute;
	ValidationLevel level;
	Findings	findings = {0};
	HeapTuple	row;
	Jsonb	   *document;
	Datum		value;
	bool		isnull;

	hide_rows_of_copy();
	check_use(trigdata);
	row = TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event) ?
		trigdata->tg_newtuple : trigdata->tg_trigtuple;

	attribute = find_column(trigdata, trigdata->tg_trigger->tgargs[0]);
	if (base_type(attribute) != JSONBOID)
		wrong_use(trigdata, ERRCODE_DATATYPE_MISMATCH,
				  psprintf("Column \"%s\" is of type %s, not jsonb.",
						   NameStr(attribute->attname),
						   format_type_be(attribute->atttypid)),
				  "Give the name of the column with the documents, of type jsonb.");
	level = level_of(trigdata, row);

	value = heap_getattr(row, attribute->attnum,
						 RelationGetDescr(trigdata->tg_relation), &isnull);
	if (isnull)
		return PointerGetDatum(row);
	document = DatumGetJsonbP(value);
	if (!validate_document(catalogue_current(fcinfo), jsonb_ref_root(document),
						   level, add_finding, &findings))
		refuse_row(trigdata, attribute->attnum, &findings);
	if ((Pointer) document != DatumGetPointer(value))
		pfree(document);
	return PointerGetDatum(row);
}
