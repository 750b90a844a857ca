/*-------------------------------------------------------------------------
 *
 * server/uri.c
 *	  The password inside a URI.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "server/uri.h"

/*
 * authority_length: how far the authority reaches (RFC 3986, section 3.2).
 */
static int
authority_length(const char *s, int len)
{
	int			i = 0;

	while (i < len && strchr("/?#", s[i]) == NULL && (unsigned char) s[i] > ' ')
		i++;
	return i;
}

/*
 * last_at: where the last @ stands, or -1.
 */
static int
last_at(const char *s, int len)
{
	while (--len >= 0 && s[len] != '@')
		;
	return len;
}

/*
 * is_port: does what stands after a host's colon name a port?  In a list of
 * hosts another host may follow.
 */
static bool
is_port(const char *s, int len)
{
	int			i = 0;

	while (i < len && s[i] >= '0' && s[i] <= '9')
		i++;
	return i == len || s[i] == ',';
}

/*
 * uri_password_find: where the password of a scheme://user:password@host lies
 * in a string, first of all.
 *
 * The URI may stand anywhere in the string: after "jdbc:", or in a sentence.
 * The user's name may be empty; an empty password is none.  Someone may forget
 * to encode a password's own /, ?, # or @, and it is one all the same: what
 * cannot be a port goes up to the next @ that comes.  To find another one, go on
 * after the first.  The time is linear in the string's length, also for all of
 * them together; nothing is allocated, and nothing is written where the result
 * is false.
 */
bool
uri_password_find(const char *s, int len, int *start, int *length)
{
	int			i = 0;

	while (i + 3 < len)
	{
		const char *scheme_end = memchr(s + i, ':', len - 3 - i);
		const char *authority;
		const char *colon;
		const char *password;
		int			rest;
		int			span;
		int			at;

		if (scheme_end == NULL)
			return false;
		i = scheme_end - s + 1;
		if (s[i] != '/' || s[i + 1] != '/')
			continue;

		i += 2;
		authority = s + i;
		span = authority_length(authority, len - i);
		at = last_at(authority, span);
		colon = memchr(authority, ':', at >= 0 ? at : span);
		i += span;
		if (colon == NULL)
			continue;
		password = colon + 1;
		rest = len - (password - s);
		if (at >= 0)
			*length = authority + at - password;
		else if (*authority == '[' || is_port(password, authority + span - password))
			continue;
		else
		{
			const char *next = memchr(password, '@', rest);

			/* None in all the rest: no other password either. */
			if (next == NULL)
				return false;
			*length = next - password;
		}
		if (*length == 0)
			continue;
		*start = password - s;
		return true;
	}
	return false;
}

/*
 * hex_value: the value of a hexadecimal digit; -1 for another character.
 */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * uri_password_is: does a password, as it stands in a URI, say that text, as it
 * is or percent-encoded?
 */
bool
uri_password_is(const char *s, int len, const char *text, int text_len)
{
	int			at = 0;

	if (len == text_len && memcmp(s, text, len) == 0)
		return true;
	for (int i = 0; i < len; i++, at++)
	{
		int			c = (unsigned char) s[i];

		if (s[i] == '%' && i + 2 < len && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0)
		{
			c = hex_value(s[i + 1]) * 16 + hex_value(s[i + 2]);
			i += 2;
		}
		if (at == text_len || c != (unsigned char) text[at])
			return false;
	}
	return at == text_len;
}

/*
 * uri_password_append: append a text as the password of a URI: percent-encoded
 * but for what needs no encoding anywhere (RFC 3986's unreserved characters).
 */
void
uri_password_append(StringInfo out, const char *text, int len)
{
	for (int i = 0; i < len; i++)
	{
		unsigned char c = text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			strchr("-._~", c) != NULL)
			appendStringInfoChar(out, c);
		else
			appendStringInfo(out, "%%%02X", c);
	}
}
