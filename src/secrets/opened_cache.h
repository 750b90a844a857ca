/*-------------------------------------------------------------------------
 *
 * secrets/opened_cache.h
 *	  Secrets that the session has opened lately.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_OPENED_CACHE_H
#define SECRETS_OPENED_CACHE_H

#include "jsonb/reader.h"

extern bool opened_find(const char *key, Size key_len, uint32 hash, JsonbRef *clear);
extern void opened_keep(const char *key, Size key_len, uint32 hash, JsonbRef clear);
extern void opened_forget(void);

#endif							/* SECRETS_OPENED_CACHE_H */
