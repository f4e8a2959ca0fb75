"""When to look whether a limit is passed. Pure: numbers in, a decision out.

A put must not cost a look at the whole directory. A process therefore keeps an estimate: what the last look found, and
what it has put since. Other processes put as well, so every hundredth part of a limit it looks at a sample, one shard
of sixteen. Names are hashes, so that a shard is a fair sample of the count to about the square root of its files.
"""

from __future__ import annotations

import enum

from memodisk.limits import EXACT_COUNT, Limits

#: A process looks again after it has put this part of a limit. Eight that write at once overshoot by 8% at most.
STEP = 0.01
#: A sample with fewer files than this says little, and so few files are quickly listed as a whole.
SMALL_SAMPLE = 100
#: The same for the first look of a process, which knows nothing yet: up to 32,000 files in all are listed in 0.1 s.
FIRST_SAMPLE = 2000


class Look(enum.Enum):
    """What to do after a put."""

    NONE = "none"
    SAMPLE = "sample"
    SCAN = "scan"


class Budget:
    """The estimate of one process for one set of limits.

    Parameters
    ----------
    limits
        What is to hold.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._count: float = 0
        self._size: float = 0
        self._put_count = 0
        self._put_size = 0
        self._is_known = False
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
        if not self._is_known:
            return Look.SCAN if self._is_exact() else Look.SAMPLE
        if self._is_passed(self._count + self._put_count, self._size + self._put_size):
            return Look.SCAN
        if limits.max_count is not None and self._put_count >= max(1, int(limits.max_count * STEP)):
            return Look.SCAN if self._is_exact() else Look.SAMPLE
        if limits.max_bytes is not None and self._put_size >= limits.max_bytes * STEP:
            return Look.SAMPLE
        return Look.NONE

    def sampled(self, files: int, count: float, size: float) -> Look:
        """Note what a sample of the directory stands for, and return whether a scan is needed.

        Parameters
        ----------
        files
            Number of files in the sample.
        count, size
            Records and bytes that the whole directory is estimated to hold.
        """
        if files < (SMALL_SAMPLE if self._is_known else FIRST_SAMPLE):
            return Look.SCAN
        if self._is_known:
            # A few huge files are in one shard or in another: a sample shows what others put, and is never believed
            # against what is known.
            count, size = max(count, self._count + self._put_count), max(size, self._size + self._put_size)
        if self._is_passed(count, size):
            return Look.SCAN
        self._learn(count, size)
        return Look.NONE

    def scanned(self, count: int, size: int, now: float) -> None:
        """Note what a scan has left."""
        self._learn(count, size)
        if self.limits.max_age is not None:
            self._next_age_scan = now + min(3600.0, self.limits.max_age / 10)

    def left_to_others(self) -> None:
        """Note that another process is evicting just now: it will free what there is to free."""
        self._is_known = False
        self._put_count = self._put_size = 0

    def _learn(self, count: float, size: float) -> None:
        self._count, self._size = count, size
        self._put_count = self._put_size = 0
        self._is_known = True

    def _is_exact(self) -> bool:
        return self.limits.max_count is not None and self.limits.max_count <= EXACT_COUNT

    def _is_passed(self, count: float, size: float) -> bool:
        limits = self.limits.with_margin(count)
        return (limits.max_count is not None and count > limits.max_count) or (
            limits.max_bytes is not None and size > limits.max_bytes
        )
