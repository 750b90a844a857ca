/*-------------------------------------------------------------------------
 *
 * json_schema/pattern_dialect.c
 *	  A regular expression from PostgreSQL's dialect to JSON Schema's
 *	  (ECMA-262, with its u flag) and back.
 *
 * PostgreSQL's side is what the manual calls advanced regular expressions;
 * the fine points are those of regc_lex.c.  A pattern is taken to compile in
 * the dialect that it is given in: one that does not comes out as something
 * that does not compile either.
 *
 * Both readers go byte by byte.  No server encoding has ASCII bytes inside
 * its longer characters, so those pass through untouched.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>
#include <limits.h>

#include "json_schema/pattern_dialect.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

/* What is left of a pattern. */
typedef struct PatternInput
{
	const char *at;
	const char *end;
} PatternInput;

/* What ECMA-262 allows a backslash in front of, outside a class. */
#define ECMA_SYNTAX_CHARACTERS "^$\\.*+?()[]{}|/"

/* The escapes for classes and for characters that both dialects have. */
#define SHARED_ESCAPES "dDsSwWfnrtv"

/* DUPMAX of regex/regguts.h: the most that a bound can say. */
#define MAX_BOUND 255

/* [:name:] as the inside of a class of ASCII characters */
static const struct
{
	const char *name;
	const char *ecma;
}			named_classes[] = {
	{"alnum", "0-9A-Za-z"},
	{"alpha", "A-Za-z"},
	{"blank", " \\t"},
	{"cntrl", "\\x00-\\x1f\\x7f"},
	{"digit", "0-9"},
	{"graph", "!-~"},
	{"lower", "a-z"},
	{"print", " -~"},
	{"punct", "!-\\/:-@\\[-`\\{-~"},
	{"space", " \\t\\n\\v\\f\\r"},
	{"upper", "A-Z"},
	{"word", "0-9A-Z_a-z"},
	{"xdigit", "0-9A-Fa-f"},
};

/*
 * take: is that what comes next?  If so, it is behind us.
 */
static bool
take(PatternInput *in, const char *text)
{
	size_t		len = strlen(text);

	if ((size_t) (in->end - in->at) < len || memcmp(in->at, text, len) != 0)
		return false;
	in->at += len;
	return true;
}

/*
 * peek_in: is the next character one of those?
 */
static bool
peek_in(const PatternInput *in, const char *characters)
{
	return in->at < in->end && *in->at != '\0' &&
		strchr(characters, *in->at) != NULL;
}

/*
 * read_hex: a number of up to that many hexadecimal digits.  Returns how many
 * there were; a number that is no Unicode code point comes out as one that is
 * none.
 */
static int
read_hex(PatternInput *in, int most, uint32 *number)
{
	int			digits = 0;

	*number = 0;
	while (digits < most && in->at < in->end &&
		   isxdigit((unsigned char) *in->at))
	{
		char		c = *in->at++;
		int			digit = isdigit((unsigned char) c) ? c - '0' : (c | 0x20) - 'a' + 10;

		*number = Min(*number * 16 + digit, 0x110000);
		digits++;
	}
	return digits;
}

/*
 * is_ascii_alnum: what both dialects count as an escape's name.
 */
static bool
is_ascii_alnum(char c)
{
	return (unsigned char) c < 0x80 && isalnum((unsigned char) c);
}

/*
 * copy_through: hand on what is left up to and including that character.
 */
static void
copy_through(PatternInput *in, StringInfo out, char last)
{
	while (in->at < in->end)
	{
		appendStringInfoChar(out, *in->at);
		if (*in->at++ == last)
			break;
	}
}

/*
 * escape_to_ecma: what follows a backslash, inside brackets or not.  False
 * where ECMA-262 has nothing like it.
 */
static bool
escape_to_ecma(PatternInput *in, StringInfo out, bool in_class)
{
	char		c;
	uint32		number;

	if (in->at >= in->end)
		return false;
	if (peek_in(in, SHARED_ESCAPES))
	{
		appendStringInfo(out, "\\%c", *in->at++);
		return true;
	}

	c = *in->at++;
	switch (c)
	{
		case 'a':
			appendStringInfoString(out, "\\x07");
			return true;
		case 'b':
			appendStringInfoString(out, "\\x08");
			return true;
		case 'e':
			appendStringInfoString(out, "\\x1b");
			return true;
		case 'B':
			appendStringInfoString(out, "\\\\");
			return true;
		case 'c':
			if (in->at >= in->end || (*in->at & 0x80))
				return false;
			appendStringInfo(out, "\\x%02x", *in->at++ & 0x1f);
			return true;
		case 'x':
		case 'u':
		case 'U':
			/* \x takes as many digits as there are */
			if (read_hex(in, c == 'u' ? 4 : c == 'U' ? 8 : INT_MAX, &number) == 0 ||
				number > 0xFFFF)
				return false;
			appendStringInfo(out, "\\u%04x", number);
			return true;
	}

	if (!is_ascii_alnum(c))
	{
		if (strchr(ECMA_SYNTAX_CHARACTERS, c) != NULL || (c == '-' && in_class))
			appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, c);
		return true;
	}
	if (in_class)
		return false;

	switch (c)
	{
		case 'A':
			appendStringInfoChar(out, '^');
			return true;
		case 'Z':
			appendStringInfoChar(out, '$');
			return true;
		case 'm':
			appendStringInfoString(out, "\\b(?=\\w)");
			return true;
		case 'M':
			appendStringInfoString(out, "\\b(?!\\w)");
			return true;
		case 'y':
			appendStringInfoString(out, "\\b");
			return true;
		case 'Y':
			appendStringInfoString(out, "\\B");
			return true;
	}

	/* A back reference: to a group without a match they differ. */
	return false;
}

/*
 * named_class_to_ecma: the rest of [:name:].
 */
static bool
named_class_to_ecma(PatternInput *in, StringInfo out)
{
	for (int i = 0; i < (int) lengthof(named_classes); i++)
		if (take(in, named_classes[i].name))
		{
			appendStringInfoString(out, named_classes[i].ecma);
			return take(in, ":]");
		}
	return false;
}

/*
 * class_to_ecma: what follows an opening bracket, up to the closing one.
 */
static bool
class_to_ecma(PatternInput *in, StringInfo out)
{
	bool		first = true;

	appendStringInfoChar(out, '[');
	if (take(in, "^"))
		appendStringInfoChar(out, '^');
	for (; in->at < in->end; first = false)
	{
		if (take(in, "]"))
		{
			/* the first one stands for itself */
			appendStringInfoString(out, first ? "\\]" : "]");
			if (!first)
				return true;
		}
		else if (take(in, "[:"))
		{
			if (!named_class_to_ecma(in, out))
				return false;
		}
		else if (take(in, "["))
		{
			/* a collating element or an equivalence class */
			if (peek_in(in, ".="))
				return false;
			/* ECMA-262 needs no escape here, but its heirs do */
			appendStringInfoString(out, "\\[");
		}
		else if (take(in, "\\"))
		{
			if (!escape_to_ecma(in, out, true))
				return false;
		}
		else
			appendStringInfoChar(out, *in->at++);
	}
	return false;
}

/*
 * pattern_to_ecma: a pattern as JSON Schema's "pattern", palloc'd and
 * NUL-terminated; NULL where it uses what ECMA-262 does not know.
 */
char *
pattern_to_ecma(const char *pattern, int len)
{
	PatternInput in = {pattern, pattern + len};
	StringInfoData out;

	initStringInfo(&out);

	/* a director, then embedded options, can only be at the beginning */
	if (!take(&in, "***:") && take(&in, "***"))
		return NULL;
	if (in.end - in.at >= 3 && in.at[0] == '(' && in.at[1] == '?' &&
		isalpha((unsigned char) in.at[2]))
		return NULL;

	while (in.at < in.end)
	{
		CHECK_FOR_INTERRUPTS();
		if (take(&in, "\\"))
		{
			if (!escape_to_ecma(&in, &out, false))
				return NULL;
		}
		else if (take(&in, "[[:<:]]"))
			appendStringInfoString(&out, "\\b(?=\\w)");
		else if (take(&in, "[[:>:]]"))
			appendStringInfoString(&out, "\\b(?!\\w)");
		else if (take(&in, "["))
		{
			if (!class_to_ecma(&in, &out))
				return NULL;
		}
		else if (take(&in, "(?#"))
		{
			/* a comment */
			while (in.at < in.end && *in.at++ != ')')
				;
		}
		else if (take(&in, "{"))
		{
			/* a bound if a digit follows, and itself if not */
			if (peek_in(&in, "0123456789"))
			{
				appendStringInfoChar(&out, '{');
				copy_through(&in, &out, '}');
			}
			else
				appendStringInfoString(&out, "\\{");
		}
		else
		{
			/* these stand for themselves, but not under the u flag */
			if (peek_in(&in, "]}"))
				appendStringInfoChar(&out, '\\');
			appendStringInfoChar(&out, *in.at++);
		}
	}
	return out.data;
}

/*
 * unicode_escape_from_ecma: the rest of \u, with the two halves of a
 * character beyond 16 bits put together.
 */
static bool
unicode_escape_from_ecma(PatternInput *in, StringInfo out)
{
	uint32		number;
	uint32		second;

	if (take(in, "{"))
	{
		if (read_hex(in, INT_MAX, &number) == 0 || !take(in, "}"))
			return false;
	}
	else if (read_hex(in, 4, &number) != 4)
		return false;
	else if (number >= 0xD800 && number < 0xDC00)
	{
		if (!take(in, "\\u") || read_hex(in, 4, &second) != 4 ||
			second < 0xDC00 || second > 0xDFFF)
			return false;
		number = 0x10000 + ((number - 0xD800) << 10) + (second - 0xDC00);
	}
	if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF))
		return false;

	if (number > 0xFFFF)
		appendStringInfo(out, "\\U%08x", number);
	else
		appendStringInfo(out, "\\u%04x", number);
	return true;
}

/*
 * escape_from_ecma: what follows a backslash, inside a class or not.  NULL,
 * or what is wrong with it.
 */
static const char *
escape_from_ecma(PatternInput *in, StringInfo out, bool in_class)
{
	char		c;
	uint32		number;

	if (in->at >= in->end)
		return "it ends in a backslash";
	c = *in->at++;

	/* PostgreSQL goes by the locale in what is a letter */
	if ((c & 0x80) != 0)
	{
		appendStringInfoChar(out, c);
		return NULL;
	}

	/* the same, but that a class has \b for backspace, as here throughout */
	if (strchr(SHARED_ESCAPES, c) != NULL || !is_ascii_alnum(c) ||
		(c == 'b' && in_class))
	{
		appendStringInfo(out, "\\%c", c);
		return NULL;
	}
	switch (c)
	{
		case 'b':
			appendStringInfoString(out, "\\y");
			return NULL;
		case 'B':
			if (in_class)
				break;
			appendStringInfoString(out, "\\Y");
			return NULL;
		case 'c':
			if (in->at >= in->end || !isalpha((unsigned char) *in->at))
				break;
			appendStringInfo(out, "\\c%c", *in->at++);
			return NULL;
		case 'x':
			if (read_hex(in, 2, &number) != 2 || number == 0)
				break;
			appendStringInfo(out, "\\u%04x", number);
			return NULL;
		case 'u':
			if (!unicode_escape_from_ecma(in, out))
				break;
			return NULL;
		case 'p':
		case 'P':
			return "it asks for a Unicode property";
		case 'k':
			return "it refers back to a group";
	}
	if (isdigit((unsigned char) c))
		return c == '0' ? "it has a NUL character" : "it refers back to a group";
	return "it has an escape that ECMA-262 does not know";
}

/*
 * class_atom_from_ecma: a character of a class, or an escape for several;
 * *single says which.  first: right behind the class's beginning.
 */
static const char *
class_atom_from_ecma(PatternInput *in, StringInfo out, bool first, bool *single)
{
	int			len;

	*single = true;
	if (take(in, "\\"))
	{
		*single = !peek_in(in, "dDsSwW");
		return escape_from_ecma(in, out, true);
	}

	/* where a hyphen could be taken for one of a range it is escaped */
	if (*in->at == '[' ||
		(*in->at == '-' && !(in->at + 1 < in->end && in->at[1] == ']') &&
		 !(first && !(in->at + 1 < in->end && in->at[1] == '-'))))
		appendStringInfoChar(out, '\\');
	len = Min(pg_mblen(in->at), in->end - in->at);
	appendBinaryStringInfo(out, in->at, len);
	in->at += len;
	return NULL;
}

/*
 * class_from_ecma: what follows an opening bracket, up to the closing one.
 *
 * A hyphen makes a range where it stands between two characters, as ECMA-262
 * reads them from the left; elsewhere it stands for itself.  In PostgreSQL it
 * does so only at the ends of a class.
 */
static const char *
class_from_ecma(PatternInput *in, StringInfo out)
{
	bool		first = true;
	bool		single;
	const char *problem;

	if (take(in, "]"))
		return "it has an empty class";
	if (take(in, "^]"))
	{
		/* any character at all, as "." is in PostgreSQL */
		appendStringInfoChar(out, '.');
		return NULL;
	}

	appendStringInfoChar(out, '[');
	if (take(in, "^"))
		appendStringInfoChar(out, '^');
	for (; in->at < in->end; first = false)
	{
		if (take(in, "]"))
		{
			appendStringInfoChar(out, ']');
			return NULL;
		}
		problem = class_atom_from_ecma(in, out, first, &single);
		if (problem != NULL)
			return problem;

		/* a range, unless its end is an escape for several characters */
		if (single && in->end - in->at >= 2 && in->at[0] == '-' && in->at[1] != ']' &&
			!(in->at[1] == '\\' && in->end - in->at >= 3 &&
			  strchr("dDsSwW", in->at[2]) != NULL))
		{
			appendStringInfoChar(out, *in->at++);
			problem = class_atom_from_ecma(in, out, false, &single);
			if (problem != NULL)
				return problem;
		}
	}
	return "it has a class without an end";
}

/*
 * bound_from_ecma: a bound as it stands, behind its opening brace.
 */
static const char *
bound_from_ecma(PatternInput *in, StringInfo out)
{
	const char *at = in->at;

	appendStringInfoChar(out, '{');
	while (at < in->end && (*at == ',' || (*at >= '0' && *at <= '9')))
	{
		int			number = 0;

		for (; at < in->end && *at >= '0' && *at <= '9'; at++)
			number = Min(number * 10 + (*at - '0'), MAX_BOUND + 1);
		if (number > MAX_BOUND)
			return "it repeats something more than 255 times, the most that there can be";
		if (at < in->end && *at == ',')
			at++;
	}
	return NULL;
}

/*
 * group_from_ecma: what follows an opening parenthesis, up to where the
 * group's own pattern begins.
 */
static const char *
group_from_ecma(PatternInput *in, StringInfo out)
{
	static const char *const shared[] = {"?:", "?=", "?!", "?<=", "?<!"};

	appendStringInfoChar(out, '(');
	for (int i = 0; i < (int) lengthof(shared); i++)
		if (take(in, shared[i]))
		{
			appendStringInfoString(out, shared[i]);
			return NULL;
		}
	if (take(in, "?<"))
	{
		/* a named group; nothing but a back reference needs the name */
		while (in->at < in->end)
			if (*in->at++ == '>')
				return NULL;
	}
	return peek_in(in, "?") ? "it has a group that ECMA-262 does not know" : NULL;
}

/*
 * pattern_from_ecma: JSON Schema's "pattern" as PostgreSQL's ~ reads it,
 * palloc'd and NUL-terminated; NULL where it uses what PostgreSQL does not
 * know, with *problem saying what.
 */
char *
pattern_from_ecma(const char *pattern, int len, const char **problem)
{
	PatternInput in = {pattern, pattern + len};
	StringInfoData out;

	initStringInfo(&out);
	*problem = NULL;
	/* nothing to be repeated there, but in PostgreSQL a director */
	if (in.end > in.at && *in.at == '*')
		*problem = "it begins with a quantifier";
	while (in.at < in.end && *problem == NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (take(&in, "\\"))
			*problem = escape_from_ecma(&in, &out, false);
		else if (take(&in, "["))
			*problem = class_from_ecma(&in, &out);
		else if (take(&in, "("))
			*problem = group_from_ecma(&in, &out);
		else if (take(&in, "{"))
			*problem = bound_from_ecma(&in, &out);
		else
			appendStringInfoChar(&out, *in.at++);
	}
	return *problem == NULL ? out.data : NULL;
}
