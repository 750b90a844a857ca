/*-------------------------------------------------------------------------
 *
 * server/messages.c
 *	  Names from a document in messages and in JSON Pointers.
 *
 * A document's keys are whatever its author typed: of any length, and with
 * line ends that would forge a line of the log.  In a message they are
 * clipped and escaped; in a JSON Pointer, which programs follow, they are
 * exact.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "server/messages.h"

/* Bytes of a name that a message shows: a catalogue's names have at most 64. */
#define NAME_SHOWN 64

/*
 * line_breaker: length of what stands at p and could end a line or steer a
 * terminal, 0 for an ordinary character; *code becomes its code point.
 *
 * Beside ASCII's control characters these are, where the server's encoding is
 * UTF-8, the C1 control characters (U+0080 to U+009F), the line and paragraph
 * separators (U+2028, U+2029), and the controls that turn the direction of
 * what follows (U+202A to U+202E, U+2066 to U+2069).
 */
static int
line_breaker(const unsigned char *p, int len, unsigned int *code)
{
	if (*p < 0x20 || *p == 0x7f)
	{
		*code = *p;
		return 1;
	}
	if (*p < 0x80 || GetDatabaseEncoding() != PG_UTF8)
		return 0;
	if (len >= 2 && p[0] == 0xc2 && p[1] < 0xa0)
	{
		*code = p[1];
		return 2;
	}
	if (len >= 3 && p[0] == 0xe2 &&
		((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
		 (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
	{
		*code = 0x2000 + ((p[1] & 0x3f) << 6) + (p[2] & 0x3f);
		return 3;
	}
	return 0;
}

/*
 * append_escaped: append a string with control characters as \uXXXX, and
 * clipped, between two characters, to at most limit bytes of it.
 */
void
append_escaped(StringInfo out, const char *string, int len, int limit)
{
	int			shown = len <= limit ? len : pg_mbcliplen(string, len, limit);

	for (int i = 0; i < shown;)
	{
		unsigned int code;
		int			skip = line_breaker((const unsigned char *) string + i,
										shown - i, &code);

		if (skip > 0)
		{
			appendStringInfo(out, "\\u%04x", code);
			i += skip;
		}
		else
			appendStringInfoCharMacro(out, string[i++]);
	}
	if (shown < len)
		appendStringInfoString(out, "...");
}

/*
 * append_name: append a name in double quotes, clipped and escaped.
 */
void
append_name(StringInfo out, JsonbRef name)
{
	appendStringInfoChar(out, '"');
	append_escaped(out, name.ptr, name.len, NAME_SHOWN);
	appendStringInfoChar(out, '"');
}

/*
 * value_phrase: a value's JSON type with its article; of the value itself
 * nothing is said.
 */
const char *
value_phrase(JsonbRef value)
{
	switch (value.type)
	{
		case JREF_NONE:
			return "nothing";
		case JREF_NULL:
			return "null";
		case JREF_BOOL:
			return "a boolean";
		case JREF_NUMERIC:
			return "a number";
		case JREF_STRING:
			return "a string";
		case JREF_ARRAY:
			return "an array";
		case JREF_OBJECT:
			return "an object";
	}
	return "a value";
}

/*
 * append_pointer_step: append one step of a JSON Pointer (RFC 6901, section
 * 3: "~" is written "~0" and "/" is written "~1").
 */
void
append_pointer_step(StringInfo out, JsonbRef step)
{
	appendStringInfoChar(out, '/');
	for (uint32 i = 0; i < step.len; i++)
	{
		if (step.ptr[i] == '~')
			appendStringInfoString(out, "~0");
		else if (step.ptr[i] == '/')
			appendStringInfoString(out, "~1");
		else
			appendStringInfoCharMacro(out, step.ptr[i]);
	}
}
