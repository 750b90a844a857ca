/*-------------------------------------------------------------------------
 *
 * layers.h
 *	  From a function's jsonb[] argument to layers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef LAYERS_H
#define LAYERS_H

#include "fmgr.h"

#include "jsonb_reader.h"

extern JsonbRef *layers_from_argument(FunctionCallInfo fcinfo, int argno,
									  int *nlayers);
extern JsonbRef layer_from_document(const Jsonb *document, int number);

#endif							/* LAYERS_H */
