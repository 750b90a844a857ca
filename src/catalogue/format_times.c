/*-------------------------------------------------------------------------
 *
 * catalogue/format_times.c
 *	  Formats of dates and times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/format_parts.h"

/*
 * take_number: take exactly so many digits, a number between min and max.
 */
static bool
take_number(Rest *rest, int digits, int min, int max, int *number)
{
	*number = 0;
	if (rest->end - rest->p < digits)
		return false;
	while (digits-- > 0)
	{
		if (!is_digit(*rest->p))
			return false;
		*number = *number * 10 + (*rest->p++ - '0');
	}
	return *number >= min && *number <= max;
}

/*
 * take_date: RFC 3339, section 5.6: full-date, with the days that the month
 * has (appendix C has the rule for leap years).
 */
bool
take_date(Rest *rest)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			year,
				month,
				day,
				last;

	if (!take_number(rest, 4, 0, 9999, &year) || !take(rest, '-') ||
		!take_number(rest, 2, 1, 12, &month) || !take(rest, '-'))
		return false;
	last = days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		last = 29;
	return take_number(rest, 2, 1, last, &day);
}

/*
 * take_time: RFC 3339, section 5.6: full-time.
 *
 * A second of 60 is only possible at the end of a UTC day (section 5.7).
 */
bool
take_time(Rest *rest)
{
	int			hour,
				minute,
				second;
	int			offset_hour = 0,
				offset_minute = 0;
	int			sign = 0;
	int			utc;

	if (!take_number(rest, 2, 0, 23, &hour) || !take(rest, ':') ||
		!take_number(rest, 2, 0, 59, &minute) || !take(rest, ':') ||
		!take_number(rest, 2, 0, 60, &second))
		return false;
	if (take(rest, '.'))
	{
		if (rest->p >= rest->end || !is_digit(*rest->p))
			return false;
		while (rest->p < rest->end && is_digit(*rest->p))
			rest->p++;
	}
	if (!take(rest, 'Z') && !take(rest, 'z'))
	{
		if (take(rest, '+'))
			sign = 1;
		else if (take(rest, '-'))
			sign = -1;
		else
			return false;
		if (!take_number(rest, 2, 0, 23, &offset_hour) || !take(rest, ':') ||
			!take_number(rest, 2, 0, 59, &offset_minute))
			return false;
	}
	if (second < 60)
		return true;
	utc = hour * 60 + minute - sign * (offset_hour * 60 + offset_minute);
	return (utc + 24 * 60) % (24 * 60) == 23 * 60 + 59;
}

/*
 * take_date_time: RFC 3339, section 5.6: date-time; "T" and "Z" may be lower
 * case.
 */
bool
take_date_time(Rest *rest)
{
	return take_date(rest) &&
		(take(rest, 'T') || take(rest, 't')) &&
		take_time(rest);
}

/*
 * take_amounts: numbers, each with the next of the units, none left out between
 * two; false where there is none.
 */
static bool
take_amounts(Rest *rest, const char *units)
{
	bool		any = false;

	while (rest->p < rest->end && is_digit(*rest->p))
	{
		const char *unit;

		while (rest->p < rest->end && is_digit(*rest->p))
			rest->p++;
		if (rest->p == rest->end || !is_one_of(*rest->p, units))
			return false;
		unit = strchr(units, *rest->p++);
		if (any && unit != units)
			return false;
		units = unit + 1;
		any = true;
	}
	return any;
}

/*
 * take_duration: RFC 3339, appendix A: duration, as ISO 8601 has it.
 */
bool
take_duration(Rest *rest)
{
	Rest		weeks;

	if (!take(rest, 'P'))
		return false;
	weeks = *rest;
	if (take_amounts(&weeks, "W"))
	{
		*rest = weeks;
		return true;
	}
	if (!take(rest, 'T'))
	{
		if (!take_amounts(rest, "YMD"))
			return false;
		if (!take(rest, 'T'))
			return true;
	}
	return take_amounts(rest, "HMS");
}
