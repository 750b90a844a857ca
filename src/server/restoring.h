/*-------------------------------------------------------------------------
 *
 * server/restoring.h
 *	  Is a dump being loaded?
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_RESTORING_H
#define SERVER_RESTORING_H

#include "fmgr.h"

extern bool restore_is_on(FunctionCallInfo fcinfo);

#endif							/* SERVER_RESTORING_H */
