/*-------------------------------------------------------------------------
 *
 * catalogue/missing.h
 *	  Whether a field has a value, and whether it has to.
 *
 * The one place that knows required, required_with and required_unless, for
 * "missing" and "configured" of the reading functions and for the code
 * "required" of validation.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CATALOGUE_MISSING_H
#define CATALOGUE_MISSING_H

#include "catalogue/catalogue.h"
#include "jsonb/characters.h"

/*
 * value_present: does a field with this value have a value?  It does when it
 * is there, is not null and is not a string that is empty or only white space.
 */
static inline bool
value_present(JsonbRef value)
{
	if (value.type != JREF_STRING)
		return value.type > JREF_NULL;
	/* nearly every string begins with a character that is seen */
	return value.len > 0 &&
		((value.ptr[0] > ' ' && value.ptr[0] <= '~') || !string_is_blank(value));
}

extern bool field_is_required(const Field *field, const bool *present);

#endif							/* CATALOGUE_MISSING_H */
