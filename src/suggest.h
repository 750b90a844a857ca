/*-------------------------------------------------------------------------
 *
 * suggest.h
 *	  The nearest known name to an unknown one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SUGGEST_H
#define SUGGEST_H

#include "jsonb_reader.h"

typedef struct Suggestion
{
	const char *wanted;
	int			len;
	JsonbRef	nearest;		/* JREF_NONE where none is near enough */
	int			distance;
} Suggestion;

extern void suggest_begin(Suggestion *suggestion, const char *wanted, int len);
extern void suggest_offer(Suggestion *suggestion, JsonbRef candidate);
extern char *suggest_nearest(const Suggestion *suggestion);
extern char *suggest_clip(const char *name, int len);

#endif							/* SUGGEST_H */
