/*-------------------------------------------------------------------------
 *
 * validation/report.h
 *	  A walk over a document, and what it reports.
 *
 * Used by validation/validate.c alone.  Each function reports one violation
 * where the walk is, if what is there was added or changed, and returns false
 * when the walk is to end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef VALIDATION_REPORT_H
#define VALIDATION_REPORT_H

#include "catalogue/inside.h"
#include "validation/layer_locks.h"
#include "validation/validate.h"

/* The elements that an array had before, sorted. */
typedef struct OldElements
{
	const char *array;			/* where it lies; NULL: none */
	JsonbRef   *elements;
	uint32		count;
} OldElements;

/* A walk and where it is. */
typedef struct Validation
{
	const Catalogue *catalogue; /* NULL: only the locks of outer layers */
	ValidationLevel level;
	bool		stored;			/* what is sealed in it is a secret */
	bool		is_new;			/* there is no document before */
	JsonbRef	before;			/* and this one otherwise */
	LayerLocks *locks;			/* of the layers above; NULL none */
	ViolationCallback callback;
	void	   *arg;
	bool		valid;			/* no error so far */
	bool		ended;
	int			suggestions;	/* budget of suggest_nearest */
	JsonbRef	top;			/* the top-level key; JREF_NONE at the root */
	JsonbRef	id;				/* of the entry; JREF_NONE outside of one */
	JsonbRef	key;			/* in it */
	JsonbRef	member;			/* of that key's value */
	int			element;		/* or element of it; -1 none */
	const InsideStep *step;		/* further down in a field's value; NULL */
	OldElements *old;			/* of arrays before, by how many arrays they are
								 * in; NULL: none looked at */
	StringInfoData path;		/* data is NULL before the first violation */
	StringInfoData message;
} Validation;

extern bool report_structure(Validation *v, JsonbRef value, const char *types,
							 const char *right);
extern bool report_unknown_integration(Validation *v, JsonbRef entry);
extern bool report_bad_instance(Validation *v, const Integration *integration,
								JsonbRef entry);
extern bool report_unknown_field(Validation *v, const FieldSet *set,
								 JsonbRef name, JsonbRef value);
extern bool report_key(Validation *v, const Field *map, JsonbRef value);
extern bool report_inapplicable(Validation *v, const FieldSet *set,
								const Field *field, JsonbRef value);
extern bool report_unknown_key(Validation *v, const Integration *integration,
							   const JsonbRef *known, int nknown,
							   JsonbRef value);
extern bool report_misplaced(Validation *v, JsonbRef meant, JsonbRef value);
extern bool report_masked(Validation *v, JsonbRef value);
extern bool report_rule(Validation *v, const Field *field, FieldRule rule,
						JsonbRef value);
extern bool report_catalogue_lock(Validation *v, JsonbRef field, JsonbRef value);
extern bool report_layer_lock(Validation *v, JsonbRef by, JsonbRef value);
extern bool report_required(Validation *v, const FieldSet *set,
							const Field *field, const bool *present,
							JsonbRef value);

#endif							/* VALIDATION_REPORT_H */
