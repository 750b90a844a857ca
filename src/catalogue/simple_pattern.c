/*-------------------------------------------------------------------------
 *
 * catalogue/simple_pattern.c
 *	  Patterns that can be matched in one pass over the bytes.
 *
 * Most patterns of a catalogue are of the kind of "^xoxb-" or
 * "^[0-9]{12}:[^/]+$".  PostgreSQL's engine takes about a microsecond for
 * such a match, conversion to wide characters included, which is as much as
 * all the rest of a document's validation.  So we match those ourselves for
 * which it is plain that the engine would say the same, and leave everything
 * else to it.
 *
 * A simple pattern is anchored at the start and is a sequence of pieces, each
 * a set of characters and how often one of them stands there.  Where the
 * number varies, the next piece must be there and have no character in common
 * with this one; then taking as many characters as there are is not one
 * choice of several but the only one, and no backtracking is needed.
 *
 * One group at the start that may be there or not, "^(xoxe\.)?xoxb-", is the
 * same as two patterns of which one must match.
 *
 * Bytes stand for characters: in every server encoding a byte below 0x80 is
 * that ASCII character and never part of another (pg_wchar.h:
 * PG_VALID_BE_ENCODING), and all other bytes belong to a set alike.  A set
 * with non-ASCII characters must not be counted, then, beyond "at least one".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/simple_pattern.h"

#define ANY_NUMBER (-1)

/* DUPMAX of regex/regguts.h: the engine refuses more in braces. */
#define MAX_COUNT 255

typedef struct Piece
{
	uint64		ascii[2];		/* the set's ASCII characters, a bit each */
	bool		others;			/* all others too */
	int			min;
	int			max;			/* or ANY_NUMBER */
} Piece;

struct SimplePattern
{
	struct SimplePattern *or_else;	/* the same without its optional group */
	bool		to_end;			/* "$" at its end */
	int			npieces;
	Piece		pieces[FLEXIBLE_ARRAY_MEMBER];
};

static inline bool
piece_has(const Piece *piece, unsigned char byte)
{
	if (byte >= 0x80)
		return piece->others;
	return (piece->ascii[byte >> 6] >> (byte & 63)) & 1;
}

static inline void
piece_add(Piece *piece, unsigned char byte)
{
	piece->ascii[byte >> 6] |= UINT64CONST(1) << (byte & 63);
}

/*
 * parse_bracket: a bracket expression; *at is behind the "[".
 *
 * False for all that is not plain characters and ranges: classes, escapes,
 * odd places for "]" and "-", non-ASCII characters.
 */
static bool
parse_bracket(const char **at, const char *end, Piece *piece)
{
	const char *p = *at;
	bool		negated = false;
	bool		first = true;

	if (p < end && *p == '^')
	{
		negated = true;
		p++;
	}
	for (;; first = false)
	{
		unsigned char from;
		unsigned char to;

		if (p >= end)
			return false;
		from = to = *p++;
		if (from == ']')
		{
			if (first)
				return false;
			break;
		}
		if (from >= 0x80 || from == '[' || from == '\\')
			return false;
		if (from == '-' && !first && !(p < end && *p == ']'))
			return false;
		if (end - p >= 2 && p[0] == '-' && p[1] != ']')
		{
			to = p[1];
			p += 2;
			if (to >= 0x80 || to == '[' || to == '\\' || to == '-' ||
				from == '-' || from > to)
				return false;
		}
		for (int c = from; c <= to; c++)
			piece_add(piece, c);
	}
	if (negated)
	{
		piece->ascii[0] = ~piece->ascii[0];
		piece->ascii[1] = ~piece->ascii[1];
		piece->others = true;
	}
	*at = p;
	return true;
}

/*
 * parse_number: up to three digits; -1 where there is no digit.
 */
static int
parse_number(const char **at, const char *end)
{
	int			number = -1;

	for (int i = 0; i < 3 && *at < end && **at >= '0' && **at <= '9'; i++)
		number = Max(number, 0) * 10 + (*(*at)++ - '0');
	return number;
}

/*
 * parse_quantifier: how often; one where nothing is said.
 */
static bool
parse_quantifier(const char **at, const char *end, Piece *piece)
{
	const char *p = *at;

	piece->min = piece->max = 1;
	if (p >= end)
		return true;
	switch (*p)
	{
		case '*':
			piece->min = 0;
			piece->max = ANY_NUMBER;
			p++;
			break;
		case '+':
			piece->max = ANY_NUMBER;
			p++;
			break;
		case '?':
			piece->min = 0;
			p++;
			break;
		case '{':
			p++;
			piece->min = piece->max = parse_number(&p, end);
			if (piece->min < 0 || p >= end)
				return false;
			if (*p == ',')
			{
				p++;
				piece->max = parse_number(&p, end); /* -1 is ANY_NUMBER */
			}
			if (p >= end || *p++ != '}')
				return false;
			if (piece->min > MAX_COUNT || piece->max > MAX_COUNT ||
				(piece->max != ANY_NUMBER && piece->max < piece->min))
				return false;
			break;
		default:
			return true;
	}
	/* a second quantifier: "+?" is not greedy, "++" is an error */
	if (p < end && strchr("*+?{", *p) != NULL)
		return false;
	*at = p;
	return true;
}

/*
 * parse_piece: a set and its quantifier.
 */
static bool
parse_piece(const char **at, const char *end, Piece *piece)
{
	unsigned char c = *(*at)++;

	memset(piece, 0, sizeof(*piece));
	switch (c)
	{
		case '[':
			if (!parse_bracket(at, end, piece))
				return false;
			break;
		case '.':
			piece->ascii[0] = piece->ascii[1] = ~UINT64CONST(0);
			piece->others = true;
			break;
		case '\\':
			if (*at >= end)
				return false;
			c = *(*at)++;
			/* before a letter or digit the backslash has meanings */
			if (c >= 0x80 || c < 0x21 ||
				strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~", c) == NULL)
				return false;
			piece_add(piece, c);
			break;
		case '\0':
		case ']':
		case '(':
		case ')':
		case '{':
		case '}':
		case '|':
		case '*':
		case '+':
		case '?':
		case '^':
		case '$':
			return false;
		default:
			if (c >= 0x80)
				return false;
			piece_add(piece, c);
			break;
	}
	if (!parse_quantifier(at, end, piece))
		return false;
	/* other characters have several bytes, which must not be counted */
	return !(piece->others && (piece->min > 1 || piece->max != ANY_NUMBER));
}

/*
 * unambiguous: is it certain where each piece that varies in number ends?
 */
static bool
unambiguous(const SimplePattern *pattern)
{
	for (int i = 0; i + 1 < pattern->npieces; i++)
	{
		const Piece *piece = &pattern->pieces[i];
		const Piece *next = piece + 1;

		if (piece->min == piece->max)
			continue;
		if (next->min == 0 ||
			(piece->others && next->others) ||
			(piece->ascii[0] & next->ascii[0]) != 0 ||
			(piece->ascii[1] & next->ascii[1]) != 0)
			return false;
	}
	return true;
}

/*
 * parse_pieces: the pattern of what is in an optional group, if there is one,
 * and what comes after it; NULL for one that is not simple.
 */
static SimplePattern *
parse_pieces(const char *group, const char *group_end,
			 const char *p, const char *end)
{
	Size		most = (group_end - group) + (end - p);
	SimplePattern *simple = palloc(offsetof(SimplePattern, pieces) +
								   sizeof(Piece) * most);
	bool		right = true;

	simple->or_else = NULL;
	simple->npieces = 0;
	simple->to_end = false;
	while (right && group < group_end)
		right = parse_piece(&group, group_end, &simple->pieces[simple->npieces++]);
	while (right && p < end)
	{
		if (*p == '$' && p + 1 == end)
		{
			simple->to_end = true;
			break;
		}
		right = parse_piece(&p, end, &simple->pieces[simple->npieces++]);
	}
	if (!right || !unambiguous(simple))
	{
		pfree(simple);
		return NULL;
	}
	return repalloc(simple, offsetof(SimplePattern, pieces) +
					sizeof(Piece) * Max(simple->npieces, 1));
}

/*
 * optional_group: is what begins here a group with "?" behind it?  *group_end is
 * then where its ")" stands.
 *
 * What is in it is for parse_piece to refuse; of a bracket expression we don't
 * look for the end.
 */
static bool
optional_group(const char *p, const char *end, const char **group_end)
{
	if (p >= end || *p != '(')
		return false;
	for (p++; p < end && *p != ')'; p++)
	{
		if (*p == '\\')
			p++;
		else if (*p == '[' || *p == '(')
			return false;
	}
	if (end - p < 2 || p[1] != '?')
		return false;
	*group_end = p;
	/* a second quantifier makes it something else */
	return end - p == 2 || strchr("*+?{", p[2]) == NULL;
}

/*
 * simple_pattern_parse: the simple form of a pattern, palloc'd in the current
 * memory context; NULL for one that is not simple or not right.
 */
SimplePattern *
simple_pattern_parse(JsonbRef pattern)
{
	const char *p = pattern.ptr;
	const char *end = pattern.ptr + pattern.len;
	const char *group_end;
	SimplePattern *simple;
	SimplePattern *without;

	if (pattern.len == 0 || pattern.len > 256 || *p++ != '^')
		return NULL;
	if (!optional_group(p, end, &group_end))
		return parse_pieces(NULL, NULL, p, end);

	simple = parse_pieces(p + 1, group_end, group_end + 2, end);
	without = parse_pieces(NULL, NULL, group_end + 2, end);
	if (simple == NULL || without == NULL)
		return NULL;
	simple->or_else = without;
	return simple;
}

/*
 * simple_pattern_matches: does the string match?
 */
bool
simple_pattern_matches(const SimplePattern *pattern, JsonbRef string)
{
	const char *p = string.ptr;
	const char *end = string.ptr + string.len;

	for (int i = 0; i < pattern->npieces; i++)
	{
		const Piece *piece = &pattern->pieces[i];
		int64		count = 0;

		while (p < end && count != piece->max && piece_has(piece, *p))
		{
			p++;
			count++;
		}
		if (count < piece->min)
			return pattern->or_else != NULL &&
				simple_pattern_matches(pattern->or_else, string);
	}
	return p == end || !pattern->to_end ||
		(pattern->or_else != NULL &&
		 simple_pattern_matches(pattern->or_else, string));
}
