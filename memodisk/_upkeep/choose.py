"""Which files to remove so that limits hold. Pure: a listing and limits in, a cutoff out.

Eviction is one cutoff. The files are put in order of their modification times, the newest that fit within the limits
are kept and everything older goes, records and blobs alike. No file has to be read for it: since a hit freshens a
record and then its blob, a blob is at least as fresh as every record that points at it, and a cutoff that removes a
blob has removed those records before.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from operator import not_
from typing import NamedTuple

from memodisk._store.entries import Batch, Entry
from memodisk._upkeep.limits import Limits


class Cutoff(NamedTuple):
    """Everything that sorts before it goes.

    Equal times are told apart so that none evicts everything on a file system whose times step by two seconds: records
    count as older than blobs (a cutoff between them never takes a blob from a record), and names decide the rest.
    """

    mtime_ns: int
    is_blob: bool
    name: int
    #: It leaves less than half of what would fit, because of one huge file or many of one time.
    is_wasteful: bool = False


class Listing:
    """Times, sizes and names of files, 41 bytes a file: a million results are two million files.

    As paths, the names alone would take 400 MB. They are put together again for what has to go, which saves listing the
    files a second time: half of what an eviction of 100,000 results takes.
    """

    def __init__(self, batches: Iterable[Batch] = ()) -> None:
        self._mtimes = array("q")
        self._sizes = array("q")
        self._is_blob = bytearray()
        #: The 32 hexadecimal digits of each name, and by numbers what stands before and after them.
        self._hashes = bytearray()
        self._frames = array("L")
        self._frame_list: list[tuple[str, str]] = []
        self.count = 0
        self.size = 0
        for batch in batches:
            self.add(batch)

    def __len__(self) -> int:
        return len(self._mtimes)

    def add(self, batch: Batch) -> None:
        """Note the files of one directory."""
        # Column by column, because each file would take three times as long by itself.
        names = batch.names
        frames = _Frames(f"{batch.directory}/", self._frame_list)
        self._hashes += bytes.fromhex("".join([name[:_DIGITS] for name in names]))
        self._frames.extend([frames[name[_DIGITS:]] for name in names])
        self._mtimes.extend(batch.mtimes_ns)
        self._sizes.extend(batch.sizes)
        self._is_blob += bytes(map(not_, batch.are_records))
        self.count += sum(batch.are_records)
        self.size += sum(batch.sizes)

    def before(self, cutoff: Cutoff, *, blobs: bool) -> Iterator[Entry]:
        """Yield the records, or the blobs, that go."""
        border = cutoff.mtime_ns, cutoff.is_blob, cutoff.name
        for index in [index for index, mtime_ns in enumerate(self._mtimes) if mtime_ns <= cutoff.mtime_ns]:
            mtime_ns = self._mtimes[index]
            if self._is_blob[index] == blobs and (mtime_ns, blobs, self._name(index)) < border:
                before, after = self._frame_list[self._frames[index]]
                digits = self._hashes[16 * index : 16 * index + 16].hex()
                yield Entry(f"{before}{digits}{after}", not blobs, self._sizes[index], mtime_ns)

    def _name(self, index: int) -> int:
        return int.from_bytes(self._hashes[16 * index : 16 * index + 8], "big")

    def exceeds(self, limits: Limits, now_ns: int) -> bool:
        """Return True if a limit does not hold."""
        return (
            (limits.max_count is not None and self.count > limits.max_count)
            or (limits.max_bytes is not None and self.size > limits.max_bytes)
            or (limits.max_age is not None and min(self._mtimes, default=now_ns) < _oldest_ns(limits, now_ns))
        )

    def cutoff(self, limits: Limits, now_ns: int) -> Cutoff | None:
        """Return the newest cutoff after which the limits hold, or None if they do.

        Parameters
        ----------
        limits
            What is to hold afterwards.
        now_ns
            The file system's present time in nanoseconds.
        """
        if not self.exceeds(limits, now_ns):
            return None
        order = sorted(range(len(self)), key=self._mtimes.__getitem__, reverse=True)
        # Of those of one time the order matters at the cutoff only: elsewhere sums do not depend on it.
        start = self._sort_tied(order, self._first_passed(order, limits, now_ns))[0]
        passed = self._first_passed(order, limits, now_ns)
        is_by_size = limits.max_bytes is not None and self._size_of(order[: passed + 1]) > limits.max_bytes
        # Blobs older than the last record that stays serve none of those that stay.
        last = next((place for place in range(passed - 1, -1, -1) if not self._is_blob[order[place]]), None)
        if last is None:
            return _EVERYTHING._replace(is_wasteful=is_by_size)
        if last < start:
            last = self._sort_tied(order, last)[1] - 1
        is_wasteful = is_by_size and self._size_of(order[: last + 1]) < (limits.max_bytes or 0) // 2
        return Cutoff(self._mtimes[order[last]], False, self._name(order[last]), is_wasteful)

    def _first_passed(self, order: list[int], limits: Limits, now_ns: int) -> int:
        """Return how many files, from the newest on, hold the limits together."""
        found = len(order)
        if limits.max_count is not None:
            counts = accumulate(map(not_, map(self._is_blob.__getitem__, order)))
            found = bisect_right(array("q", counts), limits.max_count)
        if limits.max_bytes is not None:
            sizes = accumulate(map(self._sizes.__getitem__, order))
            found = min(found, bisect_right(array("q", sizes), limits.max_bytes))
        if limits.max_age is not None:
            ages = array("q", [-self._mtimes[index] for index in order])
            found = min(found, bisect_right(ages, -_oldest_ns(limits, now_ns)))
        return found

    def _sort_tied(self, order: list[int], place: int) -> tuple[int, int]:
        """Put those files in order that have the time of the one at a place, and return where they begin and end."""
        mtime_ns = self._mtimes[order[place]]
        start = end = place
        while start and self._mtimes[order[start - 1]] == mtime_ns:
            start -= 1
        while end < len(order) and self._mtimes[order[end]] == mtime_ns:
            end += 1
        # Newest first: blobs before records.
        order[start:end] = sorted(order[start:end], key=lambda i: (self._is_blob[i], self._name(i)), reverse=True)
        return start, end

    def _size_of(self, indices: Iterable[int]) -> int:
        return sum(map(self._sizes.__getitem__, indices))


_DIGITS = 32


class _Frames(dict[str, int]):
    """Numbers what stands around the digits of a name: a directory before them and a suffix after them."""

    def __init__(self, before: str, known: list[tuple[str, str]]) -> None:
        self._before = before
        self._known = known

    def __missing__(self, after: str) -> int:
        self[after] = number = len(self._known)
        self._known.append((self._before, after))
        return number


def _oldest_ns(limits: Limits, now_ns: int) -> int:
    return now_ns - int((limits.max_age or 0) * 1e9)


_EVERYTHING = Cutoff(1 << 62, True, 1 << 62)


def choose_victims(batches: Iterable[Batch], limits: Limits, now_ns: int) -> list[Entry]:
    """Return the files to remove, oldest first.

    Parameters
    ----------
    batches
        All records and blobs that the limits speak of.
    limits
        What is to hold afterwards.
    now_ns
        The file system's present time in nanoseconds.
    """
    listing = Listing(batches)
    cutoff = listing.cutoff(limits, now_ns)
    if cutoff is None:
        return []
    victims = [*listing.before(cutoff, blobs=False), *listing.before(cutoff, blobs=True)]
    return sorted(victims, key=lambda e: (e.mtime_ns, not e.is_record, e.path.rpartition("/")[2]))


class Costed(NamedTuple):
    """A result with what the cost policy goes by.

    Parameters
    ----------
    entry
        Its record file.
    digest
        Its blob.
    seconds
        What it took to compute.
    size
        Bytes on disk of record and blob. A blob that several results share is counted once.
    """

    entry: Entry
    digest: str
    seconds: float
    size: int


def choose_costed(results: Iterable[Costed], limits: Limits, now_ns: int, taken: int = 0) -> list[Costed]:
    """Return the results to remove so that those stay which save most computing time for each byte.

    GreedyDual-Size (Cao and Irani, 1997) gives each entry the priority L + seconds / size, with L a level that rises as
    entries are evicted, so that what is not used any more is overtaken in the end. A directory has no memory of L, but
    L rises with time: here the time of last use stands for it, and the value of a byte is scaled so that an entry of
    average value outlives an entry of no value by the time that the whole cache spans.

    Parameters
    ----------
    results, limits, now_ns
        As for `choose_victims`.
    taken
        Bytes that are taken by something else.
    """
    results = list(results)
    if not results:
        return []
    newest = max(r.entry.mtime_ns for r in results)
    span = newest - min(r.entry.mtime_ns for r in results) or 1
    values = [r.seconds / max(r.size, 1) for r in results]
    average = sum(values) / len(values) or 1.0
    priorities = [r.entry.mtime_ns - newest + span * value / average for r, value in zip(results, values, strict=True)]
    oldest_ns = None if limits.max_age is None else now_ns - int(limits.max_age * 1e9)
    victims = []
    count, size = 0, taken
    kept_blobs: set[str] = set()
    for index in sorted(range(len(results)), key=lambda i: (priorities[i], results[i].entry.path), reverse=True):
        one = results[index]
        more = one.entry.size if one.digest in kept_blobs else one.size
        if (
            (limits.max_count is not None and count + 1 > limits.max_count)
            or (limits.max_bytes is not None and size + more > limits.max_bytes)
            or (oldest_ns is not None and one.entry.mtime_ns < oldest_ns)
        ):
            victims.append(one)
        else:
            count += 1
            size += more
            kept_blobs.add(one.digest)
    return victims[::-1]
