#!/usr/bin/env bash
# A stand-in for MongoDB: mongo-java-server, which keeps all in memory.   usage: see lib.sh
#
# No package registry has MongoDB's own server. This one speaks its wire protocol and has change streams; mongodb/Main.java
# says what it lacks of mongod and what is added here. It knows no users and no TLS: tests put a proxy before it.
NAME=mongodb PORT=25017
. "$(dirname "$0")/lib.sh"
VERSION=1.47.0
SOURCE=$(cd "$(dirname "$0")" && pwd)/mongodb/Main.java

# The server is the same for all folders: it is kept apart from data.
CACHE=${ETL_SERVICES_CACHE:-${TMPDIR:-/tmp}/etl-services-cache}
JARS=$CACHE/mongo-java-server-$VERSION
CLASSES=$CACHE/mongo-java-server-$VERSION-$(cksum <"$SOURCE" | tr ' ' -)

do_install() {
	[ -e "$CLASSES/Main.class" ] && [ -d "$JARS" ] && command -v java >/dev/null && return 0
	command -v javac >/dev/null && command -v mvn >/dev/null || apt_install openjdk-17-jdk-headless maven
	{ [ -d "$JARS" ] || fetch; compile; } >"$DIR/install.log" 2>&1 || { tail -n 20 "$DIR/install.log" >&2; die "installing failed"; }
}

# fetch and compile work next to the final place, which appears whole.
fetch() {
	local new=$JARS.$$
	mkdir -p "$new"
	cat >"$new/pom.xml" <<END
<project><modelVersion>4.0.0</modelVersion><groupId>etl</groupId><artifactId>mongodb</artifactId><version>1</version><dependencies>
<dependency><groupId>de.bwaldvogel</groupId><artifactId>mongo-java-server</artifactId><version>$VERSION</version></dependency>
</dependencies></project>
END
	mvn -B -q -f "$new/pom.xml" dependency:copy-dependencies -DoutputDirectory="$new"
	mv -T "$new" "$JARS" || [ -d "$JARS" ]
}

compile() {
	local new=$CLASSES.$$
	javac -cp "$JARS/*" -d "$new" "$SOURCE"
	mv -T "$new" "$CLASSES" || [ -e "$CLASSES/Main.class" ]
}

do_start() {
	spawn java -Xmx768m -XX:+UseSerialGC -cp "$CLASSES:$JARS/*" Main "$PORT"
	wait_for 60 port_open "$PORT"
}

do_env() { echo "ETL_TEST_MONGODB_URI=mongodb://$HOST:$PORT/?directConnection=true"; }

main "$@"
