/*-------------------------------------------------------------------------
 *
 * merge/explain.h
 *	  The rows of the functions that explain a merged configuration.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_EXPLAIN_H
#define MERGE_EXPLAIN_H

#include "merge/merge.h"
#include "nodes/execnodes.h"

/* How a result names layers: a type, and of that type the name of layer n. */
typedef struct LayerNames
{
	Oid			type;			/* INT4OID or TEXTOID */
	Datum		(*name) (int layer, const char *zero, const void *arg);
	const void *arg;
} LayerNames;

extern void explain_rows(ReturnSetInfo *result, const Catalogue *catalogue,
						 const JsonbRef *layers, int nlayers,
						 const LayerNames *names);

#endif							/* MERGE_EXPLAIN_H */
