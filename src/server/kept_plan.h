/*-------------------------------------------------------------------------
 *
 * server/kept_plan.h
 *	  A prepared query that is kept for the session.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_KEPT_PLAN_H
#define SERVER_KEPT_PLAN_H

#include "executor/spi.h"
#include "utils/snapshot.h"

/* One query; zero before its first use.  A variable of the one who uses it. */
typedef struct KeptPlan
{
	char	   *text;			/* in TopMemoryContext */
	SPIPlanPtr	plan;
	int			users;			/* executions that are going on */
} KeptPlan;

extern SPIPlanPtr plan_prepare(const char *text, int nargs, const Oid *argtypes);
extern uint64 kept_plan_execute(KeptPlan *kept, const char *text,
								int nargs, const Oid *argtypes,
								const Datum *values, const char *nulls,
								Snapshot snapshot, bool read_only);

#endif							/* SERVER_KEPT_PLAN_H */
