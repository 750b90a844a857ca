/*-------------------------------------------------------------------------
 *
 * sql_result.h
 *	  Giving results to SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SQL_RESULT_H
#define SQL_RESULT_H

#include "fmgr.h"
#include "nodes/execnodes.h"

#include "jsonb_reader.h"

extern ReturnSetInfo *result_begin(FunctionCallInfo fcinfo);
extern Datum text_from_ref(JsonbRef string);

#endif							/* SQL_RESULT_H */
