"""Runs commands and says what they cost: seconds, CPU seconds, and the peak of the summed resident memory."""

import dataclasses
import os
import pathlib
import statistics
import subprocess
import threading
import time

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclasses.dataclass
class Cost:
    wall: float
    cpu: float
    peak: int  # bytes, of the process and all that it started


def parents():
    """Every process's parent."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            found[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    return found


def resident(pid):
    try:
        return int(pathlib.Path("/proc", str(pid), "statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def tree_memory(root):
    """The summed resident memory of a process and its descendants."""
    up = parents()
    total = 0
    for pid in up:
        ancestor = pid
        while ancestor != root and ancestor in up:
            ancestor = up[ancestor]
        if ancestor == root:
            total += resident(pid)
    return total


def once(command, cwd=None, env=None, memory=True, expect=(0,)):
    """One run of a command, which must end with one of the expected codes."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    peak, ended = [0], threading.Event()

    def sample():
        while not ended.wait(0.02):
            peak[0] = max(peak[0], tree_memory(process.pid))

    sampler = threading.Thread(target=sample)
    if memory:
        sampler.start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    if memory:
        sampler.join()
    if process.returncode not in expect:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{output.decode()[-4000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, peak[0])


def median(runs):
    """The medians of several costs."""
    return Cost(*(statistics.median(getattr(run, field.name) for run in runs) for field in dataclasses.fields(Cost)))


def repeat(times, command, before=None, **options):
    """The medians of several runs, each prepared anew."""
    runs = []
    for _ in range(times):
        if before:
            before()
        runs.append(once(command, **options))
    return median(runs)
