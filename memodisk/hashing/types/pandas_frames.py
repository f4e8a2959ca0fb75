"""pandas: frames, series, indexes, extension arrays, timestamps; geopandas' frames, which are pandas frames with more.

A frame is its columns (values and dtypes, one by one), index, names, attrs and flags. How columns are gathered into
blocks, chunks and offsets of Arrow memory, unused levels of a MultiIndex, what lies under a missing value, and whether
an index of consecutive integers is stored or computed (RangeIndex) do not show. The order of categories does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from memodisk.hashing.base import Attributes, Encoded, Handler, Node, brief, fields, name_of, named
from memodisk.hashing.types.numpy_arrays import consecutive


def find(kind: type, base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if issubclass(kind, pd.DataFrame):
        return _frame
    if issubclass(kind, pd.Series):
        return _series
    if issubclass(kind, pd.MultiIndex):
        return _multi_index
    if issubclass(kind, pd.Index):
        return _index
    if kind is not base or kind.__module__.startswith("geopandas"):
        return None
    handler = _SCALARS.get(kind.__name__)
    if handler is None and issubclass(kind, pd.api.extensions.ExtensionArray):
        # By name, for some of these classes are private.
        handler = next((_ARRAYS[step.__name__] for step in kind.__mro__ if step.__name__ in _ARRAYS), None)
    return handler


def _head(name: str, value: Any, basic: type, walk: Any) -> bytes:
    """The tag, and for a derived class (GeoDataFrame) its code."""
    kind = type(value)
    return named(name) + (b"" if kind is basic else walk.code_of(kind))


def _extra(value: Any) -> list[Any]:
    """What pandas hands on besides the data: attrs, flags, and what derived classes declare in ``_metadata``."""
    own = {name: getattr(value, name, None) for name in value._metadata if name != "name"}
    return [Attributes(own), value.attrs, value.flags.allows_duplicate_labels]


def _frame(value: Any, walk: Any) -> Node:
    columns = value.columns
    head = _head("pandas.DataFrame", value, pd.DataFrame, walk)
    children = [columns, value.index, *_extra(value)]
    start = len(children)
    labels = (".columns", ".index", "", ".attrs", ".flags")
    children.extend(map(_plain, value._iter_column_arrays()))
    return Node(head, children, lambda i: labels[i] if i < start else f"[{brief(columns[i - start])}]")


def _series(value: Any, walk: Any) -> Node:
    head = _head("pandas.Series", value, pd.Series, walk)
    labels = ("", ".index", ".name", "", ".attrs", ".flags")
    return Node(head, [_plain(value.array), value.index, value.name, *_extra(value)], labels.__getitem__)


def _index(value: Any, walk: Any) -> Node:
    if isinstance(value, pd.RangeIndex):
        # Its array would be kept by the index from then on.
        data: Any = consecutive(range(value.start, value.stop, value.step), walk)
    else:
        data = _plain(value.array)
    return Node(named("pandas.Index"), [data, value.name, getattr(value, "freq", None)])


def _multi_index(value: Any, _walk: Any) -> Node:
    return Node(named("pandas.MultiIndex"), [value.get_level_values(level) for level in range(value.nlevels)])


def _plain(array: Any) -> Any:
    """The numpy array behind pandas' thin wrapper around it."""
    return array.to_numpy() if type(array).__name__ in ("NumpyExtensionArray", "PandasArray") else array


def _dtype(dtype: Any) -> bytes:
    missing = getattr(dtype, "na_value", None)
    return fields(type(dtype).__name__, str(dtype), getattr(dtype, "storage", None), isinstance(missing, float))


def _zone(zone: Any) -> Any:
    """A time zone by its name. pandas takes those of zoneinfo, pytz and datetime for equal if their names are."""
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if name is None and type(zone).__module__ in ("datetime", "pytz", "pytz._FixedOffset", "dateutil.tz.tz"):
        name = str(zone)
    return zone if name is None else name


def _categorical(value: Any, _walk: Any) -> Node:
    head = named("pandas.Categorical") + fields(bool(value.ordered))
    return Node(head, [value.categories, np.asarray(value.codes)], (".categories", "").__getitem__)


def _times(value: Any, _walk: Any) -> Node:
    """DatetimeArray, TimedeltaArray, PeriodArray: integers, and what they count."""
    dtype = value.dtype
    zone = getattr(dtype, "tz", None)
    text = f"datetime64[{dtype.unit}]" if zone is not None else str(dtype)
    return Node(named("pandas.times") + fields(type(dtype).__name__, text), [value.asi8, _zone(zone)])


def _intervals(value: Any, _walk: Any) -> Node:
    return Node(named("pandas.IntervalArray") + fields(value.closed), [value.left, value.right])


def _sparse(value: Any, _walk: Any) -> Node:
    places = value.sp_index.to_int_index().indices
    head = named("pandas.SparseArray") + fields(len(value))
    return Node(head, [value.sp_values, places, value.fill_value])


def _nullable(value: Any, _walk: Any) -> Node:
    """Int64, Float64, boolean: values and mask; nothing counts under the mask."""
    data, mask = value._data, value._mask
    if mask.any():
        data = np.where(mask, np.zeros((), data.dtype), data)
    return Node(named("pandas.nullable") + _dtype(value.dtype), [data, mask])


def _strings(value: Any, _walk: Any) -> Node:
    """Strings kept as Python objects."""
    plain = value.to_numpy(dtype=object, na_value=None)
    return Node(named("pandas.strings") + _dtype(value.dtype), [plain])


def _arrow(value: Any, walk: Any) -> Node:
    from memodisk.hashing.types.arrow import content

    data = value.__arrow_array__()
    chunks = data.chunks if hasattr(data, "chunks") else [data]
    return Node(named("pandas.arrow") + _dtype(value.dtype), content(data.type, chunks, walk))


def _wrapped(value: Any, _walk: Any) -> Node:
    return Node(named("pandas.NumpyExtensionArray"), [value.to_numpy()])


def _timestamp(value: Any, _walk: Any) -> Node:
    head = named("pandas.Timestamp") + fields(int(value.asm8.view("i8")), value.unit, value.fold)
    return Node(head, [_zone(value.tz)])


def _timedelta(value: Any, _walk: Any) -> bytes:
    return named("pandas.Timedelta") + fields(int(value.asm8.view("i8")), value.unit)


def _period(value: Any, _walk: Any) -> bytes:
    return named("pandas.Period") + fields(int(value.ordinal), value.freqstr)


def _interval(value: Any, _walk: Any) -> Node:
    return Node(named("pandas.Interval") + fields(value.closed), [value.left, value.right])


def _singleton(value: Any, _walk: Any) -> Encoded:
    return named(name_of(type(value)).rpartition(".")[2])


_SCALARS: dict[str, Handler] = {
    "Timestamp": _timestamp,
    "Timedelta": _timedelta,
    "Period": _period,
    "Interval": _interval,
    "NAType": _singleton,
    "NaTType": _singleton,
}

_ARRAYS: dict[str, Handler] = {
    "Categorical": _categorical,
    "DatetimeLikeArrayMixin": _times,
    "IntervalArray": _intervals,
    "SparseArray": _sparse,
    "BaseMaskedArray": _nullable,
    "ArrowExtensionArray": _arrow,
    "StringArray": _strings,
    "NumpyExtensionArray": _wrapped,
}
