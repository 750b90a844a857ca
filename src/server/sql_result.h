/*-------------------------------------------------------------------------
 *
 * server/sql_result.h
 *	  Giving results to SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_SQL_RESULT_H
#define SERVER_SQL_RESULT_H

#include "fmgr.h"
#include "nodes/execnodes.h"

#include "jsonb/reader.h"

extern TupleDesc result_descriptor(FunctionCallInfo fcinfo);
extern ReturnSetInfo *result_begin(FunctionCallInfo fcinfo);
extern void result_require_types(const ReturnSetInfo *result, TupleDesc found);
extern Datum text_from_ref(JsonbRef string);

#endif							/* SERVER_SQL_RESULT_H */
