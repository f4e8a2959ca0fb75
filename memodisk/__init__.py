"""Keep function results on disk: right, explained, fast, and readable with ls and jq.

>>> import memodisk
>>> @memodisk.memoize
... def load_city(name, year=2020): ...
"""

from __future__ import annotations

from memodisk.errors import MemodiskError, Miss, Reason, Undecodable, Unencodable, Unhashable
from memodisk.layer import Result
from memodisk.memoize import Cache, default_cache, memoize
from memodisk.parameters import FileContent, Ignored, by
from memodisk.record import Record
from memodisk.request import Hasher, Request
from memodisk.switches import disabled, only_cached
from memodisk.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memodisk.depends import File, env
    from memodisk.memoized import CacheInfo, Memoized
    from memodisk.stats import FunctionStats, Stats
    from memodisk.trimmer import Evicted
    from memodisk.verify import Verification

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
    "CacheInfo": "memoized",
    "Evicted": "trimmer",
    "File": "depends",
    "FunctionStats": "stats",
    "Memoized": "memoized",
    "Stats": "stats",
    "Verification": "verify",
    "env": "depends",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f"memodisk.{_LATER[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
