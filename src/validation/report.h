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

#include "lib/stringinfo.h"
#include "validation/layer_locks.h"
#include "validation/validate.h"

/* A walk and where it is. */
typedef struct Validation
{
	const Catalogue *catalogue; /* NULL: only the locks of outer layers */
	ValidationLevel level;
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
	JsonbRef   *old_elements;	/* of that array before, sorted; NULL unknown */
	uint32		nold_elements;
	StringInfoData path;		/* data is NULL before the first violation */
	StringInfoData message;
} Validation;

extern bool report_structure(Validation *v, JsonbRef value, const char *types,
							 const char *right);
extern bool report_unknown_integration(Validation *v, JsonbRef entry);
extern bool report_unknown_field(Validation *v, const Integration *integration,
								 JsonbRef name, JsonbRef value);
extern bool report_unknown_key(Validation *v, const Integration *integration,
							   const JsonbRef *known, int nknown,
							   JsonbRef value);
extern bool report_misplaced(Validation *v, JsonbRef meant, JsonbRef value);
extern bool report_masked(Validation *v, JsonbRef value);
extern bool report_rule(Validation *v, const Field *field, FieldRule rule,
						JsonbRef value);
extern bool report_catalogue_lock(Validation *v, JsonbRef field, JsonbRef value);
extern bool report_layer_lock(Validation *v, JsonbRef by, JsonbRef value);
extern bool report_required(Validation *v, const Integration *integration,
							const Field *field, const bool *present,
							JsonbRef value);

#endif							/* VALIDATION_REPORT_H */
