/*-------------------------------------------------------------------------
 *
 * merge/fold.h
 *	  What the layers make of one integration's entry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_FOLD_H
#define MERGE_FOLD_H

#include "catalogue/entry.h"
#include "merge/opener.h"
#include "nodes/bitmapset.h"

/* In place of a layer's number: neither one, nor (0) the catalogue. */
#define NO_LAYER (-1)

/* A value with the outer ones that it is merged over. */
typedef struct FoldedValue
{
	JsonbRef	value;			/* JREF_NONE: unset */
	int			layer;			/* that gave it; 0 for the default */
	struct FoldedValue *below;	/* an object, or of a structured field any
								 * value, or NULL */
} FoldedValue;

/* What one layer says of a structured field; only when traced. */
typedef struct FoldedWord
{
	JsonbRef	value;
	int			layer;
	bool		is_void;		/* a lock kept it out */
	struct FoldedWord *earlier;
} FoldedWord;

typedef struct FoldedField
{
	FoldedValue top;
	int			locked_by;		/* whose lock keeps further layers from it: a
								 * layer, 0 the catalogue, or NO_LAYER */
	int			unset_by;		/* whose null took away what was given, or
								 * NO_LAYER */
	bool		named;			/* a layer's "locked" names it */
	Bitmapset  *given_by;		/* only when traced: layers that gave a value,
								 * or that a lock kept from it */
	FoldedWord *words;			/* of a structured field, only when traced */
} FoldedField;

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
	bool		applicable;		/* what does not apply is left out */
	FieldStates *states;		/* of the fields, known from fold_end on */
	int			locked_by;		/* whose lock holds the whole entry, or
								 * NO_LAYER */
	bool		names_locked;	/* a field by name, at least */
	bool		enabled;
	int			enabled_source; /* the layer that said so; 0: none did */
	int			enabled_locked_by;
	bool		enabled_named;	/* a layer's "locked" names it */
	Bitmapset  *enabled_given_by;	/* as given_by of a field */
	JsonbRef	description;
	FoldedField *fields;		/* as integration->fields */
	ExtraEvent *events;
	int			nevents;
	int			maxevents;
	EntryOrigin origin;			/* of its values, for the opener */
	const ValueOpener *opener;	/* NULL: values are what they are */
	bool		holds_locked;	/* what fold_holds_locked last found, */
	int			holds_checked;	/* of how many events */
} FoldedEntry;

extern void fold_begin(FoldedEntry *fold, const Integration *integration,
					   FoldedField *fields, FieldStates *states, bool traced);
extern void fold_entry(FoldedEntry *fold, JsonbRef entry, int layer,
					   bool innermost);
extern void fold_void(FoldedEntry *fold, JsonbRef entry, int layer);
extern void fold_config(FoldedEntry *fold, JsonbRef config, int layer);
extern void fold_locked(FoldedEntry *fold, JsonbRef locked, int layer);
extern void fold_keep_locked(FoldedEntry *fold);
extern void fold_end(FoldedEntry *fold);
extern void fold_release(FoldedEntry *fold);
extern bool fold_holds_locked(FoldedEntry *fold);
extern void fold_forget_values(FoldedEntry *fold);
extern void fold_status(const FoldedEntry *fold, IntegrationStatus *status);
extern void fold_write_config(JsonbWriter *writer, JsonbFrame *outer,
							  const FoldedEntry *fold);
extern Jsonb *fold_value_document(const FoldedValue *value);

#endif							/* MERGE_FOLD_H */
