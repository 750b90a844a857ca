/*-------------------------------------------------------------------------
 *
 * secrets/unmask.h
 *	  Masks that come back in a document.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_UNMASK_H
#define SECRETS_UNMASK_H

#include "catalogue/catalogue.h"

extern Jsonb *unmask_document(const Catalogue *catalogue, Jsonb *document,
							  JsonbRef stored);
extern JsonbRef unmask_keep_passwords(JsonbRef string, JsonbRef stored);

#endif							/* SECRETS_UNMASK_H */
