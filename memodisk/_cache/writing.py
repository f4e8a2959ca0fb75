"""Writes into one directory: results with their records and manifests, copies of other layers' results, and removal."""

from __future__ import annotations

import errno
import functools
import os
import time

from memodisk import codecs
from memodisk._cache.reading import Reading, Result
from memodisk._request.request import Request
from memodisk._store.layout import MAX_RECORD_SIZE, SHARDS
from memodisk._store.record import MAX_EMBEDDED, DamagedRecord, Record
from memodisk._store.store import Store
from memodisk._upkeep.limits import Limits
from memodisk._util.log import logger
from memodisk._util.version import __version__
from memodisk._util.warn import warn_once
from memodisk.errors import Miss, Reason, Unencodable
from memodisk.hashing import Digest, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memodisk._upkeep.evict import Evictor

log = logger("memodisk.cache")

#: Whether a blob is still used is told by reading all records of the function, 15 µs each. Of a function with more than
#: so many, that is not done for one block on disk: 100,000 results would take 1.5 s, and on a network drive minutes.
_MANY = 1000
NO_LIMITS = Limits()
_BLOCK = 4096


class Writing:
    """What is written into one directory.

    Parameters
    ----------
    reading
        What is read from it.
    limits
        What the directory is kept within.
    policy
        ``"lru"`` or ``"cost"``.
    """

    def __init__(self, reading: Reading, limits: Limits, policy: str) -> None:
        self._reading = reading
        self.limits = limits
        self._policy = policy
        self.store = Store(reading.directory)
        self._manifests: set[Digest] = set()

    def forget_manifests(self) -> None:
        """Forget which manifests are there: somebody else may have removed them."""
        self._manifests.clear()

    @functools.cached_property
    def evictor(self) -> Evictor:
        """Keeps the directory within its limits."""
        # Imported late: a cache without limits needs none.
        from memodisk._upkeep.evict import Evictor

        return Evictor(self.store, self.limits, self._policy)

    def save(
        self,
        request: Request,
        value: Any,
        *,
        seconds: float = 0.0,
        codec: str = "auto",
        limits: Limits = NO_LIMITS,
    ) -> Result:
        """Store the result of a request, and return it with its record.

        Parameters
        ----------
        request
            The call.
        value
            What it returned.
        seconds
            How long that took.
        codec
            Name of the codec, or ``"auto"`` for the one that suits the value's type.
        limits
            What the function's results are kept within.

        Raises
        ------
        Unencodable
            If the codec cannot hold the value exactly.
        OSError
            If the file system refuses; nothing half-written stays behind.
        """
        chosen = codecs.choose(value) if codec == "auto" else codecs.get(codec)
        if codec != "auto" and not chosen.accepts(value):
            raise Unencodable("result", f"codec {codec!r} cannot hold this {type(value).__name__} exactly")
        directory = self._reading.directory_of(request.function)
        self._check_write()
        writer = self.store.begin_blob(directory)
        try:
            chosen.encode(value, writer)  # type: ignore[arg-type]
            digest, blob = writer.finish()
            record = Record(
                function=request.function,
                key=request.key,
                digest=digest,
                codec=chosen.name,
                bytes=writer.size,
                seconds=seconds,
                created=time.time(),
                arguments=request.arguments,
                argument_digests=request.argument_digests,
                argument_parts=request.argument_parts,
                fingerprint=None if request.fingerprint is None else request.fingerprint.digest,
                version=request.version,
                made_by=_made_by(os.getpid()),
                data=blob if isinstance(blob, bytes) and len(blob) <= MAX_EMBEDDED else None,
            )
            raw = record.to_json()
            if len(raw) > MAX_RECORD_SIZE:
                # A keyword's name may be of any length. Which call it was is in the key all the same.
                record = record.replace(arguments={}, argument_digests={}, argument_parts={})
                raw = record.to_json()
            self._write_manifest(directory, request)
            path = Store.record_path(directory, request.key)
            self._reading.memory.drop(request.key)
            has_made_directory = self.store.publish(
                record_path=path,
                record=raw,
                blob_path=Store.blob_path(directory, digest, chosen.suffix),
                blob=blob,
                digest=digest,
                size=writer.size,
                is_record=functools.partial(_is_record_of, request.key),
            )
            if has_made_directory:
                self._explain_anew(directory, request)
        finally:
            writer.abandon()
        if limits or self.limits:
            self._evict_if_over(directory, record, limits)
        return Result(value, record)

    def adopt(self, source: Reading, request: Request, limits: Limits = NO_LIMITS) -> None:
        """Copy a result from another layer, verified, without decoding it.

        Raises
        ------
        Miss
            If it is not there any more, or damaged.
        OSError
            If the file system refuses; nothing half-written stays behind.
        """
        here, there = self._reading.directory_of(request.function), source.directory_of(request.function)
        record, _ = source.read_record(Store.record_path(there, request.key), request.key)
        try:
            codec = codecs.get(record.codec)
        except ValueError as error:
            raise Miss(Reason.UNDECODABLE, str(error)) from error
        data = source.read_blob(there, record, codec)
        self._check_write()
        writer = self.store.begin_blob(here)
        try:
            writer.write(data)
            digest, blob = writer.finish()
            self._reading.memory.drop(request.key)
            self.store.publish(
                record_path=Store.record_path(here, request.key),
                record=record.to_json(),
                blob_path=Store.blob_path(here, digest, codec.suffix),
                blob=blob,
                digest=digest,
                size=writer.size,
            )
        finally:
            writer.abandon()
        if record.fingerprint is not None and record.fingerprint not in self._manifests:
            text = source.manifest(request.function, record.fingerprint)
            if text is not None:
                self.store.write_manifest(here, record.fingerprint, text)
                self._manifests.add(record.fingerprint)
        if limits or self.limits:
            self._evict_if_over(here, record, limits)

    def forget(self, request: Request) -> bool:
        """Remove the result of a request, and its blob unless other records of the function use it.

        Of a function with many results, the blob of a tiny one is left to eviction.

        Returns
        -------
        True if there was one.
        """
        directory = self._reading.directory_of(request.function)
        path = Store.record_path(directory, request.key)
        self._reading.memory.drop(request.key)
        try:
            record = Record.from_json(self.store.read_record(path)[0])
        except (OSError, DamagedRecord):
            return self.store.remove(path)
        removed = self.store.remove(path)
        if record.data is not None and self.store.count(directory, record.digest[0])[1] > _MANY // len(SHARDS):
            return removed
        # Nobody else may use the blob. Asked after the record is gone: of two that forget at once, the later one
        # sees it.
        if not any(other.digest == record.digest for _, other in self.store.records(directory)):
            self.store.remove_blob(directory, record.digest)
        return removed

    def _write_manifest(self, directory: str, request: Request) -> None:
        fingerprint = request.fingerprint
        if fingerprint is not None and fingerprint.digest not in self._manifests:
            self.store.write_manifest(directory, fingerprint.digest, fingerprint.text)
            self._manifests.add(fingerprint.digest)

    def _explain_anew(self, directory: str, request: Request) -> None:
        """Write again what explains the directory: it may have been deleted under this program."""
        self._manifests.clear()
        try:
            self.store.prepare_anew()
            self._write_manifest(directory, request)
        except OSError as error:
            log.debug("%s is not explained: %s", directory, error)  # the result is stored all the same

    def _evict_if_over(self, directory: str, record: Record, limits: Limits) -> None:
        # What small files take on disk: a block each, 4 KiB nearly everywhere.
        size = _BLOCK + -(-record.bytes // _BLOCK) * _BLOCK
        try:
            self.evictor.after_put(directory, size, limits)
        except OSError as error:
            warn_once(
                log,
                (self._reading.directory, "evict", str(error.errno)),
                "%s: could not evict: %s",
                self._reading.directory,
                error,
            )

    def _check_write(self) -> None:
        if self._reading.readonly:
            raise OSError(errno.EROFS, "the cache is read-only", self._reading.directory)
        if self._reading.is_resting:
            code = errno.EHOSTDOWN if self._reading.rest_cause is None else self._reading.rest_cause.errno
            raise OSError(code, "the directory did not answer and is left alone for a while", self._reading.directory)


def _is_record_of(key: Key, raw: bytes) -> bool:
    try:
        return Record.from_json(raw).key == key
    except DamagedRecord:
        return False


@functools.lru_cache(maxsize=1)
def _made_by(pid: int) -> dict[str, str | int]:
    """Return who makes results in this process. Keyed by process id, because fork() copies what was remembered."""
    import getpass
    import platform

    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = ""  # a container's user need not have a name
    return {
        "host": platform.node(),
        "user": user,
        "pid": pid,
        "python": platform.python_version(),
        "memodisk": __version__,
    }
