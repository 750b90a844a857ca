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

#include "catalogue/format_parts.h"
#include "catalogue/formats.h"

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
