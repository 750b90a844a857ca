/*-------------------------------------------------------------------------
 *
 * catalogue/formats.c
 *	  The values of "format" in a field definition.
 *
 * Each follows the document that JSON Schema names for the format of the same
 * name (draft 2020-12, Validation, section 7.3), so that a document means the
 * same here as it does to a validator with our exported schema; "http-url" and
 * "host", which JSON Schema does not have, are what a network client can use.
 * All work on the bytes where they lie, in one pass, and allocate nothing.  All
 * formats are ASCII only: a byte above 0x7f matches none.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/formats.h"

/* What is left of a string; the parsers below take from its front. */
typedef struct Rest
{
	const char *p;
	const char *end;
} Rest;

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/*
 * is_one_of: is it one of these ASCII characters?
 *
 * Not strchr() alone, which would find the NUL.
 */
static inline bool
is_one_of(char c, const char *characters)
{
	return c != '\0' && strchr(characters, c) != NULL;
}

/*
 * take: take that character, if it is next.
 */
static inline bool
take(Rest *rest, char c)
{
	if (rest->p >= rest->end || *rest->p != c)
		return false;
	rest->p++;
	return true;
}

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
static bool
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
static bool
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
static bool
take_date_time(Rest *rest)
{
	return take_date(rest) &&
		(take(rest, 'T') || take(rest, 't')) &&
		take_time(rest);
}

/*
 * take_uuid: RFC 4122, section 3: 8-4-4-4-12 hexadecimal digits.
 */
static bool
take_uuid(Rest *rest)
{
	for (int i = 0; i < 36; i++)
	{
		bool		hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (rest->p >= rest->end)
			return false;
		if (hyphen ? *rest->p != '-' : !is_hex(*rest->p))
			return false;
		rest->p++;
	}
	return true;
}

/*
 * take_hostname: RFC 1123, section 2.1, with the limits of RFC 1034: labels
 * of 1 to 63 letters, digits and hyphens, no hyphen at either end of one, 253
 * characters in all, no dot at the end.
 *
 * An IPv4 address passes as a name of four labels.
 */
static bool
take_hostname(Rest *rest)
{
	const char *start = rest->p;

	do
	{
		const char *label = rest->p;

		while (rest->p < rest->end &&
			   (is_alpha(*rest->p) || is_digit(*rest->p) || *rest->p == '-'))
			rest->p++;
		if (rest->p == label || rest->p - label > 63 ||
			*label == '-' || rest->p[-1] == '-')
			return false;
	} while (take(rest, '.'));
	return rest->p - start <= 253;
}

/*
 * take_ipv4: RFC 3986, section 3.2.2: IPv4address, that is four decimal
 * numbers up to 255 without leading zeros.
 */
static bool
take_ipv4(Rest *rest)
{
	for (int i = 0; i < 4; i++)
	{
		const char *start;
		int			number = 0;

		if (i > 0 && !take(rest, '.'))
			return false;
		start = rest->p;
		while (rest->p < rest->end && rest->p - start < 3 && is_digit(*rest->p))
			number = number * 10 + (*rest->p++ - '0');
		if (rest->p == start || number > 255 ||
			(*start == '0' && rest->p - start > 1))
			return false;
	}
	return true;
}

/*
 * take_ipv6: RFC 3986, section 3.2.2: IPv6address: eight groups of up to four
 * hexadecimal digits, of which "::" may stand for one or more, and an IPv4
 * address for the last two.
 */
static bool
take_ipv6(Rest *rest)
{
	int			groups = 0;
	bool		shortened = false;

	if (take(rest, ':'))
	{
		if (!take(rest, ':'))
			return false;
		shortened = true;
	}
	while (rest->p < rest->end && is_hex(*rest->p))
	{
		Rest		group = *rest;

		while (group.p < group.end && is_hex(*group.p))
			group.p++;
		if (group.p < group.end && *group.p == '.')
		{
			groups += 2;
			if (!take_ipv4(rest))
				return false;
			break;
		}
		if (group.p - rest->p > 4)
			return false;
		rest->p = group.p;
		groups++;
		if (groups > 8)
			return false;
		if (rest->end - rest->p >= 2 && rest->p[0] == ':' && rest->p[1] == ':')
		{
			if (shortened)
				return false;
			shortened = true;
			rest->p += 2;
		}
		else if (rest->end - rest->p >= 2 && rest->p[0] == ':' && is_hex(rest->p[1]))
			rest->p++;
		else
			break;
	}
	return shortened ? groups <= 7 : groups == 8;
}

/*
 * take_client_name: a name as a network client takes it: labels as in
 * take_hostname, in which underscores may stand too (service names in
 * containers have them), with a dot at its end or none; or an IPv4 address.
 *
 * A name whose last label is a number would be taken for an IPv4 address, and
 * is right only as one.
 */
static bool
take_client_name(Rest *rest)
{
	const char *start = rest->p;
	Rest		ipv4 = *rest;
	bool		numeric;

	for (;;)
	{
		const char *label = rest->p;

		numeric = true;
		for (; rest->p < rest->end; rest->p++)
			if (!is_digit(*rest->p))
			{
				if (!is_alpha(*rest->p) && *rest->p != '-' && *rest->p != '_')
					break;
				numeric = false;
			}
		if (rest->p == label || rest->p - label > 63 ||
			*label == '-' || rest->p[-1] == '-')
			return false;
		if (rest->end - rest->p < 2 || *rest->p != '.' ||
			!(is_alpha(rest->p[1]) || is_digit(rest->p[1]) || rest->p[1] == '_'))
			break;
		rest->p++;
	}
	if (rest->p - start > 253)
		return false;
	if (numeric)
		return take_ipv4(&ipv4) && ipv4.p == rest->p;
	(void) take(rest, '.');
	return true;
}

/*
 * take_host: what a network client takes for a host: such a name, or an IPv4 or
 * IPv6 address.
 */
static bool
take_host(Rest *rest)
{
	Rest		ipv6 = *rest;

	if (!take_ipv6(&ipv6) || ipv6.p < ipv6.end)
		return take_client_name(rest);
	*rest = ipv6;
	return true;
}

/*
 * take_port: the number of a port that there can be.
 */
static bool
take_port(Rest *rest)
{
	const char *start = rest->p;
	int			port = 0;

	while (rest->p < rest->end && is_digit(*rest->p) && port <= 65535)
		port = port * 10 + (*rest->p++ - '0');
	return rest->p > start && port >= 1 && port <= 65535;
}

/*
 * take_host_port: a host, an IPv6 address in brackets, and a port.
 */
static bool
take_host_port(Rest *rest)
{
	if (!take(rest, '['))
		return take_client_name(rest) && take(rest, ':') && take_port(rest);
	return take_ipv6(rest) && take(rest, ']') && take(rest, ':') && take_port(rest);
}

/*
 * take_cidr: an IPv4 or IPv6 address and the length of its prefix (RFC 4632,
 * section 3.1; RFC 4291, section 2.3).
 */
static bool
take_cidr(Rest *rest)
{
	Rest		ipv4 = *rest;
	bool		is_ipv4 = take_ipv4(&ipv4) && take(&ipv4, '/');
	int			length = 0;
	const char *start;

	if (is_ipv4)
		*rest = ipv4;
	else if (!take_ipv6(rest) || !take(rest, '/'))
		return false;
	start = rest->p;
	while (rest->p < rest->end && rest->p - start < 3 && is_digit(*rest->p))
		length = length * 10 + (*rest->p++ - '0');
	return rest->p > start && !(*start == '0' && rest->p - start > 1) &&
		length <= (is_ipv4 ? 32 : 128);
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
static bool
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

/*
 * take_email_local: RFC 5321, section 4.1.2: Local-part, a Dot-string or a
 * Quoted-string, of at most 64 characters (section 4.5.3.1.1).
 */
static bool
take_email_local(Rest *rest)
{
	const char *start = rest->p;

	if (take(rest, '"'))
	{
		while (rest->p < rest->end && *rest->p != '"')
		{
			/* quoted-pairSMTP and qtextSMTP: printable ASCII */
			if (*rest->p == '\\')
				rest->p++;
			if (rest->p >= rest->end || *rest->p < ' ' || *rest->p > '~')
				return false;
			rest->p++;
		}
		if (!take(rest, '"'))
			return false;
	}
	else
	{
		do
		{
			const char *atom = rest->p;

			while (rest->p < rest->end &&
				   (is_alpha(*rest->p) || is_digit(*rest->p) ||
					is_one_of(*rest->p, "!#$%&'*+-/=?^_`{|}~")))
				rest->p++;
			if (rest->p == atom)
				return false;
		} while (take(rest, '.'));
	}
	return rest->p - start <= 64;
}

/*
 * take_email: RFC 5321, section 4.1.2: Mailbox; the domain is a host name or
 * an address in brackets (section 4.1.3).
 */
static bool
take_email(Rest *rest)
{
	if (!take_email_local(rest) || !take(rest, '@'))
		return false;
	if (!take(rest, '['))
		return take_hostname(rest);
	if (rest->end - rest->p >= 5 && pg_strncasecmp(rest->p, "IPv6:", 5) == 0)
	{
		rest->p += 5;
		return take_ipv6(rest) && take(rest, ']');
	}
	return take_ipv4(rest) && take(rest, ']');
}

/*
 * take_uri_characters: take unreserved and percent-encoded characters,
 * sub-delims (RFC 3986, sections 2.1 to 2.3) and those given.
 *
 * False only for a percent sign without its two digits; what is none of these
 * ends the run.
 */
static bool
take_uri_characters(Rest *rest, const char *besides)
{
	while (rest->p < rest->end)
	{
		if (*rest->p == '%')
		{
			if (rest->end - rest->p < 3 || !is_hex(rest->p[1]) || !is_hex(rest->p[2]))
				return false;
			rest->p += 3;
		}
		else if (is_alpha(*rest->p) || is_digit(*rest->p) ||
				 is_one_of(*rest->p, "-._~!$&'()*+,;=") ||
				 is_one_of(*rest->p, besides))
			rest->p++;
		else
			break;
	}
	return true;
}

/*
 * take_uri_host: RFC 3986, section 3.2.2: IP-literal or reg-name; an
 * IPv4address is a reg-name too.
 */
static bool
take_uri_host(Rest *rest)
{
	if (!take(rest, '['))
		return take_uri_characters(rest, "");
	if (take(rest, 'v') || take(rest, 'V'))
	{
		const char *start = rest->p;

		/* IPvFuture: no percent signs here */
		while (rest->p < rest->end && is_hex(*rest->p))
			rest->p++;
		if (rest->p == start || !take(rest, '.'))
			return false;
		start = rest->p;
		while (rest->p < rest->end && *rest->p != '%' && *rest->p != ']')
		{
			const char *before = rest->p;
			Rest		one = {before, before + 1};

			if (!take_uri_characters(&one, ":") || one.p == before)
				return false;
			rest->p++;
		}
		return rest->p > start && take(rest, ']');
	}
	return take_ipv6(rest) && take(rest, ']');
}

/*
 * take_uri_userinfo: RFC 3986, section 3.2.1, with its "@", if there is one.
 */
static void
take_uri_userinfo(Rest *rest)
{
	Rest		userinfo = *rest;

	/* most have none, and need not be read twice to see it */
	if (memchr(rest->p, '@', rest->end - rest->p) != NULL &&
		take_uri_characters(&userinfo, ":") && take(&userinfo, '@'))
		*rest = userinfo;
}

/*
 * take_uri_authority: RFC 3986, section 3.2: userinfo, host, port.
 *
 * Where there is an "@" before the path, what precedes it is the userinfo.
 */
static bool
take_uri_authority(Rest *rest)
{
	take_uri_userinfo(rest);
	if (!take_uri_host(rest))
		return false;
	if (take(rest, ':'))
		while (rest->p < rest->end && is_digit(*rest->p))
			rest->p++;
	return true;
}

/*
 * take_uri_path: RFC 3986, sections 3.3 to 3.5: a path, which begins with a
 * slash where there is an authority before it, and query and fragment.
 */
static bool
take_uri_path(Rest *rest)
{
	return take_uri_characters(rest, ":@/") &&
		(!take(rest, '?') || take_uri_characters(rest, ":@/?")) &&
		(!take(rest, '#') || take_uri_characters(rest, ":@/?"));
}

/*
 * take_uri: RFC 3986, section 3: URI, that is with a scheme.
 */
static bool
take_uri(Rest *rest)
{
	if (rest->p >= rest->end || !is_alpha(*rest->p))
		return false;
	while (rest->p < rest->end &&
		   (is_alpha(*rest->p) || is_digit(*rest->p) || is_one_of(*rest->p, "+-.")))
		rest->p++;
	if (!take(rest, ':'))
		return false;
	if (rest->end - rest->p >= 2 && rest->p[0] == '/' && rest->p[1] == '/')
	{
		rest->p += 2;
		if (!take_uri_authority(rest))
			return false;
		/* path-abempty: empty, or with a slash first */
		if (rest->p < rest->end && !is_one_of(*rest->p, "/?#"))
			return false;
	}
	return take_uri_path(rest);
}

/*
 * take_http_url: a URI of the scheme http or https with a host that a network
 * client takes, and a port, if any, that there can be.
 */
static bool
take_http_url(Rest *rest)
{
	if (rest->end - rest->p < 4 || pg_strncasecmp(rest->p, "http", 4) != 0)
		return false;
	rest->p += 4;
	if (!take(rest, 's'))
		(void) take(rest, 'S');
	if (!take(rest, ':') || !take(rest, '/') || !take(rest, '/'))
		return false;

	take_uri_userinfo(rest);
	if (rest->p < rest->end && *rest->p == '[' ?
		!take_uri_host(rest) : !take_client_name(rest))
		return false;
	if (take(rest, ':') && rest->p < rest->end && is_digit(*rest->p) &&
		!take_port(rest))
		return false;
	return (rest->p == rest->end || is_one_of(*rest->p, "/?#")) &&
		take_uri_path(rest);
}

/*
 * format_matches: is the string of that format?
 */
bool
format_matches(FieldFormat format, const char *string, int len)
{
	Rest		rest = {string, string + len};
	bool		taken = false;

	switch (format)
	{
		case FORMAT_NONE:
			return true;
		case FORMAT_URI:
			taken = take_uri(&rest);
			break;
		case FORMAT_HOSTNAME:
			taken = take_hostname(&rest);
			break;
		case FORMAT_EMAIL:
			taken = take_email(&rest);
			break;
		case FORMAT_UUID:
			taken = take_uuid(&rest);
			break;
		case FORMAT_DATE:
			taken = take_date(&rest);
			break;
		case FORMAT_DATE_TIME:
			taken = take_date_time(&rest);
			break;
		case FORMAT_HTTP_URL:
			taken = take_http_url(&rest);
			break;
		case FORMAT_HOST:
			taken = take_host(&rest);
			break;
		case FORMAT_HOST_PORT:
			taken = take_host_port(&rest);
			break;
		case FORMAT_IPV4:
			taken = take_ipv4(&rest);
			break;
		case FORMAT_IPV6:
			taken = take_ipv6(&rest);
			break;
		case FORMAT_CIDR:
			taken = take_cidr(&rest);
			break;
		case FORMAT_TIME:
			taken = take_time(&rest);
			break;
		case FORMAT_DURATION:
			taken = take_duration(&rest);
			break;
	}
	return taken && rest.p == rest.end;
}
