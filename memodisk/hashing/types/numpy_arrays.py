"""numpy: arrays, scalars, dtypes, random generators.

An array is its dtype, its shape and its elements in C order; strides, views and memory maps do not show. Byte order is
part of a dtype, and so ``>i4`` is not ``<i4``. Gaps between the fields of a structure, and the unused bytes of an
80-bit long double, do not count; what lies under the mask of a masked array does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from memodisk.hashing.base import Attributes, Elements, Encoded, Handler, Node, Ready, fields, name_of, named

# Strided arrays are made contiguous in pieces of this many bytes, which stay in the processor's cache.
CHUNK = 1 << 20

_ARRAY = named("numpy.ndarray")
_SCALAR = named("numpy.scalar")
# An 80-bit long double takes 16 bytes, of which 6 hold whatever was there before.
_LONG_DOUBLE = {16: 10, 12: 10} if np.finfo(np.longdouble).nmant == 63 else {}


def find(kind: type, base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if kind in (np.ndarray, np.memmap):
        return array
    if issubclass(kind, np.ma.MaskedArray):
        return _masked
    if issubclass(kind, np.ndarray):
        return _derived
    if issubclass(kind, np.generic):
        return _scalar if kind is base else None
    if issubclass(kind, np.dtype):
        return _dtype
    if kind is np.random.Generator:
        return _generator
    if kind is np.random.RandomState:
        return lambda value, _walk: Node(named("numpy.random.RandomState"), [value.get_state(legacy=False)])
    if issubclass(kind, np.random.BitGenerator):
        return _bit_generator
    if kind is np.random.SeedSequence:
        return lambda value, _walk: Node(named("numpy.random.SeedSequence"), [_seed(value)])
    return None


def array(value: Any, walk: Any) -> Encoded:
    """Any array as a plain one."""
    dtype = value.dtype
    code = dtype.char
    if code in "?bBhHiIlLqQefdFDMmSU":
        head = _ARRAY + fields(dtype.str, value.shape)
        flags = value.flags
        if flags.c_contiguous:
            raw = value.reshape(-1).view(np.uint8)
            part: bytes = walk.buffer(head, (raw.data,), value.nbytes)
        else:
            part = walk.buffer(head, _pieces(value), value.nbytes)
        return part
    return _unusual(value, dtype, walk)


def consecutive(numbers: range, walk: Any) -> Ready:
    """What the array of these numbers is encoded as, without making it."""
    step = CHUNK // 8
    pieces = (numbers[start : start + step] for start in range(0, len(numbers), step))
    raw = (np.arange(piece.start, piece.stop, piece.step, dtype=np.int64).view(np.uint8).data for piece in pieces)
    return Ready(walk.buffer(_ARRAY + fields(np.dtype(np.int64).str, (len(numbers),)), raw, 8 * len(numbers)))


def _pieces(value: Any) -> Iterator[Any]:
    """The elements in C order, as contiguous bytes of bounded size."""
    if value.nbytes <= CHUNK or value.ndim == 0:
        yield np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
        return
    rows = CHUNK * len(value) // value.nbytes
    if rows == 0:
        for row in value:
            yield from _pieces(row)
    for start in range(0, len(value), rows) if rows else ():
        yield np.ascontiguousarray(value[start : start + rows]).reshape(-1).view(np.uint8).data


def _unusual(value: Any, dtype: Any, _walk: Any) -> Encoded:
    value = np.asarray(value)
    head = _ARRAY + named("") + fields(value.shape)
    shape = value.shape

    def label(i: int) -> str:
        return "".join(f"[{j}]" for j in np.unravel_index(i, shape)) if shape else "[()]"

    if dtype.names is not None:
        # Field by field, which leaves the gaps out.
        names = dtype.names
        parts = [np.asarray(value[name]) for name in names]
        return Node(head, [dtype, *parts], lambda i: f"[{names[i - 1]!r}]" if i else ".dtype")
    if dtype.char in "gG" and _LONG_DOUBLE:
        reals = np.ascontiguousarray(value).reshape(-1).view(np.uint8).reshape(-1, np.dtype(np.longdouble).itemsize)
        return Node(head, [dtype, reals[:, : _LONG_DOUBLE[reals.shape[1]]]])
    if dtype.hasobject:  # objects, and strings of variable length
        return Node(head, [dtype, Elements(value.reshape(-1).tolist(), label)])
    raw = np.ascontiguousarray(value).reshape(-1)
    return Node(head, [dtype, np.frombuffer(raw.tobytes(), np.uint8) if raw.size else b""])


def _scalar(value: Any, _walk: Any) -> Encoded:
    dtype = value.dtype
    if dtype.char in "?bBhHiIlLqQefdFDMmSU":
        return _SCALAR + fields(dtype.str) + fields(value.tobytes())
    return Node(_SCALAR + named(""), [np.asarray(value)])


def _dtype(value: Any, _walk: Any) -> Encoded:
    head = named("numpy.dtype")
    if value.names is not None:
        layout = [(name, *value.fields[name][1:]) for name in value.names]
        types = [value.fields[name][0] for name in value.names]
        return Node(head + fields("fields", value.itemsize, name_of(value.type)), [layout, types])
    if value.subdtype is not None:
        base, shape = value.subdtype
        return Node(head + fields("subarray", shape), [base])
    if value.char == "T":
        missing = [value.na_object] if hasattr(value, "na_object") else []
        return Node(head + fields("string", value.coerce), missing)
    # The name tells types of other packages apart (bfloat16), whose code is that of raw bytes.
    return head + fields(value.str, "" if value.kind != "V" else name_of(value.type))


def _masked(value: Any, walk: Any) -> Node:
    """What lies under the mask counts: it is invalid by convention, and can be looked at."""
    mask = np.ma.getmaskarray(value)
    data = np.ma.getdata(value, subok=False)
    head = named("numpy.ma.MaskedArray") + walk.code_of(type(value))
    state = {key: part for key, part in vars(value).items() if key not in _MASKED}
    return Node(head, [data, mask, value.fill_value, bool(value.hardmask), Attributes(state)])


_MASKED = frozenset(("_mask", "_fill_value", "_hardmask", "_sharedmask", "_basedict", "_isfield", "_baseclass"))


def _derived(value: Any, walk: Any) -> Node:
    """Matrices, record arrays, and classes derived by others: class, elements, attributes."""
    plain = np.asarray(value)
    if isinstance(value, np.recarray) and plain.dtype.type is not value.dtype.type:
        plain = plain.view(value.dtype)
    state = getattr(value, "__dict__", None) or {}
    return Node(named("numpy.subclass") + walk.code_of(type(value)), [plain, Attributes(state)])


def _generator(value: Any, _walk: Any) -> Node:
    return Node(named("numpy.random.Generator"), [value.bit_generator])


def _bit_generator(value: Any, walk: Any) -> Node:
    """State, and the seed that `spawn` counts on."""
    seed = getattr(value, "seed_seq", None) or getattr(value, "_seed_seq", None)  # public since numpy 1.25
    return Node(named("numpy.random.BitGenerator") + walk.code_of(type(value)), [value.state, _seed(seed)])


def _seed(value: Any) -> Any:
    return value.state if isinstance(value, np.random.SeedSequence) else None
