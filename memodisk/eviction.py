"""Which files to remove so that limits hold. Pure: a listing and limits in, a cutoff out.

Eviction is one cutoff. The files are put in order of their modification times, the newest that fit within the limits
are kept and everything older goes, records and blobs alike. No file has to be read for it: since a hit freshens a
record and then its blob, a blob is at least as fresh as every record that points at it, and a cutoff that removes a
blob has removed those records before.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from memodisk.limits import Limits


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
    """Times, sizes and names of files, 46 bytes a file: a million results are two million files.

    As paths, the names alone would take 400 MB. They are put together again for what has to go, which saves listing the
    files a second time: half of what an eviction of 100,000 results takes.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._mtimes = array("q")
        self._sizes = array("q")
        self._is_blob = bytearray()
        #: The 32 hexadecimal digits of each name, and by numbers what stands before and after them.
        self._hashes = bytearray()
        self._frames = array("l")
        self._frame_list: list[tuple[str, str]] = []
        self._numbers: dict[str, dict[str, int]] = {}
        self.count = 0
        self.size = 0
        for entry in entries:
            self.add(entry)

    def __len__(self) -> int:
        return len(self._mtimes)

    def add(self, entry: Entry) -> None:
        """Note one file."""
        path, is_record, size, mtime_ns = entry
        place = path.rfind("/") + 1
        digits = path[place : place + 32]
        try:
            raw = bytes.fromhex(digits)
        except ValueError:
            raw = b""
        if raw.hex() == digits and len(raw) == 16:
            before, after = path[:place], path[place + 32 :]
        else:
            raw, before, after = bytes(16), path, ""
        numbers = self._numbers.get(before)
        if numbers is None:
            numbers = self._numbers[before] = {}
        number = numbers.get(after)
        if number is None:
            number = numbers[after] = len(self._frame_list)
            self._frame_list.append((before, after))
        self._hashes += raw
        self._frames.append(number)
        self._mtimes.append(mtime_ns)
        self._sizes.append(size)
        self._is_blob.append(not is_record)
        self.count += is_record
        self.size += size

    def before(self, cutoff: Cutoff, *, blobs: bool) -> Iterator[Entry]:
        """Yield the records, or the blobs, that go."""
        border = cutoff.mtime_ns, cutoff.is_blob, cutoff.name
        for index, mtime_ns in enumerate(self._mtimes):
            if self._is_blob[index] != blobs or mtime_ns > cutoff.mtime_ns:
                continue
            if (mtime_ns, blobs, self._name(index)) < border:
                before, after = self._frame_list[self._frames[index]]
                name = self._hashes[16 * index : 16 * index + 16].hex() if after else ""
                yield Entry(f"{before}{name}{after}", not blobs, self._sizes[index], mtime_ns)

    def _name(self, index: int) -> int:
        return int.from_bytes(self._hashes[16 * index : 16 * index + 8], "big") >> 4

    def exceeds(self, limits: Limits, now_ns: int) -> bool:
        """Return True if a limit does not hold."""
        return (
            (limits.max_count is not None and self.count > limits.max_count)
            or (limits.max_bytes is not None and self.size > limits.max_bytes)
            or (limits.max_age is not None and any(m < now_ns - int(limits.max_age * 1e9) for m in self._mtimes))
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
        oldest_ns = None if limits.max_age is None else now_ns - int(limits.max_age * 1e9)
        count = size = kept_size = 0
        last_kept = _EVERYTHING
        for index in self._newest_first():
            is_blob = bool(self._is_blob[index])
            count += not is_blob
            size += self._sizes[index]
            if (
                (limits.max_count is not None and count > limits.max_count)
                or (limits.max_bytes is not None and size > limits.max_bytes)
                or (oldest_ns is not None and self._mtimes[index] < oldest_ns)
            ):
                # Blobs older than the last record that stays serve none of those that stay.
                is_by_size = limits.max_bytes is not None and size > limits.max_bytes
                return last_kept._replace(is_wasteful=is_by_size and kept_size < (limits.max_bytes or 0) // 2)
            if not is_blob:
                last_kept = Cutoff(self._mtimes[index], is_blob, self._name(index))
                kept_size = size
        return None

    def _newest_first(self) -> Iterator[int]:
        order = sorted(range(len(self)), key=self._mtimes.__getitem__, reverse=True)
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and self._mtimes[order[end]] == self._mtimes[order[start]]:
                end += 1
            if end - start > 1:
                tied = order[start:end]
                tied.sort(key=lambda index: (self._is_blob[index], self._name(index)), reverse=True)
                yield from tied
            else:
                yield order[start]
            start = end


_EVERYTHING = Cutoff(1 << 62, True, 1 << 62)


def name_order(path: str) -> int:
    """Return a number that orders files by name: the first 15 hexadecimal digits of the hash in it."""
    name = path[path.rfind("/") + 1 :]
    try:
        return int(name[:15], 16)
    except ValueError:
        return 0


def choose_victims(entries: Iterable[Entry], limits: Limits, now_ns: int) -> list[Entry]:
    """Return the files to remove, oldest first.

    Parameters
    ----------
    entries
        All records and blobs that the limits speak of.
    limits
        What is to hold afterwards.
    now_ns
        The file system's present time in nanoseconds.
    """
    listing = Listing(entries)
    cutoff = listing.cutoff(limits, now_ns)
    if cutoff is None:
        return []
    victims = [*listing.before(cutoff, blobs=False), *listing.before(cutoff, blobs=True)]
    return sorted(victims, key=lambda e: (e.mtime_ns, not e.is_record, name_order(e.path)))


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
