/*-------------------------------------------------------------------------
 *
 * catalogue/formats.h
 *	  The values of "format" in a field definition.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_FORMATS_H
#define CATALOGUE_FORMATS_H

#include "catalogue/catalogue.h"

extern bool format_matches(FieldFormat format, const char *string, int len);

#endif							/* CATALOGUE_FORMATS_H */
