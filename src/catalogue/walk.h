/*-------------------------------------------------------------------------
 *
 * catalogue/walk.h
 *	  The walk over a document and what the catalogue says of each place in it.
 *
 * A walk writes a document anew.  Of each value in it a visitor is told what
 * place it stands at, and may write another value there; what it does not
 * write is copied, and what is in it visited in turn.
 *
 *		Walk		walk = {.catalogue = catalogue, .visit = shown_visit};
 *
 *		result = walk_document(&walk, root, none, walk_place(&walk, root));
 *
 * Beside the document another one may be walked, so that the visitor sees what
 * that has at the same place: the document as it is stored, or marks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_WALK_H
#define CATALOGUE_WALK_H

#include "catalogue/catalogue.h"
#include "catalogue/once_secret.h"
#include "jsonb/writer.h"
#include "lib/stringinfo.h"

/* What stands at a place. */
typedef enum Place
{
	PLACE_DOCUMENT,				/* a layer or a merged document */
	PLACE_ANSWERS,				/* what integration_schema_values answers */
	PLACE_INTEGRATIONS,
	PLACE_ENTRY,				/* an integration's, also an answer of _resolve */
	PLACE_CONFIG,
	PLACE_CATALOGUE,			/* the catalogue's own, in a merged document */
	PLACE_OPEN,					/* no secret: a caller's own, a public field */
	PLACE_FIELD,				/* a field's that is no secret */
	PLACE_DEFINED,				/* a field's in which others are defined */
	PLACE_INSIDE,				/* the inside of a free-form object */
	PLACE_HIDDEN				/* a secret, or nothing that the catalogue has */
} Place;

typedef struct Walk Walk;

/*
 * WalkVisitor: writes a value as the frame's next, or returns false and writes
 * nothing.  beside is what is at the same place there, JREF_NONE for nothing.
 */
typedef bool (*WalkVisitor) (Walk *walk, JsonbFrame *frame, JsonbRef value,
							 JsonbRef beside, Place place);

/*
 * WalkSame: is an array's element, at that place, the one that is beside it?
 * items is its definition, or NULL.  shorter: its array has fewer elements than
 * the one beside.
 */
typedef bool (*WalkSame) (const Field *items, JsonbRef element, JsonbRef beside,
						  Place place, bool shorter);

struct Walk
{
	JsonbWriter *writer;		/* walk_document's */
	const Catalogue *catalogue;
	WalkVisitor visit;

	/*
	 * With it, what is beside is a document too, whose masked values stand for
	 * themselves, and an element's inside is seen where it is the same.
	 * Without it, it is one to compare with, or marks: objects by key, also by
	 * an element's number.
	 */
	WalkSame	same;

	/*
	 * Places that were secrets once: trees as catalogue/once_secret.h has them,
	 * by ids that are integrations' or were.  JREF_NONE for none.
	 */
	JsonbRef	once_secret;

	/* where we are */
	const Integration *integration; /* NULL for an unknown one */
	JsonbRef	entry;			/* the entry's key; JREF_NONE outside of one */
	JsonbRef	instance;		/* its name; JREF_NONE for the plain entry */
	JsonbRef	once_here;		/* the integration's tree */

	/* what is visited */
	const Field *field;			/* whose value it is; NULL for none.  Of a root,
								 * the caller says it */
	OnceSecret	once;			/* what its place once was */
	struct WalkLevel *level;	/* what it is in; walk.c's */
};

/* How the path of a value is written. */
typedef enum WalkPathForm
{
	PATH_EXACT,					/* accounts/0/tokens/eu */
	PATH_ANY_ELEMENT,			/* the same with "*" for an array's element */
	PATH_OF_DEFINITION			/* with it also for what only a document has: a
								 * map's key, and what nobody defines */
} WalkPathForm;

/*
 * walk_is_mask: is it what stands for a secret?
 */
static inline bool
walk_is_mask(JsonbRef value)
{
	return value.type == JREF_STRING && JREF_IS(value, REDACTED_VALUE);
}

extern Place walk_place(const Walk *walk, JsonbRef root);
extern Place walk_place_of_value(const Field *field, JsonbRef value);
extern Jsonb *walk_document(Walk *walk, JsonbRef root, JsonbRef beside,
							Place place);
extern bool walk_is_in_config(const Walk *walk);
extern void walk_path(const Walk *walk, StringInfo out, WalkPathForm form);
extern const Field *walk_field_of_any_choice(const Walk *walk);

#endif							/* CATALOGUE_WALK_H */
