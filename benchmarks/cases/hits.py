"""A stored result is asked for: the same call again, a call for the first time in a process, everyday arguments."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from benchmarks import work
from benchmarks.case import ALL_PEERS, Case, Example, Measured, Size, by_level, median_time, subject
from benchmarks.figures import BEST_PEER, FLOOR, Goal, Row


class Hits(Case):
    name = "hits"
    title = "Hits"
    contenders = (*ALL_PEERS, "one open", "two files")
    sizes = by_level(
        {
            "full": {"keys": 10_000, "seconds": 0.6},
            "quick": {"keys": 400, "seconds": 0.06},
            "tiny": {"keys": 10, "seconds": 0.01},
        }
    )

    def rows(self, size: Size) -> list[Row]:
        floor = "one open"
        return [
            Row(
                "again",
                "small arguments and result, again in the same process",
                floor=floor,
                goals=(Goal("diskcache", 1 / 3), Goal("joblib", 1 / 12), Goal(FLOOR, 1.2)),
            ),
            Row(
                "first",
                f"small, first time in a process ({size['keys']:,} distinct keys)",
                floor=floor,
                goals=(Goal("diskcache", 1 / 1.6), Goal(FLOOR, 2.2)),
            ),
            Row(
                "usual",
                "usual arguments (text, float, dict of 10, list of 100, dataclass), again",
                floor=floor,
                goals=(Goal(BEST_PEER, 1 / 3), Goal(FLOOR, 2.0)),
            ),
        ]

    def examples(self, size: Size) -> dict[str, Callable[[], Example]]:
        return {
            "*": lambda: Example(work.small, (1,), lambda _: (1.0,)),
            "usual": lambda: Example(work.usual, work.usual_arguments(), lambda _: work.usual_arguments(134_795)),
        }

    def prepare(self, contender: str, directory: str, size: Size) -> None:
        cache = subject(contender, directory)
        small = cache.memoize(work.small)
        for number in range(size["keys"] + 1):
            small(number)
        cache.memoize(work.usual)(*work.usual_arguments())

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        cache = subject(contender, directory)
        small = cache.memoize(work.small)
        keys: int = size["keys"]
        small(keys)  # what is only done once, at the first call of all, is told by the case `imports`
        clock = time.perf_counter
        batch = max(1, keys // 50)
        times = []
        for start in range(0, keys, batch):
            numbers = range(start, min(start + batch, keys))
            started = clock()
            for number in numbers:
                small(number)
            times.append((clock() - started) / len(numbers))
        usual = cache.memoize(work.usual)
        arguments = work.usual_arguments()
        usual(*arguments)
        return {
            "first": median(times),
            "again": median_time(lambda: small(3), size["seconds"]),
            "usual": median_time(lambda: usual(*arguments), size["seconds"]),
        }


CASE = Hits()
