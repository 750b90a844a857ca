#!/bin/bash
# tools/run_tests.sh WORK [KIND | KIND/NAME]...: the half of tools/test that runs
# as an ordinary user. WORK holds a copy of the checkout (src), where this is
# run, and a private PostgreSQL (pg); the sum is written to WORK/sum.

# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

kinds=(build regress isolation pgtap sealed tap clients)
declare -A place=([regress]='test/sql/*.sql' [isolation]='test/isolation/specs/*.spec'
				  [pgtap]='test/pgtap/*.sql' [sealed]='test/pgtap/*.sql' [tap]='test/t/*.pl' [clients]='test/clients/*/run')

work=$1
shift
bindir=$(private_bindir "$work/pg")
pgxs=$(dirname "$("$bindir/pg_config" --pgxs)")/../..
export PATH=$bindir:$PATH

# nothing here takes minutes; what does hangs, and must not take the rest along
limit=${TEST_TIMEOUT:-300}

total_passed=0
total_failed=0

trap 'stop_servers "$work"' EXIT
trap 'exit 130' INT TERM HUP

# add KIND PASSED FAILED [SKIPPED]: note a kind's result.
add()
{
	total_passed=$((total_passed + $2))
	total_failed=$((total_failed + $3))
	if [ "${4:-0}" -gt 0 ]; then
		say "$1: $2 passed, $3 failed ($4 skipped)"
	else
		say "$1: $2 passed, $3 failed"
	fi
	say ""
}

# chosen KIND: those of the kind's files that were asked for, in order.
chosen()
{
	local kind=$1 file name

	for file in ${place[$kind]}; do
		[ -e "$file" ] || continue
		name=$(basename "$file")
		[ "$kind" = clients ] && name=$(basename "$(dirname "$file")")
		name=${name%.*}
		if [ "${wanted[$kind]}" = '*' ] || [[ " ${wanted[$kind]} " == *" $name "* ]]; then
			printf '%s\n' "$file"
		fi
	done
}

# build COMPILER DIR: a build without a warning in DIR.
build()
{
	local flags=()

	# Debian's PostgreSQL was configured with gcc: what clang does not know of its
	# flags and of its headers' attributes is no fault of ours.
	[[ $1 == clang* ]] &&
		flags=(COPT="-Wno-ignored-optimization-argument -Wno-unknown-warning-option -Wno-ignored-attributes")
	if make -s -j2 -C "$2" PG_CONFIG="$bindir/pg_config" CC="$1" with_llvm=no "${flags[@]}" \
			all >"$work/build-$1.log" 2>&1; then
		say "build with $1 ... ok"
		return 0
	fi
	head -n 100 "$work/build-$1.log"
	say "build with $1 ... FAILED"
	return 1
}

# floors: what a file of src includes is in its own folder or on a floor below.
floors()
{
	grep -F '#include "' src/*/*.[ch] | awk -F'[/"]' '
		BEGIN {
			split("jsonb 1 server 2 catalogue 3 merge 4 validation 4 json_schema 4 normalise 4 secrets 5 store 6", pairs, " ")
			for (i = 1; i in pairs; i += 2)
				floor[pairs[i]] = pairs[i + 1]
		}
		$4 in floor && $4 != $2 && floor[$4] >= floor[$2] { print; up = 1 }
		END { exit up }'
}

run_build()
{
	local clang passed=0 failed=0

	say "== build"
	if floors; then
		say "floors of src ... ok"
		passed=1
	else
		say "floors of src ... FAILED"
		failed=1
	fi
	# Debian's server-dev package brings a clang-NN, with no plain clang beside it
	clang=$(compgen -c clang | grep -xE 'clang(-[0-9]+)?' | sort -V | head -n 1)
	if [ -n "$clang" ] && [ -n "${wanted[build]}" ]; then
		cp -R "$work/src" "$work/src-clang"
		if build "$clang" "$work/src-clang"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
	fi
	if build gcc "$work/src" &&
			make -s -C "$work/src" PG_CONFIG="$bindir/pg_config" with_llvm=no docdir="$work/pg/doc" install \
				>"$work/install.log" 2>&1; then
		passed=$((passed + 1))
		add build $passed $failed
		return 0
	fi
	[ -f "$work/install.log" ] && cat "$work/install.log"
	add build $passed $((failed + 1))
	return 1
}

# installcheck KIND VARIABLE OUTPUT NAME...: one half of make installcheck, the
# tests in VARIABLE, whose differences end up in OUTPUT.
installcheck()
{
	local kind=$1 variable=$2 output=$3 other=ISOLATION passed failed status
	# "test x ... ok 12 ms" up to PostgreSQL 15, "ok 1 - x 12 ms" since
	local result='(\.\.\. (ok|FAILED|failed))|^(not )?ok '
	shift 3

	say "== $kind"
	[ "$variable" = ISOLATION ] && other=REGRESS
	timeout --foreground -k 10 $((limit * 2)) \
		make -s PG_CONFIG="$bindir/pg_config" with_llvm=no "$variable=$*" "$other=" installcheck \
		>"$work/$kind.log" 2>&1
	status=$?
	grep -E "$result" "$work/$kind.log"
	passed=$(grep -cE '(\.\.\. ok)|^ok ' "$work/$kind.log")
	failed=$(($# - passed))
	[ $status -ne 0 ] && [ $failed -eq 0 ] && failed=1
	[ -s "$output/regression.diffs" ] && cat "$output/regression.diffs"
	# fewer results than tests: what ran them gave up, and says why
	[ "$(grep -cE "$result" "$work/$kind.log")" -eq $# ] || tail -n 50 "$work/$kind.log"
	add "$kind" "$passed" "$failed"
}

run_regress()
{
	local files
	mapfile -t files < <(chosen regress)
	files=("${files[@]##*/}")
	[ ${#files[@]} -eq 0 ] || installcheck regress REGRESS . "${files[@]%.sql}"
}

run_isolation()
{
	local files
	mapfile -t files < <(chosen isolation)
	files=("${files[@]##*/}")
	[ ${#files[@]} -eq 0 ] || installcheck isolation ISOLATION output_iso "${files[@]%.spec}"
}

# tap_files KIND FILE... -- COMMAND...: files that print TAP.
tap_files()
{
	local kind=$1 passed failed skipped
	shift

	say "== $kind"
	perl tools/tap.pl "$work/counts.$kind" "$@" 2>&1
	if read -r passed failed skipped 2>/dev/null <"$work/counts.$kind"; then
		add "$kind" "$passed" "$failed" "$skipped"
	else
		add "$kind" 0 1
	fi
}

# run_in_databases KIND FILE... -- COMMAND...: the same, each file in a fresh
# database that has the extensions, so that what it leaves behind is in no other
# file's way.
run_in_databases()
{
	if [ -z "$template_made" ]; then
		if ! psql -Xq -d postgres -v ON_ERROR_STOP=1 -c 'CREATE DATABASE template_tests' ||
				! psql -Xq -d template_tests -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION pgtap' \
					-c 'CREATE EXTENSION integration_schemas'; then
			add "$1" 0 1
			return
		fi
		template_made=yes
	fi
	tap_files "$@"
}

run_pgtap()
{
	local files
	mapfile -t files < <(chosen pgtap)
	[ ${#files[@]} -eq 0 ] ||
		run_in_databases pgtap "${files[@]}" -- "${timed[@]}" bash tools/in_database.sh \
			psql -XqAt -v ON_ERROR_STOP=1 -f
}

# run_sealed: those of the same files that write nodes, on a store that seals every
# secret: its answers are no others.  A file that looks at secrets in the table
# says so.
run_sealed()
{
	local files
	mapfile -t files < <(chosen sealed | xargs grep -lE 'node_configurations|integration_config_' /dev/null |
		xargs grep -LF 'not for a store that seals them' /dev/null | grep -vFx /dev/null)
	printf 'echo m1 %s\n' "$(head -c 32 /dev/urandom | base64)" >"$work/key_command"
	psql -Xq -d postgres -c "LOAD 'integration_schemas'" \
		-c "ALTER SYSTEM SET integration_schemas.key_command = 'sh $work/key_command'" \
		-c 'SELECT pg_reload_conf()' >/dev/null
	[ ${#files[@]} -eq 0 ] ||
		run_in_databases sealed "${files[@]}" -- "${timed[@]}" bash tools/in_database.sh \
			psql -XqAt -v ON_ERROR_STOP=1 -f
	psql -Xq -d postgres -c "LOAD 'integration_schemas'" \
		-c 'ALTER SYSTEM RESET integration_schemas.key_command' -c 'SELECT pg_reload_conf()' >/dev/null
}

run_clients()
{
	local files
	mapfile -t files < <(chosen clients)
	[ ${#files[@]} -eq 0 ] ||
		run_in_databases clients "${files[@]}" -- "${timed[@]}" bash tools/in_database.sh env
}

# test/t/*.pl start servers of their own.
run_tap()
{
	local files
	mapfile -t files < <(chosen tap)
	# where PostgreSQL::Test::Utils puts things: TESTDIR up to 15, the others since
	export PG_REGRESS=$pgxs/src/test/regress/pg_regress PG_CONFIG=$bindir/pg_config \
		TESTDIR=$work TESTDATADIR=$work/tmp_check TESTLOGDIR=$work/tmp_check/log
	[ ${#files[@]} -eq 0 ] ||
		tap_files tap "${files[@]}" -- env -u PGHOST -u PGPORT -u PGUSER TMPDIR="$work" \
			"${timed[@]}" perl -I "$pgxs/src/test/perl"
}

template_made=
timed=(timeout --foreground -k 10 "$limit")

# What was asked for: wanted[kind] holds names, or * for all of a kind.
declare -A wanted
for kind in "${kinds[@]}"; do
	wanted[$kind]=$([ $# -eq 0 ] && echo '*')
done
for choice in "$@"; do
	kind=${choice%%/*}
	[[ " ${kinds[*]} " == *" $kind "* ]] || die "no such kind of test: $choice (there are: ${kinds[*]})"
	if [ "$kind" = "$choice" ]; then
		wanted[$kind]='*'
	else
		compgen -G "${place[$kind]/\*/${choice#*/}}" >/dev/null || die "no such test: $choice"
		wanted[$kind]+=" ${choice#*/}"
	fi
done

if run_build; then
	start_server "$work"
	export PGHOST=$work/s PGPORT=5432 PGUSER=postgres PGTEMPLATE=template_tests
	for kind in "${kinds[@]:1}"; do
		[ -z "${wanted[$kind]}" ] || "run_$kind"
	done
fi

# no test at all is no success
[ $((total_passed + total_failed)) -gt 0 ] || total_failed=1
echo "$total_passed passed, $total_failed failed" >"$work/sum"
[ $total_failed -eq 0 ]
