/*-------------------------------------------------------------------------
 *
 * server/messages.h
 *	  Names from a document in messages and in JSON Pointers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_MESSAGES_H
#define SERVER_MESSAGES_H

#include "lib/stringinfo.h"

#include "jsonb/reader.h"

extern void append_escaped(StringInfo out, const char *string, int len,
						   int limit);
extern void append_name(StringInfo out, JsonbRef name);
extern const char *name_phrase(JsonbRef name);
extern const char *value_phrase(JsonbRef value);
extern void append_pointer_step(StringInfo out, JsonbRef step);

#endif							/* SERVER_MESSAGES_H */
