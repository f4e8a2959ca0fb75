"""Computing and storing a small result, everything included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import work
from benchmarks.case import ALL_PEERS, Case, Measured, Size, by_level, median_each, subject
from benchmarks.figures import FLOOR, Goal, Row
from benchmarks.peers import OURS


class Puts(Case):
    name = "puts"
    title = "Puts"
    contenders = (*ALL_PEERS, "two files", "one open")
    fresh = True
    sizes = by_level({"full": {"puts": 3000}, "quick": {"puts": 150}, "tiny": {"puts": 10}})

    def rows(self, size: Size) -> list[Row]:
        return [
            Row("put", "a call that misses: computed and stored", floor="two files", goals=(Goal("joblib", 0.75),)),
            Row("alone", "the same without caring who else computes it", floor="two files", goals=(Goal(FLOOR, 1.4),)),
        ]

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        cache = subject(contender, directory)
        memoized = cache.memoize(work.small)
        puts: int = size["puts"]
        for number in range(-20, 0):
            memoized(number)
        put = median_each(memoized, range(puts), batch=max(5, puts // 60))
        if contender != OURS:
            # The others, save one, never care who else computes the same.
            return {"put": put, "alone": put} if contender == "two files" else {"put": put}
        return {"put": put, "alone": median_each(_alone(cache, memoized), range(puts, 2 * puts), max(5, puts // 60))}


def _alone(subject: Any, memoized: Any) -> Callable[[int], object]:
    """Return the steps of a call that misses, as the public interface has them, without the flight."""
    import memodisk

    cache, function = subject.cache, memoized.__wrapped__

    def call(number: int) -> object:
        request = memoized.request(number)
        try:
            return cache.load(request).value
        except memodisk.Miss:
            value = function(number)
            cache.save(request, value)
            return value

    return call


CASE = Puts()
