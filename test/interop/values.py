"""Writes the values at the edges of every type as CSV, JSON and Parquet, and compares what became of them.

usage: values.py write|again|compare, in the project's folder
"""

import datetime
import decimal
import json
import math
import os
import sys

import lake
import pyarrow as pa
import pyarrow.parquet as pq

UTC = datetime.timezone.utc
D = decimal.Decimal

SCHEMA = pa.schema([
    ("id", pa.int64()),
    ("key", pa.string()),
    ("small", pa.int32()),
    ("ratio", pa.float64()),
    ("half", pa.float32()),
    ("at", pa.timestamp("us")),
    ("seen", pa.timestamp("us", tz="UTC")),
    ("money", pa.decimal128(38, 10)),
    ("huge", pa.decimal128(38, 0)),
    ("day", pa.date32()),
    ("clock", pa.time64("us")),
    ("good", pa.bool_()),
    ("text", pa.string()),
])

EDGES = {
    "id": [2**63 - 1, -(2**63), 0, 2**53 + 1],
    "small": [2**31 - 1, -(2**31), 0],
    "ratio": [math.nan, 0.0, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1, 1e22],
    "half": [-0.0, math.nan, math.inf, -math.inf, 0.0, 0.5, 1.401298464324817e-45, 3.4028234663852886e38],
    "at": [datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999),
           datetime.datetime(1969, 12, 31, 23, 59, 59, 999999), datetime.datetime(2026, 3, 29, 2, 30)],
    "seen": [datetime.datetime(1900, 1, 1, tzinfo=UTC), datetime.datetime(2026, 10, 25, 0, 30, 0, 1, tzinfo=UTC),
             datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)],
    "money": [D("9999999999999999999999999999.9999999999"), D("-9999999999999999999999999999.9999999999"), D("0.0000000001"), D("1.5")],
    "huge": [D("9" * 38), D("-" + "9" * 38), D(2) ** 64, D(0)],
    "day": [datetime.date(1, 1, 1), datetime.date(9999, 12, 31), datetime.date(2024, 2, 29)],
    "clock": [datetime.time(0, 0), datetime.time(23, 59, 59, 999999)],
    "good": [True, False],
    "text": ["", "null", "NULL", "NaN", " spaces ", "emoji 👩‍👩‍👧‍👦🏳️‍🌈", 'quote " and "" two', "comma, semicolon; tab\t", "line\nbreak",
             "crlf\r\nbreak", "back\\slash \\n", "e\u0301 and \u00e9", "\u202eright to left", "'; DROP TABLE x; --", "0x00", "\u0001"],
}


def rows(backwards=False):
    count = max(len(v) for v in EDGES.values())
    made = []
    for i in range(count):
        row = {name: (values[i] if i < len(values) else None) for name, values in EDGES.items()}
        row["key"] = [None, ""][i] if i < 2 else f"k{i}"
        made.append(row)
    made.append({name: None for name in SCHEMA.names} | {"key": "all null"})
    made = [{name: row[name] for name in SCHEMA.names} for row in made]
    return made[::-1] if backwards else made


def as_text(value):
    """A value as a text file has it; None stays."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return None if value is None else str(value)


def write_csv(path, made):
    """Nulls are empty fields, empty strings are quoted ones: Python's csv can't tell them apart."""
    with open(path, "w", encoding="utf-8", newline="") as out:
        out.write(",".join(SCHEMA.names) + "\n")
        for row in made:
            fields = []
            for value in row.values():
                text = as_text(value)
                fields.append("" if text is None else '"' + text.replace('"', '""') + '"' if isinstance(value, str) else text)
            out.write(",".join(fields) + "\n")


def write_json(path, made):
    """What JSON has no value for is a string: numbers that aren't finite, times, decimals of many digits."""
    with open(path, "w", encoding="utf-8") as out:
        for row in made:
            plain = {}
            for name, value in row.items():
                native = value is None or isinstance(value, (bool, int, str)) or isinstance(value, float) and math.isfinite(value)
                plain[name] = value if native else as_text(value)
            out.write(json.dumps(plain, ensure_ascii=row["key"] is None) + "\n")


def write(backwards=False):
    os.makedirs("in", exist_ok=True)
    made = rows(backwards)
    write_csv("in/values.csv", made)
    write_json("in/values.json", made)
    pq.write_table(pa.Table.from_pylist(made, schema=SCHEMA), "in/values.parquet")


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isnan(a) and math.isnan(b) or a == b and math.copysign(1, a) == math.copysign(1, b)
    return a == b and (a is None) == (b is None)


def compare_rows(where, found, failures):
    by_key = {row["key"]: row for row in found}
    wanted = pa.Table.from_pylist(rows(), schema=SCHEMA).to_pylist()
    if len(found) != len(wanted):
        failures.append(f"{where} has {len(found)} rows instead of {len(wanted)}")
    for row in wanted:
        got = by_key.get(row["key"])
        if got is None:
            failures.append(f"{where} lacks the key {row['key']!r}")
            continue
        for name, value in row.items():
            if not same(got[name], value):
                failures.append(f"{where}, key {row['key']!r}, {name}: {got[name]!r} instead of {value!r}")
        if "copy" in got and not same(got["copy"], row["text"]):
            failures.append(f"{where}, key {row['key']!r}, copy: {got['copy']!r} instead of {row['text']!r}")


def compare():
    catalog, duck, failures = lake.catalog("."), lake.engine(), []
    for layer in ("bronze", "silver", "gold"):
        for source in ("csv", "json", "parquet"):
            name = f"{layer}.{source}"
            table = catalog.load_table(name)
            read = table.scan().to_arrow()
            for field in SCHEMA:
                kind = read.schema.field(field.name).type
                kind = pa.string() if kind == pa.large_string() else kind
                if kind != field.type:
                    failures.append(f"{name}.{field.name} is {kind} instead of {field.type}")
            compare_rows(name + " by PyIceberg", read.to_pylist(), failures)
            lake.scan(duck, table, "seen_by_duckdb")
            compare_rows(name + " by DuckDB", duck.execute("FROM seen_by_duckdb").to_arrow_table().to_pylist(), failures)
            try:
                catalog.load_table(name + "__quarantine")
                failures.append(f"{name} has rows in quarantine")
            except Exception as error:
                if "NoSuchTable" not in type(error).__name__:
                    raise
    keys = {row["key"]: row["n"] for row in catalog.load_table("gold.keys").scan().to_arrow().to_pylist()}
    if keys != {row["key"]: 1 for row in rows()}:
        failures.append(f"gold.keys is {keys}")
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    {"write": write, "again": lambda: write(backwards=True), "compare": compare}[sys.argv[-1]]()
