#!/bin/bash
# tools/run_demo.sh WORK: the half of tools/demo that runs as an ordinary user.
# WORK holds a copy of the checkout (src), where this is run, and a private
# PostgreSQL (pg).

# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

work=$1
bindir=$(private_bindir "$work/pg")
export PATH=$bindir:$PATH

if ! make -s -j2 PG_CONFIG="$bindir/pg_config" with_llvm=no docdir="$work/pg/doc" all install >"$work/build.log" 2>&1; then
	cat "$work/build.log"
	die "the build failed"
fi
start_server "$work"

export PGHOST=$work/s PGPORT=5432 PGUSER=postgres
psql -Xq -d postgres -c 'CREATE DATABASE demo' &&
	cd test/demo &&
	stdbuf -oL psql -X -d demo <demo.sql 2>&1		# errors where they belong in the text
