"""Results on disk: load, save, forget, evict. The only module that sees records, blobs, codecs and files together."""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from memodisk import codecs, files
from memodisk.codecs import Codec
from memodisk.errors import Miss, Reason, Undecodable, Unencodable
from memodisk.eviction import Entry, Limits, choose_victims
from memodisk.freshener import freshener
from memodisk.hashing import Digest
from memodisk.memory import Kept, Memory
from memodisk.record import MAX_EMBEDDED, DamagedRecord, Record
from memodisk.request import Request
from memodisk.store import Damaged, Identity, Store, default_directory
from memodisk.units import format_bytes, parse_count, parse_seconds
from memodisk.version import __version__

log = logging.getLogger("memodisk.cache")

#: A manifest has a line of some 60 bytes for each thing a function depends on.
_MAX_MANIFEST = 1 << 24


@dataclass(frozen=True)
class Result:
    """A value together with its record."""

    value: Any
    record: Record

    @property
    def bytes(self) -> int:
        """Size of the encoded value in bytes."""
        return self.record.bytes


@dataclass(frozen=True)
class Evicted:
    """What an eviction removed.

    Parameters
    ----------
    count
        Number of records.
    bytes
        Bytes on disk, of records and blobs together.
    functions
        Names of the directories of the functions concerned.
    """

    count: int = 0
    bytes: int = 0
    functions: tuple[str, ...] = ()

    def __str__(self) -> str:
        what = f"{self.count:,} result{'' if self.count == 1 else 's'}, {format_bytes(self.bytes)}"
        return f"evicted {what}" + (f" of {', '.join(self.functions)}" if self.functions else "")


class ResultCache:
    """A directory of results.

    Parameters
    ----------
    directory
        Where to keep results; made when the first one is stored. Default: ``$MEMODISK_DIR``, else the user's cache
        directory by the platform's convention.
    freshen
        How long a hit need not be written down, in seconds or as a string: the time of last use of an entry is exact to
        this span. 0 is exact.
    strict
        Raise what would otherwise be a warning: results that cannot be stored, arguments that cannot be hashed, a
        directory that cannot be used.

    Raises
    ------
    NotADirectoryError
        If `directory` is an existing file.
    TypeError, ValueError
        If an option makes no sense.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        freshen: float | str = "1h",
        strict: bool = False,
    ) -> None:
        if directory is None:
            chosen = default_directory()
        else:
            try:
                chosen = os.fspath(directory)
            except TypeError:
                raise TypeError(f"directory={directory!r} is no path: give a string or a pathlib.Path") from None
            if not isinstance(chosen, str) or not chosen:
                raise TypeError(f"directory={directory!r} is no path: give a string or a pathlib.Path")
        self.directory = os.path.abspath(os.path.expanduser(chosen))
        if os.path.isfile(self.directory):
            raise NotADirectoryError(
                f"directory={self.directory!r} is a file: give a directory, or a path that does not exist yet"
            )
        self.strict = strict
        self.freshen = parse_seconds(freshen, "freshen")
        self._start()

    def _start(self) -> None:
        self._store = Store(self.directory)
        self._memory = Memory()
        self._directories: dict[str, str] = {}
        self._manifests: set[Digest] = set()

    def __getstate__(self) -> dict[str, Any]:
        return {"directory": self.directory, "strict": self.strict, "freshen": self.freshen}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.directory!r})"

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
        directory = self._directory(request.function)
        path = Store.record_path(directory, request.key)
        kept = self._memory.get(path)
        if kept is not None and not mmap:
            try:
                status = os.stat(path)
            except OSError:
                status = None
            if status is not None and Identity.of(status) == kept.identity:
                _check_age(kept.record, ttl)
                result = self._decode(kept.record, kept.codec, memoryview(kept.blob))
                self._used(path, directory, kept.record, kept.codec, status.st_mtime)
                return result
            self._memory.drop(path)
        record, status = self._read_record(path, request)
        _check_age(record, ttl)
        try:
            codec = codecs.get(record.codec)
        except ValueError as error:
            raise Miss(Reason.UNDECODABLE, str(error)) from error
        if mmap and hasattr(codec, "map"):
            result = self._map(directory, record, codec)
        else:
            blob = self._read_blob(directory, record, codec)
            result = self._decode(record, codec, blob)
            if blob.readonly:
                self._memory.put(path, Kept(Identity.of(status), record, codec, bytes(blob)))
        self._used(path, directory, record, codec, status.st_mtime)
        return result

    def contains(self, request: Request, *, ttl: float | None = None) -> bool:
        """Return True if there is a record of the request that has not expired; its blob is not read."""
        path = Store.record_path(self._directory(request.function), request.key)
        try:
            record, _ = self._read_record(path, request)
            _check_age(record, ttl)
        except Miss:
            return False
        return True

    def save(self, request: Request, value: Any, *, seconds: float = 0.0, codec: str = "auto") -> Result:
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
        temporary, writer = self._store.begin_blob(directory)
        try:
            chosen.encode(value, writer)  # type: ignore[arg-type]
            digest, data = writer.finish()
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
                fingerprint=None if request.fingerprint is None else request.fingerprint.digest,
                version=request.version,
                made_by=_made_by(os.getpid()),
                data=data if data is not None and len(data) <= MAX_EMBEDDED else None,
            )
            self._write_manifest(directory, request)
            path = Store.record_path(directory, request.key)
            self._memory.drop(path)
            self._store.publish(
                record_path=path,
                record=record.to_json(),
                blob_path=Store.blob_path(directory, digest, chosen.suffix),
                blob=temporary if data is None else data,
                digest=digest,
                size=writer.size,
            )
        finally:
            writer.abandon()
            temporary.discard()
        return Result(value, record)

    def forget(self, request: Request) -> bool:
        """Remove the result of a request, and its blob unless other records of the function use it.

        Returns
        -------
        True if there was one.
        """
        directory = self._directory(request.function)
        path = Store.record_path(directory, request.key)
        self._memory.drop(path)
        try:
            digest = Record.from_json(self._store.read_record(path)[0]).digest
        except (OSError, DamagedRecord):
            return self._store.remove(path)
        removed = self._store.remove(path)
        # Nobody else may use the blob. Asked after the record is gone: of two that forget at once, the later one
        # sees it.
        if not any(record.digest == digest for _, record in self._records_in(directory)):
            self._store.remove_blob(directory, digest)
        return removed

    def manifest(self, func_name: str, fingerprint: Digest) -> str | None:
        """Return the manifest of a fingerprint that results of a function were made with, or None if it is gone."""
        try:
            path = Store.manifest_path(self._directory(func_name), fingerprint)
            return files.read(path, _MAX_MANIFEST)[0].decode("utf-8", "replace")
        except OSError:
            return None

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

    def evict(self, func_name: str | None = None, *, max_count: int | None = None) -> Evicted:
        """Remove the least recently used results until the limits hold.

        Parameters
        ----------
        func_name
            Of this function alone; otherwise the limits are for the whole cache.
        max_count
            Most results that may stay.

        Raises
        ------
        ValueError
            If there is no limit, or one that makes no sense.
        """
        if max_count is None:
            raise ValueError("evict() needs a limit: give max_count=")
        limits = Limits(max_count=parse_count(max_count, "max_count"))
        listing = [
            entry for directory in self._function_directories(func_name) for entry in self._store.entries(directory)
        ]
        return self._remove(choose_victims(listing, limits, now_ns=time.time_ns()))

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

    def _read_record(self, path: str, request: Request) -> tuple[Record, os.stat_result]:
        try:
            raw, status = self._store.read_record(path)
        except FileNotFoundError:
            raise Miss(Reason.ABSENT) from None
        except files.NotAFile as error:
            raise Miss(Reason.DAMAGED, f"the record: {error}") from error
        except OSError as error:
            raise Miss(Reason.UNREADABLE, f"the record: {error}") from error
        try:
            record = Record.from_json(raw)
        except DamagedRecord as error:
            raise Miss(Reason.DAMAGED, f"{path}: {error}") from error
        if record.key != request.key:
            raise Miss(Reason.DAMAGED, f"{path}: the record is of another key, {record.key}")
        return record, status

    def _read_blob(self, directory: str, record: Record, codec: Codec) -> memoryview:
        if record.data is not None and files.digest(record.data) == record.digest:
            return memoryview(record.data)
        path = Store.blob_path(directory, record.digest, codec.suffix)
        with _blob_faults(path):
            return self._store.read_blob(path, record.digest, record.bytes)

    def _map(self, directory: str, record: Record, codec: Any) -> Result:
        path = Store.blob_path(directory, record.digest, codec.suffix)
        with _blob_faults(path):
            self._store.check_size(path, record.bytes)
            try:
                return Result(codec.map(path), record)
            except Undecodable as error:
                raise Miss(Reason.UNDECODABLE, f"{path}: {error}") from error

    @staticmethod
    def _decode(record: Record, codec: Codec, blob: memoryview) -> Result:
        try:
            return Result(codec.decode(blob), record)
        except Undecodable as error:
            raise Miss(Reason.UNDECODABLE, str(error)) from error

    def _used(self, path: str, directory: str, record: Record, codec: Codec, mtime: float) -> None:
        """Remember that an entry was used, at most once in `freshen` seconds."""
        if time.time() - mtime < self.freshen:
            return
        blob_path = Store.blob_path(directory, record.digest, codec.suffix)
        job = functools.partial(self._freshen, path, blob_path)
        if self.freshen == 0:
            job()
        else:
            freshener.submit(job)

    def _freshen(self, path: str, blob_path: str) -> None:
        kept = self._memory.get(path)
        self._store.freshen(path, blob_path)
        if kept is not None:
            # The touch changes the identity of the record file; without this the next hit would read it anew.
            try:
                status = os.stat(path)
            except OSError:
                return
            if (status.st_ino, status.st_size) == (kept.identity.inode, kept.identity.size):
                self._memory.put(path, Kept(Identity.of(status), kept.record, kept.codec, kept.blob))

    def _write_manifest(self, directory: str, request: Request) -> None:
        fingerprint = request.fingerprint
        if fingerprint is not None and fingerprint.digest not in self._manifests:
            self._store.write_manifest(directory, fingerprint.digest, fingerprint.text)
            self._manifests.add(fingerprint.digest)

    def _records_in(self, directory: str) -> Iterator[tuple[Entry, Record]]:
        for entry in self._store.entries(directory):
            if entry.is_record:
                try:
                    yield entry, Record.from_json(self._store.read_record(entry.path)[0])
                except FileNotFoundError:
                    continue  # removed in the meantime
                except (OSError, DamagedRecord) as error:
                    log.debug("left out %s: %s", entry.path, error)

    def _remove(self, victims: list[Entry]) -> Evicted:
        count = size = 0
        functions = set()
        for entry in victims:
            if self._store.remove(entry.path):
                count += entry.is_record
                size += entry.size
                functions.add(os.path.basename(os.path.dirname(os.path.dirname(entry.path))))
        evicted = Evicted(count, size, tuple(sorted(functions)))
        if victims:
            log.info("%s", evicted)
        return evicted


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


def _check_age(record: Record, ttl: float | None) -> None:
    if ttl is not None:
        age = time.time() - record.created
        if age > ttl:
            raise Miss(Reason.EXPIRED, f"made {age:,.0f} s ago, ttl is {ttl:,.0f} s")


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
