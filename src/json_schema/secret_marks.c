/*-------------------------------------------------------------------------
 *
 * json_schema/secret_marks.c
 *	  Which keywords mark a secret.
 *
 * The standard has one, and many write others.  A mark that is not understood
 * is an error, for a secret must not become a field that is shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "json_schema/import.h"

/*
 * Marks of a secret, as secret_mark_fold leaves them: the standard's writeOnly,
 * Airbyte's airbyte_secret, and what others write.
 */
static const char *const secret_marks[] = {
	"writeonly", "airbytesecret", "secret", "sensitive", "encrypted",
	"issecret", "issensitive", "isencrypted", "password", "ispassword",
	"confidential",
};

/* A keyword with one of these in its name may well be a mark, too. */
static const char *const secret_words[] = {
	"secret", "sensitive", "encrypt", "password", "confidential",
};

/* But these are none: they say the contrary, or speak of something else. */
static const char *const no_secret_words[] = {
	"nonsensitive", "notsensitive", "insensitive", "casesensitive",
	"nonsecret", "notsecret",
};

/* Longer than any mark, folded. */
#define MARK_LENGTH 64

/*
 * secret_mark_fold: a keyword without the x- of extensions and without what
 * spelling makes of it: x-is_Secret is issecret.  Empty where it is too long
 * for a mark.
 */
static void
secret_mark_fold(char *folded, JsonbRef key)
{
	int			len = 0;
	uint32		at = 0;

	if (key.len >= 2 && memcmp(key.ptr, "x-", 2) == 0)
		at = 2;
	for (; key.len <= MARK_LENGTH && at < key.len; at++)
	{
		char		c = key.ptr[at];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c >= 'a' && c <= 'z')
			folded[len++] = c;
	}
	folded[len] = '\0';
}

/*
 * import_secret_mark: does this keyword mark a secret?
 *
 * Errors: a mark that is not understood, for what it marks must not become a
 * field that is shown.
 */
bool
import_secret_mark(Import *import, JsonbRef key, JsonbRef value)
{
	char		folded[MARK_LENGTH + 1];

	secret_mark_fold(folded, key);
	for (int i = 0; i < (int) lengthof(secret_marks); i++)
		if (strcmp(folded, secret_marks[i]) == 0)
		{
			if (value.type == JREF_BOOL)
				return value.boolean;
			import_enter(import, key);
			import_refuse(import, "it marks a secret, and is true or false",
						  "Write true, or take it out if the field is no secret.");
		}

	if (value.type != JREF_BOOL || !value.boolean)
		return false;
	for (int i = 0; i < (int) lengthof(no_secret_words); i++)
		if (strstr(folded, no_secret_words[i]) != NULL)
			return false;
	for (int i = 0; i < (int) lengthof(secret_words); i++)
		if (strstr(folded, secret_words[i]) != NULL)
		{
			import_enter(import, key);
			import_refuse(import, "it seems to mark a secret, and is not known",
						  "Mark a secret by \"writeOnly\": true, or take it out if the field is no secret.");
		}
	return false;
}
