/*-------------------------------------------------------------------------
 *
 * secrets/keep.h
 *	  An older document with the secrets of today.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_KEEP_H
#define SECRETS_KEEP_H

#include "catalogue/catalogue.h"

extern Jsonb *keep_secrets(const Catalogue *catalogue, JsonbRef old, JsonbRef now);

#endif							/* SECRETS_KEEP_H */
