"""Keep function results on disk: right, explained, fast, and readable with ls and jq.

>>> import memodisk
>>> @memodisk.memoize
... def load_city(name, year=2020): ...
"""

from __future__ import annotations

from memodisk.depends import File, env
from memodisk.errors import MemodiskError, Miss, Reason, Undecodable, Unencodable, Unhashable
from memodisk.layer import Result
from memodisk.memoize import Cache, default_cache, memoize
from memodisk.memoized import CacheInfo, Memoized
from memodisk.parameters import FileContent, Ignored, by
from memodisk.record import Record
from memodisk.request import Hasher, Request
from memodisk.stats import FunctionStats, Stats
from memodisk.switches import disabled, only_cached
from memodisk.trimmer import Evicted
from memodisk.verify import Verification
from memodisk.version import __version__

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
