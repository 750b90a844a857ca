/*-------------------------------------------------------------------------
 *
 * simple_pattern.h
 *	  Patterns that can be matched in one pass over the bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef SIMPLE_PATTERN_H
#define SIMPLE_PATTERN_H

#include "jsonb_reader.h"

typedef struct SimplePattern SimplePattern;

extern SimplePattern *simple_pattern_parse(JsonbRef pattern);
extern bool simple_pattern_matches(const SimplePattern *pattern, JsonbRef string);

#endif							/* SIMPLE_PATTERN_H */
