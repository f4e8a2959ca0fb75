"""A large data frame as result, stored and loaded."""

from __future__ import annotations

import os
import time
from typing import Any

from benchmarks import shelf, work
from benchmarks.case import ALL_PEERS, Case, Measured, Size, by_level, subject
from benchmarks.cases.arguments import pandas_frame, polars_frame
from benchmarks.figures import BEST_PEER, Goal, Row

MAKERS = {"pandas": pandas_frame, "polars": polars_frame}


class Frames(Case):
    name = "frames"
    title = "Data frames as results"
    contenders = (*ALL_PEERS, "feather")
    fresh = True
    sizes = by_level({"full": {"rows": 2_000_000}, "quick": {"rows": 100_000}, "tiny": {"rows": 1000}})
    rounds = by_level({"full": 5, "quick": 1})

    def rows(self, size: Size) -> list[Row]:
        goals = (Goal(BEST_PEER, 1.0),)
        return [
            Row(f"{kind}_{work}", f"{kind} frame of {size['rows']:,} rows, {work}", floor="feather", goals=goals)
            for kind in MAKERS
            for work in ("stored", "loaded")
        ]

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        found: dict[str, float] = {}
        for kind, make in MAKERS.items():
            frame = make(size["rows"])
            os.sync()
            stored, loaded, back = _once(contender, f"{directory}/{kind}", frame)
            if not frame.equals(back):
                raise AssertionError(f"another {kind} frame came back")
            found[f"{kind}_stored"], found[f"{kind}_loaded"] = stored, loaded
        return found


def _once(contender: str, directory: str, frame: Any) -> tuple[float, float, Any]:
    """Store and load a frame, and return the seconds for each, and the frame that came back."""
    os.mkdir(directory)
    clock = time.perf_counter
    if contender == "feather":
        return _feather(directory, frame)
    memoized = subject(contender, directory).memoize(work.shelved)
    shelf.value = frame.head(10)
    memoized(0)  # so that what is loaded late is loaded
    memoized(0)
    shelf.value = frame
    started = clock()
    memoized(1)
    stored = clock() - started
    shelf.value = None
    again = subject(contender, directory).memoize(work.shelved)
    started = clock()
    back = again(1)
    return stored, clock() - started, back


def _feather(directory: str, frame: Any) -> tuple[float, float, Any]:
    """Arrow's own file format, without compression: columns as they lie in memory."""
    import pyarrow as pa
    from pyarrow import feather

    clock = time.perf_counter
    path = f"{directory}/frame.arrow"
    is_pandas = type(frame).__module__.startswith("pandas")
    times = []
    for part in (frame.head(10), frame):
        started = clock()
        table = pa.Table.from_pandas(part) if is_pandas else part.to_arrow()
        feather.write_feather(table, path, compression="uncompressed")
        times.append(clock() - started)
    started = clock()
    table = feather.read_table(path, memory_map=False)
    if is_pandas:
        back = table.to_pandas()
    else:
        import polars as pl

        back = pl.from_arrow(table)
    return times[1], clock() - started, back


CASE = Frames()
