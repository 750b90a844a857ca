/*-------------------------------------------------------------------------
 *
 * secrets/each_secret.h
 *	  The secrets in a document, one after the other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_EACH_SECRET_H
#define SECRETS_EACH_SECRET_H

#include "catalogue/walk.h"

/* A secret and where it stands. */
typedef struct EachSecret
{
	JsonbRef	entry;			/* the entry's key: "grafana:eu" */
	JsonbRef	path;			/* the field's; "*" for any element of an array */
	JsonbRef	value;			/* a string, maybe a mask, a blank or sealed */
	JsonbRef	beside;			/* what is at the same place there */
	const Walk *walk;			/* for walk_path() in another form */
} EachSecret;

/*
 * SecretVisitor: what is to stand in the secret's place: the value itself, or
 * another string.  What it is given is valid during the call.
 */
typedef JsonbRef (*SecretVisitor) (const EachSecret *secret, void *arg);

extern bool holds_sealed(JsonbRef value);
extern Jsonb *each_secret(const Catalogue *catalogue, Jsonb *document, JsonbRef beside,
						  JsonbRef once_secret, SecretVisitor visit, void *arg);
extern Jsonb *each_secret_of_field(const Field *field, JsonbRef value, JsonbRef entry,
								   SecretVisitor visit, void *arg);

#endif							/* SECRETS_EACH_SECRET_H */
