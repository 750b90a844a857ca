/*-------------------------------------------------------------------------
 *
 * own_trigger.c
 *	  What the triggers of the extension's own tables may rely on.
 *
 * Anyone may create a trigger with these functions on a table of their own,
 * and the tables' owner, who need be no superuser, may alter ours.  C code that
 * took a column for what it is not would take the server down, or read what
 * is none of that user's business.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "own_trigger.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/*
 * own_trigger: the trigger that a function is called as, which is one of the
 * table of that name in the function's own schema, and for events that fit; or
 * an error, which says how the trigger is to be created.
 */
TriggerData *
own_trigger(FunctionCallInfo fcinfo, const char *name, const char *table,
			TriggerFits fits, const char *created)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!fits(trigger->tg_event) ||
		strcmp(RelationGetRelationName(trigger->tg_relation), table) != 0 ||
		RelationGetNamespace(trigger->tg_relation) !=
		get_func_namespace(fcinfo->flinfo->fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" is the trigger of the extension's table \"%s\", %s",
						name, table, created)));
	return trigger;
}

/*
 * own_column: the number of a column of that type, or an error.
 */
int
own_column(Relation relation, const char *name, Oid type)
{
	TupleDesc	desc = RelationGetDescr(relation);
	int			attnum = SPI_fnumber(desc, name);

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name, RelationGetRelationName(relation))));
	if (SPI_gettypeid(desc, attnum) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of relation \"%s\" is not of type %s",
						name, RelationGetRelationName(relation), format_type_be(type))));
	return attnum;
}
