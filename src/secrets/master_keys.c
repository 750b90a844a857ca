/*-------------------------------------------------------------------------
 *
 * secrets/master_keys.c
 *	  The master keys, which the key command prints.
 *
 * A backend runs the command when it first needs a key, and again after the
 * server's configuration was reloaded.  A line is
 *
 *		NAME BASE64 [DATABASE]
 *
 * with a key of 32 bytes; one with a database's name serves that database alone.
 * The first that serves seals, all of them open.  A command that fails is not
 * run again in the same statement: a query over many nodes fails once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "common/base64.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "secrets/master_keys.h"
#include "server/command.h"
#include "server/settings.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* The most that a command may print, and the most keys that serve a database. */
#define OUTPUT_BYTES (64 * 1024)
#define MAX_KEYS 256

static const char what[] = "command of \"integration_schemas.key_command\"";

/* The keys that serve this database, as they were read last. */
static struct
{
	bool		read;
	TimestampTz reload;			/* the configuration's, of which they are */
	int			count;
	MasterKey	keys[MAX_KEYS];
} masters;

/*
 * master_keys_are_set: is there a key command?
 */
bool
master_keys_are_set(void)
{
	return setting_key_command != NULL && setting_key_command[0] != '\0';
}

/*
 * forget: forget the keys.
 */
static void
forget(void)
{
	for (int i = 0; i < masters.count; i++)
	{
		pfree(masters.keys[i].name);
		key_memory_free(masters.keys[i].key, KEY_BYTES);
	}
	masters.count = 0;
	masters.read = false;
}

/*
 * master_keys_moved: forget the keys if the configuration was read anew since
 * they were; true once after each time.
 */
bool
master_keys_moved(void)
{
	if (masters.reload == PgReloadTime)
		return false;
	forget();
	masters.reload = PgReloadTime;
	return true;
}

/*
 * refuse_line: the error for a line that is none.
 */
static void
refuse_line(int number, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("line %d that the %s printed is not a master key", number, what),
			 errdetail_internal("%s", detail),
			 errhint("A line is NAME BASE64 [DATABASE], with a key of %d bytes.", KEY_BYTES)));
}

/*
 * next_word: the next word of a line, ended with a NUL; NULL where there is no
 * more.
 */
static char *
next_word(char **line)
{
	char	   *word = *line + strspn(*line, " \t\r");
	char	   *end = word + strcspn(word, " \t\r");

	if (*word == '\0')
		return NULL;
	*line = *end == '\0' ? end : end + 1;
	*end = '\0';
	return word;
}

/*
 * add_key: a key that serves; the first of a name counts.
 */
static void
add_key(int number, const char *name, const char *base64)
{
	MasterKey  *key = &masters.keys[masters.count];
	int			length = strlen(base64);
	int			room = pg_b64_dec_len(length);
	unsigned char *bytes = key_memory(Max(room, KEY_BYTES));
	int			got;

	if (bytes == NULL || masters.count == MAX_KEYS)
		refuse_line(number, "There are too many.");
#if PG_VERSION_NUM >= 180000
	got = pg_b64_decode(base64, length, bytes, room);
#else
	got = pg_b64_decode(base64, length, (char *) bytes, room);
#endif
	if (got != KEY_BYTES)
	{
		key_memory_free(bytes, Max(room, KEY_BYTES));
		refuse_line(number, got < 0 ? "Its key is not base64." : "Its key has another length.");
	}
	key->key = key_memory(KEY_BYTES);
	if (key->key != NULL)
		memcpy(key->key, bytes, KEY_BYTES);
	key_memory_free(bytes, Max(room, KEY_BYTES));
	if (key->key == NULL)
		refuse_line(number, "There are too many.");
	key->name = MemoryContextStrdup(TopMemoryContext, name);
	masters.count++;
}

/*
 * add_line: one line of the output.
 */
static void
add_line(int number, char *line, const char *database)
{
	char	   *name = next_word(&line);
	char	   *base64;
	char	   *serves;

	if (name == NULL || name[0] == '#')
		return;
	base64 = next_word(&line);
	serves = next_word(&line);
	if (base64 == NULL)
		refuse_line(number, "It is one word.");
	if (next_word(&line) != NULL)
		refuse_line(number, "It has more than three words.");
	if (strlen(name) > 255 || !pg_verifymbstr(name, strlen(name), true))
		refuse_line(number, "Its name is too long, or not in the database's encoding.");
	if ((serves == NULL || strcmp(serves, database) == 0) && master_key_named(name) == NULL)
		add_key(number, name, base64);
}

/*
 * add_lines: all of the output.
 */
static void
add_lines(char *output, Size length)
{
	char	   *database = get_database_name(MyDatabaseId);
	int			number = 0;

	if (database == NULL)
		elog(ERROR, "database %u does not exist", MyDatabaseId);
	output[length] = '\0';
	for (char *line = output; line < output + length; number++)
	{
		char	   *end = memchr(line, '\n', output + length - line);

		if (end == NULL)
			end = output + length;
		*end = '\0';
		if (strlen(line) != (Size) (end - line))
			refuse_line(number + 1, "It has a byte of zero.");
		add_line(number + 1, line, database);
		line = end + 1;
	}
}

/*
 * read_keys: run the command and read what it prints.
 */
static void
read_keys(void)
{
	char	   *output = key_memory(OUTPUT_BYTES + 1);

	if (output == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory for keys")));
	PG_TRY();
	{
		Size		length = command_output(setting_key_command, what, output, OUTPUT_BYTES + 1);

		masters.read = true;	/* or some of them: */
		add_lines(output, length);
	}
	PG_CATCH();
	{
		key_memory_free(output, OUTPUT_BYTES + 1);
		forget();
		PG_RE_THROW();
	}
	PG_END_TRY();
	key_memory_free(output, OUTPUT_BYTES + 1);
}

/*
 * require: the keys are read, or an error says why not.
 */
static void
require(void)
{
	static TimestampTz failed_statement = 0;
	static TimestampTz failed_reload = 0;
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	(void) master_keys_moved();
	if (masters.read)
		return;
	if (failed_statement == statement && failed_reload == masters.reload)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s has failed in this statement", what)));
	failed_statement = statement;
	failed_reload = masters.reload;
	read_keys();
	failed_statement = 0;
}

/*
 * master_key_first: the key that seals, valid until the configuration is read
 * anew.
 *
 * Errors: object_not_in_prerequisite_state where there is no key command, it
 * does not give what it has to give, or none of its keys serves.
 */
const MasterKey *
master_key_first(void)
{
	if (!master_keys_are_set())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("there is no master key"),
				 errhint("Set \"integration_schemas.key_command\".")));
	require();
	if (masters.count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the %s printed no master key for this database", what)));
	return &masters.keys[0];
}

/*
 * master_key_named: the key of that name; NULL where there is none, or no key
 * command.
 *
 * Errors: as above.
 */
const MasterKey *
master_key_named(const char *name)
{
	if (!masters.read)
	{
		if (!master_keys_are_set())
			return NULL;
		require();
	}
	else if (master_keys_moved())
		return master_key_named(name);
	for (int i = 0; i < masters.count; i++)
		if (strcmp(masters.keys[i].name, name) == 0)
			return &masters.keys[i];
	return NULL;
}
