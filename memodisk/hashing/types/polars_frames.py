"""polars: frames, series, expressions, data types.

A series is its name, its type, which values are missing, and the values that are not; chunks, slices and the physical
codes of categories do not show. Through polars' own methods, for its memory layout is not public.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from memodisk.hashing.base import Handler, Node, Ready, brief, fields, named, refuse
from memodisk.hashing.types.pickles import code_in


def find(kind: type, _base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if issubclass(kind, pl.DataFrame):
        return _frame
    if issubclass(kind, pl.Series):
        return _series
    if issubclass(kind, pl.LazyFrame):
        return _lazy
    if issubclass(kind, pl.Expr):
        return _expression
    if isinstance(kind, type) and issubclass(kind, pl.DataType):
        return lambda value, _walk: Node(named("polars.DataType") + fields(_name(value)), _categories(value))
    return None


def _frame(value: Any, walk: Any) -> Node:
    names = value.columns
    head = named("polars.DataFrame") + (b"" if type(value) is pl.DataFrame else walk.code_of(type(value)))
    return Node(head + fields(value.height), value.get_columns(), lambda i: f"[{brief(names[i])}]")


def _series(value: Any, walk: Any) -> Node:
    dtype = value.dtype
    head = named("polars.Series") + fields(value.name, _name(dtype), len(value))
    return Node(head, [*_categories(dtype), *_content(value, walk)])


def _name(dtype: Any) -> str:
    return str(dtype) if not isinstance(dtype, pl.Enum) else "Enum"


def _categories(dtype: Any) -> list[Any]:
    return [dtype.categories] if isinstance(dtype, pl.Enum) else []


def _content(value: Any, walk: Any) -> list[Any]:
    """Validity, then the values that are there."""
    missing = None
    if value.null_count():
        missing = value.is_not_null().cast(pl.UInt8).to_numpy()
        value = value.drop_nulls()
    return [missing, *_present(value, walk)]


def _present(value: Any, walk: Any) -> list[Any]:
    dtype = value.dtype
    if dtype == pl.Null:
        return []
    if dtype == pl.Boolean:
        return [value.cast(pl.UInt8).to_numpy()]
    if dtype == pl.Categorical:  # whose codes depend on what else the process has seen
        value = value.cast(pl.String)
        dtype = value.dtype
    if dtype == pl.String:
        return [value.str.len_bytes().to_numpy(), _joined(value, walk)]
    if dtype == pl.Binary:
        return [value.to_list()]
    if isinstance(dtype, pl.Struct):
        return [part for field in dtype.fields for part in _content(value.struct.field(field.name), walk)]
    if isinstance(dtype, pl.List):
        # An empty list would come out of explode() as a missing value.
        return [value.list.len().to_numpy(), *_content(value.filter(value.list.len() > 0).explode(), walk)]
    if isinstance(dtype, pl.Array):
        return _content(value.explode(), walk) if dtype.size else []
    if dtype.is_temporal() or isinstance(dtype, pl.Enum) or (dtype.is_integer() and "128" not in str(dtype)):
        return [value.to_physical().to_numpy()]
    if dtype.is_float():
        return [value.to_numpy()]
    return [value.to_list()]  # decimals, 128-bit integers, objects


def _joined(value: Any, walk: Any) -> Ready:
    """All texts in one. Where each begins is told by their lengths."""
    # As bytes: by way of a Python text, a million names take 14 ms instead of 4.
    raw = value.str.join("").cast(pl.Binary).item() if len(value) else b""
    return Ready(walk.buffer(named("texts") + fields(len(raw)), (raw,), len(raw)))


def _lazy(_value: Any, _walk: Any) -> Node:
    raise refuse(
        "a query reads its data only when it is collected",
        "Pass the collected frame, or say with key= what identifies the query",
    )


def _expression(value: Any, _walk: Any) -> Node:
    told = value.meta.serialize()
    return Node(named("polars.Expr"), [told, code_in(told)])
