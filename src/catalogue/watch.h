/*-------------------------------------------------------------------------
 *
 * catalogue/watch.h
 *	  The catalogue's version, and whether it tells of every change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_WATCH_H
#define CATALOGUE_WATCH_H

#include "fmgr.h"
#include "utils/snapshot.h"
#include "utils/uuid.h"

extern bool catalogue_version(FunctionCallInfo fcinfo, Snapshot snapshot,
							  pg_uuid_t *version);
extern bool catalogue_is_watched(Oid relid, Snapshot snapshot);

#endif							/* CATALOGUE_WATCH_H */
