"""Keeping within the limits: what looking at all entries costs, and what a limit adds to a put."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import peers, work
from benchmarks.case import Case, Measured, Size, by_level, failure, median_time, subject
from benchmarks.figures import ABSOLUTE, FLOOR, Goal, Row
from benchmarks.memory import peak_of
from benchmarks.peers import OURS, Function

#: A limit that no store here passes: the scan finds nothing to remove.
FAR = 1 << 40


def scan(contender: str, directory: str) -> object:
    """Look at all entries as an eviction does that has nothing to remove."""
    if contender == OURS:
        import memodisk

        return memodisk.Cache(directory).evict(max_count=FAR)
    if contender == "joblib":
        import joblib

        memory = joblib.Memory(directory, verbose=0)
        return memory.reduce_size(bytes_limit=FAR)
    return sum(1 for _ in walk(directory)) if contender == "stat walk" else sum(map(_size_of_json, walk(directory)))


def walk(directory: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield each file below a directory with its status, by scandir and stat alone."""
    pending = [directory]
    while pending:
        with os.scandir(pending.pop()) as found:
            for entry in found:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    yield entry.path, entry.stat(follow_symlinks=False)


def _size_of_json(file: tuple[str, os.stat_result]) -> int:
    if not file[0].endswith(".json"):
        return 0
    with open(file[0], "rb") as record:
        return int(json.loads(record.read())["bytes"])


class Eviction(Case):
    name = "eviction"
    title = "Limits"
    contenders = (OURS, "joblib", "diskcache", "perscache", "stat walk", "reading records")
    sizes = by_level(
        {
            "full": {"entries": 100_000, "limit": 100_000, "puts": 25_000, "seconds": 60.0},
            "quick": {"entries": 2000, "limit": 2000, "puts": 500, "seconds": 1.0},
            "tiny": {"entries": 50, "limit": 10, "puts": 10, "seconds": 0.3},
        }
    )
    rounds = by_level({"full": 3, "quick": 1})

    def rows(self, size: Size) -> list[Row]:
        entries, limit = size["entries"], size["limit"]
        return [
            Row("scan", f"eviction scan of {entries:,} entries", floor="stat walk", goals=(Goal(FLOOR, 1.5),)),
            Row("memory", f"memory of a scan of {entries:,} entries", "B", exact=True),
            Row("free", f"put, no limit, {limit:,} entries (mean)"),
            Row("limited", f"put at a limit of {limit:,} entries (mean, evictions included)"),
            Row("limit_cost", "put at the limit / put without", "×", goals=(Goal(ABSOLUTE, 1.1),)),
        ]

    def prepare(self, contender: str, directory: str, size: Size) -> None:
        if contender in (OURS, "joblib", "stat walk", "reading records"):
            # The walks see a store of ours, but another one than the scan: neither warms the file system for the other.
            maker = contender if contender in peers.PEERS else OURS
            os.mkdir(f"{directory}/scan")
            subject(maker, f"{directory}/scan").fill(work.small, [(n,) for n in range(size["entries"])])
        if contender in (OURS, "diskcache", "perscache"):
            for name in ("free", "limited"):
                os.mkdir(f"{directory}/{name}")
                subject(contender, f"{directory}/{name}").fill(work.small, [(n,) for n in range(size["limit"])])

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        found: dict[str, float | str] = {}
        if os.path.isdir(f"{directory}/scan"):
            place = f"{directory}/scan"
            _, memory = peak_of(lambda: scan(contender, place))
            found = {"scan": median_time(lambda: scan(contender, place), 0.1), "memory": memory}
        if os.path.isdir(f"{directory}/limited"):
            try:
                found |= _puts(contender, directory, size)
            # A limit may fail where a scan works.
            except Exception as error:
                found["limited"] = failure(error)
        return found


def _puts(contender: str, directory: str, size: Size) -> dict[str, float]:
    """Return the mean cost of a put with and without a limit, both stores as full as the limit allows."""
    free = subject(contender, f"{directory}/free").memoize(work.small)
    limited = _limited(contender, f"{directory}/limited", size["limit"])
    new = itertools.count(time.time_ns())
    for memoized in (free, limited):
        memoized(next(new))
    clock = time.perf_counter
    spent = {"free": 0.0, "limited": 0.0}
    done = 0
    # In turns, so that both see the same machine; the number of puts covers whole evictions.
    while done < size["puts"] and sum(spent.values()) < size["seconds"]:
        for name, memoized in (("free", free), ("limited", limited)):
            started = clock()
            for _ in range(10):
                memoized(next(new))
            spent[name] += clock() - started
        done += 10
    costs = {name: seconds / done for name, seconds in spent.items()}
    return {**costs, "limit_cost": costs["limited"] / costs["free"]}


def _limited(contender: str, directory: str, entries: int) -> Function:
    """Return the function memoized with a limit that the directory has reached."""
    if contender == OURS:
        import memodisk

        return memodisk.Cache(directory, max_count=entries).memoize(work.small)
    if contender == "diskcache":
        import diskcache

        volume = diskcache.Cache(directory).volume()
        cache: Any = diskcache.Cache(directory, size_limit=volume)
        return cache.memoize(typed=True)(work.small)  # type: ignore[no-any-return]
    from perscache import Cache
    from perscache.storage import LocalFileStorage

    volume = sum(status.st_size for _, status in walk(directory))
    return Cache(storage=LocalFileStorage(directory, max_size=volume))(work.small)  # type: ignore[no-any-return]


CASE = Eviction()
