/*-------------------------------------------------------------------------
 *
 * store/answers.h
 *	  What is answered of a node, with secrets or without.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_ANSWERS_H
#define STORE_ANSWERS_H

#include "store/opened.h"

extern Jsonb *answer_config(const Catalogue *catalogue, LayersOpener *opener);
extern Jsonb *answer_resolve(const Catalogue *catalogue, JsonbRef key, LayersOpener *opener);
extern Jsonb *answer_values(const Catalogue *catalogue, LayersOpener *opener);

#endif							/* STORE_ANSWERS_H */
