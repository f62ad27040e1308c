#!/bin/sh
# Makes test/.tools/venv with the engines that the tests compare with. Does nothing if it is there and complete.
set -eu
cd "$(dirname "$0")"

packages="pyiceberg[sql-sqlite,pyarrow]==0.12.* duckdb==1.5.5 duckdb-extension-iceberg==1.5.5 duckdb-extension-avro==1.5.5 polars"
mark=.tools/venv/.complete

if [ "$(cat $mark 2>/dev/null)" = "$packages" ]; then
	exit 0
fi
./require.sh python
rm -rf .tools/venv
mkdir -p .tools
python3 -m venv .tools/venv
# shellcheck disable=SC2086 # a list of words
.tools/venv/bin/pip install --quiet --disable-pip-version-check $packages
echo "$packages" >$mark
