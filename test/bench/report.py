"""The table of figures, as it is printed and as it stands in docs/benchmarks.md."""

import os
import platform
import sys

HEAD = "| | wall s | CPU s | peak MB | | aim |\n|---|---:|---:|---:|---|---|"


class Table:
    def __init__(self, title):
        self.title = title
        self.lines = []

    def section(self, name):
        print(f"== {self.title(name)}", file=sys.stderr, flush=True)

    def add(self, name, cost, result="", aim=""):
        self._line(f"| {name} | {cost.wall:.3f} | {cost.cpu:.3f} | {cost.peak / 1e6:.0f} | {result} | {aim} |")

    def note(self, name, result, aim=""):
        self._line(f"| {name} | | | | {result} | {aim} |")

    def _line(self, text):
        print(text, file=sys.stderr, flush=True)
        self.lines.append(text)

    def markdown(self):
        return "\n".join([HEAD, *self.lines])


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} on {platform.machine()}"


def write(path, table):
    path.write_text(f"""# Figures

Made by `make bench` (`test/bench.sh -write`) on a machine with {machine()}. Medians of at least three runs, except applies of
a thousand tables, builds and the demo, which run once. Memory is the peak of the summed resident memory of a process and all that it
started. What is compared ran on the same machine, one after the other; the ratios say more than the seconds.

{table.markdown()}
""")
