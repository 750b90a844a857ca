/*-------------------------------------------------------------------------
 *
 * jsonb/number.c
 *	  Numbers of a jsonb document, without computing others.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/number.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/*
 * The head of a numeric as numeric.c lays it out (struct NumericData; the
 * format is on disk in every cluster that pg_upgrade takes along).  There is no
 * exported function that tells a whole number from one with a fraction
 * without computing another numeric.
 */
typedef struct NumericParts
{
	bool		negative;
	int			weight;			/* of the first digit, base 10000 */
	int			ndigits;		/* without zeros at either end */
	const int16 *digits;
} NumericParts;

static inline void
numeric_parts(JsonbRef number, NumericParts *parts)
{
	const uint16 *head = (const uint16 *) (number.ptr + VARHDRSZ);
	Size		bytes = VARSIZE(number.ptr) - VARHDRSZ;

	/* NaN and the infinities are short too, but can't be in jsonb */
	if (*head & 0x8000)
	{
		parts->negative = (*head & 0x2000) != 0;
		parts->weight = (*head & 0x0040) ? (int) (*head & 0x003F) - 64 :
			(int) (*head & 0x003F);
		parts->digits = (const int16 *) head + 1;
		bytes -= sizeof(uint16);
	}
	else
	{
		parts->negative = (*head & 0xC000) == 0x4000;
		parts->weight = ((const int16 *) head)[1];
		parts->digits = (const int16 *) head + 2;
		bytes -= 2 * sizeof(uint16);
	}
	parts->ndigits = bytes / sizeof(int16);
}

/*
 * number_is_integer: is it a number without a fraction?  1.0 and 1e2 are.
 */
bool
number_is_integer(JsonbRef number)
{
	NumericParts parts;

	if (number.type != JREF_NUMERIC)
		return false;
	numeric_parts(number, &parts);
	return parts.ndigits <= parts.weight + 1 || parts.ndigits == 0;
}

/*
 * number_to_int64: the value of a number without a fraction and below 1e16;
 * false for others.
 */
bool
number_to_int64(JsonbRef number, int64 *result)
{
	NumericParts parts;

	*result = 0;
	if (number.type != JREF_NUMERIC)
		return false;
	numeric_parts(number, &parts);
	if (parts.ndigits == 0)
		return true;
	if (parts.weight > 3 || parts.ndigits > parts.weight + 1)
		return false;
	for (int i = 0; i <= parts.weight; i++)
		*result = *result * 10000 + (i < parts.ndigits ? parts.digits[i] : 0);
	if (parts.negative)
		*result = -*result;
	return true;
}

/*
 * number_from_int64: a number, palloc'd.
 */
JsonbRef
number_from_int64(int64 number)
{
	Numeric		numeric = int64_to_numeric(number);

	return (JsonbRef) {
		.type = JREF_NUMERIC,
		.len = VARSIZE(numeric),
		.ptr = (const char *) numeric
	};
}

/*
 * number_compare: order of two numbers, as numeric's.
 */
int
number_compare(JsonbRef a, JsonbRef b)
{
	int64		small_a;
	int64		small_b;

	if (number_to_int64(a, &small_a) && number_to_int64(b, &small_b))
		return small_a < small_b ? -1 : small_a > small_b;
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp,
											 PointerGetDatum(a.ptr),
											 PointerGetDatum(b.ptr)));
}

/*
 * append_number: append a number as JSON shows it.
 */
void
append_number(StringInfo out, JsonbRef number)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out,
														   PointerGetDatum(number.ptr)));

	appendStringInfoString(out, text);
	pfree(text);
}
