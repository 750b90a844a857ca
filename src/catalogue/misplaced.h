/*-------------------------------------------------------------------------
 *
 * catalogue/misplaced.h
 *	  Top-level keys of a document that were meant to be something else.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_MISPLACED_H
#define CATALOGUE_MISPLACED_H

#include "catalogue/catalogue.h"

typedef enum Misplaced
{
	MISPLACED_NOT,				/* "integrations", or the caller's own */
	MISPLACED_INTEGRATIONS,		/* "integrations" but for case or one letter */
	MISPLACED_ID				/* an integration's id with an object behind it */
} Misplaced;

extern Misplaced misplaced_key(const Catalogue *catalogue, JsonbRef key,
							   JsonbRef value);

#endif							/* CATALOGUE_MISPLACED_H */
