"""The standard library's containers and buffers."""

from __future__ import annotations

import array
import collections
import io
import re
import sys
import types
import weakref
from collections.abc import Iterator
from typing import Any

from memodisk.hashing.base import (
    Encoded,
    Handler,
    Node,
    brief,
    count,
    fields,
    mapping,
    named,
    refuse,
    unordered,
)

# Strided buffers are made contiguous in pieces of this many bytes, which stay in the processor's cache.
CHUNK = 1 << 20


def find(kind: type, _base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    return _EXACT.get(kind)


def _bytearray(value: bytearray, walk: Any) -> bytes:
    part: bytes = walk.buffer(named("bytearray") + count(len(value)), (value,), len(value))
    return part


def _memoryview(value: memoryview, walk: Any) -> bytes:
    """Format, shape and content; whether it may be written, and its strides, do not matter."""
    head = named("memoryview") + fields(value.format, value.shape)
    part: bytes = walk.buffer(head, _pieces(value), value.nbytes)
    return part


def _pieces(value: memoryview) -> Iterator[Any]:
    if not value.nbytes:
        return
    if value.c_contiguous:
        yield value.cast("B") if value.ndim and value.format != "B" else value
    elif value.ndim == 1:
        step = max(1, CHUNK // value.itemsize)
        for start in range(0, len(value), step):
            yield value[start : start + step].tobytes()
    else:  # a slice of a view of several dimensions is not supported before Python gives it up
        yield value.tobytes("C")


def _array(value: array.array[Any], walk: Any) -> bytes:
    if sys.byteorder == "big":
        value = value[:]
        value.byteswap()
    size = len(value) * value.itemsize
    part: bytes = walk.buffer(named("array.array") + fields(value.typecode, value.itemsize, len(value)), (value,), size)
    return part


def _range(value: range, _walk: Any) -> bytes:
    return named("range") + fields(value.start, value.stop, value.step)


def _ordered(value: collections.OrderedDict[Any, Any], _walk: Any) -> Node:
    keys = list(value)
    size = len(keys)
    return Node(
        named("collections.OrderedDict"),
        keys + list(value.values()),
        lambda i: f" key {brief(keys[i])}" if i < size else f"[{brief(keys[i - size])}]",
    )


def _defaultdict(value: collections.defaultdict[Any, Any], _walk: Any) -> Node:
    names = (".default_factory", "")
    return Node(named("collections.defaultdict"), [value.default_factory, dict(value)], lambda i: names[i])


def _counter(value: collections.Counter[Any], walk: Any) -> Encoded:
    return mapping(named("collections.Counter"), value, walk)


def _deque(value: collections.deque[Any], _walk: Any) -> Node:
    return Node(named("collections.deque") + fields(value.maxlen), value, lambda i: f"[{i}]")


def _proxy(value: types.MappingProxyType[Any, Any], walk: Any) -> Encoded:
    return mapping(named("mappingproxy"), dict(value), walk)


def _namespace(value: types.SimpleNamespace, walk: Any) -> Encoded:
    return mapping(named("SimpleNamespace"), vars(value), walk, attributes=True)


def _pattern(value: re.Pattern[Any], walk: Any) -> bytes:
    head = named("re.Pattern") + fields(type(value.pattern).__name__, value.flags)
    part: bytes = head + walk.fold(fields(value.pattern))
    return part


def _bytes_io(value: io.BytesIO, _walk: Any) -> Node:
    state: Any = value
    return Node(named("io.BytesIO"), list(state.__getstate__()))


def _string_io(value: io.StringIO, _walk: Any) -> Node:
    """Content, newline translation and position."""
    state: Any = value
    return Node(named("io.StringIO"), list(state.__getstate__()))


def _reference(value: Any, _walk: Any) -> Node:
    """A weak reference counts as what it refers to now."""
    return Node(named("weakref"), [value()], lambda _i: "()")


def _proxied(_value: Any, _walk: Any) -> Node:
    raise refuse("a weak proxy cannot be looked behind", "Pass the object itself")


def _weak_dict(value: Any, walk: Any) -> Encoded:
    return mapping(named(type(value).__name__), dict(value), walk)


def _weak_set(value: Any, walk: Any) -> Encoded:
    return unordered(named("WeakSet"), set(value), walk)


_EXACT: dict[type, Handler] = {
    bytearray: _bytearray,
    memoryview: _memoryview,
    array.array: _array,
    range: _range,
    collections.OrderedDict: _ordered,
    collections.defaultdict: _defaultdict,
    collections.Counter: _counter,
    collections.deque: _deque,
    collections.ChainMap: lambda value, _walk: Node(named("ChainMap"), value.maps, lambda i: f".maps[{i}]"),
    types.MappingProxyType: _proxy,
    types.SimpleNamespace: _namespace,
    type({}.keys()): lambda value, walk: unordered(named("dict_keys"), set(value), walk),
    type({}.values()): lambda value, _walk: Node(named("dict_values"), list(value)),
    type({}.items()): lambda value, walk: mapping(named("dict_items"), dict(value), walk),
    re.Pattern: _pattern,
    io.BytesIO: _bytes_io,
    io.StringIO: _string_io,
    weakref.ref: _reference,
    weakref.WeakMethod: _reference,
    weakref.ProxyType: _proxied,
    weakref.CallableProxyType: _proxied,
    weakref.WeakKeyDictionary: _weak_dict,
    weakref.WeakValueDictionary: _weak_dict,
    weakref.WeakSet: _weak_set,
}
