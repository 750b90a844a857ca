/*-------------------------------------------------------------------------
 *
 * merge/instances.h
 *	  The rows of the functions that list an integration's instances.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_INSTANCES_H
#define MERGE_INSTANCES_H

#include "merge/merge.h"
#include "nodes/execnodes.h"

extern void instance_rows(ReturnSetInfo *result, const Catalogue *catalogue,
						  text *id, const JsonbRef *layers, int nlayers);
extern Datum missing_array(const IntegrationStatus *status);

#endif							/* MERGE_INSTANCES_H */
