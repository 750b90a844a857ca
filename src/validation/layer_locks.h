/*-------------------------------------------------------------------------
 *
 * validation/layer_locks.h
 *	  What the layers above a node have locked.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VALIDATION_LAYER_LOCKS_H
#define VALIDATION_LAYER_LOCKS_H

#include "validation/validate.h"

/* A layer and the node that it is of. */
typedef struct NamedLayer
{
	JsonbRef	node_id;
	JsonbRef	document;		/* its root */
} NamedLayer;

/* The locks of the layers above, and what of it concerns one entry. */
typedef struct LayerLocks
{
	const NamedLayer *outer;	/* outermost first */
	int			nouter;
	int			whole;			/* the outermost that locks all of the entry;
								 * nouter none */
	struct LockedName *names;	/* locked by earlier ones: in key order, then
								 * outermost first */
	int			nnames;
} LayerLocks;

extern void layer_locks_begin_entry(LayerLocks *locks, JsonbRef key);
extern void layer_locks_end_entry(LayerLocks *locks);
extern const NamedLayer *layer_lock_of_key(const LayerLocks *locks, JsonbRef key);
extern const NamedLayer *layer_lock_of_field(const LayerLocks *locks, JsonbRef field);

/* validation/validate.c */
extern bool validate_change(const Catalogue *catalogue, JsonbRef document,
							JsonbRef before, ValidationLevel level,
							const NamedLayer *outer, int nouter,
							ViolationCallback callback, void *arg);

#endif							/* VALIDATION_LAYER_LOCKS_H */
