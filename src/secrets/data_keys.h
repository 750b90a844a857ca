/*-------------------------------------------------------------------------
 *
 * secrets/data_keys.h
 *	  The keys that secrets are sealed with: one of each organisation's own, in
 *	  the table integration_config_keys, wrapped by a master key.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_DATA_KEYS_H
#define SECRETS_DATA_KEYS_H

#include "fmgr.h"

#include "secrets/cipher.h"
#include "utils/uuid.h"

/* A data key, unwrapped. */
typedef struct DataKey
{
	pg_uuid_t	id;
	char	   *org_id;			/* whose it is */
	unsigned char *key;			/* KEY_BYTES in memory for keys */
} DataKey;

extern bool data_keys_any(FunctionCallInfo fcinfo);
extern bool data_keys_of(FunctionCallInfo fcinfo, text *org_id);
extern void data_keys_lock(FunctionCallInfo fcinfo, text *org_id, bool exclusive, bool release);
extern void data_keys_refresh(void);
extern const DataKey *data_key_find(FunctionCallInfo fcinfo, const pg_uuid_t *id);
extern const DataKey *data_key_active(FunctionCallInfo fcinfo, text *org_id);
extern void data_key_renew(FunctionCallInfo fcinfo, text *org_id);
extern int	data_keys_rewrap(FunctionCallInfo fcinfo, text *org_id);
extern void data_key_drop(FunctionCallInfo fcinfo, const pg_uuid_t *id);

#endif							/* SECRETS_DATA_KEYS_H */
