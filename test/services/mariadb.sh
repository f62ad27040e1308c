#!/usr/bin/env bash
# MariaDB as Debian packages it, with a row binlog that names its columns, and TLS.   usage: see lib.sh
#
# Users: etl (may do anything), certified (by its client certificate alone), tls_only (refused without TLS), reader (may
# read the database etl, and nothing else). All passwords are for tests.
NAME=mariadb PORT=25306
. "$(dirname "$0")/lib.sh"

do_install() {
	[ -x /usr/sbin/mariadbd ] && command -v mariadb openssl >/dev/null || apt_install mariadb-server-core mariadb-client-core openssl
}

do_start() {
	[ -s "$CERTS/complete" ] || make_certs
	local user=()
	[ "$(id -u)" != 0 ] || user=(--user=root)
	[ -d "$DATA/mysql" ] || mariadb-install-db --no-defaults "${user[@]}" --datadir="$DATA" --auth-root-authentication-method=normal \
		--skip-test-db >"$DIR/init.log" 2>&1 || die "making the data folder failed; see $DIR/init.log"
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
	spawn /usr/sbin/mariadbd --no-defaults "${user[@]}" --datadir="$DATA" --bind-address=$HOST --port="$PORT" \
		--socket="$DIR/sock" --pid-file="$DIR/server.pid" --init-file="$DIR/init.sql" --skip-name-resolve \
		--server-id=1 --log-bin=binlog --binlog-format=ROW --binlog-row-image=FULL --binlog-row-metadata=FULL \
		--character-set-server=utf8mb4 --default-time-zone=+05:30 --innodb-flush-log-at-trx-commit=2 --sync-binlog=0 \
		--innodb-buffer-pool-size=64M --ssl-ca="$CERTS/ca.crt" --ssl-cert="$CERTS/server.crt" --ssl-key="$CERTS/server.key"
	wait_for 60 mariadb --no-defaults -h $HOST -P "$PORT" -uetl -petl etl -e 'select 1'
}

do_env() {
	echo "ETL_TEST_MARIADB_DSN=etl:etl@tcp($HOST:$PORT)/etl"
	echo "ETL_TEST_MARIADB_CERTS=$CERTS"
}

main "$@"
