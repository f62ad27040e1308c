# Shared by the scripts that run servers for tests; sourced, not run.
#
# A script sets NAME and PORT and defines do_install, do_start, do_env and, where a signal to the recorded process is not
# enough, do_stop. Then it calls: main "$@"
#
#   ETL_SERVICES_DIR    where data, logs and pids are (default: etl-services in the folder for temporary files); tests
#                       that restart or break a server run one of their own, in a folder of their own
#   ETL_SERVICES_PORT   the port, where the script's own is not wanted
#   ETL_SERVICES_OWNER  a process: the server ends when that has ended, however it did
#
# Servers listen on the loopback only, and only processes that a script started are ended.
set -euo pipefail

SERVICES_DIR=${ETL_SERVICES_DIR:-${TMPDIR:-/tmp}/etl-services}
PORT=${ETL_SERVICES_PORT:-$PORT}
DIR=$SERVICES_DIR/$NAME
DATA=$DIR/data
CERTS=$DIR/certs
PIDFILE=$DIR/pid
LOG=$DIR/log
HOST=127.0.0.1

die() {
	echo "$NAME: $*" >&2
	exit 1
}

# started_at PID: when it started, in the kernel's count; nothing for a process that has ended. Pids are given again, a
# pid together with this is not.
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'; }

running() {
	local pid start
	[ -s "$PIDFILE" ] && read -r pid start <"$PIDFILE" && [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ]
}

port_open() { (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }

# spawn COMMAND...: runs it detached, with its output in the log.
spawn() {
	if port_open "$PORT"; then die "port $PORT is taken by something else; ETL_SERVICES_PORT names another one"; fi
	setsid nohup "$@" >>"$LOG" 2>&1 </dev/null 9>&- &
	echo "$! $(started_at $!)" >"$PIDFILE"
	watch_owner
}

# watch_owner ends the server when its owner has ended. It keeps nothing of this script open.
watch_owner() {
	[ -n "${ETL_SERVICES_OWNER:-}" ] || return 0
	(
		trap '' HUP
		since=$(started_at "$ETL_SERVICES_OWNER")
		while [ "$(started_at "$ETL_SERVICES_OWNER")" = "$since" ] && [ -n "$since" ]; do
			running || exit 0
			sleep 1
		done
		stop
	) >/dev/null 2>&1 </dev/null 9>&- &
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails at once if the server died.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		running || { tail -n 20 "$LOG" >&2; die "the server died; its log is $LOG"; }
		[ $SECONDS -lt $end ] || { tail -n 20 "$LOG" >&2; die "the server is not ready in time; its log is $LOG"; }
		sleep 0.1
	done
}

stop() { if declare -F do_stop >/dev/null; then do_stop; else end TERM; fi; }

# end SIGNAL: asks the server to end, waits, and ends it.
end() {
	local pid start
	if running; then
		read -r pid start <"$PIDFILE"
		kill -"$1" "$pid" 2>/dev/null || true
		for _ in $(seq 200); do running || break; sleep 0.1; done
		if running; then
			kill -KILL "$pid" 2>/dev/null || true
			for _ in $(seq 50); do running || break; sleep 0.1; done
		fi
	fi
	rm -f "$PIDFILE"
}

# apt_install PACKAGE...: those that are missing. apt must not start their own services.
apt_install() {
	local want=() package policy=/usr/sbin/policy-rc.d made=
	for package in "$@"; do
		dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q ' installed$' || want+=("$package")
	done
	[ ${#want[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "needs the Debian packages ${want[*]}: sudo apt-get install ${want[*]}"
	[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; made=1; }
	local failed=
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${want[@]}"; } \
		>"$DIR/install.log" 2>&1 </dev/null 9>&- || failed=1
	[ -z "$made" ] || rm -f $policy
	[ -z "$failed" ] || { tail -n 20 "$DIR/install.log" >&2; die "installing ${want[*]} failed"; }
}

# once NAME COMMAND...: runs it unless it already succeeded under this name (a version, say).
once() {
	local stamp=$DIR/.$1
	shift
	[ -e "$stamp" ] && return 0
	"$@" >"$DIR/install.log" 2>&1 || { tail -n 20 "$DIR/install.log" >&2; die "installing failed"; }
	touch "$stamp"
}

# make_certs: an authority that signs the server's certificate (for 127.0.0.1 and localhost) and that of a
# role named certified, and a stranger that signs nothing.
make_certs() {
	mkdir -p "$CERTS"
	(
		cd "$CERTS"
		for authority in ca stranger; do
			openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$authority" -keyout $authority.key -out $authority.crt
		done
		printf 'subjectAltName=IP:%s,DNS:localhost\n' $HOST >names
		for name in server certified; do
			openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout $name.key -out $name.csr
			openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile names -out $name.crt
		done
		chmod 0600 ./*.key
		echo yes >complete
	) >"$LOG" 2>&1 || die "the certificates can't be made; see $LOG"
}

start() {
	running && return 0
	do_install
	mkdir -p "$DATA"
	do_start
}

# main COMMAND: one at a time for each folder.
main() {
	mkdir -p "$DIR"
	exec 9>"$DIR/lock"
	flock 9
	case "${1:-}" in
	install) do_install ;;
	start) start; do_env ;;
	stop) stop ;;
	status) if running; then echo "$NAME runs"; do_env; else echo "$NAME is stopped"; exit 3; fi ;;
	env) do_env ;;
	*) echo "usage: $0 install|start|stop|status|env" >&2; exit 2 ;;
	esac
}
