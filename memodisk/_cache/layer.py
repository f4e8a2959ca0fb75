"""One cache directory: load, save, forget, list, and keep within limits.

Here records, blobs, codecs and files come together.
"""

from __future__ import annotations

import errno
import functools
import os
import time
import weakref
from collections import namedtuple
from collections.abc import Iterator

from memodisk import codecs
from memodisk._request.request import Request
from memodisk._store import files
from memodisk._store.freshener import freshener
from memodisk._store.memory import Kept, Memory
from memodisk._store.record import MAX_EMBEDDED, DamagedRecord, Record
from memodisk._store.store import MAX_RECORD_SIZE, SHARDS, Damaged, Store
from memodisk._upkeep.limits import Limits
from memodisk._util.log import logger
from memodisk._util.units import format_seconds
from memodisk._util.version import __version__
from memodisk._util.warn import warn_once
from memodisk.errors import Miss, Reason, Undecodable, Unencodable
from memodisk.hashing import Digest, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from memodisk._upkeep.choose import Entry
    from memodisk._upkeep.evict import Evicted, Evictor
    from memodisk.codecs import Codec

    class _Result(NamedTuple):
        value: Any
        record: Record
else:
    _Result = namedtuple("Result", ("value", "record"))

log = logger("memodisk.cache")

#: A manifest has a line of some 60 bytes for each thing a function depends on.
_MAX_MANIFEST = 1 << 24

#: Seconds for which a drive is left alone that is not there any more: on a dead mount every look-up may hang for as
#: long as the mount's own patience.
REST = 30.0


class Result(_Result):
    """A value together with its record."""

    __slots__ = ()

    @property
    def bytes(self) -> int:
        """Size of the encoded value in bytes."""
        return self.record.bytes


#: Whether a blob is still used is told by reading all records of the function, 15 µs each. Of a function with more than
#: so many, that is not done for one block on disk: 100,000 results would take 1.5 s, and on a network drive minutes.
_MANY = 1000
_NO_LIMITS = Limits()
_BLOCK = 4096


class Layer:
    """One directory of results.

    Parameters
    ----------
    directory
        Where they lie, an absolute path.
    limits
        What the directory is kept within.
    policy
        ``"lru"`` or ``"cost"``.
    freshen
        Seconds for which a hit need not be written down.
    readonly
        Serve hits, write nothing.
    """

    def __init__(
        self,
        directory: str,
        *,
        limits: Limits,
        policy: str,
        freshen: float,
        readonly: bool,
    ) -> None:
        self.directory = directory
        self.limits = limits
        self.policy = policy
        self.freshen = freshen
        self.readonly = readonly
        self._start()

    def _start(self) -> None:
        self._store = Store(self.directory)
        self._memory = Memory()
        self._directories: dict[str, str] = {}
        self._manifests: set[Digest] = set()
        self._rests_until = 0.0
        self._rest_cause: OSError | None = None
        _layers.add(self)

    @functools.cached_property
    def _evictor(self) -> Evictor:
        # Imported late: a cache without limits needs none.
        from memodisk._upkeep.evict import Evictor

        return Evictor(self._store, self.limits, self.policy)

    @property
    def is_resting(self) -> bool:
        """True while the directory is left alone because it did not answer."""
        return self._rests_until > 0 and time.monotonic() < self._rests_until

    def start_afresh(self) -> None:
        """In a child of fork(): another thread of the parent may have held a lock, and its puts are not ours."""
        self._memory = Memory()
        self.__dict__.pop("_evictor", None)

    def __getstate__(self) -> dict[str, Any]:
        names = ("directory", "limits", "policy", "freshen", "readonly")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    # One result

    def load(self, request: Request, *, ttl: float | None = None, mmap: bool = False) -> Result:
        """Return the stored result of a request and remember that it was used.

        Parameters
        ----------
        request
            The call.
        ttl
            Longest time since the result was made, in seconds.
        mmap
            Map the blob into memory, read-only, if its codec can: takes constant time for any size. The blob's size is
            checked, its digest is left to `verify`.

        Raises
        ------
        Miss
            With its reason, if there is no usable result.
        """
        key = request.key
        directory = self._directories.get(request.function) or self._directory(request.function)
        path = Store.record_path(directory, key)
        if self._rests_until:
            self._check_rest()
        if not mmap and key in self._memory:
            kept = self.recall(key)
            if kept is not None:
                if ttl is not None:
                    _check_age(kept.record, ttl)
                try:
                    return Result(kept.value(), kept.record)
                except Exception as error:
                    raise _undecodable(error) from error
        record, status = self._read_record(path, key)
        if ttl is not None:
            _check_age(record, ttl)
        try:
            codec = codecs.get(record.codec)
        except ValueError as error:
            raise Miss(Reason.UNDECODABLE, str(error)) from error
        if mmap and hasattr(codec, "map"):
            result = self._map(directory, record, codec)
        else:
            blob = self._read_blob(directory, record, codec)
            try:
                result = Result(codec.decode(blob), record)
            except Exception as error:
                raise _undecodable(error) from error
            if blob.readonly:
                data = record.data or bytes(blob)
                self._memory.put(key, path, status, record.raw, record.codec, data, result.value)
        # A time in the future, from a clock that was wrong, would never be evicted: it is put right as well.
        if abs(time.time() - status.st_mtime) >= self.freshen:
            self._used(path, directory, record, codec)
        return result

    def recall(self, key: str) -> Kept | None:
        """Return what is kept in memory of a key, if the record on disk is still the one that it was read from.

        This is the whole way of a repeated hit: one `stat`.
        """
        kept = self._memory.get(key)
        if kept is None:
            return None
        try:
            status = os.stat(kept.path)
        except OSError:
            self._memory.drop(key)
            return None
        if not kept.is_of(status):
            self._memory.drop(key)
            return None
        # A time in the future, from a clock that was wrong, would never be evicted: it is put right as well.
        if abs(time.time() - status.st_mtime) >= self.freshen:
            directory = self._directory(kept.record.function)
            self._used(kept.path, directory, kept.record, kept.codec)
        return kept

    def has_record(self, request: Request) -> bool:
        """Return True if a record file of the request is there, whatever it holds."""
        path = Store.record_path(self._directory(request.function), request.key)
        return not self.is_resting and self._store.has_record(path)

    def contains(self, request: Request, *, ttl: float | None = None) -> bool:
        """Return True if there is a record of the request that has not expired; its blob is not read."""
        path = Store.record_path(self._directory(request.function), request.key)
        try:
            _check_age(self._read_record(path, request.key)[0], ttl)
        except Miss:
            return False
        return True

    def save(
        self,
        request: Request,
        value: Any,
        *,
        seconds: float = 0.0,
        codec: str = "auto",
        limits: Limits = _NO_LIMITS,
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
        directory = self._directory(request.function)
        self._check_write()
        writer = self._store.begin_blob(directory)
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
            self._memory.drop(request.key)
            has_made_directory = self._store.publish(
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

    @property
    def store(self) -> Store:
        """The files of the directory."""
        return self._store

    def forget_memory(self) -> None:
        """Forget what is kept in memory of the directory."""
        self._memory.clear()
        self._manifests.clear()

    def adopt(self, source: Layer, request: Request, limits: Limits = _NO_LIMITS) -> None:
        """Copy a result from another layer, verified, without decoding it.

        Raises
        ------
        Miss
            If it is not there any more, or damaged.
        OSError
            If the file system refuses; nothing half-written stays behind.
        """
        here, there = self._directory(request.function), source._directory(request.function)
        record, _ = source._read_record(Store.record_path(there, request.key), request.key)
        try:
            codec = codecs.get(record.codec)
        except ValueError as error:
            raise Miss(Reason.UNDECODABLE, str(error)) from error
        data = source._read_blob(there, record, codec)
        self._check_write()
        writer = self._store.begin_blob(here)
        try:
            writer.write(data)
            digest, blob = writer.finish()
            self._memory.drop(request.key)
            self._store.publish(
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
                self._store.write_manifest(here, record.fingerprint, text)
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
        directory = self._directory(request.function)
        path = Store.record_path(directory, request.key)
        self._memory.drop(request.key)
        try:
            record = Record.from_json(self._store.read_record(path)[0])
        except (OSError, DamagedRecord):
            return self._store.remove(path)
        removed = self._store.remove(path)
        if record.data is not None and self._store.count(directory, record.digest[0])[1] > _MANY // len(SHARDS):
            return removed
        # Nobody else may use the blob. Asked after the record is gone: of two that forget at once, the later one
        # sees it.
        if not any(other.digest == record.digest for _, other in self._records_in(directory)):
            self._store.remove_blob(directory, record.digest)
        return removed

    def manifest(self, func_name: str, fingerprint: Digest) -> str | None:
        """Return the manifest of a fingerprint that results of a function were made with, or None if it is gone."""
        try:
            path = Store.manifest_path(self._directory(func_name), fingerprint)
            return files.read(path, _MAX_MANIFEST)[0].decode("utf-8", "replace")
        except OSError:
            return None

    def evicted_at(self, request: Request) -> str | None:
        """Return when the result of a request was evicted, as text, or None if that is not known."""
        return self._store.evicted_at(self._directory(request.function), request.key)

    def sample(self, func_name: str, most: int) -> list[Record]:
        """Return at most so many records of a function, the most recently used ones of what was listed."""
        directory = self._directory(func_name)
        listed: list[Entry] = []
        for shard in SHARDS:
            listed.extend(entry for entry in self._store.entries(directory, shard) if entry.is_record)
            if len(listed) >= most:
                break  # of a function with a million results, not all are listed for one explanation
        listed.sort(key=lambda entry: -entry.mtime_ns)
        found = []
        for entry in listed[:most]:
            try:
                found.append(Record.from_json(self._store.read_record(entry.path)[0]))
            except (OSError, DamagedRecord):
                continue
        return [record for record in found if record.function == func_name]

    # Many results

    def records(self, func_name: str | None = None) -> Iterator[Record]:
        """Yield the record of each stored result; damaged ones are left out.

        Parameters
        ----------
        func_name
            Only of this function, for instance ``weather.load_city``.
        """
        for directory in self._function_directories(func_name):
            for _, record in self._records_in(directory):
                if func_name is None or record.function == func_name:
                    yield record

    def count(self, func_name: str) -> int:
        """Return the number of stored results of a function; no file is opened."""
        return sum(entry.is_record for entry in self._store.entries(self._directory(func_name)))

    def evict(self, func_name: str | None, limits: Limits, dry_run: bool) -> Evicted:
        """Remove results until limits hold, of one function or of the whole directory."""
        directories = self._function_directories(func_name)
        return self._evictor.evict([d for d in directories if os.path.isdir(d)], limits, dry_run)

    def clear(self, func_name: str | None = None) -> None:
        """Remove all results, or all of one function."""
        for directory in self._function_directories(func_name):
            self._store.remove_function(directory)
        self._memory.clear()
        self._manifests.clear()

    # Steps

    def _directory(self, function: str) -> str:
        directory = self._directories.get(function)
        if directory is None:
            directory = self._directories[function] = self._store.function_directory(function)
        return directory

    def _function_directories(self, func_name: str | None) -> list[str]:
        return self._store.functions() if func_name is None else [self._directory(func_name)]

    def _read_record(self, path: str, key: Key) -> tuple[Record, os.stat_result]:
        try:
            raw, status = self._store.read_record(path)
        except FileNotFoundError:
            raise Miss(Reason.ABSENT) from None
        except files.NotAFile as error:
            raise Miss(Reason.DAMAGED, f"the record: {error}") from error
        except OSError as error:
            self._meet(error)
            raise Miss(Reason.UNREADABLE, f"the record: {error}") from error
        try:
            record = Record.from_json(raw)
        except DamagedRecord as error:
            raise Miss(Reason.DAMAGED, f"{path}: {error}") from error
        if record.key != key:
            raise Miss(Reason.DAMAGED, f"{path}: the record is of another key, {record.key}")
        return record, status

    def _read_blob(self, directory: str, record: Record, codec: Codec) -> memoryview:
        if record.data is not None:
            return memoryview(record.data)  # covered by the record's checksum
        path = Store.blob_path(directory, record.digest, codec.suffix)
        with _blob_faults(path):
            return self._store.read_blob(path, record.digest, record.bytes)

    def _map(self, directory: str, record: Record, codec: Any) -> Result:
        path = Store.blob_path(directory, record.digest, codec.suffix)
        with _blob_faults(path):
            self._store.check_size(path, record.bytes)
            try:
                return Result(codec.map(path), record)
            except OSError:
                raise
            except Undecodable as error:
                raise Miss(Reason.UNDECODABLE, f"{path}: {error}") from error
            except Exception as error:  # a user's codec may raise anything
                raise Miss(Reason.UNDECODABLE, f"{path}: {type(error).__name__}: {error}") from error

    def _used(self, path: str, directory: str, record: Record, codec: Codec) -> None:
        """Write down that an entry was used."""
        if self.readonly:
            return
        blob_path = Store.blob_path(directory, record.digest, codec.suffix)
        job = functools.partial(self._freshen, record.key, path, blob_path)
        if self.freshen == 0:
            job()
        else:
            freshener.submit(job)

    def _freshen(self, key: str, path: str, blob_path: str) -> None:
        kept = self._memory.get(key)
        self._store.freshen(path, blob_path)
        if kept is not None:
            # The touch changes the identity of the record file; without this the next hit would read it anew.
            try:
                status = os.stat(path)
            except OSError:
                return
            if (status.st_ino, status.st_size) == (kept.inode, kept.size):
                kept.mtime_ns = status.st_mtime_ns

    def _write_manifest(self, directory: str, request: Request) -> None:
        fingerprint = request.fingerprint
        if fingerprint is not None and fingerprint.digest not in self._manifests:
            self._store.write_manifest(directory, fingerprint.digest, fingerprint.text)
            self._manifests.add(fingerprint.digest)

    def _explain_anew(self, directory: str, request: Request) -> None:
        """Write again what explains the directory: it may have been deleted under this program."""
        self._manifests.clear()
        try:
            self._store.prepare_anew()
            self._write_manifest(directory, request)
        except OSError as error:
            log.debug("%s is not explained: %s", directory, error)  # the result is stored all the same

    def _records_in(self, directory: str) -> Iterator[tuple[Entry, Record]]:
        for entry in self._store.entries(directory):
            if entry.is_record:
                try:
                    yield entry, Record.from_json(self._store.read_record(entry.path)[0])
                except FileNotFoundError:
                    continue  # removed in the meantime
                except (OSError, DamagedRecord) as error:
                    log.debug("left out %s: %s", entry.path, error)

    def _evict_if_over(self, directory: str, record: Record, limits: Limits) -> None:
        # What small files take on disk: a block each, 4 KiB nearly everywhere.
        size = _BLOCK + -(-record.bytes // _BLOCK) * _BLOCK
        try:
            self._evictor.after_put(directory, size, limits)
        except OSError as error:
            warn_once(
                log, (self.directory, "evict", str(error.errno)), "%s: could not evict: %s", self.directory, error
            )

    def _meet(self, error: OSError) -> None:
        """Leave a drive alone for a while that says it is not there."""
        if error.errno in files.DEAD:
            self._rests_until = time.monotonic() + REST
            self._rest_cause = error

    def _check_write(self) -> None:
        if self.readonly:
            raise OSError(errno.EROFS, "the cache is read-only", self.directory)
        if self.is_resting:
            code = errno.EHOSTDOWN if self._rest_cause is None else self._rest_cause.errno
            raise OSError(code, "the directory did not answer and is left alone for a while", self.directory)

    def _check_rest(self) -> None:
        if time.monotonic() < self._rests_until:
            detail = f"{self.directory} did not answer and is left alone for {REST:.0f} s"
            raise Miss(Reason.UNREADABLE, detail) from self._rest_cause
        self._rests_until = 0.0


class _blob_faults:  # noqa: N801 - used as a with statement
    """Turns what can be wrong with a blob into a miss with its reason."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, FileNotFoundError):
            raise Miss(Reason.BLOB_MISSING, self._path) from error
        if isinstance(error, Damaged):
            raise Miss(Reason.DAMAGED, f"{self._path}: {error}") from error
        if isinstance(error, OSError):
            raise Miss(Reason.UNREADABLE, f"the blob: {error}") from error


def _undecodable(error: Exception) -> Miss:
    """Return the miss for what a codec raised: a user's may raise anything."""
    detail = str(error) if isinstance(error, Undecodable) else f"{type(error).__name__}: {error}"
    return Miss(Reason.UNDECODABLE, detail)


def _is_record_of(key: Key, raw: bytes) -> bool:
    try:
        return Record.from_json(raw).key == key
    except DamagedRecord:
        return False


def _check_age(record: Record, ttl: float | None) -> None:
    if ttl is not None:
        age = time.time() - record.created
        if age > ttl:
            raise Miss(Reason.EXPIRED, f"made {format_seconds(age)} ago, ttl is {format_seconds(ttl)}")


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


def _start_afresh() -> None:
    for layer in list(_layers):
        layer.start_afresh()


_layers: weakref.WeakSet[Layer] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
