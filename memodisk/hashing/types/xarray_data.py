"""xarray: variables by dimensions, values and attributes; arrays and datasets as `identical` compares them."""

from __future__ import annotations

from typing import Any

import xarray as xr

from memodisk.hashing.base import Handler, Node, named


def find(kind: type, base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if issubclass(kind, xr.DataArray):
        return _array
    if issubclass(kind, xr.Dataset):
        return _dataset
    if issubclass(kind, xr.Variable):
        return _variable
    if kind.__name__ == "DataTree" and kind is base:
        return lambda value, _walk: Node(named("xarray.DataTree"), [value.to_dict()])
    return None


def _variable(value: Any, _walk: Any) -> Node:
    """Not the encoding, which says how a file stored the values; an index variable is as good as any other."""
    return Node(named("xarray.Variable"), [value.dims, value.values, value.attrs], ("", "", ".attrs").__getitem__)


def _array(value: Any, walk: Any) -> Node:
    coordinates = {name: coordinate.variable for name, coordinate in value.coords.items()}
    children = [value.name, value.variable, coordinates, sorted(map(str, value.xindexes))]
    return Node(named("xarray.DataArray") + walk.code_of(type(value)), children, ("", "", ".coords", "").__getitem__)


def _dataset(value: Any, walk: Any) -> Node:
    coordinates = {name: coordinate.variable for name, coordinate in value.coords.items()}
    data = {name: array.variable for name, array in value.data_vars.items()}
    children = [data, coordinates, value.attrs, sorted(map(str, value.xindexes))]
    return Node(
        named("xarray.Dataset") + walk.code_of(type(value)),
        children,
        ("", ".coords", ".attrs", "").__getitem__,
    )
