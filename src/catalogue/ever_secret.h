/*-------------------------------------------------------------------------
 *
 * catalogue/ever_secret.h
 *	  Which places of documents are, or ever were, secrets', by the history of
 *	  the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_EVER_SECRET_H
#define CATALOGUE_EVER_SECRET_H

#include "fmgr.h"

#include "jsonb/reader.h"
#include "utils/relcache.h"

extern JsonbRef ever_secret_places(FunctionCallInfo fcinfo);
extern JsonbRef ever_secret_tree(Relation catalogue, const char *id);

#endif							/* CATALOGUE_EVER_SECRET_H */
