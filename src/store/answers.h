/*-------------------------------------------------------------------------
 *
 * store/answers.h
 *	  What is answered of a node, with secrets or without.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_ANSWERS_H
#define STORE_ANSWERS_H

#include "catalogue/catalogue.h"

extern Jsonb *answer_config(const Catalogue *catalogue, const JsonbRef *layers,
							int nlayers, bool reveal);
extern Jsonb *answer_resolve(const Catalogue *catalogue, JsonbRef key,
							 const JsonbRef *layers, int nlayers, bool reveal);
extern Jsonb *answer_values(const Catalogue *catalogue, const JsonbRef *layers,
							int nlayers, bool reveal);

#endif							/* STORE_ANSWERS_H */
