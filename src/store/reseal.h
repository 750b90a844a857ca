/*-------------------------------------------------------------------------
 *
 * store/reseal.h
 *	  Sealing what is stored already.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_RESEAL_H
#define STORE_RESEAL_H

#include "fmgr.h"

#include "utils/uuid.h"

/* How an organisation's secrets are sealed, by key; palloc'd. */
typedef struct SealedCount
{
	pg_uuid_t	key;
	int64		count;
} SealedCount;

typedef struct SealedCounts
{
	int64		clear;			/* secrets that are not sealed */
	int			nkeys;
	SealedCount *keys;
} SealedCounts;

extern void reseal_organisation(FunctionCallInfo fcinfo, text *org_id, bool anew, bool alone);
extern void sealed_counts(FunctionCallInfo fcinfo, text *org_id, SealedCounts *counts);

#endif							/* STORE_RESEAL_H */
