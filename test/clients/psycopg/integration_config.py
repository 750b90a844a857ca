"""A service's configuration, from the PostgreSQL extension integration_schemas.

An example to copy, for psycopg 3.  Connections are the caller's.
"""

import json
import re

from psycopg import errors
from psycopg.types.json import Jsonb


# A line of the error's detail: the path as a JSON string, the code, the message.
VIOLATION = re.compile(r'("(?:[^"\\]|\\.)*")(?:\.\.\.)? [a-z_]+: (.*)$')


class Refused(Exception):
    """A document that breaks rules of the catalogue.

    violations has a pair for each: the JSON Pointer to it, and a message that
    may be shown to anyone, as it never has a secret in it.
    """

    def __init__(self, error):
        diag = error.diag
        super().__init__(diag.message_primary)
        self.sqlstate = diag.sqlstate
        self.schema = diag.schema_name
        self.table = diag.table_name
        self.column = diag.column_name
        self.constraint = diag.constraint_name
        self.violations = [
            (json.loads(match[1]), match[2])
            for match in map(VIOLATION.match, (diag.message_detail or "").split("\n"))
            if match
        ]


def set_config(conn, org, node, patch, *, expected_version=None, reason=None, author=None):
    """Change a node's document by a JSON Merge Patch; returns its new version."""
    try:
        with conn.transaction():
            return conn.execute(
                "SELECT integration_config_set(%s, %s, %s, %s, %s, %s)",
                (org, node, Jsonb(patch), expected_version, reason, author),
            ).fetchone()[0]
    except errors.CheckViolation as error:
        # "from None": a traceback's chain is no place for a document
        raise Refused(error) from None


def update_config(conn, org, node, make_patch, *, attempts=5, **options):
    """Change a node's document by what it holds now: make_patch(document).

    Where somebody else was faster, the database refuses the patch (SQLSTATE
    40001), and it is made again from what is there then.
    """
    for attempt in range(attempts):
        version, document = conn.execute(
            "SELECT version, config_json FROM node_configurations"
            " WHERE (org_id, node_id) = (%s, %s)",
            (org, node),
        ).fetchone()
        try:
            return set_config(
                conn, org, node, make_patch(document), expected_version=version, **options
            )
        except errors.SerializationFailure:
            if attempt == attempts - 1:
                raise


def effective(conn, org, node):
    """The whole configuration of a node: all integrations, with their forms."""
    return conn.execute(
        "SELECT integration_config_effective(%s, %s)", (org, node), prepare=True
    ).fetchone()[0]


def resolve(conn, org, node, integration):
    """One integration of a node: enabled, configured, missing and config."""
    return conn.execute(
        "SELECT integration_config_resolve(%s, %s, %s)", (org, node, integration), prepare=True
    ).fetchone()[0]


def announcements(conn):
    """What has changed, as it does: drop what you hold of it, and ask again.

    Nothing is announced unless integration_schemas.notify is on where it is
    written.  Begins to listen at once.  The connection is for this alone, and in
    autocommit mode: psycopg's notifies() does not tell what comes in while
    another statement runs.
    """
    conn.execute("LISTEN integration_schemas")
    return (json.loads(notification.payload) for notification in conn.notifies())
