"""Checks a whole directory, and puts right what can be put right. A list of named steps."""

from __future__ import annotations

import logging
import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from memodisk import codecs
from memodisk._flight.locks import KEYS, Lock, is_left_behind, key_lock
from memodisk._flight.signs import PATIENCE
from memodisk._store import read, temporary
from memodisk._store.entries import Entry
from memodisk._store.listing import disk_usage
from memodisk._store.record import DamagedRecord, Record
from memodisk._store.store import Store
from memodisk._util.units import format_bytes
from memodisk.hashing import Digest, digest_bytes

log = logging.getLogger("memodisk.verify")

#: The name of a computation's sign of life.
_SIGN = re.compile(r"[0-9a-f]{32}\.json")

#: Called with the step's name, how much of it is done, and how much there is to do.
Progress = Callable[[str, int, int], None]


@dataclass
class Step:
    """What one step found.

    Parameters
    ----------
    name
        What is looked for.
    checked, found
        Files looked at, and files with which something is wrong.
    removed, bytes
        Files that were removed, and what they took on disk.
    restored
        Files that were written anew.
    paths
        The first hundred that were found.
    """

    name: str
    checked: int = 0
    found: int = 0
    removed: int = 0
    bytes: int = 0
    restored: int = 0
    paths: list[str] = field(default_factory=list)

    def __add__(self, other: Step) -> Step:
        return Step(
            self.name,
            self.checked + other.checked,
            self.found + other.found,
            self.removed + other.removed,
            self.bytes + other.bytes,
            self.restored + other.restored,
            (self.paths + other.paths)[:_MAX_PATHS],
        )

    def __str__(self) -> str:
        text = f"{self.name}: {self.found:,} of {self.checked:,}"
        if self.removed:
            text += f", removed {self.removed:,} ({format_bytes(self.bytes)})"
        if self.restored:
            text += f", restored {self.restored:,}"
        return text


@dataclass
class Verification:
    """What `verify` found, step by step."""

    steps: list[Step] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """True if nothing was found."""
        return not any(step.found for step in self.steps)

    def __getitem__(self, name: str) -> Step:
        return next(step for step in self.steps if step.name == name)

    def __add__(self, other: Verification) -> Verification:
        if not self.steps:
            return other
        return Verification([one + two for one, two in zip(self.steps, other.steps, strict=True)])

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps))


#: The steps, in the order in which they are done.
ABANDONED = "temporary files left behind"
DAMAGED_RECORDS = "damaged records"
DAMAGED_BLOBS = "damaged blobs"
DANGLING = "records without a blob"
UNREFERENCED = "blobs without a record"
MANIFESTS = "manifests without a record"
LOCKS = "lock files left behind"

_MAX_PATHS = 100
#: Seconds for which a manifest waits for its first record.
_YOUNG = 60.0


def verify(store: Store, *, fix: bool, progress: Progress | None = None) -> Verification:
    """Check every file of a store.

    Parameters
    ----------
    store
        The files.
    fix
        Remove what is wrong, and restore a lost blob from the copy in its record. What another process is writing or
        using is not touched.
    progress
        Called now and then.
    """
    run = _Run(store, fix, progress or _no_progress)
    for directory in store.functions():
        run.function(directory)
    run.abandoned(store.directory)
    run.locks()
    for step in run.steps.values():
        log.info("%s", step)
    return Verification(list(run.steps.values()))


def _no_progress(step: str, done: int, total: int) -> None:
    pass


class _Run:
    def __init__(self, store: Store, fix: bool, progress: Progress) -> None:
        names = (ABANDONED, DAMAGED_RECORDS, DAMAGED_BLOBS, DANGLING, UNREFERENCED, MANIFESTS, LOCKS)
        self.steps = {name: Step(name) for name in names}
        self._store = store
        self._fix = fix
        self._progress = progress
        #: Blobs that are not what their names say, and are still there.
        self._damaged: set[str] = set()
        try:
            self._now = store.now_ns() / 1e9
        except OSError:
            self._now = time.time()  # a directory that may only be read

    def function(self, directory: str) -> None:
        """Do all steps for one function."""
        # In this order a blob that is being published is never taken for unreferenced. Whoever publishes has a
        # temporary record there before the blob, until the record is in its place: blobs are listed first, then
        # temporaries, then records.
        manifests = self._store.manifests(directory)
        blobs = {entry.path: entry for entry in self._store.entries(directory) if not entry.is_record}
        is_busy = self.abandoned(directory)
        records = self._records(directory)
        self._blobs(blobs)
        records = self._dangling(directory, records)
        self._unreferenced(blobs, {record.digest for record in records}, is_busy)
        self._manifests(manifests, {record.fingerprint for record in records if record.fingerprint}, is_busy)

    def locks(self) -> None:
        """Find lock files that nobody holds, and signs of life of the dead."""
        step = self.steps[LOCKS]
        directory = self._store.lock_directory()
        try:
            names = sorted(os.listdir(directory))
        except OSError:
            return
        for number, name in enumerate(names):
            self._progress(step.name, number, len(names))
            path = os.path.join(directory, name)
            step.checked += 1
            try:
                mtime = os.stat(path).st_mtime
            except OSError:
                continue
            if name.endswith(".tmp"):
                if temporary.is_abandoned(name, mtime, self._now):
                    self._find(step, path)
            elif _SIGN.fullmatch(name):
                self._sign(step, path, mtime)
            elif name.endswith(".lock") and name != KEYS and is_left_behind(path):
                self._find_lock(step, path)

    def _sign(self, step: Step, path: str, mtime: float) -> None:
        lock = key_lock(self._store.directory, os.path.basename(path).removesuffix(".json"))
        if lock.try_acquire():
            try:
                # Without locks, a sign of life that is not renewed has to do.
                if lock.is_held or self._now - mtime > PATIENCE:
                    self._find(step, path)
            finally:
                lock.release()

    def _find_lock(self, step: Step, path: str) -> None:
        if not self._fix:
            self._find(step, path)
            return
        lock = Lock(path)
        # Removed while it is held, as by whoever gives it back.
        if lock.try_acquire():
            step.found += 1
            step.removed += 1
            lock.release()

    def abandoned(self, directory: str) -> bool:
        """Remove what the dead left behind; True if somebody is writing."""
        step = self.steps[ABANDONED]
        is_busy = False
        for path, mtime in self._store.temporaries(directory):
            step.checked += 1
            if temporary.is_abandoned(os.path.basename(path), mtime, self._now):
                self._find(step, path)
            else:
                is_busy = True
        return is_busy

    def _records(self, directory: str) -> list[Record]:
        step = self.steps[DAMAGED_RECORDS]
        sound = []
        entries = [entry for entry in self._store.entries(directory) if entry.is_record]
        for number, entry in enumerate(entries):
            self._progress(step.name, number, len(entries))
            step.checked += 1
            try:
                sound.append(self._record(entry.path))
            except FileNotFoundError:
                continue  # removed in the meantime
            except (DamagedRecord, read.NotAFile):
                self._find(step, entry.path, entry.mtime_ns)
            except OSError as error:
                _tell(entry.path, error)
        self._progress(step.name, len(entries), len(entries))
        return sound

    def _record(self, path: str) -> Record:
        record = Record.from_json(self._store.read_record(path)[0])
        if os.path.basename(path).partition(".")[0] != record.key:
            raise DamagedRecord("it is of another key")
        return record

    def _blobs(self, blobs: dict[str, Entry]) -> None:
        """Find blobs that are not what their names say."""
        step = self.steps[DAMAGED_BLOBS]
        for number, path in enumerate(blobs):
            self._progress(step.name, number, len(blobs))
            step.checked += 1
            try:
                found, status = self._store.digest_blob(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                _tell(path, error)
                continue
            if found != os.path.basename(path)[:32]:
                self._find(step, path, status.st_mtime_ns)
                self._damaged.add(path)
        self._progress(step.name, len(blobs), len(blobs))

    def _dangling(self, directory: str, records: list[Record]) -> list[Record]:
        """Return the records that stay."""
        step = self.steps[DANGLING]
        kept = []
        for number, record in enumerate(records):
            self._progress(step.name, number, len(records))
            step.checked += 1
            suffix = _suffix(record)
            blob_path = self._store.blob_path(directory, record.digest, suffix or "")
            has_blob = self._store.has_blob(directory, record.digest) if suffix is None else _is_file(blob_path)
            if has_blob and blob_path not in self._damaged:
                kept.append(record)
                continue
            path = self._store.record_path(directory, record.key)
            if record.data is not None and suffix is not None and digest_bytes(record.data) == record.digest:
                kept.append(record)
                step.found += 1
                if self._fix:
                    self._restore(step, blob_path, record.data)
            elif self._is_still(path, record):
                self._find(step, path)
        self._progress(step.name, len(records), len(records))
        return kept

    def _restore(self, step: Step, path: str, data: bytes) -> None:
        try:
            self._store.restore_blob(path, data)
            step.restored += 1
            self._damaged.discard(path)
        except OSError as error:
            log.warning("%s cannot be written: %s", path, error)

    def _is_still(self, path: str, record: Record) -> bool:
        """Return True if a record is the one that was read, and not one that was stored since."""
        try:
            return self._record(path) == record
        except (OSError, DamagedRecord):
            return False

    def _unreferenced(self, blobs: dict[str, Entry], used: set[str], is_busy: bool) -> None:
        step = self.steps[UNREFERENCED]
        for path, entry in blobs.items():
            step.checked += 1
            if os.path.basename(path)[:32] not in used and path not in self._damaged:
                # If it was written anew since it was listed, somebody is about to refer to it.
                self._find(step, path, entry.mtime_ns, keep=is_busy)

    def _manifests(self, manifests: list[str], used: set[Digest], is_busy: bool) -> None:
        step = self.steps[MANIFESTS]
        for path in manifests:
            step.checked += 1
            try:
                # A manifest is written just before the first record that needs it.
                is_young = self._now - os.stat(path).st_mtime < _YOUNG
            except OSError:
                continue
            if os.path.basename(path)[:32] not in used and not is_young:
                self._find(step, path, keep=is_busy)

    def _find(self, step: Step, path: str, mtime_ns: int | None = None, keep: bool = False) -> None:
        """Note a file with which something is wrong, and remove it unless it was written anew in the meantime."""
        try:
            status = os.lstat(path)
            if mtime_ns is not None and status.st_mtime_ns != mtime_ns:
                return
            step.found += 1
            if len(step.paths) < _MAX_PATHS:
                step.paths.append(path)
            if self._fix and not keep and self._store.remove(path):
                step.removed += 1
                step.bytes += disk_usage(status)
        except FileNotFoundError:
            return  # removed in the meantime
        except OSError as error:
            log.warning("%s cannot be removed: %s", path, error)


def _tell(path: str, error: OSError) -> None:
    if error.errno in read.REPLACED:
        log.debug("%s is being replaced: %s", path, error)  # by somebody on another machine: nothing is wrong with it
    else:
        log.warning("%s cannot be read: %s", path, error)


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _suffix(record: Record) -> str | None:
    try:
        return codecs.get(record.codec).suffix
    except ValueError:
        return None
