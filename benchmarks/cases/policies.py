"""Which results to keep: how much computing time a policy saves on a skewed workload.

Calls are drawn from many keys, a few of them far more often than the rest; how long a call takes and how large its
result is have nothing to do with that. The store holds a tenth of all results' bytes. The clock of the simulation
ticks once a call. The decisions are memodisk's own.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.case import Case, Example, Measured, Size, by_level
from benchmarks.figures import Goal, Row

_TICK = 1_000_000_000


class Kept(NamedTuple):
    """A result in the store."""

    key: int
    used: int
    seconds: float
    size: int


#: What to remove so that at most so many bytes stay, given the time.
Policy = Callable[[list[Kept], int, int], set[int]]


def workload(calls: int, keys: int, seed: int) -> tuple[list[int], list[float], list[int]]:
    """Return the keys in the order in which they are called, and the seconds and the bytes of each key's result.

    Popularity falls as 1/rank (Zipf); seconds and bytes spread over three orders of magnitude, log-normally.
    """
    chance = random.Random(seed)
    weights = [1 / rank for rank in range(1, keys + 1)]
    order = list(range(keys))
    chance.shuffle(order)
    called = [order[rank] for rank in chance.choices(range(keys), weights, k=calls)]
    seconds = [chance.lognormvariate(0.0, 1.7) for _ in range(keys)]
    sizes = [max(512, int(chance.lognormvariate(10.0, 1.5))) for _ in range(keys)]
    return called, seconds, sizes


def saved(policy: Policy, called: list[int], seconds: list[float], sizes: list[int], limit: int) -> float:
    """Return the part of the computing time that the store saves."""
    from memodisk._upkeep.limits import SLACK

    kept: dict[int, Kept] = {}
    size = 0
    saved = total = 0.0
    for now, key in enumerate(called):
        total += seconds[key]
        if key in kept:
            saved += seconds[key]
            kept[key] = kept[key]._replace(used=now)
            continue
        kept[key] = Kept(key, now, seconds[key], sizes[key])
        size += sizes[key]
        if size > limit:
            # As memodisk does it: with slack, so that the next put does not evict again.
            for victim in policy(list(kept.values()), limit - int(limit * SLACK), now):
                size -= kept.pop(victim).size
    return saved / total


def lru(kept: list[Kept], limit: int, now: int) -> set[int]:
    """Memodisk's cutoff: who was used longest ago goes."""
    from memodisk._store.entries import Batch
    from memodisk._upkeep.choose import Limits, choose_victims

    columns = zip(*((f"{one.key:032x}.record.json", True, one.size, one.used * _TICK) for one in kept), strict=True)
    victims = choose_victims([Batch("f", *map(list, columns))], Limits(max_bytes=limit), now * _TICK)
    return {int(e.path.partition("/")[2][:32], 16) for e in victims}


def cost(kept: list[Kept], limit: int, now: int) -> set[int]:
    """Memodisk's `policy="cost"`: what saves most computing time for each byte stays."""
    from memodisk._store.entries import Entry
    from memodisk._upkeep.choose import Costed, Limits, choose_costed

    entries = [
        Costed(
            Entry(f"{one.key:032x}.record.json", True, one.size, one.used * _TICK),
            f"{one.key:032x}",
            one.seconds,
            one.size,
        )
        for one in kept
    ]
    return {int(c.digest, 16) for c in choose_costed(entries, Limits(max_bytes=limit), now * _TICK)}


def clairvoyant(called: list[int]) -> Policy:
    """Knows the future: what saves most for each byte and each call that it has to be kept until its next use stays.

    The true best is a knapsack over time that nobody can compute for so many calls; this comes close to it.
    """
    uses: dict[int, list[int]] = {}
    for now in range(len(called) - 1, -1, -1):
        uses.setdefault(called[now], []).append(now)

    def worth(one: Kept, now: int) -> float:
        future = uses[one.key]
        while future and future[-1] <= now:
            future.pop()
        return one.seconds / one.size / (future[-1] - now) if future else 0.0

    def choose(kept: list[Kept], limit: int, now: int) -> set[int]:
        victims, size = set(), 0
        for one in sorted(kept, key=lambda one: worth(one, now), reverse=True):
            if size + one.size > limit:
                victims.add(one.key)
            else:
                size += one.size
        return victims

    return choose


class Policies(Case):
    name = "policies"
    title = "What eviction keeps, on a skewed workload"
    contenders = ("cost", "lru", "knows the future", "keeps everything")
    sizes = by_level(
        {
            "full": {"calls": 200_000, "keys": 20_000},
            "quick": {"calls": 10_000, "keys": 1000},
            "tiny": {"calls": 500, "keys": 50},
        }
    )
    rounds = by_level({"full": 1, "quick": 1})

    def rows(self, size: Size) -> list[Row]:
        return [
            Row(
                "saved",
                f"computing time saved in {size['calls']:,} calls of {size['keys']:,} keys",
                "%",
                floor="knows the future",
                goals=(Goal("lru", 1.0),),
                more_is_better=True,
                exact=True,
                ours="cost",
            )
        ]

    def examples(self, size: Size) -> dict[str, Callable[[], Example]]:
        return {}

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        called, seconds, sizes = workload(size["calls"], size["keys"], seed=5)
        limit = sum(sizes) // 10
        if contender == "keeps everything":
            limit = sum(sizes) + 1
        policies = {"lru": lru, "cost": cost, "knows the future": clairvoyant(called), "keeps everything": lru}
        return {"saved": saved(policies[contender], called, seconds, sizes, limit)}


CASE = Policies()
