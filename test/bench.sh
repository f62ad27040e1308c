#!/bin/sh
# The figures: make bench, or test/bench.sh NAME... for some (test/bench.sh -list names them).
# It compares with SQLMesh, plain DuckDB, and PyIceberg with Polars, each in test/.tools.
set -eu
cd "$(dirname "$0")/.."
test/tools.sh
if [ ! -x test/.tools/sqlmesh/bin/sqlmesh ]; then
	python3 -m venv test/.tools/sqlmesh
	test/.tools/sqlmesh/bin/pip install --quiet --disable-pip-version-check 'sqlmesh==0.236.*'
fi
exec test/.tools/venv/bin/python test/bench/figures.py "$@"
