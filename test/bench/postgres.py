"""A table of PostgreSQL to a lakehouse: what it costs etl, and what it costs others.

usage: postgres.py load|duckdb|extension|dlt|connectorx|rewrite|upsert|write DSN FOLDER
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

SERVICE = pathlib.Path(__file__).resolve().parents[1] / "services" / "postgres.sh"

COLUMNS = """
  i::bigint AS id, (i * 7919 % 200000)::int AS customer_id, (array['eu', 'us', 'asia', 'africa'])[1 + i * 31 % 4] AS region,
  ((i * 104729 % 100000) / 100.0)::numeric(12, 2) AS amount, sqrt(i) AS score, timestamptz '2026-01-01' + i * interval '1 second' AS updated_at,
  date '2026-01-01' + (i % 365)::int AS day, CASE WHEN i % 7 > 0 THEN 'note ' || md5(i::text) END AS note"""

PROJECT = """
etl {{ project = "bench" }}
variable "dsn" {{
  type      = string
  sensitive = true
  default   = env("BENCH_DSN")
}}
connection "postgres" "bench" {{ dsn = var.dsn }}
source "postgres" "orders" {{
  connection = connection.postgres.bench
  table      = "public.orders"
  {extract}
}}
table "bronze" "orders" {{
  from = source.postgres.orders
  {write}
}}
"""

BATCH = PROJECT.format(extract="", write="")
MERGE = PROJECT.format(extract='extract "incremental" { cursor = updated_at }', write='write "merge" { key = [id] }')
DELTA = PROJECT.format(extract='extract "delta" {}', write="")


class Server:
    """A server of its own, with a table of eight columns."""

    def __init__(self, folder, rows):
        self.environment = dict(os.environ, ETL_SERVICES_DIR=str(folder), ETL_SERVICES_PORT="25455", ETL_SERVICES_OWNER=str(os.getpid()))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        printed = subprocess.run([SERVICE, "start"], env=self.environment, check=True, capture_output=True, text=True).stdout
        self.dsn = dict(line.split("=", 1) for line in printed.splitlines())["ETL_TEST_POSTGRES_DSN"]
        self.rows = rows
        self.fill()

    def sql(self, text):
        return subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.dsn, "-c", text], check=True, capture_output=True, text=True).stdout.strip()

    def fill(self):
        self.sql("DROP TABLE IF EXISTS orders")
        self.sql(f"CREATE TABLE orders AS SELECT {COLUMNS} FROM generate_series(1::bigint, {self.rows}) i")
        self.sql("ALTER TABLE orders ADD PRIMARY KEY (id)")
        self.sql("CREATE INDEX ON orders (updated_at)")
        self.sql("VACUUM ANALYZE orders")

    def copy(self):
        """The command that copies all rows nowhere."""
        return ["sh", "-c", 'psql -Xq -d "$0" -c "COPY orders TO STDOUT (FORMAT binary)" >/dev/null', self.dsn]

    def change(self):
        """Updates one row in a hundred, and adds as many."""
        n = self.rows // 100
        self.sql("UPDATE orders SET amount = amount + 1, updated_at = updated_at + interval '1 year' WHERE id % 100 = 0")
        self.sql(f"INSERT INTO orders SELECT {COLUMNS} FROM generate_series({self.rows + 1}::bigint, {self.rows + n}) i")
        self.sql("ANALYZE orders")

    def stop(self):
        subprocess.run([SERVICE, "stop"], env=self.environment, check=True)


def write(dsn, folder):
    """Makes so many changes a second, in transactions of a hundred, until it is ended."""
    import psycopg2

    rate, made, began = int(os.environ["BENCH_RATE"]), 0, time.monotonic()
    connection = psycopg2.connect(dsn)
    cursor = connection.cursor()
    while True:
        first = 1 + made % 100_000
        cursor.execute("UPDATE orders SET amount = amount + 1, updated_at = clock_timestamp() WHERE id BETWEEN %s AND %s", (first, first + 99))
        connection.commit()
        made += 100
        time.sleep(max(0.0, began + made / rate - time.monotonic()))


def etl_project(folder, text):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "bench.etl.hcl").write_text(text)


def lag(folder, command, environment, writer, rate, seconds):
    """How many seconds the lakehouse was behind while the table changed, sorted, and the peak of memory."""
    from measure import tree_memory

    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    writing = subprocess.Popen(writer, env=dict(os.environ, BENCH_RATE=str(rate)))
    while time.time() - committed(folder) > 10:  # until it has caught up with what waited
        time.sleep(1)
    lags, peak, ends = [], 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(1)
        peak = max(peak, tree_memory(process.pid))
        lags.append(time.time() - committed(folder))
    writing.terminate()
    writing.wait()
    process.send_signal(signal.SIGINT)
    process.wait()
    return sorted(lags), peak


def committed(folder):
    """When the newest change that the lakehouse has was committed."""
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("etl", type="sql", uri=f"sqlite:///{folder}/.etl/catalog.db", warehouse=f"file://{folder}/warehouse")
    table = catalog.load_table("bronze.orders")
    newest = max(table.inspect.files().to_pylist(), key=lambda f: f["readable_metrics"]["_etl_committed_at"]["upper_bound"])
    return newest["readable_metrics"]["_etl_committed_at"]["upper_bound"].timestamp()


def with_duckdb(dsn, folder):
    """Writes the rows that the others read, from DuckDB's own table, as Parquet."""
    import duckdb

    connection = duckdb.connect(str(folder.parent / "rows.duckdb"), read_only=True)
    connection.execute(f"COPY (SELECT * FROM orders) TO '{folder}/orders.parquet' (COMPRESSION zstd)")


def load_duckdb(dsn, path):
    """Copies the rows into a table of DuckDB, for with_duckdb."""
    connection = extension(dsn, str(path))
    connection.execute("CREATE OR REPLACE TABLE orders AS SELECT * FROM p.public.orders")


def extension(dsn, path=":memory:"):
    import duckdb
    import duckdb_extension_postgres_scanner

    connection = duckdb.connect(path)
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    [file] = (pathlib.Path(duckdb_extension_postgres_scanner.__file__).parent / "extensions").glob("*/postgres_scanner.duckdb_extension")
    connection.execute(f"LOAD '{file}'")
    connection.execute(f"ATTACH '{dsn}' AS p (TYPE postgres, READ_ONLY)")
    return connection


def with_extension(dsn, folder):
    extension(dsn).execute(f"COPY (SELECT * FROM p.public.orders) TO '{folder}/orders.parquet' (COMPRESSION zstd)")


def with_dlt(dsn, folder):
    os.environ.update(DLT_DATA_DIR=str(folder / "dlt"), RUNTIME__DLTHUB_TELEMETRY="false", RUNTIME__LOG_LEVEL="ERROR")
    import dlt
    from dlt.sources.sql_database import sql_table

    source = sql_table(dsn.split("?")[0].replace("postgres://", "postgresql+psycopg2://"), table="orders", backend="pyarrow", chunk_size=100_000)
    destination = dlt.destinations.filesystem(bucket_url=f"file://{folder}/lake")
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="bronze", pipelines_dir=str(folder / "pipelines"))
    pipeline.run(source, loader_file_format="parquet", write_disposition="replace")


def iceberg(folder):
    from pyiceberg.catalog import load_catalog

    return load_catalog("bench", type="sql", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")


def read(dsn, query, parts):
    import connectorx

    split = {"partition_on": "id", "partition_num": parts} if parts > 1 else {}
    table = connectorx.read_sql(dsn.split("?")[0], query, return_type="arrow", **split)
    return plain(table)


def plain(table):
    """Iceberg has neither large types nor nanoseconds."""
    import pyarrow as pa

    fields = []
    for field in table.schema:
        kind = field.type
        if pa.types.is_large_string(kind):
            kind = pa.string()
        elif pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", kind.tz)
        fields.append(pa.field(field.name, kind))
    return table.cast(pa.schema(fields))


def with_connectorx(dsn, folder):
    table = read(dsn, "SELECT * FROM orders", 2)
    catalog = iceberg(folder)
    catalog.create_namespace("bronze")
    catalog.create_table("bronze.orders", schema=table.schema).append(table)


def with_upsert(dsn, folder):
    """PyIceberg's upsert of the rows that are new or changed."""
    table = iceberg(folder.parent / "connectorx").load_table("bronze.orders")
    last = "2027-01-01"
    rows = read(dsn, f"SELECT * FROM orders WHERE updated_at >= '{last}' OR id > (SELECT max(id) * 100 / 101 FROM orders)", 1)
    table.upsert(rows.cast(table.schema().as_arrow()), join_cols=["id"])


def with_rewrite(dsn, folder):
    """The whole table written anew by DuckDB, changed rows in the place of old ones."""
    connection = extension(dsn)
    connection.execute("CREATE TABLE changed AS SELECT * FROM p.public.orders WHERE updated_at >= '2027-01-01' OR id > (SELECT max(id) * 100 / 101 FROM p.public.orders)")
    connection.execute(f"""COPY (SELECT * FROM '{folder.parent}/extension/orders.parquet' AS o ANTI JOIN changed USING (id) UNION ALL SELECT * FROM changed)
        TO '{folder}/orders.parquet' (COMPRESSION zstd)""")


if __name__ == "__main__":
    what, dsn, target = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    target.mkdir(parents=True, exist_ok=True)
    {
        "duckdb": with_duckdb, "extension": with_extension, "dlt": with_dlt, "connectorx": with_connectorx,
        "upsert": with_upsert, "write": write, "rewrite": with_rewrite, "load": lambda dsn, folder: load_duckdb(dsn, folder.parent / "rows.duckdb"),
    }[what](dsn, target)
