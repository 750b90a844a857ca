# shellcheck shell=bash
# tools/lib.sh: what tools/demo and tools/test share. Sourced, never run.
#
# Both commands work the same way: install what is missing with apt-get, make a
# private copy of the PostgreSQL installation in a folder of their own, and
# build, install and run there as an ordinary user. Nothing of the extension
# ever lands in the system's own PostgreSQL.

set -u

PG_MAJOR=${PG_MAJOR:-15}
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# The user that a run by root hands over to: initdb refuses root, and this one
# comes with Debian's PostgreSQL packages.
RUN_USER=postgres

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

is_root()
{
	[ "$(id -u)" -eq 0 ]
}

# as_root COMMAND...: run with root's rights, by sudo where need be. Without a
# terminal sudo must not wait for a password that nobody can type.
as_root()
{
	if is_root; then
		"$@"
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

# is_installed PACKAGE: itself, or one that provides it, as NodeSource's nodejs
# provides npm.
is_installed()
{
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ||
		dpkg-query -W -f='${db:Status-Status} ${Provides},\n' |
			grep -qE "^installed (.*, )?$1( \(|,)"
}

# need_packages PACKAGE...: install those that are missing; of "A|B", B where
# neither is there.
need_packages()
{
	local package choices choice missing=() log own_conf

	command -v dpkg-query >/dev/null ||
		die "this needs Debian or Ubuntu; elsewhere build with make && make install && make installcheck"

	for package in "$@"; do
		IFS='|' read -r -a choices <<<"$package"
		for choice in "${choices[@]}"; do
			is_installed "$choice" && continue 2
		done
		missing+=("$choice")
	done
	[ ${#missing[@]} -gt 0 ] || return 0

	if ! is_root && ! command -v sudo >/dev/null; then
		die "these packages are missing, and there is no sudo to install them with: ${missing[*]}
as root, run: apt-get update && apt-get install ${missing[*]}"
	fi

	say "installing ${missing[*]}"
	log=$(mktemp)

	# Debian's postgresql-NN makes a cluster and starts it when it is new.
	# Nobody asked for one; this file says so for as long as we install.
	own_conf=/etc/postgresql-common/createcluster.d/integration-schemas-tools.conf
	as_root mkdir -p "${own_conf%/*}" &&
		echo 'create_main_cluster = false' | as_root tee "$own_conf" >/dev/null

	if ! { as_root apt-get -o DPkg::Lock::Timeout=120 update &&
		   as_root env DEBIAN_FRONTEND=noninteractive \
				   apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}"; } \
			>"$log" 2>&1 </dev/null; then
		as_root rm -f "$own_conf"
		tail -n 20 "$log" >&2
		rm -f "$log"
		die "could not install these packages: ${missing[*]}"
	fi
	as_root rm -f "$own_conf"
	rm -f "$log"
}

# copy_tree TO: the checkout as it stands, uncommitted changes included, but
# without what a build or a test run leaves behind.
copy_tree()
{
	mkdir -p "$1" &&
	tar -C "$ROOT" -cf - --exclude=./.git --exclude=node_modules \
		--exclude='*.o' --exclude='*.bc' --exclude='*.so' \
		--exclude=./results --exclude=./output_iso --exclude=./tmp_check \
		--exclude='./integration_schemas--*.sql' . |
	tar -C "$1" -xf - --no-same-owner
}

# private_postgres DIR: a copy of PostgreSQL in DIR. The binaries find their
# library and share folders by the relative way from bin, so all that matters is
# that these keep their places to each other.
private_postgres()
{
	local lib=/usr/lib/postgresql/$PG_MAJOR share=/usr/share/postgresql/$PG_MAJOR

	[ -x "$lib/bin/pg_config" ] || die "there is no $lib/bin/pg_config"
	if ! { mkdir -p "$1/usr/lib/postgresql" "$1/usr/share/postgresql" "$1/usr/include" &&
		   cp -R "$lib" "$1/usr/lib/postgresql/" &&
		   cp -RL "$share" "$1/usr/share/postgresql/" &&
		   ln -s /usr/include/postgresql "$1/usr/include/postgresql"; }; then
		die "could not copy PostgreSQL to $1"
	fi
	# an older installation of the extension must not stand in for ours
	rm -f "$1/usr/lib/postgresql/$PG_MAJOR/lib/integration_schemas".* \
		  "$1/usr/share/postgresql/$PG_MAJOR/extension/integration_schemas"[.-]*
}

private_bindir()
{
	printf '%s\n' "$1/usr/lib/postgresql/$PG_MAJOR/bin"
}

# as_runner COMMAND...: run as the ordinary user, with nothing of the caller's
# environment that would lead libpq, make or Perl astray. What stays is said to
# these commands, or is how the machine reaches the network: one test fetches a
# library.
as_runner()
{
	local clean=(env -i "PATH=/usr/local/bin:/usr/bin:/bin" "LANG=C.UTF-8" "PAGER=cat"
				 "TERM=${TERM:-dumb}" "PG_MAJOR=$PG_MAJOR" "CI=${CI:-}") name

	for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY \
			NODE_EXTRA_CA_CERTS npm_config_registry TEST_TIMEOUT; do
		[ -z "${!name:-}" ] || clean+=("$name=${!name}")
	done
	if is_root; then
		runuser -u "$RUN_USER" -- "${clean[@]}" "HOME=${RUN_HOME:-/nonexistent}" "$@"
	else
		"${clean[@]}" "HOME=${HOME:-/nonexistent}" "$@"
	fi
}

# give_to_runner DIR: root's temporary folder becomes the ordinary user's.
give_to_runner()
{
	if is_root; then
		chown -R "$RUN_USER:" "$1"
	fi
}

# start_server DIR: a server of our own in DIR/data that listens on the socket
# DIR/s alone. Needs PATH to begin with the private bin folder.
start_server()
{
	local socket=$1/s/.s.PGSQL.5432

	# the kernel's limit on a Unix socket's path
	[ ${#socket} -le 107 ] || die "the path $socket is too long for a socket; set TMPDIR to a shorter one"
	mkdir -m 700 "$1/s"
	if ! initdb -D "$1/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$1/initdb.log" 2>&1; then
		cat "$1/initdb.log" >&2
		die "initdb failed"
	fi
	cat >>"$1/data/postgresql.conf" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$1/s'
		port = 5432
		fsync = off
	CONF
	if ! pg_ctl -D "$1/data" -l "$1/server.log" -w start >/dev/null 2>&1 </dev/null; then
		cat "$1/server.log" >&2
		die "the server did not start"
	fi
}

# stop_servers DIR: every server whose data folder lies below DIR.
stop_servers()
{
	local pidfile pid

	[ -d "$1" ] || return 0
	find "$1" -name postmaster.pid 2>/dev/null | while read -r pidfile; do
		pid=$(head -n 1 "$pidfile" 2>/dev/null) || continue
		# -INT is the fast shutdown
		kill -INT "$pid" 2>/dev/null || continue
		for _ in $(seq 100); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
	done
}
