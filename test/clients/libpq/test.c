/*
 * The example for libpq at work; prints TAP.
 */
#include "integration_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN "xoxb-Yp5Right"
#define BAD_TOKEN "Yp5Wrong"
#define SLACK(fields) "{\"integrations\": {\"slack\": {\"config\": {" fields "}}}}"
#define NODE_MESSAGE(operation, node) \
	"{\"kind\": \"nodes\", \"operation\": \"" operation "\", \"org_id\": \"acme\", \"nodes\": [\"" node "\"]}"
#define HEAR_MS 60000

static int	tests = 0;
static int	leaks = 0;			/* refused secrets in what the server said */

static void
check(const char *name, bool good)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++tests, name);
}

/* check_text: compare, and say what is there instead. */
static void
check_text(const char *name, const char *got, const char *expected)
{
	bool		good = got != NULL && strcmp(got, expected) == 0;

	check(name, good);
	if (!good)
		printf("# got:      %s\n# expected: %s\n", got != NULL ? got : "(nothing)", expected);
}

/* saw: note what the server says, other than results. */
static void
saw(const char *text)
{
	if (text != NULL && strstr(text, BAD_TOKEN) != NULL)
		leaks++;
}

static void
saw_notice(void *arg, const PGresult *notice)
{
	char	   *text = PQresultVerboseErrorMessage(notice, PQERRORS_VERBOSE, PQSHOW_CONTEXT_ALWAYS);

	(void) arg;
	saw(text);
	PQfreemem(text);
}

static void
saw_error(const ConfigError *error)
{
	static const int fields[] = {
		PG_DIAG_MESSAGE_PRIMARY, PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT,
		PG_DIAG_INTERNAL_QUERY, PG_DIAG_CONTEXT, PG_DIAG_SCHEMA_NAME, PG_DIAG_TABLE_NAME,
		PG_DIAG_COLUMN_NAME, PG_DIAG_CONSTRAINT_NAME, PG_DIAG_SOURCE_FILE,
	};
	char	   *text = PQresultVerboseErrorMessage(error->result, PQERRORS_VERBOSE,
												   PQSHOW_CONTEXT_ALWAYS);

	saw(text);
	PQfreemem(text);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		saw(PQresultErrorField(error->result, fields[i]));
}

static char *
hear(PGconn *conn)
{
	char	   *payload = config_hear(conn, HEAR_MS);

	saw(payload);
	return payload;
}

static void
run(PGconn *conn, const char *statement)
{
	PGresult   *result = PQexec(conn, statement);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
	{
		printf("Bail out! %s", PQresultErrorMessage(result));
		exit(1);
	}
	PQclear(result);
}

static PGconn *
connected(void)
{
	PGconn	   *conn = PQconnectdb("");	/* libpq's environment variables say where */
	ConfigError error = {0};

	if (PQstatus(conn) != CONNECTION_OK || !config_prepare(conn, &error))
	{
		printf("Bail out! %s", PQerrorMessage(conn));
		exit(1);
	}
	PQsetNoticeReceiver(conn, saw_notice, NULL);
	run(conn, "SET client_min_messages = debug5");
	run(conn, "SET integration_schemas.notify = on");	/* changes are announced where this is on */
	return conn;
}

/* add_secret: a ConfigPatchMaker that somebody else is faster than, once. */
typedef struct Race
{
	PGconn	   *rival;
	int			attempts;
} Race;

static char *
add_secret(const char *document, void *arg)
{
	Race	   *race = arg;
	ConfigError error = {0};

	if (++race->attempts == 1)
		(void) config_set(race->rival, "acme", "root", SLACK("\"default_channel\": \"#ops\""), 0,
						  &error);
	if (strstr(document, "#ops") != NULL)
		return strdup(SLACK("\"signing_secret\": \"made for #ops\""));
	return strdup(SLACK("\"signing_secret\": \"made too early\""));
}

static const char refused_paths[] =
	"/integrations/slack/config/chanel /integrations/slack/config/bot_token "
	"/integrations/datadog/config/api_key ";

int
main(void)
{
	PGconn	   *writer = connected();
	PGconn	   *listener = connected();
	ConfigError error = {0};
	Race		race = {.rival = listener};
	const char *place;
	char	   *path;
	char	   *message;
	char		paths[1000] = "";
	char	   *text;
	bool		named = true;

	run(listener, "LISTEN integration_schemas");
	run(writer, "INSERT INTO node_configurations (org_id, node_id, parent_id, node_type)"
		" VALUES ('acme', 'root', NULL, 'org'), ('acme', 'sre', 'root', 'team')");
	for (int i = 0; i < 2; i++)
	{
		check_text("new nodes are announced", text = hear(listener),
				   i == 0 ? NODE_MESSAGE("insert", "root") : NODE_MESSAGE("insert", "sre"));
		free(text);
	}

	check("a document is set",
		  config_set(writer, "acme", "root", SLACK("\"bot_token\": \"" TOKEN "\""), 0, &error) == 2);
	check_text("which is announced", text = hear(listener), NODE_MESSAGE("update", "root"));
	free(text);

	check("a bad document is refused",
		  config_set(writer, "acme", "root",
					 "{\"integrations\":"
					 " {\"slack\": {\"config\": {\"bot_token\": \"" BAD_TOKEN "\", \"chanel\": \"#sre\"}},"
					 "  \"datadog\": {\"config\": {\"api_key\": [\"" BAD_TOKEN "\"]}}}}",
					 0, &error) == -1);
	check_text("with its SQLSTATE", error.sqlstate, "23514");
	check_text("its schema", error.schema, "public");
	check_text("its table", error.table, "node_configurations");
	check_text("its column", error.column, "config_json");
	check_text("its constraint", error.constraint, "node_configurations_check");
	for (place = error.detail; config_next_violation(&place, &path, &message);)
	{
		strncat(paths, path, sizeof(paths) - strlen(paths) - 1);
		strncat(paths, " ", sizeof(paths) - strlen(paths) - 1);
		named = named && strstr(message, strrchr(path, '/') + 1) != NULL;
		saw(message);
		free(path);
		free(message);
	}
	check_text("each violation's path", paths, refused_paths);
	check("and what is wrong there", named);
	saw_error(&error);
	config_error_clear(&error);

	check("a field beside config is refused",
		  config_set(writer, "acme", "root",
					 "{\"integrations\": {\"slack\": {\"bot_token\": \"" BAD_TOKEN "\"}}}",
					 0, &error) == -1);
	saw_error(&error);
	config_error_clear(&error);
	check("the refused secret is in nothing that the client got", leaks == 0);

	(void) config_set(writer, "acme", "root", SLACK("\"signing_secret\": \"x\""), 1, &error);
	check_text("an old version is refused", error.sqlstate, "40001");
	config_error_clear(&error);

	check("a change after somebody else's is made again",
		  config_update(writer, "acme", "root", add_secret, &race, &error) == 4 &&
		  race.attempts == 2);
	text = config_resolve(writer, "acme", "sre", "slack", &error);
	check("from what is there then", text != NULL && strstr(text, "made for #ops") != NULL);
	check("one integration of the team",
		  text != NULL && strstr(text, "\"configured\": true") != NULL &&
		  strstr(text, "\"bot_token\": \"" TOKEN "\"") != NULL);
	free(text);
	text = config_effective(writer, "acme", "sre", &error);
	check("the effective configuration of the team",
		  text != NULL && strstr(text, "\"datadog\": {") != NULL &&
		  strstr(text, "\"bot_token\": \"" TOKEN "\"") != NULL);
	free(text);

	check("an unknown node is told",
		  config_resolve(writer, "acme", "nobody", "slack", &error) == NULL);
	check_text("with its SQLSTATE", error.sqlstate, "42704");
	config_error_clear(&error);

	run(writer, "NOTIFY integration_schemas, 'end'");
	for (int i = 0; i < 2; i++)
	{
		text = hear(listener);
		check("a change is announced", text != NULL && strstr(text, "update") != NULL);
		free(text);
	}
	check_text("what was refused was not", text = hear(listener), "end");
	free(text);

	PQfinish(writer);
	PQfinish(listener);
	printf("1..%d\n", tests);
	return 0;
}
