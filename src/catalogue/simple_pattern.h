/*-------------------------------------------------------------------------
 *
 * catalogue/simple_pattern.h
 *	  Patterns that can be matched in one pass over the bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_SIMPLE_PATTERN_H
#define CATALOGUE_SIMPLE_PATTERN_H

#include "jsonb/reader.h"

typedef struct SimplePattern SimplePattern;

extern SimplePattern *simple_pattern_parse(JsonbRef pattern);
extern bool simple_pattern_matches(const SimplePattern *pattern, JsonbRef string);

#endif							/* CATALOGUE_SIMPLE_PATTERN_H */
