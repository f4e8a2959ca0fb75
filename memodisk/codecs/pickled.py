"""Pickle, protocol 5: the codec for whatever has no better format.

Plain values take the C pickler alone, because importing cloudpickle costs 41 ms. As soon as the C pickler
meets something that another process could not import (a class or function of ``__main__``, a lambda) the
value is pickled again through cloudpickle, which writes such things by value.
"""

from __future__ import annotations

import io
import pickle
import sys
import types
from collections.abc import Iterator
from typing import Any, BinaryIO

from memodisk._util import main_module
from memodisk._util.main_module import MAINS, module_name, name_of_class
from memodisk.codecs.libraries import load
from memodisk.codecs.unpicklable import find
from memodisk.errors import Undecodable, Unencodable

_PROTOCOL = 5

# The C pickler hands over 64 KiB frames; together they make fewer, larger writes.
_CHUNK = 1 << 20


class PickleCodec:
    """Pickle through cloudpickle; opens with plain `pickle.load` where the classes can be imported."""

    name = "pickle"
    suffix = "pkl"

    def accepts(self, value: object) -> bool:  # noqa: ARG002  the protocol names it so
        """Accept anything: what pickle cannot take shows only while encoding."""
        return True

    def encode(self, value: object, file: BinaryIO) -> None:
        """Pickle the value; nothing is written before all of it is pickled."""
        pieces = _dump(value)
        for piece in pieces if len(pieces) == 1 else _joined(pieces):
            file.write(piece)

    def decode(self, blob: memoryview) -> object:
        """Unpickle the blob."""
        try:
            held = blob.obj
            if type(held) is bytes and _GLOBAL not in held:
                return pickle.loads(blob)  # plain data
            return _Unpickler(_Blob(blob)).load()
        except Exception as error:
            raise Undecodable(f"this pickle cannot be loaded here: {type(error).__name__}: {error}") from error


#: The opcode by which a pickle of protocol 5 names a class or function.
_GLOBAL = 0x93


class _Blob:
    """A blob as a file to unpickle from. Large bytes go into their place without another copy."""

    def __init__(self, blob: memoryview) -> None:
        self._blob = blob
        self._at = 0

    def read(self, size: int) -> bytes:
        piece = self._blob[self._at : self._at + size]
        self._at += len(piece)
        return bytes(piece)

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        piece = self._blob[self._at : self._at + size]
        self._at += len(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    def readline(self) -> bytes:  # of protocol 0, which nothing of ours is
        raise pickle.UnpicklingError("this is no pickle of protocol 5")


class _Unpickler(pickle.Unpickler):
    """Finds what was stored by a program that imported the running script in the script itself."""

    def find_class(self, module: str, name: str) -> Any:
        if module == module_name("__main__") and (found := main_module.find(module, name)) is not None:
            return found
        return super().find_class(module, name)


class _Pieces:
    """A file that keeps references to what is written, so that a large buffer is never copied."""

    def __init__(self) -> None:
        self.pieces: list[bytes | memoryview] = []

    def write(self, data: Any) -> int:
        piece = data.raw() if type(data) is pickle.PickleBuffer else data
        self.pieces.append(piece)
        return len(piece)


class _NotPlain(Exception):
    """The value holds something that only cloudpickle can write so that it loads elsewhere."""


class _PlainPickler(pickle.Pickler):
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, (type, types.FunctionType)):
            if not _importable(obj):
                raise _NotPlain
            return NotImplemented
        if _refusal(obj):
            raise _NotPlain
        return _faithful(obj)


#: What pickles alike everywhere, alone or in a tuple or list: no class or function of the user's can be in it.
_SCALARS = frozenset({int, float, complex, bool, str, bytes, type(None)})


def _dump(value: object) -> list[bytes | memoryview]:
    kind = type(value)
    if kind in _SCALARS or (kind in (tuple, list) and _SCALARS.issuperset(map(type, value))):  # type: ignore[call-overload]
        # A pickler that looks at each object takes 1 µs to make.
        return [pickle.dumps(value, _PROTOCOL)]
    out = _Pieces()
    try:
        _PlainPickler(out, _PROTOCOL).dump(value)
    except (KeyboardInterrupt, MemoryError):
        raise
    except Exception:  # whatever it was, cloudpickle knows more types and its error is the one to show
        return _dump_cloudpickle(value)
    return out.pieces


def _dump_cloudpickle(value: object) -> list[bytes | memoryview]:
    cloudpickle = load("cloudpickle")
    base: Any = cloudpickle.Pickler
    last: list[Any] = [value]

    class Pickler(base):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            last[0] = obj
            refusal = _refusal(obj)
            if refusal:
                raise pickle.PicklingError(refusal)
            if isinstance(obj, type) and _main_name(obj):
                name, qualname = name_of_class(obj)
                return main_class, (qualname, cloudpickle.dumps(obj, _PROTOCOL), name)
            if isinstance(obj, types.FunctionType) and obj.__module__ in MAINS:
                definition = cloudpickle.dumps(obj, _PROTOCOL)
                return main_function, (obj.__qualname__, definition, module_name(obj.__module__, obj.__globals__))
            reduced = _faithful(obj)
            return super().reducer_override(obj) if reduced is NotImplemented else reduced

    out = _Pieces()
    try:
        Pickler(out, _PROTOCOL).dump(value)
    except (KeyboardInterrupt, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
            cause = f"this {type(value).__name__} is nested too deeply for pickle"
            raise Unencodable("result", cause) from error
        # The object that was begun last is the one that failed, so nothing needs to be tried again.
        culprit = last[0]
        path = find(value, culprit, "result")
        kind = f"{type(culprit).__module__}.{type(culprit).__qualname__}".removeprefix("builtins.")
        raise Unencodable(path or "result", f"{kind} cannot be pickled: {error}") from error
    return out.pieces


def main_class(qualname: str, definition: bytes, name: str = "__main__") -> object:
    """Find a class of a script or notebook by name, or else rebuild it from its pickled definition.

    The live class comes first, so that ``isinstance(result, Point)`` holds on a hit as it does on a miss. A function
    whose caller cannot get its own class is computed instead. Called by `pickle.load`; blobs on disk name this
    function, so it stays where it is.

    Raises
    ------
    LookupError
        If a memoized function of a script asks, and no class of this name is there.
    """
    found = main_module.find(name, qualname)
    if isinstance(found, type):
        return found
    if main_module.is_worker() and main_module.space_of_caller() is not None:
        raise LookupError(f"{name} has no class {qualname} here")
    return pickle.loads(definition)


def main_function(qualname: str, definition: bytes, name: str = "__main__") -> object:
    """Find a function of a script or notebook by name, or else rebuild it, with the globals of who asks.

    Called by `pickle.load`, as `main_class`.
    """
    found = main_module.find(name, qualname) if "<" not in qualname else None
    if isinstance(found, types.FunctionType):
        return found
    made: types.FunctionType = pickle.loads(definition)
    space = main_module.space_of_caller()
    if space is None:
        return made
    function = types.FunctionType(made.__code__, space, made.__name__, made.__defaults__, made.__closure__)
    function.__kwdefaults__, function.__doc__ = made.__kwdefaults__, made.__doc__
    function.__annotations__, function.__qualname__ = made.__annotations__, made.__qualname__
    function.__module__ = made.__module__
    function.__dict__.update(made.__dict__)
    return function


def _main_name(obj: Any) -> bool:
    """Tell whether a class can be found by its name in the main module."""
    if getattr(obj, "__module__", None) not in MAINS:
        return False
    # In a worker process the main module is another one, and there the name is not found; at home it will be.
    found = _lookup(obj.__module__, obj.__qualname__)
    return found is obj or (found is None and "<" not in obj.__qualname__ and main_module.is_worker())


def _importable(obj: Any) -> bool:
    """Tell whether another process finds this class or function by its name."""
    module = getattr(obj, "__module__", None)
    if module is None or module in MAINS:
        return False
    cloudpickle = sys.modules.get("cloudpickle")
    if cloudpickle is not None and cloudpickle.list_registry_pickle_by_value():
        return False
    return _lookup(module, obj.__qualname__) is obj


def _lookup(module: str, qualname: str) -> object:
    found: object = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def _refusal(obj: object) -> str:
    """Say why a value that pickle would take must not be kept, or nothing."""
    cls = type(obj)
    if cls.__name__ == "LazyFrame" and cls.__module__.partition(".")[0] == "polars":
        return "a polars LazyFrame is a query, not data: return lazy.collect()"
    if isinstance(obj, io.IOBase) and not isinstance(obj, (io.BytesIO, io.StringIO)):
        return "an open file is not data"
    if cls is memoryview:  # cloudpickle would turn it into bytes
        return "a memoryview is a window on another object's memory: return bytes(view)"
    return ""


def _faithful(obj: Any) -> Any:
    """Reduce what its own library would not pickle faithfully.

    geopandas pickles geometries as WKB, in which linear rings become line strings and SRIDs get lost; one by
    one, as shapely pickles them, they stay what they are.
    """
    cls = type(obj)
    if cls.__name__ == "GeometryArray" and cls.__module__ == "geopandas.array":
        shapely = load("shapely")
        shapes = obj.to_numpy()
        if (shapely.get_type_id(shapes) == 2).any() or (shapely.get_srid(shapes) > 0).any():
            return cls, (shapes, obj.crs)
    return NotImplemented


def _joined(pieces: list[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Join small pieces to chunks of about 1 MiB; large ones pass as they are."""
    small: list[bytes | memoryview] = []
    size = 0
    for piece in pieces:
        if len(piece) >= _CHUNK:
            if small:
                yield b"".join(small)
            yield piece
            small, size = [], 0
            continue
        small.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield b"".join(small)
            small, size = [], 0
    if small:
        yield b"".join(small)
