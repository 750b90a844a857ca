/*-------------------------------------------------------------------------
 *
 * validation/layer_locks.h
 *	  A node's document against the locks of the layers above it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VALIDATION_LAYER_LOCKS_H
#define VALIDATION_LAYER_LOCKS_H

#include "jsonb/reader.h"

/* A layer and the node that it is of. */
typedef struct NamedLayer
{
	JsonbRef	node_id;
	JsonbRef	document;		/* its root */
} NamedLayer;

/* What of a document an outer layer has locked. */
typedef struct LayerLock
{
	JsonbRef	integration;
	JsonbRef	member;			/* of the entry; JREF_NONE: the entry itself */
	JsonbRef	field;			/* of its config; JREF_NONE: the member itself */
	JsonbRef	by;				/* the node whose document has the lock */
} LayerLock;

typedef void (*LayerLockCallback) (const LayerLock *lock, void *arg);

extern void layer_locks_check(const NamedLayer *outer, int nouter,
							  JsonbRef before, JsonbRef after,
							  LayerLockCallback callback, void *arg);

#endif							/* VALIDATION_LAYER_LOCKS_H */
