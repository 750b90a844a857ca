/*-------------------------------------------------------------------------
 *
 * store/record.h
 *	  Tables that our own functions alone write: grants, and the records of
 *	  what was granted and revealed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "server/extension.h"

extern uint64 record_write(Oid relid, const char *query, int nargs, const Oid *argtypes,
						   const Datum *values, const char *nulls);

#endif							/* STORE_RECORD_H */
