"""The figures of the README, in medians. usage: figures.py [-list] [NAME...]"""

import pathlib
import shutil
import sys

import projects
from measure import once, repeat

ROOT = pathlib.Path(__file__).resolve().parents[2]
ETL = ROOT / "bin" / "etl"
WORK = ROOT / ".cache" / "bench"
PYTHON = sys.executable
SQLMESH = ROOT / "test" / ".tools" / "sqlmesh" / "bin" / "sqlmesh"


def line(name, cost, note=""):
    print(f"{name:<52} {cost.wall:8.3f} s  {cost.cpu:8.3f} CPU s  {cost.peak / 1e6:7.0f} MB  {note}", flush=True)


def fresh(name):
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def etl(folder, *arguments, **options):
    return [str(ETL), f"-chdir={folder}", *arguments]


def start():
    """Start of `etl version` and of a command that needs a provider."""
    line("etl version", repeat(15, [str(ETL), "version"]), "aim < 0.050 s")
    folder = fresh("start")
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("id\n1\n")
    (folder / "a.etl.hcl").write_text('source "csv" "a" { path = "a.csv" }\ntable "bronze" "a" { from = source.csv.a }\n')
    line("etl validate, one provider", repeat(9, etl(folder, "validate")))
    print(f"{'size of bin/etl':<52} {ETL.stat().st_size / 1e6:8.1f} MB")


def plans():
    """No-change plans of 1,000 tables, warm and cold, with 1 and with 200 snapshots, against SQLMesh."""
    folder = fresh("thousand")
    projects.thousand(folder)
    applied = once(etl(folder, "apply", "-auto-approve"))
    line("apply of 1,000 tables of ten rows", applied, f"{applied.wall:.0f} ms a table; aim <= 30")
    plan = etl(folder, "plan", "-detailed-exitcode")

    def forget():
        shutil.rmtree(folder / ".etl" / "cache", ignore_errors=True)

    for snapshots in (1, 200):
        if snapshots > 1:
            projects.lengthen(folder, snapshots)
        name = f"no-change plan of 1,000 tables, {snapshots} snapshots"
        line(name + ", cold", repeat(3, plan, before=forget))
        once(plan)
        warm = repeat(5, plan)
        line(name + ", warm", warm, "aim < 0.5 s")
    rival = fresh("sqlmesh")
    projects.thousand_of_sqlmesh(rival)
    once([str(SQLMESH), "plan", "--auto-apply", "--no-prompts"], cwd=rival)
    theirs = repeat(3, [str(SQLMESH), "plan", "--no-prompts"], cwd=rival)
    line("sqlmesh plan, the like project, no change", theirs, f"etl is {theirs.wall / warm.wall:.0f} times faster; aim >= 30")


def rows():
    """5 million rows from CSV to bronze, silver and gold."""
    path = projects.five_million(WORK / "rows")
    runs = {}
    for rival in ("duckdb", "polars"):
        target = WORK / f"rows-{rival}"
        command = [PYTHON, str(ROOT / "test" / "bench" / "rivals.py"), rival, str(path), str(target)]
        runs[rival] = repeat(3, command, before=lambda: shutil.rmtree(target, ignore_errors=True))
    folder = WORK / "rows-etl"

    def prepare():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "orders.csv").symlink_to(path)
        (folder / "orders.etl.hcl").write_text(projects.ORDERS)

    ours = repeat(3, etl(folder, "apply", "-auto-approve"), before=prepare)
    plain, polars = runs["duckdb"], runs["polars"]
    line("5 M rows, plain DuckDB to Parquet", plain)
    line("5 M rows, PyIceberg with Polars", polars)
    line("5 M rows, etl apply", ours)
    print(f"  against DuckDB {ours.wall / plain.wall:.2f} (aim <= 1.1), memory {ours.peak / plain.peak:.2f} (aim <= 1.5); "
          f"against PyIceberg with Polars {ours.wall / polars.wall:.2f} (aim <= 0.6)")


FIGURES = {"start": start, "plans": plans, "rows": rows}

if __name__ == "__main__":
    names = sys.argv[1:] or list(FIGURES)
    if names == ["-list"]:
        print("\n".join(f"{name:<8} {figure.__doc__}" for name, figure in FIGURES.items()))
        sys.exit()
    for chosen in names:
        FIGURES[chosen]()
