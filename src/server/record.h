/*-------------------------------------------------------------------------
 *
 * server/record.h
 *	  Tables that our own functions alone write: keys, grants, and the records of
 *	  what was granted, revealed and forgotten.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_RECORD_H
#define SERVER_RECORD_H

#include "commands/trigger.h"
#include "server/extension.h"

extern uint64 record_write(Oid relid, const char *query, int nargs, const Oid *argtypes,
						   const Datum *values, const char *nulls);
extern TriggerData *record_guard(FunctionCallInfo fcinfo, OwnTable table);
extern bool record_is_ours(void);
extern HeapTuple record_row(const TriggerData *trigger);

#endif							/* SERVER_RECORD_H */
