/*-------------------------------------------------------------------------
 *
 * merge/opener.h
 *	  Values that are another thing in an answer than they are in the layers.
 *
 * A stored document has its secrets sealed.  They are merged as they lie there,
 * and those alone that an answer shows are opened as it is written.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_OPENER_H
#define MERGE_OPENER_H

#include "catalogue/catalogue.h"

/* Which entry of a layer gave an instance, or a plain entry, its values. */
typedef struct EntryOrigin
{
	JsonbRef	id;				/* of the integration */
	JsonbRef	key;			/* of the entry itself */
	int			own_from;		/* of the layers (from 1) before this one, what
								 * they gave was in the plain entry */
} EntryOrigin;

typedef struct ValueOpener ValueOpener;

/*
 * open: what an answer has of the value of a field that has secrets in it, or
 * is one; layer is the innermost that gave some of it, 0 for the catalogue's.
 */
struct ValueOpener
{
	JsonbRef	(*open) (const ValueOpener *opener, const EntryOrigin *origin,
						 const Field *field, JsonbRef value, int layer);
};

#endif							/* MERGE_OPENER_H */
