/*-------------------------------------------------------------------------
 *
 * store/restore.h
 *	  Rows that come back from a dump.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_RESTORE_H
#define STORE_RESTORE_H

#include "access/htup.h"
#include "fmgr.h"

#include "server/restoring.h"
#include "utils/relcache.h"

extern void restore_lock(FunctionCallInfo fcinfo);
extern bool restore_version(Relation history, HeapTuple row);

#endif							/* STORE_RESTORE_H */
