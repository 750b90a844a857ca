/*-------------------------------------------------------------------------
 *
 * server/own_query.h
 *	  Queries of ours on the extension's own tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_OWN_QUERY_H
#define SERVER_OWN_QUERY_H

#include "server/extension.h"
#include "server/kept_plan.h"

extern char *qualified_name(Oid relid);
extern uint64 own_execute(KeptPlan *kept, Oid owner, const char *query,
						  int nargs, const Oid *types,
						  const Datum *values, const char *nulls, Snapshot snapshot);
extern void own_select(FunctionCallInfo fcinfo, OwnTable table, const char *format,
					   int nargs, const Oid *types, const Datum *values,
					   ReturnSetInfo *result);
extern void own_select_as_owner(FunctionCallInfo fcinfo, OwnTable table, const char *format,
								int nargs, const Oid *types, const Datum *values,
								ReturnSetInfo *result);

#endif							/* SERVER_OWN_QUERY_H */
