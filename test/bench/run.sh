#!/bin/bash
# test/bench/run.sh WORK: measure, and print a table of targets and figures. The
# half of tools/bench that runs as an ordinary user; WORK holds a copy of the
# checkout (src), where this is run, and a private PostgreSQL (pg).
#
# What is compared. The reference is what PostgreSQL itself does with the same
# documents in the same server: catalogue || organisation || team, where
# catalogue is what integration_schema_config() gives with no layer, and the
# organisation's (5 integrations) and the team's (4 integrations, 9 fields) are
# in this folder. || merges only the outermost level, so it does much less; it
# is the yardstick since it is the cheapest that one would think of.
#
# How it is measured.
# - A call: one statement evaluates an expression many times over
#   generate_series; its documents come from a table's row, so that nothing is
#   folded to a constant, and uncompressed (setup.sql, bench.loop_seconds). An
#   empty loop's time is taken off.
# - Time is that of the backend on a processor (/proc/self/schedstat), the
#   clock's where Linux does not tell: other work on the machine makes figures
#   worse by what it does to the caches, not by waiting. pgbench's are the
#   clock's.
# - All expressions of a comparison take turns, in many short rounds in one
#   session. There is a ratio for each round; the table shows the median of
#   these, and the lowest and highest to show the noise.
# - jit off, no parallel workers, no autovacuum, no checkpoint in between; and
#   malloc may keep its memory: whether it hands it back to the kernel and takes
#   it again at each call hangs on what happens to lie at the heap's end, and a
#   loop over || alone takes 35 or 600 microseconds by that.
# - First calls: pgbench --connect, a bare SELECT 1 and the calls in random
#   order, each in a session that has done nothing else but look at the time.
# - The trigger: pgbench, one client, a prepared INSERT a document, 50 in each
#   transaction so that no commit hides the trigger's share; then without a
#   client, in a loop of PL/pgSQL, where there is next to nothing beside it.
# - Prepared reads: pgbench, two clients; two seconds of each read in turn. The
#   stored answer is kept as a table does by default: compressed, out of line.
# - Sealed secrets: with a key command set, the same with a field that is no secret
#   (sealed.sql).
# - Memory: the sizes of the module's memory contexts, and the anonymous memory
#   of the process (before PostgreSQL 16 regular expressions are in none).
#
# Nothing here fails for a figure: the exit status tells whether it could be
# measured.

# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../../tools/lib.sh"

work=$1
bindir=$(private_bindir "$work/pg")
export PATH=$bindir:$PATH
began=$SECONDS

trap 'stop_servers "$work"' EXIT
trap 'exit 130' INT TERM HUP

if ! make -s -j2 PG_CONFIG="$bindir/pg_config" with_llvm=no docdir="$work/pg/doc" all install >"$work/build.log" 2>&1; then
	cat "$work/build.log"
	die "the build failed"
fi

export MALLOC_TOP_PAD_=67108864 MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_MMAP_THRESHOLD_=33554432
start_server "$work"
export PGHOST=$work/s PGPORT=5432 PGUSER=postgres PGDATABASE=bench

psql -Xq -d postgres -v ON_ERROR_STOP=1 <<-END || die "the server cannot be set up"
	ALTER SYSTEM SET jit = off;
	ALTER SYSTEM SET max_parallel_workers_per_gather = 0;
	ALTER SYSTEM SET autovacuum = off;
	ALTER SYSTEM SET checkpoint_timeout = '1h';
	ALTER SYSTEM SET max_wal_size = '4GB';
	ALTER SYSTEM SET shared_buffers = '256MB';
	ALTER SYSTEM SET work_mem = '64MB';
	CREATE DATABASE bench;
END
pg_ctl -D "$work/data" -l "$work/server.log" -w restart >/dev/null 2>&1 </dev/null ||
	die "the server did not start again"

# run_sql FILE
run_sql()
{
	psql -Xq -o /dev/null -v ON_ERROR_STOP=1 -f "test/bench/$1" || die "$1 failed"
}

sql()
{
	psql -XqAt -v ON_ERROR_STOP=1 "$@"
}

# first_call NAME QUERY: a script that notes how long the query takes that QUERY
# gives the text of. The clock's script has run once when it is read at last.
first_call()
{
	{
		echo "SELECT bench.spent() AS began \\gset"
		echo "SELECT bench.spent() AS began \\gset"
		sql -c "$2" || die "no script for the first call"
		echo "SELECT bench.spent() AS ended \\gset"
		echo "INSERT INTO bench.first_call VALUES (:integrations, '$1', :ended - :began);"
	} >"$work/first_$1.sql"
}

# first_calls INTEGRATIONS: new sessions, with a catalogue of that size.
first_calls()
{
	pgbench -n -C -c 1 -t 200 -D integrations="$1" -f "$work/first_bare.sql" \
		-f "$work/first_resolve.sql" -f "$work/first_config.sql" >"$work/pgbench.log" 2>&1 ||
		die "pgbench failed: $(cat "$work/pgbench.log")"
}

# clients RUN NAME ROUND SECONDS STATEMENTS OPTION...: let clients run the script NAME for so
# long, a transaction having so many statements, and note the time of a statement.
clients()
{
	local run=$1 name=$2 round=$3 seconds=$4 statements=$5 per_second
	shift 5
	per_second=$(pgbench -n -M prepared -T "$seconds" -f "$work/$name.sql" "$@" 2>"$work/pgbench.log" |
		sed -n 's/^tps = \([0-9.]*\) .*without initial.*/\1/p')
	[ -n "$per_second" ] || die "pgbench failed: $(cat "$work/pgbench.log")"
	sql -c "INSERT INTO bench.timing VALUES ('$run', $round, '$name', 1.0 / $per_second / $statements)"
}

# insert_script NAME TABLE: a transaction of 50 INSERTs.
insert_script()
{
	echo 'BEGIN;'
	for _ in $(seq 50); do
		echo '\set id random(1, 1000000000000000)'
		echo "INSERT INTO bench.$2 (org_id, node_id, node_type, config_json) VALUES ('acme', :id, 'team', :team);"
	done
	echo 'COMMIT;'
} >"$work/$1.sql"

run_sql setup.sql
run_sql functions.sql
run_sql nested.sql

# key_command COMMAND: what prints the master key, for the sessions that come.
key_command()
{
	sql -c "LOAD 'integration_schemas'" -c "ALTER SYSTEM SET integration_schemas.key_command = '$1'" \
		-c 'SELECT pg_reload_conf(), pg_sleep(0.5)' >/dev/null
}
key_command "echo bench $(head -c 32 /dev/urandom | base64)"
run_sql sealed.sql
key_command ''

run_sql sessions.sql
first_call bare "SELECT 'SELECT 1;'"
first_call resolve "SELECT format('SELECT integration_schema_resolve(''slack'', %L, %L);', organisation, team) FROM bench.input"
first_call config "SELECT format('SELECT integration_schema_config(%L, %L);', organisation, team) FROM bench.input"
first_calls 23
sql -c 'CALL bench.catalogue_of(1000)' -c 'VACUUM integration_schemas' || die "no large catalogue"
first_calls 1000
sql -c 'CALL bench.catalogue_of(23)' -c 'VACUUM FULL integration_schemas' || die "no small catalogue"

cat >"$work/stored.sql" <<-'END'
	\set id random(1, 1000)
	SELECT config FROM bench.answer WHERE id = :id;
END
cat >"$work/merged.sql" <<-'END'
	\set id random(1, 1000)
	SELECT integration_schema_config(o.config, t.config) FROM bench.team AS t JOIN bench.organisation AS o ON o.id = t.organisation WHERE t.id = :id;
END
cat >"$work/effective.sql" <<-'END'
	\set id random(1, 9900)
	SELECT integration_config_effective('large', 'team-' || :id::int);
END
reads=(stored merged)
[ "$(sql -c "SELECT to_regprocedure('integration_config_effective(text, text)') IS NOT NULL")" = t ] &&
	reads+=(effective)
insert_script without node
insert_script with checked_node
for round in 1 2 3 4 5; do
	for name in without with; do
		clients 'insert, client' $name $round 1 50 -c 1 -D team="$(<test/bench/team.json)"
	done
done
sql -c 'TRUNCATE bench.node, bench.checked_node'
for round in 1 2 3 4 5; do
	for name in "${reads[@]}"; do
		clients read "$name" $round 2 1 -c 2 -j 2
	done
done

run_sql memory.sql
run_sql report.sql

# The load tells how much of the noise is not ours.
psql -XAt -v elapsed=$((SECONDS - began)) -v load="$(cut -d ' ' -f 1-3 /proc/loadavg)" \
	-v processors="$(nproc)" -f test/bench/table.sql
