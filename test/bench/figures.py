"""The figures of docs/benchmarks.md, in medians. usage: figures.py [-list] [-write] [NAME...]

-write puts the table into docs/benchmarks.md. BENCH_ROWS and BENCH_SOURCES make the jobs smaller, to try them out.
"""

import os
import pathlib
import shutil
import sys

import builds
import postgres
import projects
import report
from measure import once, repeat

ROOT = pathlib.Path(__file__).resolve().parents[2]
ETL = pathlib.Path(os.environ.get("ETL_BINARY", ROOT / "bin" / "etl"))
WORK = ROOT / ".cache" / "bench"
DATABASES = pathlib.Path(os.environ.get("BENCH_DATABASES", ROOT / "test" / ".tools" / "databases" / "bin" / "python"))
SQLMESH = ROOT / "test" / ".tools" / "sqlmesh" / "bin" / "sqlmesh"
ROWS = int(os.environ.get("BENCH_ROWS", 5_000_000))
SOURCES = int(os.environ.get("BENCH_SOURCES", 100))


def fresh(name):
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def etl(folder, *arguments):
    return [str(ETL), f"-chdir={folder}", *arguments]


def start(table):
    """Start: etl, a provider, and the size of the binary."""
    version = repeat(15, [str(ETL), "version"])
    table.add("`etl version`", version, f"{version.wall * 1000:.0f} ms", "< 50 ms")
    costs = {}
    for name in ("with", "without"):
        folder = fresh("start-" + name)
        projects.one_source(folder, name == "with")
        costs[name] = repeat(15, etl(folder, "validate"))
    more = (costs["with"].wall - costs["without"].wall) * 1000
    table.add("`etl validate`, one source", costs["with"], f"{more:.0f} ms more than without: the provider's start, one call, its end", "< 50 ms")
    table.note("`bin/etl`", f"{ETL.stat().st_size / 1e6:.0f} MB")


def plans(table):
    """Plans: 1,000 tables of ten rows, without changes, warm and cold, of 1 and of 200 snapshots; against SQLMesh."""
    folder = fresh("thousand")
    count = projects.thousand(folder, SOURCES)
    applied = once(etl(folder, "apply", "-auto-approve"))
    table.add(f"apply of {count:,} tables of ten rows", applied, f"{applied.wall / count * 1000:.0f} ms a table", "≤ 30 ms")
    plan, warm = etl(folder, "plan", "-detailed-exitcode"), None
    for snapshots in (1, 200):
        if snapshots > 1:
            projects.lengthen(folder, snapshots)
        name = f"no-change plan of {count:,} tables, {snapshots} snapshot{'s' if snapshots > 1 else ''}"
        cold = repeat(3, plan, before=lambda: shutil.rmtree(folder / ".etl" / "cache", ignore_errors=True))
        table.add(name + ", without `.etl/cache`", cold)
        warm = repeat(5, plan)
        table.add(name, warm, f"{warm.wall * 1000:.0f} ms", "< 500 ms")
    rival = fresh("sqlmesh")
    projects.thousand_of_sqlmesh(rival, SOURCES)
    once([str(SQLMESH), "plan", "--auto-apply", "--no-prompts"], cwd=rival)
    theirs = repeat(3, [str(SQLMESH), "plan", "--no-prompts"], cwd=rival)
    table.add("`sqlmesh plan` of the like project", theirs, f"etl takes 1/{theirs.wall / warm.wall:.0f}", "≤ 1/30")


def rows(table):
    """5 million rows from CSV to bronze, silver and gold: etl, plain DuckDB, and PyIceberg with Polars."""
    path = projects.five_million(WORK / "rows", ROWS)
    folder = WORK / "rows-etl"

    def prepare():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "orders.csv").symlink_to(path)
        (folder / "orders.etl.hcl").write_text(projects.ORDERS)

    def rival(name):
        target = WORK / f"rows-{name}"
        command = [sys.executable, str(ROOT / "test" / "bench" / "rivals.py"), name, str(path), str(target)]
        return repeat(3, command, before=lambda: shutil.rmtree(target, ignore_errors=True))

    plain, polars = rival("duckdb"), rival("polars")
    ours = repeat(3, etl(folder, "apply", "-auto-approve"), before=prepare)
    job = f"{ROWS / 1e6:g} M rows of CSV to bronze, silver and gold"
    table.add(job + ", plain DuckDB to Parquet", plain)
    table.add(job + ", PyIceberg with Polars", polars)
    table.add(job + ", etl", ours, f"{ours.wall / plain.wall:.2f} × DuckDB's time", "≤ 1.1 ×")
    table.note("the same, memory", f"{ours.peak / plain.peak:.2f} × DuckDB's", "≤ 1.5 ×")
    table.note("the same, against PyIceberg with Polars", f"{ours.wall / polars.wall:.2f} × their time", "≤ 0.6 ×")


def databases(table):
    """5 million rows of PostgreSQL to a table: whole, merged by key, and followed; against DuckDB, dlt, and PyIceberg with ConnectorX."""
    server = postgres.Server(WORK / "postgres", ROWS)
    try:
        _whole(table, server)
        _merged(table, server)
        _followed(table, server)
    finally:
        server.stop()


def _rival(server, name, times=3):
    target = WORK / "postgres-rivals" / name
    command = [str(DATABASES), str(ROOT / "test" / "bench" / "postgres.py"), name, server.dsn, str(target)]
    return repeat(times, command, before=lambda: shutil.rmtree(target, ignore_errors=True))


def _whole(table, server):
    folder, environment = WORK / "postgres-etl", dict(os.environ, BENCH_DSN=server.dsn)
    job = f"{ROWS / 1e6:g} M rows of PostgreSQL"
    copy = repeat(3, server.copy())
    _rival(server, "load", 1)
    write, extension = _rival(server, "duckdb"), _rival(server, "extension")
    dlt, connectorx = _rival(server, "dlt", 1), _rival(server, "connectorx", 1)
    ours = repeat(3, etl(folder, "apply", "-auto-approve"), env=environment, before=lambda: postgres.etl_project(folder, postgres.BATCH))
    table.add(job + ", binary COPY to /dev/null", copy)
    table.add(job + ", DuckDB writes them as Parquet", write)
    table.add(job + ", DuckDB's extension to Parquet", extension)
    table.add(job + ", dlt to Parquet, one run", dlt)
    table.add(job + ", ConnectorX and PyIceberg, one run", connectorx)
    table.add(job + ", etl", ours, f"{ours.wall / (copy.wall + write.wall):.2f} × COPY and DuckDB's writing", "≤ 1.0 ×")
    table.note("the same, against DuckDB's extension", f"{ours.wall / extension.wall:.2f} × its time", "≤ 1.1 ×")
    table.note("the same, against the better of dlt and ConnectorX", f"{ours.wall / min(dlt.wall, connectorx.wall):.2f} × its time", "≤ 0.4 ×")
    table.note("the same, memory; rows a CPU second", f"{ours.peak / 1e6:.0f} MB; {ROWS / ours.cpu:,.0f}", "≤ 300 MB")


def _merged(table, server):
    folder, environment = WORK / "postgres-merge", dict(os.environ, BENCH_DSN=server.dsn)
    postgres.etl_project(folder, postgres.MERGE)
    once(etl(folder, "apply", "-auto-approve"), env=environment)
    server.change()
    ours = once(etl(folder, "apply", "-auto-approve"), env=environment)
    rewrite, upsert = _rival(server, "rewrite", 1), _rival(server, "upsert", 1)
    job = "1 % changed and 1 % added, merged by key"
    table.add(job + ", DuckDB writes all rows anew, one run", rewrite)
    table.add(job + ", PyIceberg's upsert, one run", upsert)
    table.add(job + ", etl, one run", ours, f"{ours.wall / rewrite.wall:.2f} × DuckDB's time", "≤ 0.6 ×")
    table.note("the same, against PyIceberg's upsert", f"1/{upsert.wall / ours.wall:.1f} of its time", "≤ 1/5")


def _followed(table, server):
    folder, environment = WORK / "postgres-delta", dict(os.environ, BENCH_DSN=server.dsn)
    postgres.etl_project(folder, postgres.DELTA)
    once(etl(folder, "apply", "-auto-approve"), env=environment)
    server.sql("UPDATE orders SET amount = amount + 1")
    behind = once(etl(folder, "apply", "-auto-approve"), env=environment)
    table.add(f"{ROWS / 1e6:g} M changes that wait in the log", behind, f"{ROWS / behind.wall:,.0f} changes a second")
    rate, seconds = 5000, 60
    writer = [str(DATABASES), str(ROOT / "test" / "bench" / "postgres.py"), "write", server.dsn, str(WORK / "postgres-writer")]
    lags, memory = postgres.lag(folder, etl(folder, "run", "-every=1s"), environment, writer, rate, seconds)
    table.note(f"{rate:,} changes a second for {seconds} s, `etl run -every=1s`: how far behind", f"median {lags[len(lags) // 2]:.1f} s, at most {lags[-1]:.1f} s; {memory / 1e6:.0f} MB")


def build(table):
    """Build: from an empty build cache, after a change of one file, and without any."""
    for name, cost in builds.times(ROOT, WORK / "build"):
        table.add(name, cost)


def demo(table):
    """Demo: in a fresh clone, module and build caches empty."""
    cost = builds.demo(ROOT, WORK / "clone")
    table.add("`make demo` in a fresh clone, nothing cached", cost, f"{cost.wall / 60:.1f} minutes", "< 6 minutes")


FIGURES = {"start": start, "plans": plans, "rows": rows, "databases": databases, "build": build, "demo": demo}


def main(arguments):
    if "-list" in arguments:
        print("\n".join(f"{name:<8} {figure.__doc__}" for name, figure in FIGURES.items()))
        return
    names = [a for a in arguments if not a.startswith("-")] or list(FIGURES)
    titles = {name: figure.__doc__.partition(":")[0].rstrip(".") for name, figure in FIGURES.items()}
    tables = []
    for name in names:
        tables.append(report.Table(titles[name]))
        FIGURES[name](tables[-1])
        print("\n" + tables[-1].markdown())
        if "-write" in arguments:
            report.write(ROOT / "docs" / "benchmarks.md", list(titles.values()), tables)


if __name__ == "__main__":
    main(sys.argv[1:])
