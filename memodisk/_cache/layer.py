"""One directory of results: what is read from it, what is written to it, and what can be said of all of it."""

from __future__ import annotations

import functools
import os
import weakref
from collections.abc import Iterator

from memodisk._cache.reading import Reading
from memodisk._request.request import Request
from memodisk._store.layout import SHARDS
from memodisk._store.memory import Memory
from memodisk._store.record import DamagedRecord, Record
from memodisk._upkeep.limits import Limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memodisk._cache.writing import Writing
    from memodisk._store.entries import Entry
    from memodisk._store.store import Store
    from memodisk._upkeep.evict import Evicted


class Layer(Reading):
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

    def __init__(self, directory: str, *, limits: Limits, policy: str, freshen: float, readonly: bool) -> None:
        super().__init__(directory, freshen=freshen, readonly=readonly)
        self.limits = limits
        self.policy = policy
        _layers.add(self)

    @functools.cached_property
    def writing(self) -> Writing:
        """What is written to the directory."""
        # Imported late: a program that only hits writes nothing.
        from memodisk._cache.writing import Writing

        return Writing(self, self.limits, self.policy)

    @property
    def store(self) -> Store:
        """The files of the directory."""
        return self.writing.store

    def start_afresh(self) -> None:
        """In a child of fork(): another thread of the parent may have held a lock, and its puts are not ours."""
        self.memory = Memory()
        self.__dict__.pop("writing", None)

    def __reduce__(self) -> tuple[Any, ...]:
        return _layer, (self.directory, self.limits, self.policy, self.freshen, self.readonly)

    def forget_memory(self) -> None:
        """Forget what is kept in memory of the directory."""
        self.memory.clear()
        self.writing.forget_manifests()

    def evicted_at(self, request: Request) -> str | None:
        """Return when the result of a request was evicted, as text, or None if that is not known."""
        return self.store.evicted_at(self.directory_of(request.function), request.key)

    def sample(self, func_name: str, most: int) -> list[Record]:
        """Return at most so many records of a function, the most recently used ones of what was listed."""
        directory = self.directory_of(func_name)
        listed: list[Entry] = []
        for shard in SHARDS:
            listed.extend(entry for entry in self.store.entries(directory, shard) if entry.is_record)
            if len(listed) >= most:
                break  # of a function with a million results, not all are listed for one explanation
        listed.sort(key=lambda entry: -entry.mtime_ns)
        found = []
        for entry in listed[:most]:
            try:
                found.append(Record.from_json(self.reader.read_record(entry.path)[0]))
            except (OSError, DamagedRecord):
                continue
        return [record for record in found if record.function == func_name]

    def records(self, func_name: str | None = None) -> Iterator[Record]:
        """Yield the record of each stored result; damaged ones are left out.

        Parameters
        ----------
        func_name
            Only of this function, for instance ``weather.load_city``.
        """
        for directory in self._function_directories(func_name):
            for _, record in self.store.records(directory):
                if func_name is None or record.function == func_name:
                    yield record

    def count(self, func_name: str) -> int:
        """Return the number of stored results of a function; no file is opened."""
        return sum(entry.is_record for entry in self.store.entries(self.directory_of(func_name)))

    def evict(self, func_name: str | None, limits: Limits, dry_run: bool) -> Evicted:
        """Remove results until limits hold, of one function or of the whole directory."""
        directories = self._function_directories(func_name)
        return self.writing.evictor.evict([d for d in directories if os.path.isdir(d)], limits, dry_run)

    def clear(self, func_name: str | None = None) -> None:
        """Remove all results, or all of one function."""
        for directory in self._function_directories(func_name):
            self.store.remove_function(directory)
        self.memory.clear()
        self.writing.forget_manifests()

    def _function_directories(self, func_name: str | None) -> list[str]:
        return self.store.functions() if func_name is None else [self.directory_of(func_name)]


def _layer(directory: str, limits: Limits, policy: str, freshen: float, readonly: bool) -> Layer:
    return Layer(directory, limits=limits, policy=policy, freshen=freshen, readonly=readonly)


def _start_afresh() -> None:
    for layer in list(_layers):
        layer.start_afresh()


_layers: weakref.WeakSet[Layer] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
