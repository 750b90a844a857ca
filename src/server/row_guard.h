/*-------------------------------------------------------------------------
 *
 * server/row_guard.h
 *	  Keeping a table's rows out of its constraints' errors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_ROW_GUARD_H
#define SERVER_ROW_GUARD_H

#include "access/htup.h"
#include "utils/relcache.h"

/* Is the constraint of that name checked by the caller himself? */
typedef bool (*ConstraintFilter) (const char *constraint);

extern void row_guard_check(Relation relation, HeapTuple row, ConstraintFilter checked);

#endif							/* SERVER_ROW_GUARD_H */
