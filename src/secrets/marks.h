/*-------------------------------------------------------------------------
 *
 * secrets/marks.h
 *	  Marks to be walked beside a document: which places in it are special.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SECRETS_MARKS_H
#define SECRETS_MARKS_H

#include "jsonb/reader.h"
#include "utils/array.h"

/* What is shown in place of a value that was erased. */
#define ERASED_VALUE "(erased)"

extern JsonbRef marks_of_secrets(JsonbRef secrets);
extern JsonbRef marks_of_pointers(ArrayType *pointers);

/*
 * marks_reach: is the place that has this beside it marked itself?
 */
static inline bool
marks_reach(JsonbRef beside)
{
	return beside.type == JREF_BOOL;
}

#endif							/* SECRETS_MARKS_H */
