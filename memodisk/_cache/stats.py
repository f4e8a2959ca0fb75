"""What a cache holds, function by function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from memodisk._store.record import Record
from memodisk._util.units import format_bytes, format_seconds


@dataclass(frozen=True)
class FunctionStats:
    """What is stored of one function.

    Parameters
    ----------
    function
        Its name.
    count
        Number of results.
    bytes
        Bytes of their blobs; a blob that several results share is counted once.
    seconds
        What it took to compute them: what each run that finds them all saves.
    """

    function: str
    count: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Stats:
    """What a cache holds; prints as a table.

    Parameters
    ----------
    functions
        One for each function, the one with most computing time first.
    """

    functions: tuple[FunctionStats, ...] = ()

    @property
    def total(self) -> FunctionStats:
        """All functions together."""
        parts = self.functions
        return FunctionStats(
            "total", sum(one.count for one in parts), sum(one.bytes for one in parts), sum(one.seconds for one in parts)
        )

    def __getitem__(self, function: str) -> FunctionStats:
        for one in self.functions:
            if one.function == function:
                return one
        raise KeyError(function)

    def __str__(self) -> str:
        rows = [("function", "results", "size", "computed in")]
        rows += [
            (one.function, f"{one.count:,}", format_bytes(one.bytes), format_seconds(one.seconds))
            for one in (*self.functions, self.total)
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            f"{name:<{widths[0]}}  {count:>{widths[1]}}  {size:>{widths[2]}}  {seconds:>{widths[3]}}"
            for name, count, size, seconds in rows
        )


def count_up(records: Iterable[Record]) -> Stats:
    """Return what these records stand for.

    Parameters
    ----------
    records
        Each of another result.
    """
    found: dict[str, FunctionStats] = {}
    blobs: set[tuple[str, str]] = set()
    for record in records:
        one = found.get(record.function) or FunctionStats(record.function)
        is_new = (record.function, record.digest) not in blobs
        blobs.add((record.function, record.digest))
        found[record.function] = replace(
            one,
            count=one.count + 1,
            bytes=one.bytes + (record.bytes if is_new else 0),
            seconds=one.seconds + record.seconds,
        )
    return Stats(tuple(sorted(found.values(), key=lambda one: (-one.seconds, one.function))))
