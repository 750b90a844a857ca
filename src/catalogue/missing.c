/*-------------------------------------------------------------------------
 *
 * catalogue/missing.c
 *	  Which required fields of an integration have no value.
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
 * field_is_required: is the field required, where the fields of its
 * integration have values as present says?
 *
 * present has a flag a field, in the order of Integration.fields; a field
 * whose default stands has a value.
 */
bool
field_is_required(const Field *field, const bool *present)
{
	return field->required ||
		any_present(field->required_with, field->nrequired_with, present) ||
		(field->nrequired_unless > 0 &&
		 !any_present(field->required_unless, field->nrequired_unless, present));
}

/*
 * missing_fields: the required fields that have no value, in the order of
 * their definitions.
 *
 * missing must have room for integration->ndemanding pointers.  Returns how
 * many there are.
 */
int
missing_fields(const Integration *integration, const bool *present,
			   const Field **missing)
{
	int			count = 0;

	for (int i = 0; i < integration->ndemanding; i++)
	{
		const Field *field = integration->demanding[i];

		if (!present[field - integration->fields] &&
			field_is_required(field, present))
			missing[count++] = field;
	}
	return count;
}
