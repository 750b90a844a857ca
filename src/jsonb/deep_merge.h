/*-------------------------------------------------------------------------
 *
 * jsonb/deep_merge.h
 *	  Merging objects key by key, to any depth.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSONB_DEEP_MERGE_H
#define JSONB_DEEP_MERGE_H

#include "jsonb/writer.h"

/* Writes the value of a member that the caller merges by rules of its own. */
typedef void (*SpecialMemberWriter) (JsonbWriter *writer, JsonbFrame *object,
									 void *arg);

typedef struct SpecialMember
{
	JsonbRef	key;
	SpecialMemberWriter write;	/* NULL: the member is left out */
	void	   *arg;
} SpecialMember;

extern void deep_merge_value(JsonbWriter *writer, JsonbFrame *frame,
							 const JsonbRef *values, int nvalues);
extern void deep_merge_objects(JsonbWriter *writer, JsonbFrame *outer,
							   const JsonbRef *objects, int nobjects,
							   const SpecialMember *specials, int nspecials);

#endif							/* JSONB_DEEP_MERGE_H */
