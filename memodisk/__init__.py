"""Keep function results on disk: right, explained, fast, and readable with ls and jq.

>>> import memodisk
>>> @memodisk.memoize
... def load_city(name, year=2020): ...
"""

from __future__ import annotations

from memodisk._cache.reading import Result
from memodisk._decorator.memoize import Cache, default_cache, memoize
from memodisk._decorator.switches import disabled, only_cached
from memodisk._request.annotations import FileContent, Ignored, Ordered, by
from memodisk._request.hasher import Hasher
from memodisk._request.request import Request
from memodisk._store.record import Record
from memodisk._util.version import __version__
from memodisk.errors import MemodiskError, Miss, Reason, Undecodable, Unencodable, Unhashable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memodisk._cache.stats import FunctionStats, Stats
    from memodisk._code.depends import File, env
    from memodisk._decorator.protocol import CacheInfo, Memoized
    from memodisk._upkeep.evict import Evicted
    from memodisk._upkeep.verify import Verification

__all__ = [
    "Cache",
    "CacheInfo",
    "Evicted",
    "File",
    "FileContent",
    "FunctionStats",
    "Hasher",
    "Ignored",
    "MemodiskError",
    "Memoized",
    "Miss",
    "Ordered",
    "Reason",
    "Record",
    "Request",
    "Result",
    "Stats",
    "Undecodable",
    "Unencodable",
    "Unhashable",
    "Verification",
    "__version__",
    "by",
    "default_cache",
    "disabled",
    "env",
    "memoize",
    "only_cached",
]

#: What few programs name, imported when one does: together it takes as long as all the rest.
_LATER = {
    "CacheInfo": "_decorator.protocol",
    "Evicted": "_upkeep.evict",
    "File": "_code.depends",
    "FunctionStats": "_cache.stats",
    "Memoized": "_decorator.protocol",
    "Stats": "_cache.stats",
    "Verification": "_upkeep.verify",
    "env": "_code.depends",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"memodisk.{_LATER[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
