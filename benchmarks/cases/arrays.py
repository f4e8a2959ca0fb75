"""A large array as result: stored, loaded, mapped into memory, and the memory that takes."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import xxhash

from benchmarks import shelf, work
from benchmarks.case import ALL_PEERS, Case, Measured, Size, by_level, median_time, subject
from benchmarks.figures import ABSOLUTE, FLOOR, Goal, Row
from benchmarks.memory import peak_of
from benchmarks.peers import OURS

_PIECE = 1 << 20


def array(megabytes: int) -> Any:
    import numpy as np

    return np.random.default_rng(3).random(megabytes * 1_000_000 // 8)


class Arrays(Case):
    name = "arrays"
    title = "Large arrays as results"
    contenders = (*ALL_PEERS, "write, read, xxh3", "numpy")
    fresh = True
    sizes = by_level({"full": {"megabytes": 500}, "quick": {"megabytes": 40}, "tiny": {"megabytes": 1}})
    rounds = by_level({"full": 5, "quick": 1})

    def rows(self, size: Size) -> list[Row]:
        what = f"array of {size['megabytes']:,} MB"
        floor = "write, read, xxh3"
        within = (Goal(FLOOR, 1.15),)
        small = (Goal(ABSOLUTE, 20e6),)
        return [
            Row("store", f"{what}, stored", floor=floor, goals=within),
            Row("load", f"{what}, loaded", floor=floor, goals=within),
            Row("store_memory", "memory beyond the array, storing", "B", goals=small, exact=True),
            Row("load_memory", "memory beyond the array, loading", "B", goals=small, exact=True),
            Row("map", f"{what}, mapped into memory", goals=(Goal(ABSOLUTE, 2e-3),)),
        ]

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        right = array(size["megabytes"])
        _free_memory()
        if contender in ("numpy", "write, read, xxh3"):
            return _bare(contender, directory, right)
        memoized = subject(contender, directory).memoize(work.shelved)
        clock = time.perf_counter
        shelf.value = right[:10]
        memoized(0)  # so that what is loaded late is loaded
        memoized(0)
        shelf.value = right
        started = clock()
        _, store_memory = peak_of(lambda: memoized(1))
        stored = clock() - started
        shelf.value = None
        again = subject(contender, directory).memoize(work.shelved)
        started = clock()
        value, load_memory = peak_of(lambda: again(1))
        loaded = clock() - started
        if value is None or not (value == right).all():
            raise AssertionError("another array came back")
        found = {
            "store": stored,
            "load": loaded,
            "store_memory": store_memory,
            "load_memory": max(0.0, load_memory - right.nbytes),
        }
        if contender == OURS:
            found["map"] = _mapped(directory, right)
        return found


def _free_memory() -> None:
    """Drop what the system keeps of other files, if it lets us: making room for 500 MB takes it up to a second."""
    with contextlib.suppress(OSError), open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")


def _mapped(directory: str, right: Any) -> float:
    import memodisk

    cache = memodisk.Cache(directory)
    memoized = cache.memoize(codec="npy", mmap=True)(work.shelved)
    shelf.value = right
    memoized(2)
    value = memoized(2)
    if not (value == right).all():
        raise AssertionError("another array was mapped")
    return median_time(lambda: memoized(2), 0.05)


def _bare(contender: str, directory: str, value: Any) -> Measured:
    """Store and load with nothing around it."""
    import numpy as np

    path = f"{directory}/array"
    clock = time.perf_counter
    started = clock()
    if contender == "numpy":
        np.save(path, value)
    else:
        view = memoryview(value).cast("B")
        hasher = xxhash.xxh3_128()
        with open(path, "wb", buffering=0) as file:
            for start in range(0, len(view), _PIECE):
                piece = view[start : start + _PIECE]
                hasher.update(piece)
                file.write(piece)
    stored = clock() - started
    started = clock()
    if contender == "numpy":
        np.load(path + ".npy")
    else:
        found = np.empty_like(value)
        view = memoryview(found).cast("B")
        hasher = xxhash.xxh3_128()
        with open(path, "rb", buffering=0) as file:
            for start in range(0, len(view), _PIECE):
                piece = view[start : start + _PIECE]
                file.readinto(piece)  # type: ignore[attr-defined]
                hasher.update(piece)
    return {"store": stored, "load": clock() - started}


CASE = Arrays()
