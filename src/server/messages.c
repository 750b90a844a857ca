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
 * has_c1: are the bytes 0x80 to 0x9F the C1 control characters in the server's
 * encoding?
 *
 * They are in the character sets of ISO 8859.  Windows' code pages and KOI8
 * have letters and lines there.  Where no encoding is declared nobody knows.
 */
static bool
has_c1(void)
{
	switch (GetDatabaseEncoding())
	{
		case PG_SQL_ASCII:
		case PG_LATIN1:
		case PG_LATIN2:
		case PG_LATIN3:
		case PG_LATIN4:
		case PG_LATIN5:
		case PG_LATIN6:
		case PG_LATIN7:
		case PG_LATIN8:
		case PG_LATIN9:
		case PG_LATIN10:
		case PG_ISO_8859_5:
		case PG_ISO_8859_6:
		case PG_ISO_8859_7:
		case PG_ISO_8859_8:
			return true;
		default:
			return false;
	}
}

/*
 * unicode_steers: is it a control character, or another one that ends a line or
 * turns the direction of what follows?
 *
 * The latter are the line and paragraph separators (U+2028, U+2029) and the
 * controls U+202A to U+202E and U+2066 to U+2069.
 */
static bool
unicode_steers(pg_wchar code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
		(code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/*
 * next_character: length of the character at p, and in *code its code point if
 * it could end a line or steer a terminal, otherwise 0x20.
 *
 * In a database of no declared encoding what is UTF-8 is read as that.
 */
static int
next_character(const unsigned char *p, int len, pg_wchar *code)
{
	int			encoding = GetDatabaseEncoding();
	int			length;

	*code = *p;
	if (*p < 0x80)
		length = 1;
	else if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
	{
		length = pg_encoding_mblen(PG_UTF8, (const char *) p);
		if (length > 1 && length <= len && pg_utf8_islegal(p, length))
			*code = utf8_to_unicode(p);
		else
			length = 1;
	}
	else
	{
		length = Min(pg_encoding_mblen(encoding, (const char *) p), len);
		if (length > 1 || !has_c1())
			*code = ' ';
	}
	if (!unicode_steers(*code))
		*code = ' ';
	return length;
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
		pg_wchar	code;
		int			length = next_character((const unsigned char *) string + i,
											shown - i, &code);

		if (code != ' ')
			appendStringInfo(out, "\\u%04x", code);
		else
			appendBinaryStringInfo(out, string + i, length);
		i += length;
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
 * name_phrase: a name as append_name() has it, palloc'd.
 */
const char *
name_phrase(JsonbRef name)
{
	StringInfoData out;

	initStringInfo(&out);
	append_name(&out, name);
	return out.data;
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
