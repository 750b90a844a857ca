/*-------------------------------------------------------------------------
 *
 * merge/layers.h
 *	  From a function's jsonb[] argument to layers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MERGE_LAYERS_H
#define MERGE_LAYERS_H

#include "fmgr.h"

#include "jsonb/reader.h"

extern JsonbRef *layers_from_argument(FunctionCallInfo fcinfo, int argno,
									  int *nlayers);

#endif							/* MERGE_LAYERS_H */
