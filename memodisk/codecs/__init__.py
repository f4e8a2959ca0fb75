"""Turn values into blobs and back.

A codec is one file format. `choose` picks it by the value's type, `get` by the name that a record holds,
`register` adds one of your own. Choosing imports no library: a value's own library is loaded already, or the
value would not exist, so type names are looked up in `sys.modules`.
"""

from __future__ import annotations

import re
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memodisk.codecs.protocol import Codec

__all__ = ["Codec", "choose", "get", "names", "register"]


# name -> module, class. A module is loaded when its codec is first used.
_BUILT_IN = {
    "pickle": ("memodisk.codecs.pickled", "PickleCodec"),
    "txt": ("memodisk.codecs.text", "TextCodec"),
    "bin": ("memodisk.codecs.text", "BytesCodec"),
    "npy": ("memodisk.codecs.npy", "NpyCodec"),
    "parquet": ("memodisk.codecs.parquet", "ParquetCodec"),
    "geoparquet": ("memodisk.codecs.geo", "GeoParquetCodec"),
}

# Suffixes are unique as names are, because a blob's path is derived from its digest and codec.
_SUFFIXES = {
    "pkl": "pickle",
    "txt": "txt",
    "bin": "bin",
    "npy": "npy",
    "parquet": "parquet",
    "geo.parquet": "geoparquet",
}

_TYPES: tuple[tuple[type | str, str], ...] = (
    (str, "txt"),
    (bytes, "bin"),
    ("numpy.ndarray", "npy"),  # and numpy.memmap, its subclass
    ("pandas.DataFrame", "parquet"),
    ("pandas.Series", "parquet"),
    ("polars.DataFrame", "parquet"),
    ("polars.Series", "parquet"),
    ("pyarrow.Table", "parquet"),
    ("geopandas.GeoDataFrame", "geoparquet"),
    ("geopandas.GeoSeries", "geoparquet"),
)

_NAME = r"[a-z0-9]+([_-][a-z0-9]+)*"
_SUFFIX = r"[a-z0-9]+([._-][a-z0-9]+)*"
# A blob's file name is 32 hex digits, a dot and the suffix: this keeps the whole path short.
_LONGEST = 24

#: What is pickled unless somebody registered a codec of their own; to look through the table takes 1.8 µs.
_PICKLED = frozenset({int, float, complex, bool, type(None), list, tuple, dict, set})

_lock = threading.Lock()
_loaded: dict[str, Codec] = {}
_suffixes = dict(_SUFFIXES)
_types = _TYPES  # the latest registration comes first; replaced as a whole, so that readers need no lock


def choose(value: object) -> Codec:
    """Choose the codec for a value by its type, the nearest class first; pickle if no other accepts it."""
    if type(value) in _PICKLED and _types is _TYPES:
        return get("pickle")
    for cls in type(value).__mro__[:-1]:
        for known, name in _types:
            if known is cls or (type(known) is str and _find(known) is cls):
                codec = get(name)
                if codec.accepts(value):
                    return codec
    return get("pickle")


def get(name: str) -> Codec:
    """Get a codec by the name that a record or the option ``codec=`` holds.

    Raises
    ------
    ValueError
        If there is no such codec; the message names those that exist.
    """
    codec = _loaded.get(name)
    if codec is not None:
        return codec
    place = _BUILT_IN.get(name)
    if place is None:
        raise ValueError(f"there is no codec {name!r}; known codecs are {', '.join(names())}")
    from importlib import import_module

    module, cls = place
    built: Codec = getattr(import_module(module), cls)()
    with _lock:
        return _loaded.setdefault(name, built)


def names() -> list[str]:
    """List the names of all codecs, sorted."""
    return sorted({*_BUILT_IN, *_loaded})


def register(codec: Codec, *types: type | str) -> None:
    """Add a codec of your own; it wins over the built-in ones for values of these types.

    Registering again from the same class replaces the older one, so that a notebook cell can be run twice.

    Parameters
    ----------
    codec
        An object with `name`, `suffix`, `accepts`, `encode` and `decode`, see `Codec`.
    types
        The classes it is for, subclasses included; a string ``"package.module.Class"`` if that is not
        imported yet. Without any, the codec is used by its name alone.

    Raises
    ------
    TypeError
        If something that a codec needs is missing or has the wrong type.
    ValueError
        If name or suffix cannot be used or belong to another codec.
    """
    global _types
    _check(codec)
    for known in types:
        if not isinstance(known, type) and not (isinstance(known, str) and known.count(".") >= 1):
            raise TypeError(f"codec {codec.name!r} is for classes or 'package.module.Class' strings, not {known!r}")
    with _lock:
        older = _loaded.get(codec.name)
        if codec.name in _BUILT_IN or (older is not None and not _same_class(older, codec)):
            raise ValueError(f"the name {codec.name!r} belongs to another codec")
        owner = _suffixes.get(codec.suffix, codec.name)
        if owner != codec.name:
            raise ValueError(f"the suffix {codec.suffix!r} belongs to the codec {owner!r}")
        if older is not None:
            del _suffixes[older.suffix]
            _types = tuple(entry for entry in _types if entry[1] != codec.name)
        _suffixes[codec.suffix] = codec.name
        _loaded[codec.name] = codec
        _types = (*((known, codec.name) for known in types), *_types)


def _check(codec: Codec) -> None:
    if isinstance(codec, type):
        raise TypeError(f"a codec is an object, not a class: register {codec.__name__}()")
    kind = type(codec).__name__
    for word in ("name", "suffix"):
        if not isinstance(getattr(codec, word, None), str):
            raise TypeError(f"{kind} is no codec: it needs a string {word!r}")
    for word in ("accepts", "encode", "decode"):
        if not callable(getattr(codec, word, None)):
            raise TypeError(f"{kind} is no codec: it needs a method {word!r}")
    if not re.fullmatch(_NAME, codec.name) or len(codec.name) > _LONGEST or codec.name == "auto":
        raise ValueError(f"{codec.name!r} cannot be a codec's name: use up to {_LONGEST} of a-z, 0-9, '-', '_'")
    if not re.fullmatch(_SUFFIX, codec.suffix) or len(codec.suffix) > _LONGEST:
        raise ValueError(
            f"{codec.suffix!r} cannot be a codec's suffix: "
            f"use up to {_LONGEST} of a-z, 0-9, '-', '_', without a leading dot"
        )
    if codec.suffix.endswith("record.json"):
        raise ValueError(f"{codec.suffix!r} cannot be a codec's suffix: a file with this ending is a record")


def _same_class(one: Codec, other: Codec) -> bool:
    a, b = type(one), type(other)
    return (a.__module__, a.__qualname__) == (b.__module__, b.__qualname__)


def _find(text: str) -> object:
    """Find 'package.module.Class' among what is imported already, else None."""
    module, _, rest = text.rpartition(".")
    while module:
        found: object = sys.modules.get(module)
        if found is not None:
            for part in rest.split("."):
                found = getattr(found, part, None)
            return found
        module, _, last = module.rpartition(".")
        rest = f"{last}.{rest}"
    return None


def __getattr__(name: str) -> object:
    if name == "Codec":  # imported late: classes of `typing` take long to make, and few programs name this one
        from memodisk.codecs.protocol import Codec

        return Codec
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
