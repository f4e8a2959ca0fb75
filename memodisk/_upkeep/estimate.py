"""When to look whether a limit is passed. Pure: numbers in, a decision out.

A put must not cost a look at the whole directory. A process therefore keeps an estimate: what the last look found, and
what it has put since. Other processes put as well, so every hundredth part of a limit it counts the names in a sample
of the sixteen shards. Names are hashes, so that a shard is a fair sample; what it has more than at the last look, and
beyond what the process itself has put, others have put. Only then are sizes asked for as well.
"""

from __future__ import annotations

import enum
from math import sqrt

from memodisk._upkeep.limits import EXACT_COUNT, Limits

#: A process looks again after it has put this part of a limit. Eight that write at once overshoot by 8% at most.
STEP = 0.01
#: Shards are sampled until they have so many files: one shard of a large directory, all sixteen of one with 1,000
#: results, whose names are counted in 1 ms.
SAMPLE = 2000
#: What others put is believed once it is this many standard deviations from none. Without it, two of three scans of
#: 100,000 results at their limit were made because of chance.
SIGNIFICANT = 2.0


class Look(enum.Enum):
    """What to do after a put."""

    NONE = "none"
    #: Count the records of some shards by name.
    COUNT = "count"
    #: List some shards with sizes.
    MEASURE = "measure"
    #: List everything, and evict if a limit is passed.
    SCAN = "scan"


class Tally:
    """Records and bytes of some shards, and how many files were looked at for it."""

    def __init__(self) -> None:
        self.files = 0
        self.counts: dict[str, int] = {}
        self.sizes: dict[str, int] = {}

    def add(self, shard: str, count: int, size: int) -> None:
        """Note what one shard has more, or less."""
        self.counts[shard] = self.counts.get(shard, 0) + count
        self.sizes[shard] = self.sizes.get(shard, 0) + size

    @property
    def count(self) -> int:
        """Records of all of them."""
        return sum(self.counts.values())

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(self.sizes.values())


class Estimate:
    """The estimate of one process for one set of limits.

    Parameters
    ----------
    limits
        What is to hold.
    shards
        How many a directory has.
    """

    def __init__(self, limits: Limits, shards: int) -> None:
        self.limits = limits
        self._shards = shards
        #: What the last look found: in all, and in each shard.
        self._count: float = 0
        self._size: float = 0
        self._tally: Tally | None = None
        #: What this process has put since, and what others have as far as can be told.
        self._put_count = 0
        self._put_size = 0
        self._others_count: float = 0
        self._others_size: float = 0
        self._steps = 0
        #: False until the first look.
        self.is_known = False
        self._next_age_scan = 0.0

    def put(self, size: int, now: float) -> Look:
        """Note one put and return what to do.

        Parameters
        ----------
        size
            Bytes that the put took on disk.
        now
            A time in seconds, for intervals only.
        """
        self._put_count += 1
        self._put_size += size
        limits = self.limits
        if limits.max_age is not None and now >= self._next_age_scan:
            return Look.SCAN
        if not self.is_known:
            if self._is_exact():
                return Look.SCAN
            return Look.COUNT if limits.max_bytes is None else Look.MEASURE
        if self._is_passed():
            return Look.SCAN
        step = self._steps + 1
        if (limits.max_count is not None and self._put_count >= step * max(1, int(limits.max_count * STEP))) or (
            limits.max_bytes is not None and self._put_size >= step * limits.max_bytes * STEP
        ):
            self._steps = step
            return Look.SCAN if self._is_exact() else Look.COUNT
        return Look.NONE

    def sampled(self, sample: Tally, *, has_sizes: bool) -> Look:
        """Note what some shards hold, and return what to do then.

        Parameters
        ----------
        sample
            Their records, and their bytes if they were measured.
        has_sizes
            True if they were.
        """
        part = len(sample.counts) / self._shards
        if not self.is_known:
            # Up to 32,000 files are listed as a whole, which takes 0.1 s.
            if sample.files < SAMPLE:
                return Look.SCAN
            self._learn(sample.count / part, sample.size / part, None)
            return Look.SCAN if self._is_passed() else Look.NONE
        if part == 1 and (has_sizes or self.limits.max_bytes is None):
            self._learn(sample.count, sample.size, sample)
            return Look.SCAN if self._is_passed() else Look.NONE
        more = self._growth(sample.counts, self._count, self._tally.counts if self._tally else None)
        others = more / part - self._put_count
        # What was counted of each shard varies by its square root, and so does what was sampled at first.
        variance = more if self._tally else 2 * sample.count
        if abs(others) <= SIGNIFICANT * sqrt(max(variance, 1.0) * (1 - part)) / part:
            return Look.NONE
        self._others_count = others
        if self.limits.max_bytes is not None:
            if not has_sizes:
                return Look.MEASURE
            size = self._growth(sample.sizes, self._size, self._tally.sizes if self._tally else None)
            # A few huge files are in one shard or in another: what is known to be there is not believed away.
            self._others_size = max(0.0, size / part - self._put_size)
        return Look.SCAN if self._is_passed() else Look.NONE

    def scanned(self, tally: Tally, now: float) -> None:
        """Note what a scan has left."""
        self._learn(tally.count, tally.size, tally)
        if self.limits.max_age is not None:
            self._next_age_scan = now + min(3600.0, self.limits.max_age / 10)

    def left_to_others(self) -> None:
        """Note that another process is evicting just now: it will free what there is to free."""
        self.is_known = False
        self._put_count = self._put_size = 0

    def _growth(self, found: dict[str, int], all_shards: float, known: dict[str, int] | None) -> float:
        """Return what some shards have more than at the last look."""
        if known is None:
            return sum(found.values()) - all_shards * len(found) / self._shards
        return sum(value - known.get(shard, 0) for shard, value in found.items())

    def _learn(self, count: float, size: float, tally: Tally | None) -> None:
        self._count, self._size, self._tally = count, size, tally
        self._put_count = self._put_size = self._steps = 0
        self._others_count = self._others_size = 0
        self.is_known = True

    def _is_exact(self) -> bool:
        return self.limits.max_count is not None and self.limits.max_count <= EXACT_COUNT

    def _is_passed(self) -> bool:
        count = self._count + self._put_count + self._others_count
        size = self._size + self._put_size + self._others_size
        limits = self.limits.with_margin(count)
        return (limits.max_count is not None and count > limits.max_count) or (
            limits.max_bytes is not None and size > limits.max_bytes
        )
