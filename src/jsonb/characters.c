/*-------------------------------------------------------------------------
 *
 * jsonb/characters.c
 *	  White space and control characters in a document's strings.
 *
 * Beyond ASCII they are known in UTF-8 and in the encodings of ISO 8859; in
 * others a byte above 0x7f is an ordinary character.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jsonb/characters.h"
#include "mb/pg_wchar.h"

/*
 * is_iso_8859: does the encoding have the C1 control characters at 0x80 to
 * 0x9f and the no-break space at 0xa0?
 */
static bool
is_iso_8859(int encoding)
{
	return (encoding >= PG_LATIN1 && encoding <= PG_LATIN10) ||
		(encoding >= PG_ISO_8859_5 && encoding <= PG_ISO_8859_8);
}

/*
 * white_space_length: how many bytes the white space character at p has; 0
 * where there is none.
 *
 * These are Unicode's (White_Space), with the byte order mark and the
 * zero-width space, which come along when text is pasted and can't be seen
 * either.
 */
int
white_space_length(const char *p, const char *end)
{
	const unsigned char *c = (const unsigned char *) p;

	if (p >= end)
		return 0;
	if (c[0] < 0x80)
		return c[0] == ' ' || (c[0] >= '\t' && c[0] <= '\r') ? 1 : 0;
	if (GetDatabaseEncoding() != PG_UTF8)
		return is_iso_8859(GetDatabaseEncoding()) && (c[0] == 0x85 || c[0] == 0xa0) ? 1 : 0;
	if (end - p >= 2 && c[0] == 0xc2)
		return c[1] == 0x85 || c[1] == 0xa0 ? 2 : 0;
	if (end - p < 3)
		return 0;
	if ((c[0] == 0xe1 && c[1] == 0x9a && c[2] == 0x80) ||	/* U+1680 */
		(c[0] == 0xe2 && c[1] == 0x80 &&
		 (c[2] <= 0x8b ||		/* U+2000 to U+200B */
		  c[2] == 0xa8 || c[2] == 0xa9 || c[2] == 0xaf)) || /* U+2028, U+2029,
															 * U+202F */
		(c[0] == 0xe2 && c[1] == 0x81 && c[2] == 0x9f) ||	/* U+205F */
		(c[0] == 0xe3 && c[1] == 0x80 && c[2] == 0x80) ||	/* U+3000 */
		(c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf)) /* U+FEFF */
		return 3;
	return 0;
}

/*
 * control_length: how many bytes the control character (ASCII's, or C1) at p
 * has, with its code point in *code; 0 where there is none.
 */
int
control_length(const char *p, const char *end, unsigned int *code)
{
	const unsigned char *c = (const unsigned char *) p;

	if (p >= end)
		return 0;
	*code = c[0];
	if (c[0] < 0x80)
		return c[0] < 0x20 || c[0] == 0x7f ? 1 : 0;
	if (GetDatabaseEncoding() != PG_UTF8)
		return is_iso_8859(GetDatabaseEncoding()) && c[0] < 0xa0 ? 1 : 0;
	if (end - p < 2 || c[0] != 0xc2 || c[1] >= 0xa0)
		return 0;
	*code = c[1];
	return 2;
}

/*
 * string_is_blank: is the string empty, or only white space?
 */
bool
string_is_blank(JsonbRef string)
{
	const char *p = string.ptr;
	const char *end = string.ptr + string.len;

	while (p < end)
	{
		int			space = white_space_length(p, end);

		if (space == 0)
			return false;
		p += space;
	}
	return true;
}
