"""Whether a million entries make a hit slower, and what a scan of them costs."""

from __future__ import annotations

import os
import random
import time
from statistics import median

from benchmarks import work
from benchmarks.case import Case, Measured, Size, by_level, median_time, subject
from benchmarks.cases.eviction import scan
from benchmarks.figures import ABSOLUTE, FLOOR, Goal, Row
from benchmarks.memory import peak_of
from benchmarks.peers import OURS


class Scale(Case):
    name = "scale"
    title = "Many entries"
    contenders = (OURS, "joblib", "diskcache", "one open", "stat walk")
    sizes = by_level(
        {
            "full": {"few": 1000, "many": 1_000_000, "hits": 1000},
            "quick": {"few": 300, "many": 3000, "hits": 300},
            "tiny": {"few": 10, "many": 50, "hits": 10},
        }
    )
    rounds = by_level({"full": 5, "quick": 1})
    patience = by_level({"full": 7200.0, "quick": 30.0, "tiny": 20.0})

    def rows(self, size: Size) -> list[Row]:
        few, many = f"{size['few']:,}", f"{size['many']:,}"
        return [
            Row("few", f"first hit of a key among {few}", floor="one open"),
            Row("many", f"first hit of a key among {many}", floor="one open"),
            Row("growth", f"hit among {many} / hit among {few}", "×", goals=(Goal(ABSOLUTE, 1.2),)),
            Row("scan", f"eviction scan of {many} entries", floor="stat walk", goals=(Goal(FLOOR, 2.0),)),
            Row("memory", f"memory of a scan of {many} entries", "B", goals=(Goal(ABSOLUTE, 400e6),), exact=True),
        ]

    def prepare(self, contender: str, directory: str, size: Size) -> None:
        for name in ("few", "many"):
            os.mkdir(f"{directory}/{name}")
            maker = OURS if contender == "stat walk" else contender
            if contender != "stat walk" or name == "many":
                subject(maker, f"{directory}/{name}").fill(work.small, [(n,) for n in range(size[name])])

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        found: dict[str, float] = {}
        if contender != "stat walk":
            found = _hits(contender, directory, size)
        if contender in (OURS, "stat walk"):
            place = f"{directory}/many"
            _, memory = peak_of(lambda: scan(contender, place))
            found |= {"scan": median_time(lambda: scan(contender, place), 0.1, least=1), "memory": memory}
        return found


def _hits(contender: str, directory: str, size: Size) -> dict[str, float]:
    """Return what the first hit of a key costs, in both stores in turns; each key is asked for once."""
    memoized = {name: subject(contender, f"{directory}/{name}").memoize(work.small) for name in ("few", "many")}
    count: int = min(size["hits"], size["few"])
    keys = {name: random.Random(4).sample(range(size[name]), count) for name in memoized}
    for name in memoized:
        memoized[name](keys[name][0])
        # The same files are in memory in both cases: what is measured is the size of the store, not a cold disk.
        again = subject(contender, f"{directory}/{name}").memoize(work.small)
        for key in keys[name]:
            again(key)
    clock = time.perf_counter
    batch = max(1, count // 20)
    times: dict[str, list[float]] = {name: [] for name in memoized}
    for start in range(1, count, batch):
        for name, function in memoized.items():
            part = keys[name][start : start + batch]
            started = clock()
            for key in part:
                function(key)
            times[name].append((clock() - started) / len(part))
    found = {name: median(values) for name, values in times.items()}
    return {**found, "growth": found["many"] / found["few"]}


CASE = Scale()
