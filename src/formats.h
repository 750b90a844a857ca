/*-------------------------------------------------------------------------
 *
 * formats.h
 *	  The values of "format" in a field definition.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FORMATS_H
#define FORMATS_H

#include "catalogue.h"

extern bool format_matches(FieldFormat format, const char *string, int len);

#endif							/* FORMATS_H */
