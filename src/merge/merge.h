/*-------------------------------------------------------------------------
 *
 * merge/merge.h
 *	  The merge of layers over the compiled catalogue.
 *
 * Layers are given outermost first, each the root object of a document; one
 * that is JREF_NONE (a SQL NULL) is skipped.  Results are palloc'd in the
 * current memory context.  Nothing here calls the executor or user code, so a
 * catalogue stays valid throughout.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_MERGE_H
#define MERGE_MERGE_H

#include "catalogue/catalogue.h"
#include "nodes/bitmapset.h"

extern Jsonb *merge_config(const Catalogue *catalogue,
						   const JsonbRef *layers, int nlayers);
extern Jsonb *merge_resolve(const Integration *integration,
							const JsonbRef *layers, int nlayers);
extern Jsonb *merge_values(const Catalogue *catalogue,
						   const JsonbRef *layers, int nlayers);

/* How a field of the merged configuration came about. */
typedef struct FieldTrace
{
	const Integration *integration;
	const Field *field;
	Jsonb	   *value;			/* NULL where it is unset; a secret's redacted */
	int			source;			/* 0 the default, n the n'th layer, -1 unset */
	bool		required;
	bool		locked;
	Bitmapset  *ignored;		/* layers (from 1) whose value did not count */
} FieldTrace;

typedef void (*FieldTraceCallback) (const FieldTrace *trace, void *arg);

extern void merge_explain(const Catalogue *catalogue,
						  const JsonbRef *layers, int nlayers,
						  FieldTraceCallback callback, void *arg);

/* What of one integration, for the store's status. */
typedef struct IntegrationStatus
{
	bool		enabled;
	int			nmissing;		/* configured where 0 */
	const Field **missing;		/* palloc'd, in the order of definitions */
} IntegrationStatus;

extern void merge_status(const Integration *integration,
						 const JsonbRef *layers, int nlayers,
						 IntegrationStatus *status);

#endif							/* MERGE_MERGE_H */
