/*-------------------------------------------------------------------------
 *
 * catalogue/format_hosts.c
 *	  Formats of what a network client connects to: names, addresses, ports.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/format_parts.h"

/*
 * take_hostname: RFC 1123, section 2.1, with the limits of RFC 1034: labels
 * of 1 to 63 letters, digits and hyphens, no hyphen at either end of one, 253
 * characters in all, no dot at the end.
 *
 * An IPv4 address passes as a name of four labels.
 */
bool
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
bool
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
bool
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
bool
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
bool
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
bool
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
bool
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
bool
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
