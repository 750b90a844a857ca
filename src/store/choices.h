/*-------------------------------------------------------------------------
 *
 * store/choices.h
 *	  What a document loses where a write switches a choice of variants.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_CHOICES_H
#define STORE_CHOICES_H

#include "catalogue/catalogue.h"

extern Jsonb *without_old_choices(const Catalogue *catalogue, Jsonb *stored,
								  JsonbRef becomes, JsonbRef patch);
extern Jsonb *without_stale_choices(const Catalogue *catalogue, Jsonb *document,
									JsonbRef stored);

#endif							/* STORE_CHOICES_H */
