/*-------------------------------------------------------------------------
 *
 * definition.h
 *	  The strict check of an integration's field definitions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DEFINITION_H
#define DEFINITION_H

#include "utils/relcache.h"

#include "jsonb_reader.h"

extern void definition_check(Relation catalogue, JsonbRef integration_id,
							 JsonbRef fields);

#endif							/* DEFINITION_H */
