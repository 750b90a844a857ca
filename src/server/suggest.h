/*-------------------------------------------------------------------------
 *
 * server/suggest.h
 *	  The known name that is nearest to a misspelt one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SERVER_SUGGEST_H
#define SERVER_SUGGEST_H

#include "jsonb/reader.h"

/*
 * How many names may be compared for one document: enough for any honest
 * mistake, and a bound for a document made of thousands of unknown names
 * against a catalogue of thousands.
 */
#define SUGGEST_BUDGET 50000

extern JsonbRef suggest_nearest(JsonbRef wanted, const JsonbRef *names,
								int count, Size stride, int *budget);

#endif							/* SERVER_SUGGEST_H */
