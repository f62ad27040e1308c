"""The 5-million-row job in what etl is compared with. usage: rivals.py duckdb|polars ORDERS.csv FOLDER

Each reads the file, writes bronze with the same provenance columns, silver from bronze, and gold from silver: three
Parquet writes with zstd.
"""

import pathlib
import sys

PROVENANCE = "'run' AS _etl_run, TIMESTAMPTZ '2026-11-23 00:00:00Z' AS _etl_loaded_at, 'orders.csv' AS _etl_source"


def with_duckdb(path, folder):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"""
        COPY (SELECT *, {PROVENANCE}, row_number() OVER () AS _etl_row FROM read_csv('{path}'))
        TO '{folder}/bronze.parquet' (COMPRESSION zstd);
        COPY (SELECT id, customer_id, region, lower(trim(email)) AS email, (amount * quantity)::DECIMAL(12, 2) AS total,
                     ordered_at::DATE AS day, ordered_at, _etl_loaded_at
              FROM '{folder}/bronze.parquet' WHERE amount > 1 AND note IS NOT NULL)
        TO '{folder}/silver.parquet' (COMPRESSION zstd);
        COPY (SELECT day, region, count(*) AS orders, count(DISTINCT customer_id) AS customers, sum(total) AS revenue
              FROM '{folder}/silver.parquet' GROUP BY ALL)
        TO '{folder}/gold.parquet' (COMPRESSION zstd);
    """)


def with_polars(path, folder):
    import polars as pl
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog("bench", type="sql", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")

    def write(name, frame):
        # Iceberg has no large types, no dictionaries and no nanoseconds.
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        catalog.create_table(name, schema=table.schema).append(table)

    def read(name):
        return pl.from_arrow(catalog.load_table(name).scan().to_arrow())

    for layer in ("bronze", "silver", "gold"):
        catalog.create_namespace(layer)
    provenance = [
        pl.lit("run").alias("_etl_run"),
        pl.lit("2026-11-23T00:00:00Z").str.to_datetime(time_unit="us", time_zone="UTC").alias("_etl_loaded_at"),
        pl.lit("orders.csv").alias("_etl_source"),
        pl.int_range(1, pl.len() + 1).alias("_etl_row"),
    ]
    write("bronze.orders", pl.read_csv(path, try_parse_dates=True, infer_schema_length=10_000).with_columns(provenance))
    silver = read("bronze.orders").filter((pl.col("amount") > 1) & pl.col("note").is_not_null())
    silver = silver.select(
        "id", "customer_id", "region", pl.col("email").str.strip_chars().str.to_lowercase(),
        (pl.col("amount") * pl.col("quantity")).cast(pl.Decimal(12, 2)).alias("total"),
        pl.col("ordered_at").dt.date().alias("day"), "ordered_at", "_etl_loaded_at",
    )
    write("silver.orders", silver)
    gold = read("silver.orders").group_by("day", "region").agg(
        pl.len().alias("orders"), pl.col("customer_id").n_unique().alias("customers"), pl.col("total").sum().alias("revenue")
    )
    write("gold.sales", gold)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[3])
    target.mkdir(parents=True)
    {"duckdb": with_duckdb, "polars": with_polars}[sys.argv[1]](sys.argv[2], target)
