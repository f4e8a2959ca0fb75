"""One file of the store as a listing tells of it, and many of them column by column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Entry(NamedTuple):
    """One file of the store.

    Parameters
    ----------
    path
        Where it lies.
    is_record
        True for a record, False for a blob.
    size
        The bytes that it takes on disk.
    mtime_ns
        Its modification time in nanoseconds: when it was last used.
    """

    path: str
    is_record: bool
    size: int
    mtime_ns: int


class Batch(NamedTuple):
    """Files of one directory, column by column: so a million results are listed fast and held small.

    Parameters
    ----------
    directory
        Where they lie.
    names
        Their names: 32 hexadecimal digits, a dot and a suffix.
    are_records
        For each True for a record, False for a blob.
    sizes, mtimes_ns
        As in `Entry`.
    """

    directory: str
    names: list[str]
    are_records: list[bool]
    sizes: list[int]
    mtimes_ns: list[int]

    def entries(self) -> Iterator[Entry]:
        """Yield the files one by one."""
        for name, is_record, size, mtime_ns in zip(*self[1:], strict=True):
            yield Entry(f"{self.directory}/{name}", is_record, size, mtime_ns)
