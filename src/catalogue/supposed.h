/*-------------------------------------------------------------------------
 *
 * catalogue/supposed.h
 *	  The catalogue as it would be after a change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_SUPPOSED_H
#define CATALOGUE_SUPPOSED_H

#include "catalogue/catalogue.h"

extern const Catalogue *catalogue_supposed(FunctionCallInfo fcinfo, JsonbRef id,
										   Jsonb *fields);

#endif							/* CATALOGUE_SUPPOSED_H */
