/*-------------------------------------------------------------------------
 *
 * server/trigger_call.h
 *	  What our trigger functions may be fired for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_TRIGGER_CALL_H
#define SERVER_TRIGGER_CALL_H

#include "commands/trigger.h"
#include "server/extension.h"

/* A way to be fired, such as FIRED(BEFORE, ROW, INSERT), as a bit of a set. */
#define FIRED(timing, level, operation) \
	(1 << (TRIGGER_EVENT_ ## timing | FIRED_FOR_ ## level | TRIGGER_EVENT_ ## operation))
#define FIRED_FOR_ROW TRIGGER_EVENT_ROW
#define FIRED_FOR_STATEMENT 0

extern TriggerData *trigger_call(FunctionCallInfo fcinfo);
extern TriggerData *trigger_call_for(FunctionCallInfo fcinfo, OwnTable table,
									 uint32 fired, const char *usage);

#endif							/* SERVER_TRIGGER_CALL_H */
