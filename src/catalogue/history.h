/*-------------------------------------------------------------------------
 *
 * catalogue/history.h
 *	  Every version of every row of the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_HISTORY_H
#define CATALOGUE_HISTORY_H

#include "access/htup.h"
#include "fmgr.h"
#include "jsonb/reader.h"
#include "utils/relcache.h"

extern Jsonb *history_entry(Relation catalogue, HeapTuple row);
extern void history_record(Relation catalogue, const char *id, Jsonb *entry);
extern void history_begin_again(Relation catalogue, const char *id, Jsonb *entry);
extern void history_record_truncate(Relation catalogue);
extern JsonbRef history_names(FunctionCallInfo fcinfo, JsonbRef id, bool renamed);

#endif							/* CATALOGUE_HISTORY_H */
