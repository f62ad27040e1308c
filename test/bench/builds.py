"""How long building takes: from nothing, after a change, and the demo in a fresh clone."""

import os
import shutil
import subprocess

from measure import once


def times(root, work):
    """Names and costs of three builds of the static binary, in a clone and with a build cache of their own."""
    clone = _clone(root, work)
    environment = dict(os.environ, GOCACHE=str(work / "gocache"))
    make = ["make", "-C", str(clone), "build"]
    yield "`make build`, build cache empty", once(make, env=environment)
    with open(clone / "cli" / "version.go", "a", encoding="utf-8") as out:
        out.write("\n// One more line.\n")
    yield "`make build` after a change of one file", once(make, env=environment)
    yield "`make build` without a change", once(make, env=environment)
    shutil.rmtree(work, ignore_errors=True)


def demo(root, work):
    """The cost of `make demo` with no module, build or Python package at hand."""
    clone = _clone(root, work)
    environment = dict(
        os.environ, GOCACHE=str(work / "gocache"), GOMODCACHE=str(work / "gomodcache"), GOFLAGS="-modcacherw", PIP_NO_CACHE_DIR="1"
    )
    cost = once(["make", "-C", str(clone), "demo"], env=environment, memory=False)
    shutil.rmtree(work, ignore_errors=True)
    return cost


def _clone(root, work):
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    subprocess.run(["git", "clone", "--quiet", str(root), str(work / "etl")], check=True)
    return work / "etl"
