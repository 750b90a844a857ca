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
#include "utils/palloc.h"
#include "utils/relcache.h"

typedef struct RowGuard RowGuard;

/* Is the constraint of that name checked by the caller himself? */
typedef bool (*ConstraintFilter) (const char *constraint);

extern RowGuard *row_guard_begin(Relation relation, ConstraintFilter checked,
								 MemoryContext cxt);
extern void row_guard_check(RowGuard *guard, Relation relation, HeapTuple row);

#endif							/* SERVER_ROW_GUARD_H */
