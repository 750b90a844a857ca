/*-------------------------------------------------------------------------
 *
 * catalogue/missing.c
 *	  Whether a field has to have a value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/missing.h"

/*
 * any_present: has any of these fields a value?
 */
static bool
any_present(const int *fields, int nfields, const bool *present)
{
	for (int i = 0; i < nfields; i++)
		if (present[fields[i]])
			return true;
	return false;
}

/*
 * field_is_required: is the field required, where its siblings have values as
 * present says?
 *
 * present has a flag a field, by their indexes; a field whose default stands
 * has a value.
 */
bool
field_is_required(const Field *field, const bool *present)
{
	const FieldExtra *extra = field->extra;

	return field->required ||
		(extra != NULL &&
		 (any_present(extra->required_with, extra->nrequired_with, present) ||
		  (extra->nrequired_unless > 0 &&
		   !any_present(extra->required_unless, extra->nrequired_unless, present))));
}
