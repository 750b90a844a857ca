/*-------------------------------------------------------------------------
 *
 * store/opened.h
 *	  Stored secrets in answers: opened for whom they may be shown to.
 *
 *-------------------------------------------------------------------------
 */
#ifndef STORE_OPENED_H
#define STORE_OPENED_H

#include "fmgr.h"

#include "merge/opener.h"
#include "store/layers.h"

/* How secrets are shown. */
typedef enum Shown
{
	SHOWN_REDACTED,				/* all that may be one is hidden */
	SHOWN_STORED,				/* as the caller could read it in the table: what
								 * is sealed is hidden */
	SHOWN_UNKNOWN,				/* that, or opened: not asked yet */
	SHOWN_OPENED
} Shown;

/* The opener of a node's merged layers. */
typedef struct LayersOpener
{
	ValueOpener opener;			/* the first: the merge is given this */
	FunctionCallInfo fcinfo;
	JsonbRef	org_id;
	const JsonbRef *documents;	/* the layers, outermost first */
	const JsonbRef *names;		/* node_id of each */
	int			count;
	Shown		shown;
} LayersOpener;

extern void layers_opener_begin(LayersOpener *opener, FunctionCallInfo fcinfo,
								JsonbRef org_id, const NodeLayers *layers);
extern Shown shown_to(bool reveal, bool granted);
extern bool shown_opened(FunctionCallInfo fcinfo, Shown *shown);
extern Jsonb *opened_document(FunctionCallInfo fcinfo, const Catalogue *catalogue,
							  JsonbRef org_id, JsonbRef node_id, Jsonb *document);

#endif							/* STORE_OPENED_H */
