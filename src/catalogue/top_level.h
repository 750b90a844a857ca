/*-------------------------------------------------------------------------
 *
 * catalogue/top_level.h
 *	  Keys at the top of a document that stand in the wrong place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_TOP_LEVEL_H
#define CATALOGUE_TOP_LEVEL_H

#include "catalogue/catalogue.h"

extern JsonbRef top_level_meant(const Catalogue *catalogue, JsonbRef key,
								JsonbRef value);

#endif							/* CATALOGUE_TOP_LEVEL_H */
