"""Results on disk, in one directory or in several: what is looked for where, and what is written where."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence

from memodisk._cache.layer import Layer
from memodisk._cache.reading import Result
from memodisk._request.request import Request
from memodisk._store.location import checked_directory
from memodisk._store.memory import Kept
from memodisk._store.record import Record
from memodisk._upkeep.limits import Limits, parse_limits
from memodisk._util.log import logger
from memodisk._util.units import parse_seconds
from memodisk._util.warn import warn_once
from memodisk.errors import Miss, Reason
from memodisk.hashing import Digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    from memodisk._cache.explain import Explanation
    from memodisk._cache.stats import Stats
    from memodisk._upkeep.evict import Evicted
    from memodisk._upkeep.verify import Progress, Verification

log = logger("memodisk.cache")

#: Most records that a request is compared with. Reading one takes 20 µs here, and five round trips' share on a network
#: drive.
MAX_COMPARED = 10_000

#: What a file system says that cannot be written to at all.
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})

Policy: TypeAlias = "Literal['lru', 'cost']"
Directory: TypeAlias = "str | os.PathLike[str]"


class ResultCache:
    """Results on disk.

    Parameters
    ----------
    directory
        Where to keep results; made when the first one is stored. Default: ``$MEMODISK_DIR``, else the user's cache
        directory by the platform's convention. Several directories, nearest first, are layers: they are read in
        order, a hit in a farther one is copied to the nearer ones, and what is computed is written to all. A layer
        may also be a `Cache` with options of its own.
    max_bytes, max_count, max_age
        What the directory is kept within: bytes on disk (a number, or a string such as ``"20GB"``), number of results,
        time without use (seconds, or a string such as ``"90d"``). The least recently used results are evicted.
    policy
        ``"lru"``, or ``"cost"`` to keep the results that save most computing time for each byte.
    freshen
        How long a hit need not be written down, in seconds or as a string: the time of last use of an entry is exact to
        this span. 0 is exact.
    readonly
        Serve hits, write nothing.
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
        directory: Directory | Sequence[Directory | ResultCache] | None = None,
        *,
        max_bytes: float | str | None = None,
        max_count: int | None = None,
        max_age: float | str | None = None,
        policy: Policy = "lru",
        freshen: float | str = "1h",
        readonly: bool = False,
        strict: bool = False,
    ) -> None:
        if policy not in ("lru", "cost"):
            raise ValueError(f"policy={policy!r} is not known: give 'lru' or 'cost'")
        self.strict = strict
        self.limits = parse_limits(max_bytes, max_count, max_age)
        self._freshen = parse_seconds(freshen, "freshen")
        self._policy = policy
        self._readonly = readonly
        if isinstance(directory, (list, tuple)):
            if not directory:
                raise ValueError("directory=[] has no directory: give at least one")
            self._layers = [layer for one in directory for layer in self._make_layers(one)]
        else:
            self._layers = self._make_layers(directory)
        self.directory = self._layers[0].directory

    def _make_layers(self, directory: Any) -> list[Layer]:
        if isinstance(directory, ResultCache):
            return directory._layers
        return [
            Layer(
                checked_directory(directory),
                limits=self.limits,
                policy=self._policy,
                freshen=self._freshen,
                readonly=self._readonly,
            )
        ]

    def __repr__(self) -> str:
        directories = [layer.directory for layer in self._layers]
        return f"{type(self).__name__}({directories[0] if len(directories) == 1 else directories!r})"

    @property
    def directories(self) -> list[str]:
        """The directories, nearest first."""
        return [layer.directory for layer in self._layers]

    @property
    def is_readonly(self) -> bool:
        """True if nothing can be stored here."""
        return all(layer.readonly for layer in self._layers)

    @property
    def shared_directory(self) -> str | None:
        """The farthest directory that can be written to, where all meet who compute the same. None if there is none."""
        for layer in reversed(self._layers):
            if not layer.readonly and not layer.is_resting:
                return layer.directory
        return None

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
        layers = self._layers
        if len(layers) == 1:
            return layers[0].load(request, ttl=ttl, mmap=mmap)
        told: Miss | None = None
        unreadable: list[tuple[Layer, Miss]] = []
        for depth, layer in enumerate(layers):
            try:
                result = layer.load(request, ttl=ttl, mmap=mmap)
            except Miss as miss:
                if miss.reason is Reason.UNREADABLE:
                    unreadable.append((layer, miss))
                # What is wrong with a near layer is told even if a far one has nothing.
                elif told is None or told.reason is Reason.ABSENT:
                    told = miss
                continue
            for other, fault in unreadable:
                self._warn(other, fault)
            for nearer in layers[:depth]:
                if not nearer.readonly:
                    self._copy(request, layer, nearer)
            return result
        if told is None:
            raise unreadable[0][1]
        for other, fault in unreadable:
            self._warn(other, fault)
        raise told

    def recall(self, key: str) -> Kept | None:
        """Return what is kept in memory of a key, if it still is what is on disk. See `Reading.recall`."""
        return self._layers[0].recall(key)

    def has_record(self, request: Request) -> bool:
        """Return True if a record file of the request is there, whatever it holds: one look-up in each layer."""
        return any(layer.has_record(request) for layer in self._layers)

    def contains(self, request: Request, *, ttl: float | None = None) -> bool:
        """Return True if there is a record of the request that has not expired; its blob is not read."""
        return any(layer.contains(request, ttl=ttl) for layer in self._layers)

    def save(
        self,
        request: Request,
        value: Any,
        *,
        seconds: float = 0.0,
        codec: str = "auto",
        limits: Limits = Limits(),  # noqa: B008 - frozen
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
            What the function's results are kept within, besides the limits of the cache.

        Raises
        ------
        Unencodable
            If the codec cannot hold the value exactly.
        OSError
            If no directory takes it; nothing half-written stays behind.
        """
        saved: Layer | None = None
        result: Result | None = None
        refused: list[tuple[Layer, OSError]] = []
        for layer in self._layers:
            if layer.readonly:
                continue
            try:
                if saved is None or result is None:
                    result = layer.writing.save(request, value, seconds=seconds, codec=codec, limits=limits)
                    saved = layer
                else:
                    try:
                        layer.writing.adopt(saved, request, limits)
                    except Miss:  # the other one has evicted or forgotten it already
                        layer.writing.save(request, value, seconds=seconds, codec=codec, limits=limits)
            except OSError as error:
                refused.append((layer, error))
        if result is None:
            raise refused[0][1] if refused else OSError(errno.EROFS, "the cache is read-only", self.directory)
        for layer, cause in refused:
            if cause.errno in _READ_ONLY:
                layer.readonly = True
            else:
                self._warn(layer, cause)
        return result

    def forget(self, request: Request) -> bool:
        """Remove the result of a request, and its blob unless other records of the function use it.

        Returns
        -------
        True if there was one.
        """
        forgotten = [layer.writing.forget(request) for layer in self._writable()]
        return any(forgotten)

    def manifest(self, func_name: str, fingerprint: Digest) -> str | None:
        """Return the manifest of a fingerprint that results of a function were made with, or None if it is gone."""
        texts = (layer.manifest(func_name, fingerprint) for layer in self._layers)
        return next((text for text in texts if text is not None), None)

    def explain(self, request: Request, *, ttl: float | None = None, most: int = MAX_COMPARED) -> Explanation:
        """Return whether a request hits, and if not, why, with its nearest stored results.

        Parameters
        ----------
        request
            The call.
        ttl
            Longest time since the result was made, in seconds.
        most
            Most stored results to compare it with.
        """
        # What only few programs ask for is imported when they do, here and below.
        from memodisk._cache.explain import explain_hit

        try:
            return explain_hit(request, self.load(request, ttl=ttl).record)
        except Miss as miss:
            return self.explain_miss(request, miss, most)

    def explain_miss(self, request: Request, miss: Miss, most: int = MAX_COMPARED) -> Explanation:
        """Return why a request missed, with its nearest stored results."""
        from memodisk._cache.explain import explain_miss

        evicted = next(filter(None, (layer.evicted_at(request) for layer in self._layers)), None)
        records = [record for layer in self._layers for record in layer.sample(request.function, most)]
        return explain_miss(
            request, miss, records, lambda fingerprint: self.manifest(request.function, fingerprint), evicted
        )

    # Many results

    def records(self, func_name: str | None = None) -> Iterator[Record]:
        """Yield the record of each stored result; damaged ones are left out.

        Parameters
        ----------
        func_name
            Only of this function, for instance ``weather.load_city``.
        """
        seen: set[str] = set()
        for layer in self._layers:
            for record in layer.records(func_name):
                if len(self._layers) == 1:
                    yield record
                elif record.key not in seen:
                    seen.add(record.key)
                    yield record

    def count(self, func_name: str) -> int:
        """Return the number of stored results of a function, of the layer that has most; no file is opened."""
        return max(layer.count(func_name) for layer in self._layers)

    def stats(self, func_name: str | None = None) -> Stats:
        """Return number, size and computing time of the stored results of each function. All records are read.

        Parameters
        ----------
        func_name
            Only of this function.
        """
        from memodisk._cache.stats import count_up

        return count_up(self.records(func_name))

    def evict(
        self,
        func_name: str | None = None,
        *,
        max_count: int | None = None,
        max_bytes: float | str | None = None,
        max_age: float | str | None = None,
        dry_run: bool = False,
    ) -> Evicted:
        """Remove the least recently used results until the limits hold.

        Parameters
        ----------
        func_name
            Of this function alone; otherwise the limits are for all functions together.
        max_count, max_bytes, max_age
            What may stay, as for `Cache`. Without any, the limits of the cache itself.
        dry_run
            Remove nothing, tell what would be removed.

        Raises
        ------
        ValueError
            If there is no limit, or one that makes no sense.
        """
        from memodisk._upkeep.evict import Evicted

        limits = parse_limits(max_bytes, max_count, max_age)
        if not limits and not any(layer.limits for layer in self._layers):
            raise ValueError("evict() needs a limit: give max_count=, max_bytes= or max_age=")
        evicted = Evicted(is_dry_run=dry_run)
        for layer in self._writable():
            evicted += layer.evict(func_name, limits or layer.limits, dry_run)
        return evicted

    def clear(self, func_name: str | None = None) -> None:
        """Remove all results, or all of one function."""
        for layer in self._writable():
            layer.clear(func_name)

    def verify(self, *, fix: bool = False, progress: Progress | None = None) -> Verification:
        """Check every record and every blob, step by step.

        Parameters
        ----------
        fix
            Remove what is damaged, left over or not referred to by anything; what is in use is not touched.
        progress
            Called as ``progress(step, done, total)``.
        """
        from memodisk._upkeep.verify import Verification, verify

        verification = Verification()
        for layer in self._layers:
            verification += verify(layer.store, fix=fix and not layer.readonly, progress=progress)
            layer.forget_memory()
        return verification

    def _writable(self) -> list[Layer]:
        return [layer for layer in self._layers if not layer.readonly]

    def _copy(self, request: Request, source: Layer, target: Layer) -> None:
        try:
            target.writing.adopt(source, request)
        except Miss as miss:
            log.debug("%s: not copied to %s: %s", request.function, target.directory, miss)
        except OSError as error:
            if error.errno in _READ_ONLY:
                target.readonly = True
            else:
                self._warn(target, error)

    @staticmethod
    def _warn(layer: Layer, error: Exception) -> None:
        warn_once(log, (layer.directory, "layer"), "%s cannot be used at present: %s", layer.directory, error)
