/*-------------------------------------------------------------------------
 *
 * server/actor.h
 *	  Who changes something, why and when: what a history says of a change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_ACTOR_H
#define SERVER_ACTOR_H

#include "datatype/timestamp.h"

extern char *actor_role(void);
extern const char *actor_author(void);
extern const char *actor_reason(void);
extern TimestampTz actor_stamp(void);

#endif							/* SERVER_ACTOR_H */
