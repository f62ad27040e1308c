"""Projects to measure with: the same for etl and for what it is compared with."""

import json
import pathlib
import random
import sqlite3

PER_SOURCE = 10  # a bronze table and nine below it: 1,000 tables of 100 files in all


def one_source(folder, source):
    """A project with one source, or with nothing."""
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("id\n1\n")
    if source:
        (folder / "a.etl.hcl").write_text('source "csv" "a" { path = "a.csv" }\ntable "bronze" "a" { from = source.csv.a }\n')
    else:
        (folder / "a.etl.hcl").write_text('locals { a = 1 }\n')


def thousand(folder, sources, rows=10):
    """CSV files, and for each a bronze table and nine below it in a tree; returns the number of tables."""
    folder.mkdir(parents=True)
    for s in range(sources):
        lines = [f"{i},{(i * 7919 + s) % 1000 / 10},r{i % 5},2026-11-{i % 28 + 1:02d}" for i in range(rows)]
        (folder / f"s{s:02d}.csv").write_text("id,amount,region,at\n" + "\n".join(lines) + "\n")
        (folder / f"s{s:02d}.etl.hcl").write_text(branch(s))
    return sources * PER_SOURCE


def branch(s):
    """One source's tables: five row-wise ones, each over the one before, and four aggregates."""
    text = f'source "csv" "s{s:02d}" {{ path = "s{s:02d}.csv" }}\n'
    text += f'table "bronze" "t{s:02d}" {{ from = source.csv.s{s:02d} }}\n'
    before = f"bronze.t{s:02d}"
    for n in range(5):
        text += f"""
table "silver" "t{s:02d}_{n}" {{
  from = table.{before}
  filter {{ where = amount > {n} }}
  derive {{ double_{n} = amount * 2 }}
}}
"""
        before = f"silver.t{s:02d}_{n}"
    for n in range(4):
        text += f"""
table "gold" "t{s:02d}_{n}" {{
  from = table.silver.t{s:02d}_{n}
  aggregate {{
    by    = [region]
    total = sum(amount)
    rows  = count()
  }}
}}
"""
    return text


def thousand_of_sqlmesh(folder, sources):
    """The like project for SQLMesh: 100 seeds and 900 models."""
    (folder / "models").mkdir(parents=True)
    (folder / "seeds").mkdir()
    (folder / "config.yaml").write_text(
        "gateways:\n  local:\n    connection:\n      type: duckdb\n      database: db.duckdb\n"
        "default_gateway: local\nmodel_defaults:\n  dialect: duckdb\n  start: 2026-01-01\n"
    )
    for s in range(sources):
        lines = [f"{i},{(i * 7919 + s) % 1000 / 10},r{i % 5},2026-11-{i % 28 + 1:02d}" for i in range(10)]
        (folder / "seeds" / f"s{s:02d}.csv").write_text("id,amount,region,at\n" + "\n".join(lines) + "\n")
        (folder / "models" / f"bronze_t{s:02d}.sql").write_text(
            f"MODEL (name bronze.t{s:02d}, kind SEED (path '../seeds/s{s:02d}.csv'));\n"
        )
        before = f"bronze.t{s:02d}"
        for n in range(5):
            doubled = "".join(f", double_{m}" for m in range(n))
            (folder / "models" / f"silver_t{s:02d}_{n}.sql").write_text(
                f"MODEL (name silver.t{s:02d}_{n}, kind FULL);\n"
                f"SELECT id, amount, region, at{doubled}, amount * 2 AS double_{n} FROM {before} WHERE amount > {n}\n"
            )
            before = f"silver.t{s:02d}_{n}"
        for n in range(4):
            (folder / "models" / f"gold_t{s:02d}_{n}.sql").write_text(
                f"MODEL (name gold.t{s:02d}_{n}, kind FULL);\n"
                f"SELECT region, sum(amount) AS total, count(*) AS n FROM silver.t{s:02d}_{n} GROUP BY region\n"
            )


def lengthen(folder, snapshots):
    """Gives each table a history: copies of its current snapshot as ancestors, as that many commits would have left."""
    catalog = sqlite3.connect(folder / ".etl" / "catalog.db")
    rows = catalog.execute("SELECT table_namespace, table_name, metadata_location FROM iceberg_tables").fetchall()
    for namespace, name, location in rows:
        if namespace == "etl":
            continue
        path = pathlib.Path(location.removeprefix("file://"))
        metadata = json.loads(path.read_text())
        ancestors(metadata, snapshots)
        longer = path.with_name("90000-" + path.name.partition("-")[2])
        longer.write_text(json.dumps(metadata))
        catalog.execute(
            "UPDATE iceberg_tables SET metadata_location = ? WHERE table_namespace = ? AND table_name = ?",
            ("file://" + str(longer), namespace, name),
        )
    catalog.commit()
    catalog.close()


def ancestors(metadata, count):
    """Puts older copies of the current snapshot under it."""
    head = next(s for s in metadata["snapshots"] if s["snapshot-id"] == metadata["current-snapshot-id"])
    dice = random.Random(head["snapshot-id"])
    chain, parent = [], None
    for n in range(count - 1):
        older = dict(head, **{"snapshot-id": dice.getrandbits(62), "timestamp-ms": head["timestamp-ms"] - (count - n) * 1000})
        older.pop("parent-snapshot-id", None)
        if parent:
            older["parent-snapshot-id"] = parent
        older["sequence-number"] = n + 1
        parent = older["snapshot-id"]
        chain.append(older)
    head["parent-snapshot-id"] = parent
    head["sequence-number"] = count
    metadata["last-sequence-number"] = max(metadata.get("last-sequence-number", 0), count)
    metadata["snapshots"] = chain + [head]
    metadata["snapshot-log"] = [
        {"snapshot-id": s["snapshot-id"], "timestamp-ms": s["timestamp-ms"]} for s in metadata["snapshots"]
    ]


def five_million(folder, rows):
    """One CSV file of eight columns."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"orders-{rows}.csv"
    if not path.exists():
        duckdb.connect().execute(f"""
            COPY (
              SELECT i AS id, (i * 7919) % 200000 AS customer_id,
                     ['eu', 'us', 'asia', 'africa'][1 + (i * 31) % 4] AS region,
                     ((i * 104729) % 100000)::DOUBLE / 100 AS amount, 1 + (i * 17) % 9 AS quantity,
                     'customer' || (i * 7919) % 200000 || '@example.com' AS email,
                     TIMESTAMP '2026-01-01' + to_seconds((i * 5) % 31536000) AS ordered_at,
                     CASE WHEN i % 7 = 0 THEN NULL ELSE 'note ' || hash(i) % 1000000 END AS note
              FROM range({rows}) r(i)
            ) TO '{path}' (HEADER)""")
    return path


ORDERS = """
source "csv" "orders" { path = "orders.csv" }
table "bronze" "orders" { from = source.csv.orders }
table "silver" "orders" {
  from = table.bronze.orders
  filter { where = amount > 1 && note != null }
  derive {
    total = cast(amount * quantity, decimal(12, 2))
    email = lower(trim(email))
    day   = date(ordered_at)
  }
  select { columns = [id, customer_id, region, email, total, day, ordered_at] }
}
table "gold" "sales" {
  from = table.silver.orders
  aggregate {
    by        = [day, region]
    orders    = count()
    customers = count_distinct(customer_id)
    revenue   = sum(total)
  }
}
"""
