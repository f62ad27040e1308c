"""The table of figures, as it is printed and as it stands in docs/benchmarks.md."""

import os
import platform
import sys

HEAD = "| | wall s | CPU s | peak MB | | aim |\n|---|---:|---:|---:|---|---|"


class Table:
    """The figures of one name, under its title."""

    def __init__(self, title):
        self.title = title
        self.lines = []
        print(f"== {title}", file=sys.stderr, flush=True)

    def add(self, name, cost, result="", aim=""):
        self._line(f"| {name} | {cost.wall:.3f} | {cost.cpu:.3f} | {cost.peak / 1e6:.0f} | {result} | {aim} |")

    def note(self, name, result, aim=""):
        self._line(f"| {name} | | | | {result} | {aim} |")

    def _line(self, text):
        print(text, file=sys.stderr, flush=True)
        self.lines.append(text)

    def markdown(self):
        return "\n".join([f"## {self.title}", "", HEAD, *self.lines])


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} on {platform.machine()}"


def write(path, titles, tables):
    """Puts the tables into the page, in the order of the titles. Others stay as they are."""
    standing = {}
    if path.exists():
        for section in path.read_text().split("\n## ")[1:]:
            standing[section.partition("\n")[0]] = "## " + section.strip()
    standing.update((table.title, table.markdown()) for table in tables)
    sections = "\n\n".join(standing[title] for title in titles if title in standing)
    path.write_text(f"""# Figures

Made by `make bench` (`test/bench.sh -write`, with names for some of them) on a machine with {machine()}. Medians of at
least three runs, except where it says one run, and applies of a thousand tables, builds and the demo, which run once. Memory is the peak of
the summed resident memory of a process and all that it started: what these share, such as the program itself, counts for each. What is
compared ran on the same machine, one after the other; the ratios say more than the seconds.

{sections}
""")
