/*-------------------------------------------------------------------------
 *
 * server/record_guard.h
 *	  Tables of the extension whose rows our own functions alone write.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_RECORD_GUARD_H
#define SERVER_RECORD_GUARD_H

#include "server/extension.h"
#include "server/kept_plan.h"

extern uint64 record_execute(KeptPlan *kept, Oid relid, const char *format,
							 int nargs, const Oid *types, const Datum *values,
							 const char *nulls, Snapshot snapshot);

#endif							/* SERVER_RECORD_GUARD_H */
