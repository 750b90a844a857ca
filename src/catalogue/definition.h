/*-------------------------------------------------------------------------
 *
 * catalogue/definition.h
 *	  The strict check of an integration's field definitions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_DEFINITION_H
#define CATALOGUE_DEFINITION_H

#include "utils/relcache.h"

#include "jsonb/reader.h"

extern void definition_check(Relation catalogue, JsonbRef integration_id,
							 JsonbRef fields);

#endif							/* CATALOGUE_DEFINITION_H */
