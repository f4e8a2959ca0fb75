"""pyarrow: tables, batches, arrays, scalars, types.

An array is its type, its length, which values are missing, and the values that are not. Chunks, offsets of slices,
padding and what lies in the place of a missing value do not show. Where values are missing, the others are copied;
all else is hashed where it lies (the layout of buffers: https://arrow.apache.org/docs/format/Columnar.html).
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from memodisk.hashing.base import Handler, Node, Ready, brief, fields, named


def find(kind: type, _base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if issubclass(kind, pa.Table):
        return _table("pyarrow.Table")
    if issubclass(kind, pa.RecordBatch):
        return _table("pyarrow.RecordBatch")
    if issubclass(kind, pa.ChunkedArray):
        return lambda value, walk: _array("pyarrow.ChunkedArray", value.type, value.chunks, walk)
    if issubclass(kind, pa.Array):
        return lambda value, walk: _array("pyarrow.Array", value.type, [value], walk)
    if issubclass(kind, pa.Scalar):
        return lambda value, walk: _array("pyarrow.Scalar", value.type, [pa.array([value], value.type)], walk)
    if issubclass(kind, pa.Schema):
        return _schema
    if issubclass(kind, pa.Field):
        return _field
    if issubclass(kind, pa.DataType):
        return lambda value, _walk: named("pyarrow.DataType") + fields(_name(value))
    if issubclass(kind, pa.Buffer):
        return lambda value, walk: walk.buffer(named("pyarrow.Buffer") + fields(value.size), (value,), value.size)
    return None


def _table(name: str) -> Handler:
    def handler(value: Any, _walk: Any) -> Node:
        names = value.schema.names
        return Node(
            named(name) + fields(value.num_rows),
            [value.schema, *map(_chunked, value.columns)],
            lambda i: f"[{brief(names[i - 1])}]" if i else ".schema",
        )

    return handler


def _chunked(column: Any) -> Any:
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def _schema(value: Any, _walk: Any) -> Node:
    return Node(named("pyarrow.Schema"), [*value, value.metadata])


def _field(value: Any, _walk: Any) -> Node:
    head = named("pyarrow.Field") + fields(value.name, _name(value.type), value.nullable)
    return Node(head, [value.metadata])


def _name(kind: Any) -> str:
    """A type, with what its text leaves out: parameters of extensions, metadata of the fields inside."""
    if isinstance(kind, pa.BaseExtensionType):
        serialize = getattr(kind, "__arrow_ext_serialize__", None)
        parameters = serialize().hex() if serialize is not None else ""
        return f"{kind.extension_name}:{kind}{parameters}{_inside(kind.storage_type)}"
    return f"{kind}{_inside(kind)}"


def _inside(kind: Any) -> str:
    if not pa.types.is_nested(kind):
        return ""
    if pa.types.is_struct(kind) or pa.types.is_union(kind):
        inner = [kind.field(i) for i in range(kind.num_fields)]
    else:
        names = ("value_field", "key_field", "item_field")
        inner = [field for name in names if (field := getattr(kind, name, None)) is not None]
    found = [
        f"{field.name!r}: {_name(field.type)} {sorted((field.metadata or {}).items())}"
        for field in inner
        if field.metadata or pa.types.is_nested(field.type) or isinstance(field.type, pa.BaseExtensionType)
    ]
    return f" ({', '.join(found)})" if found else ""


def _array(name: str, kind: Any, chunks: list[Any], walk: Any) -> Node:
    return Node(named(name) + fields(_name(kind)), content(kind, chunks, walk))


def content(kind: Any, chunks: list[Any], walk: Any) -> list[Any]:
    """What an array consists of, whatever its chunks: length, missing values, and the others by their layout.

    Parameters
    ----------
    kind
        The arrow type.
    chunks
        Arrays of that type.
    """
    if isinstance(kind, pa.BaseExtensionType):
        return content(kind.storage_type, [chunk.storage for chunk in chunks], walk)
    types = pa.types
    size = sum(map(len, chunks))
    if types.is_null(kind):
        return [size]
    if types.is_union(kind):
        return [size, [value for chunk in chunks for value in chunk.to_pylist()]]
    if any(getattr(types, name, _never)(kind) for name in ("is_string_view", "is_binary_view")):
        # pyarrow has few functions for views.
        return content(pa.large_binary(), [_no_view(chunk) for chunk in chunks], walk)
    missing: Any = None
    if any(chunk.null_count for chunk in chunks):
        missing = _stream("validity", [_bytes(chunk.is_valid()) for chunk in chunks], walk)
        chunks = [chunk.drop_null() if chunk.null_count else chunk for chunk in chunks]
    return [size, missing, *_present(kind, chunks, walk)]


def _no_view(chunk: Any) -> Any:
    try:
        return chunk.cast(pa.large_binary())
    except pa.ArrowNotImplementedError:  # before pyarrow 18
        return pa.array(chunk.to_pylist(), pa.large_binary())


def _never(_kind: Any) -> bool:
    """For kinds that an older pyarrow does not know."""
    return False


def _present(kind: Any, chunks: list[Any], walk: Any) -> list[Any]:
    """Values of which none is missing."""
    types = pa.types
    if types.is_boolean(kind):
        return [_stream("bool", map(_bytes, chunks), walk)]
    if types.is_dictionary(kind):
        return _dictionary(kind, chunks, walk)
    if getattr(types, "is_run_end_encoded", _never)(kind):
        return content(kind.value_type, [pc.run_end_decode(chunk) for chunk in chunks], walk)
    if any(getattr(types, name)(kind) for name in ("is_string", "is_large_string", "is_binary", "is_large_binary")):
        return _texts(kind, chunks, walk)
    if types.is_struct(kind):
        flattened = [chunk.flatten() for chunk in chunks]
        return [
            part
            for i in range(kind.num_fields)
            for part in content(kind.field(i).type, [columns[i] for columns in flattened], walk)
        ]
    if types.is_map(kind):
        lengths = [_lengths(chunk.offsets.cast(pa.int64())) for chunk in chunks]
        keys = [_between(chunk.keys, chunk.offsets) for chunk in chunks]
        items = [_between(chunk.items, chunk.offsets) for chunk in chunks]
        return [
            _stream("lengths", lengths, walk),
            *content(kind.key_type, keys, walk),
            *content(kind.item_type, items, walk),
        ]
    if types.is_nested(kind):  # the several kinds of list
        lengths = [_raw(pc.list_value_length(chunk).cast(pa.int64()), 8) for chunk in chunks]
        return [
            _stream("lengths", lengths, walk),
            *content(kind.value_type, [c.flatten() for c in chunks], walk),
        ]
    width = kind.bit_width // 8
    return [_stream("values", (_raw(chunk, width) for chunk in chunks), walk)]


def _texts(kind: Any, chunks: list[Any], walk: Any) -> list[Any]:
    large = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    lengths, texts = [], []
    for chunk in chunks:
        _, offsets, data = chunk.buffers()
        if len(chunk) == 0 or offsets is None:
            continue
        places = pa.Array.from_buffers(
            pa.int64() if large else pa.int32(), len(chunk) + 1, [None, offsets], offset=chunk.offset
        ).cast(pa.int64())
        lengths.append(_lengths(places))
        if data is not None:
            texts.append(memoryview(data)[places[0].as_py() : places[-1].as_py()])
    return [_stream("lengths", lengths, walk), _stream("texts", texts, walk)]


def _lengths(places: Any) -> memoryview:
    """The differences between offsets, which unlike the offsets do not depend on what precedes a slice."""
    return _raw(pc.subtract(places[1:], places[:-1]), 8)


def _between(values: Any, offsets: Any) -> Any:
    """The part of a map's keys or items that its (sliced) offsets point at."""
    if not len(offsets):
        return values
    start = offsets[0].as_py()
    # pyarrow cuts keys and items to the slice since version 14; before, they were the parent's.
    return values if len(values) == offsets[-1].as_py() - start else values[start : offsets[-1].as_py()]


def _dictionary(kind: Any, chunks: list[Any], walk: Any) -> list[Any]:
    """Dictionary and indices. Chunks with dictionaries of their own are brought to a common one first."""
    if len(chunks) > 1 and not all(chunk.dictionary.equals(chunks[0].dictionary) for chunk in chunks[1:]):
        chunks = pa.chunked_array(chunks).unify_dictionaries().chunks
    chunks = chunks or [pa.array([], kind)]
    return [
        *content(kind.value_type, [chunks[0].dictionary], walk),
        *content(kind.index_type, [chunk.indices for chunk in chunks], walk),
    ]


def _bytes(chunk: Any) -> memoryview:
    """Booleans, a byte each: bits would have to be shifted wherever a chunk does not end at a byte."""
    return _raw(chunk.cast(pa.uint8()), 1)


def _raw(chunk: Any, width: int) -> memoryview:
    """The values of a fixed width, where they lie."""
    data = chunk.buffers()[1]
    if data is None:
        return memoryview(b"")
    return memoryview(data)[chunk.offset * width : (chunk.offset + len(chunk)) * width]


def _stream(name: str, pieces: Any, walk: Any) -> Ready:
    """The pieces as one run of bytes. Its length follows from the lengths of the array and of the texts."""
    held = list(pieces)
    size = sum(piece.nbytes for piece in held)
    return Ready(walk.buffer(named(name) + fields(size), held, size))
