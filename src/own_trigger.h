/*-------------------------------------------------------------------------
 *
 * own_trigger.h
 *	  What the triggers of the extension's own tables may rely on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OWN_TRIGGER_H
#define OWN_TRIGGER_H

#include "commands/trigger.h"
#include "fmgr.h"

/* Is a trigger created for these events as its function needs it? */
typedef bool (*TriggerFits) (TriggerEvent event);

extern TriggerData *own_trigger(FunctionCallInfo fcinfo, const char *name,
								const char *table, TriggerFits fits,
								const char *created);
extern int	own_column(Relation relation, const char *name, Oid type);

#endif							/* OWN_TRIGGER_H */
