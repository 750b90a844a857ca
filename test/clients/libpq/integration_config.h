/*
 * A service's configuration, from the PostgreSQL extension integration_schemas.
 *
 * An example to copy, for libpq.  Documents go in and come out as JSON text;
 * strings that are given back are the caller's to free().
 */
#ifndef INTEGRATION_CONFIG_H
#define INTEGRATION_CONFIG_H

#include <libpq-fe.h>
#include <stdbool.h>

/*
 * Why a call failed.  The strings are the result's, and go with it:
 * config_error_clear().  A missing one is "".
 */
typedef struct ConfigError
{
	PGresult   *result;
	const char *sqlstate;		/* 23514 for a document that breaks rules */
	const char *message;
	const char *schema;
	const char *table;
	const char *column;
	const char *constraint;
	const char *detail;			/* for config_next_violation() */
} ConfigError;

extern void config_error_clear(ConfigError *error);

/*
 * One violation after the other: the JSON Pointer to it, and a message that
 * may be shown to anyone, as it never has a secret in it.  Begin with *place
 * as error->detail; false where there are no more.
 */
extern bool config_next_violation(const char **place, char **path, char **message);

/* Makes the statements below; once for each connection. */
extern bool config_prepare(PGconn *conn, ConfigError *error);

/*
 * Change a node's document by a JSON Merge Patch; gives its new version, or -1.
 * expected_version 0 stands for any.
 */
extern int	config_set(PGconn *conn, const char *org, const char *node, const char *patch,
					   int expected_version, ConfigError *error);

/*
 * The same by what the document holds now, as often as somebody else is faster.
 */
typedef char *(*ConfigPatchMaker) (const char *document, void *arg);
extern int	config_update(PGconn *conn, const char *org, const char *node,
						  ConfigPatchMaker make_patch, void *arg, ConfigError *error);

/* The whole configuration of a node, or NULL. */
extern char *config_effective(PGconn *conn, const char *org, const char *node,
							  ConfigError *error);

/* One integration of a node: enabled, configured, missing and config, or NULL. */
extern char *config_resolve(PGconn *conn, const char *org, const char *node,
							const char *integration, ConfigError *error);

/*
 * After LISTEN integration_schemas: what has changed, as JSON, or NULL where
 * nothing is announced for so long.  Drop what you hold of it, and ask again.
 * Nothing is unless integration_schemas.notify is on where it is written.
 */
extern char *config_hear(PGconn *conn, int timeout_ms);

#endif
