"""One adapter for each cache that is compared. An adapter opens a directory and memoizes functions in it.

Each peer is used as its documentation advises, with the options that make its answers right where there is a choice.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


class Peer:
    """A way to keep function results in a directory.

    Parameters
    ----------
    directory
        Where to keep them; it exists.
    """

    name: str
    module: str
    package: str

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def memoize(self, function: Function) -> Function:
        """Return the function with a cache around it."""
        raise NotImplementedError

    def fill(self, function: Function, arguments: list[tuple[Any, ...]]) -> None:
        """Store the results of many calls, by the fastest way there is."""
        memoized = self.memoize(function)
        for one in arguments:
            memoized(*one)


class Memodisk(Peer):
    name, module, package = "memodisk", "memodisk", "memodisk-cache"

    def __init__(self, directory: str) -> None:
        import memodisk

        super().__init__(directory)
        self.cache = memodisk.Cache(directory)

    def memoize(self, function: Function) -> Function:
        return self.cache.memoize(function)

    def fill(self, function: Function, arguments: list[tuple[Any, ...]]) -> None:
        from benchmarks.populate import populate

        populate(self.cache, function, arguments)


class Joblib(Peer):
    name, module, package = "joblib", "joblib", "joblib"

    def memoize(self, function: Function) -> Function:
        import joblib

        return joblib.Memory(self.directory, verbose=0).cache(function)


class Diskcache(Peer):
    name, module, package = "diskcache", "diskcache", "diskcache"

    def __init__(self, directory: str) -> None:
        import diskcache

        super().__init__(directory)
        # Without a limit, as the others; typed, because f(1) and f(1.0) would be one call otherwise.
        self.cache = diskcache.Cache(directory, size_limit=1 << 50)

    def memoize(self, function: Function) -> Function:
        return self.cache.memoize(typed=True)(function)

    def fill(self, function: Function, arguments: list[tuple[Any, ...]]) -> None:
        memoized = self.memoize(function)
        for start in range(0, len(arguments), 10_000):
            with self.cache.transact():
                for one in arguments[start : start + 10_000]:
                    memoized(*one)


class Checkpointer(Peer):
    name, module, package = "checkpointer", "checkpointer", "checkpointer"

    def memoize(self, function: Function) -> Function:
        import checkpointer

        return checkpointer.Checkpointer(directory=self.directory, verbosity=0)(function)


class Klepto(Peer):
    name, module, package = "klepto", "klepto", "klepto"

    def memoize(self, function: Function) -> Function:
        from klepto import inf_cache
        from klepto.archives import dir_archive
        from klepto.keymaps import hashmap, picklemap

        # Its default keys are Python's own hashes, which differ from process to process.
        keys = picklemap(serializer="pickle") + hashmap(algorithm="md5")
        return inf_cache(cache=dir_archive(self.directory, cached=False), keymap=keys)(function)


class Cachier(Peer):
    name, module, package = "cachier", "cachier", "cachier"

    def memoize(self, function: Function) -> Function:
        import cachier

        # One file for each result: all in one file would be read and written as a whole by every call.
        return cachier.cachier(cache_dir=self.directory, backend="pickle", separate_files=True)(function)


class Perscache(Peer):
    name, module, package = "perscache", "perscache", "perscache"

    def memoize(self, function: Function) -> Function:
        from perscache import Cache
        from perscache.storage import LocalFileStorage

        return Cache(storage=LocalFileStorage(self.directory))(function)


OURS = Memodisk.name
PEERS: dict[str, type[Peer]] = {
    peer.name: peer for peer in (Memodisk, Joblib, Diskcache, Checkpointer, Klepto, Cachier, Perscache)
}


def installed() -> list[str]:
    """Return the names of the peers that can be imported here, memodisk first."""
    return [name for name, peer in PEERS.items() if importlib.util.find_spec(peer.module) is not None]


def version(name: str) -> str:
    """Return the installed version of a peer."""
    if name == OURS:
        from memodisk._util.version import __version__

        return __version__
    try:
        return importlib.metadata.version(PEERS[name].package)
    except importlib.metadata.PackageNotFoundError:
        return "?"
