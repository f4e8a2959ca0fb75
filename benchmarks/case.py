"""What a case is: rows to measure, who takes part, and how to do the work."""

from __future__ import annotations

import contextlib
import importlib
import time
from collections.abc import Callable, Iterator, Mapping
from statistics import median
from types import MappingProxyType
from typing import Any, NamedTuple

from benchmarks import work
from benchmarks.figures import Row
from benchmarks.floors import FLOORS
from benchmarks.peers import OURS, PEERS, Peer

ALL_PEERS = tuple(PEERS)
LEVELS = ("full", "quick", "tiny")

#: By row: a number, system calls by name, or why it could not be measured.
Measured = Mapping[str, "float | str | Mapping[str, int]"]
Size = Mapping[str, Any]


class Example(NamedTuple):
    """A call, and a change after which the right answer is another one.

    Parameters
    ----------
    function
        What is memoized.
    arguments
        Of the first call.
    change
        Returns the arguments of the second call; it may change those of the first in place.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    change: Callable[[tuple[Any, ...]], tuple[Any, ...]]


def by_level(values: dict[str, Any]) -> Mapping[str, Any]:
    """Return a value for each level, which nobody can change."""
    return MappingProxyType(values)


class Case:
    """One concern: a few rows that are measured together, in a fresh process for each contender and round."""

    #: What `--only` calls it.
    name: str
    title: str
    contenders: tuple[str, ...] = ALL_PEERS
    #: True: every round begins with an empty directory on a fresh file system. False: `prepare` fills it once.
    fresh = False
    #: True: what is measured is waiting for a slow line, so that a busy processor is no reason to judge nothing.
    waits = False
    #: Programs that it runs.
    needs: tuple[str, ...] = ()
    #: By level.
    sizes: Mapping[str, Size] = by_level({"full": {}, "quick": {}, "tiny": {}})
    #: Rounds for each level, where the usual number takes too long.
    rounds: Mapping[str, int] = by_level({})
    #: Seconds that one process may take, by level.
    patience: Mapping[str, float] = by_level({"full": 1800.0, "quick": 20.0, "tiny": 20.0})

    def rows(self, size: Size) -> list[Row]:
        """Return what is measured."""
        raise NotImplementedError

    def examples(self, size: Size) -> dict[str, Callable[[], Example]]:
        """Return what a contender has to answer rightly before it is compared, by row; ``*`` is for all rows."""
        return {"*": lambda: Example(work.small, (1,), lambda _: (1.0,))}

    def prepare(self, contender: str, directory: str, size: Size) -> None:
        """Fill the directory, in a process of its own."""

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        """Do the work, and return one figure for each row that this contender takes part in."""
        raise NotImplementedError

    @contextlib.contextmanager
    def around(self, directory: str) -> Iterator[str]:
        """Set up what the measuring process finds, and yield the directory to measure in."""
        yield directory


def subject(contender: str, directory: str) -> Peer:
    """Return a contender that keeps results in a directory."""
    return (PEERS.get(contender) or FLOORS[contender])(directory)


def is_cache(contender: str) -> bool:
    """Return True if a contender memoizes; other floors only do a part of the work."""
    return contender in PEERS or contender in FLOORS


def is_peer(contender: str) -> bool:
    """Return True for the other caches."""
    return contender in PEERS and contender != OURS


def failure(error: BaseException) -> str:
    """Return an exception in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:160]


def median_time(call: Callable[[], object], seconds: float, least: int = 3) -> float:
    """Return how long a call takes, in seconds: the median of batches that last some milliseconds each.

    Parameters
    ----------
    call
        What to time; it has been called before, so that it is warm.
    seconds
        For how long to repeat it.
    least
        Fewest batches.
    """
    clock = time.perf_counter
    started = clock()
    call()
    once = clock() - started
    count = max(1, int(0.003 / max(once, 1e-7)))
    repeats = range(count)
    times: list[float] = []
    end = clock() + seconds
    while len(times) < least or clock() < end:
        started = clock()
        for _ in repeats:
            call()
        times.append((clock() - started) / count)
    return median(times)


def median_each(call: Callable[[int], object], numbers: range, batch: int = 50) -> float:
    """Return how long a call takes that is done once for each number: the median of batches, in seconds."""
    clock = time.perf_counter
    times = []
    for start in range(numbers.start, numbers.stop, batch):
        part = range(start, min(start + batch, numbers.stop))
        started = clock()
        for number in part:
            call(number)
        times.append((clock() - started) / len(part))
    return median(times)


NAMES = (
    "hits", "arguments", "puts", "arrays", "frames", "processes", "network", "scale", "eviction", "policies",
    "code", "imports", "syscalls",
)  # fmt: skip


def load(name: str) -> Case:
    """Return the case of this name."""
    return importlib.import_module(f"benchmarks.cases.{name}").CASE  # type: ignore[no-any-return]
