"""Reads from one directory: a record, its blob, both checked, decoded, and remembered as used."""

from __future__ import annotations

import functools
import os
import time
from collections import namedtuple

from memodisk import codecs
from memodisk._store.freshener import freshener
from memodisk._store.memory import Kept, Memory
from memodisk._store.read import DEAD, Damaged, NotAFile, Reader, read
from memodisk._store.record import DamagedRecord, Record
from memodisk._util.units import format_seconds
from memodisk.errors import Miss, Reason, Undecodable
from memodisk.hashing import Digest, Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple

    from memodisk._request.request import Request
    from memodisk.codecs import Codec

    class _Result(NamedTuple):
        value: Any
        record: Record
else:
    _Result = namedtuple("Result", ("value", "record"))

#: Seconds for which a drive is left alone that is not there any more: on a dead mount every look-up may hang for as
#: long as the mount's own patience.
REST = 30.0

#: A manifest has a line of some 60 bytes for each thing a function depends on.
_MAX_MANIFEST = 1 << 24


class Result(_Result):
    """A value together with its record."""

    __slots__ = ()

    @property
    def bytes(self) -> int:
        """Size of the encoded value in bytes."""
        return self.record.bytes


class Reading:
    """What is read from one directory.

    Parameters
    ----------
    directory
        Where results lie, an absolute path.
    freshen
        Seconds for which a hit need not be written down.
    readonly
        Serve hits, write nothing.
    """

    def __init__(self, directory: str, *, freshen: float, readonly: bool) -> None:
        self.directory = directory
        self.freshen = freshen
        self.readonly = readonly
        self.reader = Reader(directory)
        self.memory = Memory()
        self._directories: dict[str, str] = {}
        self._rests_until = 0.0
        self.rest_cause: OSError | None = None

    @property
    def is_resting(self) -> bool:
        """True while the directory is left alone because it did not answer."""
        return self._rests_until > 0 and time.monotonic() < self._rests_until

    def directory_of(self, function: str) -> str:
        """Return the directory of one function's results."""
        directory = self._directories.get(function)
        if directory is None:
            directory = self._directories[function] = self.reader.function_directory(function)
        return directory

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
        directory = self._directories.get(request.function) or self.directory_of(request.function)
        path = Reader.record_path(directory, key)
        if self._rests_until:
            self._check_rest()
        if not mmap and key in self.memory:
            kept = self.recall(key)
            if kept is not None:
                if ttl is not None:
                    _check_age(kept.record, ttl)
                try:
                    return Result(kept.value(), kept.record)
                except Exception as error:
                    raise _undecodable(error) from error
        record, status = self.read_record(path, key)
        if ttl is not None:
            _check_age(record, ttl)
        try:
            codec = codecs.get(record.codec)
        except ValueError as error:
            raise Miss(Reason.UNDECODABLE, str(error)) from error
        if mmap and hasattr(codec, "map"):
            result = self._map(directory, record, codec)
        else:
            blob = self.read_blob(directory, record, codec)
            try:
                result = Result(codec.decode(blob), record)
            except Exception as error:
                raise _undecodable(error) from error
            if blob.readonly:
                data = record.data or bytes(blob)
                self.memory.put(key, path, status, record.raw, record.codec, data, result.value)
        # A time in the future, from a clock that was wrong, would never be evicted: it is put right as well.
        if abs(time.time() - status.st_mtime) >= self.freshen:
            self._used(path, directory, record, codec)
        return result

    def recall(self, key: str) -> Kept | None:
        """Return what is kept in memory of a key, if the record on disk is still the one that it was read from.

        This is the whole way of a repeated hit: one `stat`.
        """
        kept = self.memory.get(key)
        if kept is None:
            return None
        try:
            status = os.stat(kept.path)
        except OSError:
            self.memory.drop(key)
            return None
        if not kept.is_of(status):
            self.memory.drop(key)
            return None
        # A time in the future, from a clock that was wrong, would never be evicted: it is put right as well.
        if abs(time.time() - status.st_mtime) >= self.freshen:
            directory = self.directory_of(kept.record.function)
            self._used(kept.path, directory, kept.record, kept.codec)
        return kept

    def has_record(self, request: Request) -> bool:
        """Return True if a record file of the request is there, whatever it holds."""
        path = Reader.record_path(self.directory_of(request.function), request.key)
        return not self.is_resting and self.reader.has_record(path)

    def contains(self, request: Request, *, ttl: float | None = None) -> bool:
        """Return True if there is a record of the request that has not expired; its blob is not read."""
        path = Reader.record_path(self.directory_of(request.function), request.key)
        try:
            _check_age(self.read_record(path, request.key)[0], ttl)
        except Miss:
            return False
        return True

    def manifest(self, func_name: str, fingerprint: Digest) -> str | None:
        """Return the manifest of a fingerprint that results of a function were made with, or None if it is gone."""
        try:
            path = self.reader.manifest_path(self.directory_of(func_name), fingerprint)
            return read(path, _MAX_MANIFEST)[0].decode("utf-8", "replace")
        except OSError:
            return None

    def read_record(self, path: str, key: Key) -> tuple[Record, os.stat_result]:
        try:
            raw, status = self.reader.read_record(path)
        except FileNotFoundError:
            raise Miss(Reason.ABSENT) from None
        except NotAFile as error:
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

    def read_blob(self, directory: str, record: Record, codec: Codec) -> memoryview:
        if record.data is not None:
            return memoryview(record.data)  # covered by the record's checksum
        path = Reader.blob_path(directory, record.digest, codec.suffix)
        with _blob_faults(path):
            return self.reader.read_blob(path, record.digest, record.bytes)

    def _map(self, directory: str, record: Record, codec: Any) -> Result:
        path = Reader.blob_path(directory, record.digest, codec.suffix)
        with _blob_faults(path):
            self.reader.check_size(path, record.bytes)
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
        blob_path = Reader.blob_path(directory, record.digest, codec.suffix)
        job = functools.partial(self._freshen, record.key, path, blob_path)
        if self.freshen == 0:
            job()
        else:
            freshener.submit(job)

    def _freshen(self, key: str, path: str, blob_path: str) -> None:
        kept = self.memory.get(key)
        self.reader.freshen(path, blob_path)
        if kept is not None:
            # The touch changes the identity of the record file; without this the next hit would read it anew.
            try:
                status = os.stat(path)
            except OSError:
                return
            if (status.st_ino, status.st_size) == (kept.inode, kept.size):
                kept.mtime_ns = status.st_mtime_ns

    def _meet(self, error: OSError) -> None:
        """Leave a drive alone for a while that says it is not there."""
        if error.errno in DEAD:
            self._rests_until = time.monotonic() + REST
            self.rest_cause = error

    def _check_rest(self) -> None:
        if time.monotonic() < self._rests_until:
            detail = f"{self.directory} did not answer and is left alone for {REST:.0f} s"
            raise Miss(Reason.UNREADABLE, detail) from self.rest_cause
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


def _check_age(record: Record, ttl: float | None) -> None:
    if ttl is not None:
        age = time.time() - record.created
        if age > ttl:
            raise Miss(Reason.EXPIRED, f"made {format_seconds(age)} ago, ttl is {format_seconds(ttl)}")
