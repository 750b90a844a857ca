/*-------------------------------------------------------------------------
 *
 * secrets/sealed.h
 *	  A sealed secret: "sealed:1:<id of the data key>:<base64url>".
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_SEALED_H
#define SECRETS_SEALED_H

#include "jsonb/reader.h"
#include "secrets/data_keys.h"

/* What a secret is bound to, beside the data key. */
typedef struct SealPlace
{
	JsonbRef	org_id;
	JsonbRef	node_id;
	JsonbRef	entry;			/* the entry's key: "grafana", "grafana:eu" */
	JsonbRef	path;			/* the field's; "*" for any element of an array */
} SealPlace;

extern JsonbRef sealed_make(const DataKey *key, const SealPlace *place, JsonbRef clear);
extern bool sealed_key(JsonbRef sealed, pg_uuid_t *id);
extern bool sealed_try(FunctionCallInfo fcinfo, const SealPlace *place, JsonbRef sealed,
					   JsonbRef *clear);
extern JsonbRef sealed_open(FunctionCallInfo fcinfo, const SealPlace *place, JsonbRef sealed);

#endif							/* SECRETS_SEALED_H */
