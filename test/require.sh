#!/bin/sh
# Checks for what the build and the tests need. On Debian and Ubuntu, as root, it installs what is missing; elsewhere
# it names it.   usage: test/require.sh WHAT...   (go cc libc make python curl)
set -eu

missing="" # Debian packages
words=""   # what to say where they can't be installed

need() { # need PACKAGE WORDS
	missing="$missing $1"
	words="$words
  - $2"
}

go_ok() {
	command -v go >/dev/null || return 1
	have=$(go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
	want=$(sed -n 's/^go //p' "$(dirname "$0")/../go.mod")
	[ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -1)" = "$want" ]
}

cc_ok() { command -v gcc >/dev/null && command -v g++ >/dev/null; }

# The static binary needs the archives of the C and C++ libraries, not just their shared objects.
libc_ok() {
	command -v gcc >/dev/null || return 1
	[ "$(gcc -print-file-name=libc.a)" != libc.a ] && [ "$(g++ -print-file-name=libstdc++.a)" != libstdc++.a ]
}

python_ok() { python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; }

for what in "$@"; do
	case $what in
	go)
		if ! go_ok; then
			echo "etl needs Go $(sed -n 's/^go //p' "$(dirname "$0")/../go.mod") or newer: https://go.dev/dl" >&2
			exit 1
		fi ;;
	cc) cc_ok || { need gcc "gcc, a C compiler"; need g++ "g++, a C++ compiler"; } ;;
	libc) libc_ok || { need libc6-dev "libc.a of glibc (on Fedora: glibc-static)"; need g++ "libstdc++.a (on Fedora: libstdc++-static)"; } ;;
	make) command -v make >/dev/null || need make "make" ;;
	python) python_ok || need python3-venv "python3, 3.10 or newer, with its venv module (on Debian: python3-venv)" ;;
	*) echo "require.sh: unknown requirement $what" >&2; exit 1 ;;
	esac
done

[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "installing$missing" >&2
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
	exit 0
fi
echo "Missing:$words
On Debian or Ubuntu: sudo apt-get install$missing" >&2
exit 1
