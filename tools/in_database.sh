#!/bin/bash
# tools/in_database.sh COMMAND...: run COMMAND in a fresh database, a copy of
# PGTEMPLATE, which PGDATABASE then names. Used by tools/run_tests.sh.

export PGDATABASE=test_$$
psql -Xq -d postgres -c "CREATE DATABASE $PGDATABASE TEMPLATE $PGTEMPLATE" || exit 1
"$@"
status=$?
psql -Xq -d postgres -c "DROP DATABASE $PGDATABASE WITH (FORCE)" || exit 1
exit $status
