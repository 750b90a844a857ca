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

/* The opener of a node's merged layers. */
typedef struct LayersOpener
{
	ValueOpener opener;			/* the first: the merge is given this */
	FunctionCallInfo fcinfo;
	JsonbRef	org_id;
	const JsonbRef *documents;	/* the layers, outermost first */
	const JsonbRef *names;		/* node_id of each */
	bool		reveal;			/* may the caller see secrets? */
} LayersOpener;

extern void layers_opener_begin(LayersOpener *opener, FunctionCallInfo fcinfo,
								JsonbRef org_id, bool reveal);
extern Jsonb *opened_document(FunctionCallInfo fcinfo, const Catalogue *catalogue,
							  JsonbRef org_id, JsonbRef node_id, Jsonb *document);

#endif							/* STORE_OPENED_H */
