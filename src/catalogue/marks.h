/*-------------------------------------------------------------------------
 *
 * catalogue/marks.h
 *	  Marks to be walked beside a document: which places in it are special.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_MARKS_H
#define CATALOGUE_MARKS_H

#include "jsonb/reader.h"
#include "utils/array.h"

extern JsonbRef marks_of_paths(JsonbRef paths);
extern JsonbRef marks_of_pointers(ArrayType *pointers);

/*
 * marks_reach: is the place that has this beside it marked itself?
 */
static inline bool
marks_reach(JsonbRef beside)
{
	return beside.type == JREF_BOOL;
}

#endif							/* CATALOGUE_MARKS_H */
