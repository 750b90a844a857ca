#include "integration_config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERIALIZATION_FAILURE "40001"
#define ATTEMPTS 5

/*
 * set_error: keep a failed call's result, for its fields.
 */
static void
set_error(ConfigError *error, PGresult *result)
{
	/* a lost connection's errors have no fields, only a message */
#define FIELD(code) (PQresultErrorField(result, code) ? PQresultErrorField(result, code) : "")
	error->result = result;
	error->sqlstate = FIELD(PG_DIAG_SQLSTATE);
	error->message = *FIELD(PG_DIAG_MESSAGE_PRIMARY) ? FIELD(PG_DIAG_MESSAGE_PRIMARY) :
		PQresultErrorMessage(result);
	error->schema = FIELD(PG_DIAG_SCHEMA_NAME);
	error->table = FIELD(PG_DIAG_TABLE_NAME);
	error->column = FIELD(PG_DIAG_COLUMN_NAME);
	error->constraint = FIELD(PG_DIAG_CONSTRAINT_NAME);
	error->detail = FIELD(PG_DIAG_MESSAGE_DETAIL);
#undef FIELD
}

void
config_error_clear(ConfigError *error)
{
	PQclear(error->result);
	memset(error, 0, sizeof(*error));
}

/*
 * checked: a result that has rows or none to have, or NULL and the error.
 */
static PGresult *
checked(PGresult *result, ConfigError *error)
{
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	set_error(error, result);
	return NULL;
}

/*
 * first_value: the one value of a result, or NULL, with the result cleared.
 */
static char *
first_value(PGresult *result)
{
	char	   *value = NULL;

	if (result != NULL && PQntuples(result) > 0)
		value = strdup(PQgetvalue(result, 0, 0));
	PQclear(result);
	return value;
}

bool
config_next_violation(const char **place, char **path, char **message)
{
	const char *line = *place;
	size_t		length = strcspn(line, "\n");
	const char *end = line + length;
	const char *colon;
	char	   *out;

	/* the last line may say how many more there are */
	if (length == 0 || *line != '"')
		return false;

	/* the path is a JSON string; of control characters it keeps the \u00XX */
	*path = out = malloc(length + 1);
	for (line++; line < end && *line != '"'; line++)
	{
		if (*line == '\\' && line + 1 < end && line[1] != 'u')
			line++;
		*out++ = *line;
	}
	*out = '\0';

	/* a space, the code, a colon */
	colon = strstr(line, ": ");
	line = colon != NULL && colon < end ? colon + 2 : end;
	*message = strndup(line, (size_t) (end - line));
	*place = end + (*end == '\n');
	return true;
}

bool
config_prepare(PGconn *conn, ConfigError *error)
{
	static const char *const statements[][2] = {
		{"config_set", "SELECT integration_config_set($1, $2, $3, $4)"},
		{"config_read", "SELECT config_json, version FROM node_configurations"
		" WHERE (org_id, node_id) = ($1, $2)"},
		{"config_effective", "SELECT integration_config_effective($1, $2)"},
		{"config_resolve", "SELECT integration_config_resolve($1, $2, $3)"},
	};

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
	{
		PGresult   *result = checked(PQprepare(conn, statements[i][0], statements[i][1], 0, NULL),
									 error);

		if (result == NULL)
			return false;
		PQclear(result);
	}
	return true;
}

int
config_set(PGconn *conn, const char *org, const char *node, const char *patch,
		   int expected_version, ConfigError *error)
{
	char		expected[16];
	const char *values[] = {org, node, patch, expected_version > 0 ? expected : NULL};
	char	   *value;
	int			version;

	snprintf(expected, sizeof(expected), "%d", expected_version);
	value = first_value(checked(PQexecPrepared(conn, "config_set", 4, values, NULL, NULL, 0),
								error));
	version = value != NULL ? atoi(value) : -1;
	free(value);
	return version;
}

int
config_update(PGconn *conn, const char *org, const char *node,
			  ConfigPatchMaker make_patch, void *arg, ConfigError *error)
{
	const char *values[] = {org, node};

	for (int attempt = 1;; attempt++)
	{
		PGresult   *read = checked(PQexecPrepared(conn, "config_read", 2, values, NULL, NULL, 0),
								   error);
		char	   *patch;
		int			version;

		if (read == NULL)
			return -1;
		if (PQntuples(read) == 0)
		{
			PQclear(read);
			return -1;
		}
		patch = make_patch(PQgetvalue(read, 0, 0), arg);
		version = config_set(conn, org, node, patch, atoi(PQgetvalue(read, 0, 1)), error);
		free(patch);
		PQclear(read);
		if (version > 0 || strcmp(error->sqlstate, SERIALIZATION_FAILURE) != 0 ||
			attempt == ATTEMPTS)
			return version;
		config_error_clear(error);
	}
}

char *
config_effective(PGconn *conn, const char *org, const char *node, ConfigError *error)
{
	const char *values[] = {org, node};

	return first_value(checked(PQexecPrepared(conn, "config_effective", 2, values, NULL, NULL, 0),
							   error));
}

char *
config_resolve(PGconn *conn, const char *org, const char *node, const char *integration,
			   ConfigError *error)
{
	const char *values[] = {org, node, integration};

	return first_value(checked(PQexecPrepared(conn, "config_resolve", 3, values, NULL, NULL, 0),
							   error));
}

char *
config_hear(PGconn *conn, int timeout_ms)
{
	PGnotify   *notify;
	char	   *payload;

	while ((notify = PQnotifies(conn)) == NULL)
	{
		struct pollfd socket = {.fd = PQsocket(conn), .events = POLLIN};

		if (poll(&socket, 1, timeout_ms) <= 0 || !PQconsumeInput(conn))
			return NULL;
	}
	payload = strdup(notify->extra);
	PQfreemem(notify);
	return payload;
}
