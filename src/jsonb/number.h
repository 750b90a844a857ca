/*-------------------------------------------------------------------------
 *
 * jsonb/number.h
 *	  Numbers of a jsonb document.
 *
 *-------------------------------------------------------------------------
 */
#ifndef JSONB_NUMBER_H
#define JSONB_NUMBER_H

#include "jsonb/reader.h"
#include "lib/stringinfo.h"

extern bool number_is_integer(JsonbRef number);
extern bool number_to_int64(JsonbRef number, int64 *result);
extern JsonbRef number_from_int64(int64 number);
extern int	number_compare(JsonbRef a, JsonbRef b);
extern void append_number(StringInfo out, JsonbRef number);

#endif							/* JSONB_NUMBER_H */
