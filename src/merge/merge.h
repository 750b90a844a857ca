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

#include "catalogue/entry.h"
#include "merge/opener.h"
#include "nodes/bitmapset.h"

extern Jsonb *merge_config(const Catalogue *catalogue,
						   const JsonbRef *layers, int nlayers,
						   const ValueOpener *opener);
extern Jsonb *merge_resolve(const Catalogue *catalogue, JsonbRef key,
							const JsonbRef *layers, int nlayers,
							const ValueOpener *opener);
extern Jsonb *merge_values(const Catalogue *catalogue,
						   const JsonbRef *layers, int nlayers,
						   const ValueOpener *opener);

/* What has become of an integration, or of an instance by its key. */
typedef void (*StatusCallback) (JsonbRef key, const IntegrationStatus *status,
								void *arg);

extern void merge_status(const Catalogue *catalogue,
						 const JsonbRef *layers, int nlayers,
						 StatusCallback callback, void *arg);
extern void merge_instances(const Catalogue *catalogue,
							const Integration *integration,
							const JsonbRef *layers, int nlayers,
							StatusCallback callback, void *arg);

/* merge/trace.c */

/* How a field of the merged configuration came about, or "enabled". */
typedef struct FieldTrace
{
	const Integration *integration;
	JsonbRef	key;			/* of the entry */
	const Field *field;			/* NULL: the entry's "enabled" */
	JsonbRef	path;			/* of the field */
	Jsonb	   *value;			/* as it may be shown; NULL where it is unset */
	int			source;			/* 0 the default, n the n'th layer, -1 unset */
	bool		required;
	int			locked_by;		/* 0 the catalogue, n the n'th layer, -1 none */
	int			unset_by;		/* the layer whose null it is, -1 none */
	Bitmapset  *ignored;		/* layers (from 1) whose value did not count */
} FieldTrace;

typedef void (*FieldTraceCallback) (const FieldTrace *trace, void *arg);

extern void merge_explain(const Catalogue *catalogue,
						  const JsonbRef *layers, int nlayers,
						  FieldTraceCallback callback, void *arg);

#endif							/* MERGE_MERGE_H */
