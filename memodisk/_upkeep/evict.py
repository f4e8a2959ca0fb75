"""Keeps a directory within its limits: looks, decides through `estimate` and `choose`, unlinks.

One process at a time evicts, under a lock that nobody waits for: who does not get it goes on, since somebody is at it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

from memodisk._flight.locks import Lock
from memodisk._store import temporary
from memodisk._store.entries import Batch, Entry
from memodisk._store.layout import SHARDS
from memodisk._store.record import DamagedRecord, Record
from memodisk._store.store import Store
from memodisk._upkeep import choose
from memodisk._upkeep.choose import Costed, Listing
from memodisk._upkeep.estimate import SAMPLE, Estimate, Look, Tally
from memodisk._upkeep.limits import Limits
from memodisk._util.units import format_bytes
from memodisk._util.warn import warn_once

log = logging.getLogger("memodisk.evict")


@dataclass(frozen=True)
class Evicted:
    """What an eviction removed, or would remove.

    Parameters
    ----------
    count
        Number of records.
    bytes
        Bytes on disk, of records and blobs together.
    functions
        Names of the directories of the functions concerned.
    is_dry_run
        True if nothing was removed.
    """

    count: int = 0
    bytes: int = 0
    functions: tuple[str, ...] = ()
    is_dry_run: bool = False

    def __add__(self, other: Evicted) -> Evicted:
        functions = tuple(sorted({*self.functions, *other.functions}))
        return Evicted(
            self.count + other.count, self.bytes + other.bytes, functions, self.is_dry_run or other.is_dry_run
        )

    def __str__(self) -> str:
        what = f"{self.count:,} result{'' if self.count == 1 else 's'}, {format_bytes(self.bytes)}"
        verb = "would evict" if self.is_dry_run else "evicted"
        return f"{verb} {what}" + (f" of {', '.join(self.functions)}" if self.functions else "")


#: Seconds that the first put takes longer which finds another process evicting; each further one twice as long, up to
#: the second figure. Without it four processes that stored at 7,000 results a second on two processors overshot a limit
#: by 10%; with the first pause alone they did so where nine more processes kept the one that evicted from working.
_PAUSE, _LONGEST_PAUSE = 0.002, 0.016


class Evictor:
    """Evicts from one store.

    Parameters
    ----------
    store
        The files.
    limits
        What the whole store is kept within.
    policy
        ``"lru"``: the least recently used go. ``"cost"``: those go that save least computing time for each byte.
    """

    def __init__(self, store: Store, limits: Limits, policy: str) -> None:
        self._store = store
        self._limits = limits
        self._policy = policy
        self._estimates: dict[tuple[str | None, Limits], Estimate] = {}
        self._here = threading.Lock()
        self._due: set[tuple[str | None, Estimate]] = set()
        self._sampled = os.getpid()
        self._pause = 0.0

    def after_put(self, function_directory: str, size: int, function_limits: Limits) -> None:
        """Note that a result was stored, and evict if a limit may be passed.

        Parameters
        ----------
        function_directory
            Of the function whose result it is.
        size
            Bytes of record and blob on disk.
        function_limits
            What this function alone is kept within.
        """
        if function_limits:
            self._check(function_directory, function_limits, size)
        if self._limits:
            self._check(None, self._limits, size)

    def evict(self, directories: Iterable[str], limits: Limits, dry_run: bool) -> Evicted:
        """Remove results of some functions until limits hold for them together.

        Raises
        ------
        OSError
            If files cannot be removed.
        """
        directories = list(directories)
        now_ns = self._now_ns(dry_run)
        tally = Tally()
        victims = self._victims(directories, Listing(self._batches(directories, tally)), limits, now_ns)
        evicted = self._remove(victims, dry_run, tally)
        if not dry_run:
            self._remove_abandoned(directories, now_ns)
        return evicted

    def _check(self, function_directory: str | None, limits: Limits, size: int) -> None:
        if self._is_left_to_others():
            return
        estimate = self._estimates.get((function_directory, limits))
        if estimate is None:
            estimate = self._estimates[function_directory, limits] = Estimate(limits, len(SHARDS))
        if self._look(function_directory, estimate, estimate.put(size, time.monotonic())) is Look.SCAN:
            self._enforce(function_directory, estimate)

    def _is_left_to_others(self) -> bool:
        """Return True as long as the process goes on that was found evicting."""
        if not self._pause:
            return False
        with self._lock() as lock:
            if lock.try_acquire():
                self._pause = 0.0
                return False
        self._wait()
        return True

    def _wait(self) -> None:
        # Whoever goes on storing at full speed meanwhile passes the limit by more than is freed.
        self._pause = min(2 * self._pause or _PAUSE, _LONGEST_PAUSE)
        time.sleep(self._pause)

    @contextmanager
    def _lock(self) -> Iterator[Lock]:
        lock = Lock(os.path.join(self._store.lock_directory(), "evict.lock"))
        try:
            yield lock
        finally:
            lock.release()

    def _look(self, function_directory: str | None, estimate: Estimate, look: Look) -> Look:
        """Look at a sample as long as the estimate asks for one, and return what it asks for then."""
        if look is Look.COUNT or look is Look.MEASURE:
            # Other shards each time: what one has too few of, the next has too many.
            self._sampled += 1
            start = self._sampled % len(SHARDS)
            shards = SHARDS[start:] + SHARDS[:start] if estimate.is_known else SHARDS[start]
            directories = self._directories(function_directory)
            while look is Look.COUNT or look is Look.MEASURE:
                has_sizes = look is Look.MEASURE
                look = estimate.sampled(self._sample(directories, shards, has_sizes), has_sizes=has_sizes)
        return look

    def _sample(self, directories: list[str], shards: str, has_sizes: bool) -> Tally:
        tally = Tally()
        for shard in shards:
            if has_sizes:
                for _ in self._batches(directories, tally, shard):
                    pass
            else:
                # Names are enough to count: 0.7 µs a file where a listing takes 4.
                for directory in directories:
                    found, count = self._store.count(directory, shard)
                    tally.files += found
                    tally.add(shard, count, 0)
            if tally.files >= SAMPLE:
                break
        return tally

    def _enforce(self, function_directory: str | None, estimate: Estimate) -> None:
        # What another thread stores while this one evicts is looked at in another round, by this one.
        self._due.add((function_directory, estimate))
        while self._due and self._here.acquire(blocking=False):
            try:
                due, self._due = self._due, set()
                with self._lock() as lock:
                    if lock.try_acquire():
                        for directory, one in due:
                            self._scan_and_evict(directory, one)
                        continue
                for _, one in due:
                    one.left_to_others()
                self._wait()
            finally:
                self._here.release()

    def _scan_and_evict(self, function_directory: str | None, estimate: Estimate) -> None:
        directories = self._directories(function_directory)
        now_ns = self._now_ns()
        tally = Tally()
        listing = Listing(self._batches(directories, tally))
        if listing.exceeds(estimate.limits.with_margin(listing.count), now_ns):
            victims = self._victims(directories, listing, estimate.limits, now_ns, has_slack=True)
            self._remove(victims, dry_run=False, tally=tally)
        estimate.scanned(tally, time.monotonic())
        self._remove_abandoned(directories, now_ns)

    def _victims(
        self, directories: list[str], listing: Listing, limits: Limits, now_ns: int, has_slack: bool = False
    ) -> Iterator[Entry]:
        """Yield what has to go, records before blobs."""
        low = limits.with_slack() if has_slack else limits
        if self._policy == "cost":
            yield from self._chosen_victims(directories, low, now_ns, by_cost=True)
            return
        cutoff = listing.cutoff(low, now_ns)
        if cutoff is not None and cutoff.is_wasteful:
            # The newest result may be one that fits, but not with slack.
            cutoff = listing.cutoff(limits, now_ns) or cutoff
        if cutoff is None:
            return
        if cutoff.is_wasteful:
            # Times alone cannot tell which blobs go with which records, so that all would have to go.
            yield from self._chosen_victims(directories, low, now_ns, by_cost=False)
            return
        # What was used in the meantime stays.
        yield from filter(_is_unchanged, listing.before(cutoff, blobs=False))
        yield from filter(_is_unchanged, listing.before(cutoff, blobs=True))

    def _chosen_victims(self, directories: list[str], limits: Limits, now_ns: int, *, by_cost: bool) -> Iterator[Entry]:
        """Yield what has to go, result by result. The records are read."""
        blobs: dict[str, list[Entry]] = {}
        records = []
        for entry in chain.from_iterable(map(self._store.entries, directories)):
            if entry.is_record:
                records.append(entry)
            else:
                blobs.setdefault(_place(entry.path), []).append(entry)
        results = []
        for entry in records:
            try:
                record = Record.from_json(self._store.read_record(entry.path)[0])
            except FileNotFoundError:
                continue  # removed in the meantime
            except (OSError, DamagedRecord):
                results.append(Costed(entry, entry.path, 0.0, entry.size))  # it is worth nothing
                continue
            place = f"{os.path.dirname(os.path.dirname(entry.path))}/{record.digest}"
            found = blobs.get(place, [])
            is_worth = by_cost and (found or record.data is not None)
            size = entry.size + sum(blob.size for blob in found)
            results.append(Costed(entry, place, record.seconds if is_worth else 0.0, size))
        used = {one.digest for one in results}
        # Blobs without a record: those of the dead go, the others' records are about to come.
        orphans = [blob for place, found in blobs.items() if place not in used for blob in found]
        dead = [blob for blob in orphans if now_ns - blob.mtime_ns > temporary.ABANDONED * 1e9]
        taken = sum(blob.size for blob in orphans) - sum(blob.size for blob in dead)
        victims = choose.choose_costed(results, limits, now_ns, taken)
        gone = {one.entry.path for one in victims}
        still_used = {one.digest for one in results if one.entry.path not in gone}
        yield from (one.entry for one in victims if _is_unchanged(one.entry))
        unused = {one.digest for one in victims} - still_used
        for place in unused:
            yield from filter(_is_unchanged, blobs.get(place, []))
        yield from filter(_is_unchanged, dead)

    def _remove(self, victims: Iterable[Entry], dry_run: bool, tally: Tally) -> Evicted:
        """Remove some files, and take them off a tally."""
        count = size = 0
        functions = set()
        keys: dict[str, list[str]] = {}
        for entry in victims:
            if dry_run or self._try_remove(entry.path):
                count += entry.is_record
                size += entry.size
                directory, shard, name = entry.path.rsplit("/", 2)
                tally.add(shard, -entry.is_record, -entry.size)
                functions.add(directory.rsplit("/", 1)[-1])
                if entry.is_record and not dry_run:
                    keys.setdefault(directory, []).append(name[:32])
        for directory, removed in keys.items():
            try:
                self._store.note_evicted(directory, removed, time.strftime("%Y-%m-%d %H:%M"))
            except OSError as error:
                log.debug("%s: could not note what was evicted: %s", directory, error)
        evicted = Evicted(count, size, tuple(sorted(functions)), dry_run)
        if functions and not dry_run:
            log.info("%s", evicted)
        return evicted

    def _remove_abandoned(self, directories: Iterable[str], now_ns: int) -> None:
        for directory in directories:
            for path, mtime in self._store.temporaries(directory):
                if temporary.is_abandoned(os.path.basename(path), mtime, now_ns / 1e9) and self._try_remove(path):
                    log.info("removed %s, left by a process that is gone", path)

    def _try_remove(self, path: str) -> bool:
        try:
            return self._store.remove(path)
        except OSError as error:
            warn_once(log, (self._store.directory, "remove", str(error.errno)), "%s cannot be evicted: %s", path, error)
            return False

    def _batches(self, directories: Iterable[str], tally: Tally, shards: str = SHARDS) -> Iterator[Batch]:
        """List what some shards of some functions hold, and tally it."""
        for directory in directories:
            for shard, batch in zip(shards, self._store.batches(directory, shards), strict=True):
                tally.files += len(batch.names)
                tally.add(shard, sum(batch.are_records), sum(batch.sizes))
                yield batch

    def _directories(self, function_directory: str | None) -> list[str]:
        return self._store.functions() if function_directory is None else [function_directory]

    def _now_ns(self, dry_run: bool = False) -> int:
        try:
            return self._store.now_ns()
        except OSError:
            if not dry_run:
                raise
            return time.time_ns()  # looking at a directory that one may not write to


def _place(path: str) -> str:
    """Return what a blob is known by, without its shard and suffix."""
    directory, _, name = path.rsplit("/", 2)
    return f"{directory}/{name[:32]}"


def _is_unchanged(entry: Entry) -> bool:
    """Return True if a file has been neither used nor written anew since it was listed."""
    try:
        return os.stat(entry.path).st_mtime_ns == entry.mtime_ns
    except OSError:
        return False
