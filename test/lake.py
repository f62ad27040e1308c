"""A project's lakehouse as other engines see it: PyIceberg on the catalog, DuckDB on the metadata file that it names."""

import pathlib

import duckdb
import duckdb_extension_avro
import duckdb_extension_iceberg
from pyiceberg.catalog import load_catalog


def catalog(project):
    """The catalog as the documentation says to open it."""
    root = pathlib.Path(project).resolve()
    return load_catalog(
        "etl",
        type="sql",
        uri=f"sqlite:///{root}/.etl/catalog.db",
        warehouse=f"file://{root}/warehouse",
    )


def engine():
    """DuckDB in UTC, with the Iceberg extension that PyPI carries: nothing is downloaded when a test runs."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    for package, name in ((duckdb_extension_avro, "avro"), (duckdb_extension_iceberg, "iceberg")):
        folder = pathlib.Path(package.__file__).parent / "extensions"
        [path] = folder.glob(f"*/{name}.duckdb_extension")
        connection.execute(f"LOAD '{path}'")
    return connection


def scan(connection, table, view):
    """A view of a PyIceberg table's current snapshot, read by DuckDB itself."""
    location = table.metadata_location.removeprefix("file://")
    connection.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM iceberg_scan('{location}')")
