/*-------------------------------------------------------------------------
 *
 * catalogue/text_rules.c
 *	  What the strings of a field's value are made of.
 *
 * A mask is looked for where redaction puts one (catalogue/shown.c): in place
 * of a secret, of a string in a free-form object, and of a URI's password.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalogue/field_rules.h"
#include "catalogue/text_rules.h"
#include "jsonb/characters.h"
#include "miscadmin.h"
#include "server/uri.h"

#define MASK_LEN (sizeof(REDACTED_VALUE) - 1)

/*
 * is_printable_word: are these eight bytes all from a space to a tilde?
 *
 * A byte below the space borrows from its own highest bit, one above the tilde
 * carries into it; what reaches the next byte is from one that shows already.
 */
static inline bool
is_printable_word(const char *p)
{
	uint64		word;

	memcpy(&word, p, sizeof(word));
	return (((word - UINT64CONST(0x2020202020202020)) | word |
			 (word + UINT64CONST(0x0101010101010101))) &
			UINT64CONST(0x8080808080808080)) == 0;
}

/*
 * field_has_control: has the field's string a control character that it must
 * not have?
 */
bool
field_has_control(const Field *field, JsonbRef string)
{
	const char *end = string.ptr + string.len;

	if (field->multiline)
		return false;
	for (const char *p = string.ptr; p < end; p++)
	{
		unsigned int code;

		/* nearly every character is one that is printed */
		while (end - p >= (int) sizeof(uint64) && is_printable_word(p))
			p += sizeof(uint64);
		if (p == end)
			break;
		if (*p >= ' ' && *p <= '~')
			continue;
		if (control_length(p, end, &code) > 0)
			return true;
	}
	return false;
}

/*
 * has_outer_space: does the string begin or end with white space?
 *
 * Of a text of several lines the line breaks at its ends are no harm: a PEM
 * key in a file has one.
 */
static bool
has_outer_space(JsonbRef string, bool multiline)
{
	const char *p = string.ptr;
	const char *end = string.ptr + string.len;

	/* nearly every one has a character there that is seen */
	if (*p > ' ' && *p <= '~' && end[-1] > ' ' && end[-1] <= '~')
		return false;
	if (multiline)
	{
		while (p < end && (*p == '\n' || *p == '\r'))
			p++;
		while (p < end && (end[-1] == '\n' || end[-1] == '\r'))
			end--;
	}
	if (white_space_length(p, end) > 0)
		return true;
	/* no character of white space has more than three bytes */
	for (int len = 1; len <= 3 && len <= end - p; len++)
		if (white_space_length(end - len, end) == len)
			return true;
	return false;
}

/*
 * is_mask: is it what stands for a value that is not shown?
 */
static inline bool
is_mask(const char *string, int len)
{
	return len == MASK_LEN && memcmp(string, REDACTED_VALUE, MASK_LEN) == 0;
}

/*
 * uri_rules_broken: the passwords of URIs in a string: RULE_MASKED where one is
 * the mask, RULE_URI_PASSWORD where one is not.
 */
static uint32
uri_rules_broken(JsonbRef string)
{
	const char *rest = string.ptr;
	int			len = string.len;
	int			start;
	int			length;
	uint32		broken = 0;

	/* nearly no string has one */
	if (memchr(rest, '@', len) == NULL)
		return 0;
	while (uri_password_find(rest, len, &start, &length))
	{
		CHECK_FOR_INTERRUPTS();
		broken |= is_mask(rest + start, length) ? RULE_MASKED : RULE_URI_PASSWORD;
		rest += start + length;
		len -= start + length;
	}
	return broken;
}

/*
 * may_concern_us: is there anything in a container's bytes that could be a mask
 * or the password of a URI?  Hardly ever, and then nothing need be walked.
 */
static bool
may_concern_us(JsonbRef container)
{
	const char *end = container.ptr + container.len;

	for (const char *p = container.ptr;
		 (p = memchr(p, '*', end - p)) != NULL; p++)
		if ((Size) (end - p) >= MASK_LEN && is_mask(p, MASK_LEN))
			return true;
	for (const char *p = container.ptr;
		 (p = memchr(p, ':', end - p)) != NULL; p++)
		if (end - p >= 3 && p[1] == '/' && p[2] == '/')
			return true;
	return false;
}

/*
 * inner_rules_broken: the same two rules for what is in an array or an object.
 *
 * hidden: redaction hides the strings; hidden_inside: it hides those in objects.
 */
static uint32
inner_rules_broken(JsonbRef value, bool hidden, bool hidden_inside)
{
	uint32		broken = 0;
	JsonbWalk	walk;
	JsonbRef	key;
	JsonbRef	inner;

	if (value.type == JREF_STRING)
	{
		if (!hidden)
			return uri_rules_broken(value);
		if (is_mask(value.ptr, value.len))
			return RULE_MASKED;
		return uri_rules_broken(value) & RULE_MASKED;
	}
	if (JREF_IS_SCALAR(value))
		return 0;

	check_stack_depth();
	jsonb_walk_begin(&walk, value);
	if (value.type == JREF_ARRAY)
		while (jsonb_walk_element(&walk, &inner))
		{
			CHECK_FOR_INTERRUPTS();
			broken |= inner_rules_broken(inner, hidden, hidden_inside);
		}
	else
		while (jsonb_walk_member(&walk, &key, &inner))
		{
			CHECK_FOR_INTERRUPTS();
			broken |= inner_rules_broken(inner, hidden_inside, hidden_inside);
		}
	return broken;
}

/*
 * text_rules_broken: those of RULE_CHARACTERS, RULE_MASKED and
 * RULE_URI_PASSWORD that the value of the field breaks, a bit each.
 *
 * The value has the field's type, and is not the empty string.
 */
uint32
text_rules_broken(const Field *field, JsonbRef value)
{
	uint32		broken = 0;

	/* what definitions describe in it has rules of its own */
	if (field_is_defined(field))
		return 0;
	if (value.type == JREF_ARRAY || value.type == JREF_OBJECT)
		return may_concern_us(value) ?
			inner_rules_broken(value, field->type == FIELD_JSON && !field->is_public,
							   !field->is_public) : 0;
	if (value.type != JREF_STRING)
		return 0;
	if (field->type == FIELD_JSON)
		return inner_rules_broken(value, !field->is_public, !field->is_public);

	if (field_has_control(field, value))
		broken = RULE_CHARACTERS;
	if (field->type != FIELD_SECRET)
		return broken | uri_rules_broken(value);
	if (has_outer_space(value, field->multiline))
		broken = RULE_CHARACTERS;
	if (is_mask(value.ptr, value.len))
		return RULE_MASKED;
	return broken | (uri_rules_broken(value) & RULE_MASKED);
}

/*
 * has_masked_uri: is the password of a URI anywhere in a value that is no
 * field's the mask?  All its strings are shown but for such passwords.
 */
bool
has_masked_uri(JsonbRef value)
{
	if (JREF_IS_SCALAR(value) ? value.type != JREF_STRING : !may_concern_us(value))
		return false;
	return (inner_rules_broken(value, false, false) & RULE_MASKED) != 0;
}
