/*-------------------------------------------------------------------------
 *
 * server/trigger_call.c
 *	  What our trigger functions may be fired for.
 *
 * Whoever may execute a trigger function can make a trigger of a table of his
 * own with it, for any event.  So each one says here what it is made for, and
 * is called for nothing else: there would be no row where it looks for one,
 * and what it does with its table owner's rights it would do with another's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/extension.h"
#include "server/trigger_call.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

StaticAssertDecl((TRIGGER_EVENT_OPMASK | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE) < 32,
				 "the ways to be fired must fit into the bits of a set");

/*
 * trigger_call: the call's trigger, any that there can be, or an error
 * (trigger_protocol_violated) where the function was called otherwise.
 */
TriggerData *
trigger_call(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						get_func_name(fcinfo->flinfo->fn_oid))));
	return (TriggerData *) fcinfo->context;
}

/*
 * trigger_call_for: the call's trigger, or the same error where it is none of
 * those that the function is made for.
 *
 * table is the one of the extension's tables that it belongs to; fired is the
 * set of ways to be fired, and usage says them in words, for the error.
 */
TriggerData *
trigger_call_for(FunctionCallInfo fcinfo, OwnTable table, uint32 fired,
				 const char *usage)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	char	   *function;

	if (CALLED_AS_TRIGGER(fcinfo) &&
		!TRIGGER_FIRED_INSTEAD(trigger->tg_event) &&
		(fired >> (trigger->tg_event & (TRIGGER_EVENT_OPMASK | TRIGGER_EVENT_ROW |
										TRIGGER_EVENT_BEFORE)) & 1) != 0 &&
		RelationGetRelid(trigger->tg_relation) == own_table(fcinfo, table, NoLock))
		return trigger;

	function = get_func_name(fcinfo->flinfo->fn_oid);
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("function \"%s\" is the trigger of table \"%s\", %s",
					function, own_table_name(table), usage)));
	return NULL;				/* not reached */
}
