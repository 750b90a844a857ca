/*-------------------------------------------------------------------------
 *
 * server/row_guard.h
 *	  Keeps a table's rows out of its constraints' errors.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_ROW_GUARD_H
#define SERVER_ROW_GUARD_H

#include "executor/tuptable.h"
#include "utils/rel.h"

typedef struct RowGuard RowGuard;

extern RowGuard *row_guard_begin(Relation relation, MemoryContext cxt);
extern void row_guard_check(RowGuard *guard, Relation relation,
							TupleTableSlot *row);

#endif							/* SERVER_ROW_GUARD_H */
