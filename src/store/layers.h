/*-------------------------------------------------------------------------
 *
 * store/layers.h
 *	  A node's layers: its own document and those of the nodes above it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_LAYERS_H
#define STORE_LAYERS_H

#include "jsonb/reader.h"
#include "store/lookup.h"
#include "store/reader.h"

/* A node's layers, outermost first. */
typedef struct NodeLayers
{
	int			count;
	int			allocated;
	NodeRow    *rows;			/* the same, as they are read: innermost first */
	JsonbRef   *documents;
	JsonbRef   *names;			/* node_id of each */
	Access		access;			/* how the caller comes to see them */
} NodeLayers;

extern void layers_read(NodeLayers *layers, FunctionCallInfo fcinfo, int privilege);

#endif							/* STORE_LAYERS_H */
