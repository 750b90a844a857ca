/*-------------------------------------------------------------------------
 *
 * secrets/master_keys.h
 *	  The master keys, which the key command prints.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_MASTER_KEYS_H
#define SECRETS_MASTER_KEYS_H

#include "secrets/cipher.h"

typedef struct MasterKey
{
	char	   *name;
	unsigned char *key;			/* KEY_BYTES in memory for keys */
} MasterKey;

extern bool master_keys_are_set(void);
extern bool master_keys_moved(void);
extern const MasterKey *master_key_first(void);
extern const MasterKey *master_key_named(const char *name);

#endif							/* SECRETS_MASTER_KEYS_H */
