/*-------------------------------------------------------------------------
 *
 * catalogue/secret_change.h
 *	  A field that was a secret stays one while a document has a value there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_SECRET_CHANGE_H
#define CATALOGUE_SECRET_CHANGE_H

#include "fmgr.h"
#include "jsonb/reader.h"
#include "utils/relcache.h"

extern void secret_stays_secret(FunctionCallInfo fcinfo, Relation catalogue,
								const char *id, const Jsonb *old, const Jsonb *new);
extern void secret_stays_hidden(FunctionCallInfo fcinfo, JsonbRef before, JsonbRef after);

#endif							/* CATALOGUE_SECRET_CHANGE_H */
