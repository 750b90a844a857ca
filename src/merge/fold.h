/*-------------------------------------------------------------------------
 *
 * merge/fold.h
 *	  What the layers make of one integration's entry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_FOLD_H
#define MERGE_FOLD_H

#include "catalogue/catalogue.h"
#include "jsonb/writer.h"
#include "nodes/bitmapset.h"

/* A value with the outer objects that it is merged over. */
typedef struct FoldedValue
{
	JsonbRef	value;			/* JREF_NONE: unset */
	int			layer;			/* that gave it; 0 for the default */
	struct FoldedValue *below;	/* an object, or NULL */
} FoldedValue;

typedef struct FoldedField
{
	FoldedValue top;
	bool		frozen;			/* out of the reach of further layers */
	Bitmapset  *given_by;		/* only when traced: layers that gave a value,
								 * or that a lock kept from it */
} FoldedField;

/* A field that the catalogue does not know. */
typedef struct FoldedExtra
{
	JsonbRef	name;
	FoldedField field;
} FoldedExtra;

/* A layer's word on a field that the catalogue does not know. */
typedef struct ExtraEvent
{
	JsonbRef	name;
	JsonbRef	value;			/* JREF_NONE: the layer locks it */
	int			layer;
} ExtraEvent;

typedef struct FoldedEntry
{
	const Integration *integration; /* NULL for one the catalogue does not know */
	bool		traced;
	bool		frozen;			/* the whole entry */
	bool		any_frozen;		/* a field by name, at least */
	bool		enabled;
	bool		enabled_frozen;
	JsonbRef	description;
	FoldedField *fields;		/* as integration->fields */
	ExtraEvent *events;
	int			nevents;
	int			maxevents;
	FoldedExtra *extras;		/* in key order, those that have a value */
	int			nextras;
} FoldedEntry;

extern void fold_begin(FoldedEntry *fold, const Integration *integration,
					   FoldedField *fields, bool traced);
extern void fold_entry(FoldedEntry *fold, JsonbRef entry, int layer);
extern void fold_config(FoldedEntry *fold, JsonbRef config, int layer);
extern void fold_locked(FoldedEntry *fold, JsonbRef locked, int layer);
extern void fold_end(FoldedEntry *fold);
extern bool fold_holds_frozen(FoldedEntry *fold);
extern void fold_forget_values(FoldedEntry *fold);
extern int	fold_missing(const FoldedEntry *fold, bool *present,
						 const Field **missing);
extern void fold_write_config(JsonbWriter *writer, JsonbFrame *outer,
							  const FoldedEntry *fold);
extern Jsonb *fold_value_document(const FoldedValue *value);

#endif							/* MERGE_FOLD_H */
