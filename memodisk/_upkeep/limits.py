"""What a cache directory, or one function's part of it, is kept within."""

from __future__ import annotations

from collections import namedtuple

from memodisk._util.units import parse_bytes, parse_count, parse_seconds

#: What eviction frees beyond what the limits ask for, as a share of them, so that the next put does not evict again.
#: Of 100,000 results a put pays 40 µs for the listing (4 µs a file, and a quarter is freed) and 40 for what is removed;
#: with a fifth the listing would cost it 53. Storing takes 140.
SLACK = 0.25
#: With many results eviction begins this share below the limits: while one process evicts, others go on storing. Four
#: that store as fast as they can passed a limit by 11% without it, and by 6% with it.
MARGIN = 0.05
#: Below this many records the limits hold exactly: listing so few files costs less than a put.
EXACT_COUNT = 100


class Limits(namedtuple("Limits", ("max_count", "max_bytes", "max_age"), defaults=(None, None, None))):
    """What is to hold; None is no limit.

    Parameters
    ----------
    max_count
        Most records.
    max_bytes
        Most bytes on disk, of records and blobs together.
    max_age
        Longest time without use, in seconds.
    """

    __slots__ = ()
    max_count: int | None
    max_bytes: int | None
    max_age: float | None

    def __bool__(self) -> bool:
        return self.max_count is not None or self.max_bytes is not None or self.max_age is not None

    def with_margin(self, count: float) -> Limits:
        """Return the limits at which to evict, for a store of so many results: a little early if they are many."""
        if count <= EXACT_COUNT:
            return self
        most, size = self.max_count, self.max_bytes
        return self._replace(
            max_count=most if most is None or most <= EXACT_COUNT else int(most * (1 - MARGIN)),
            max_bytes=None if size is None else int(size * (1 - MARGIN)),
        )

    def with_slack(self) -> Limits:
        """Return the limits to evict down to once one of these is passed."""
        count, size = self.max_count, self.max_bytes
        if count is not None and count > EXACT_COUNT:
            count -= int(count * SLACK)
        if size is not None:
            size -= int(size * SLACK)
        return self._replace(max_count=count, max_bytes=size)


def parse_limits(max_bytes: float | str | None, max_count: int | None, max_age: float | str | None) -> Limits:
    """Return limits as users write them.

    Raises
    ------
    ValueError
        If one makes no sense.
    """
    return Limits(
        max_count=None if max_count is None else parse_count(max_count, "max_count"),
        max_bytes=None if max_bytes is None else parse_bytes(max_bytes, "max_bytes"),
        max_age=None if max_age is None else parse_seconds(max_age, "max_age"),
    )
