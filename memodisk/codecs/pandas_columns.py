"""One pandas array (a column, a level of an index) to an Arrow array and back.

`describe` says, in plain JSON, what an array is, or None if Arrow and parquet cannot hold it exactly. `pack`
makes the Arrow array; `unpack` makes the pandas array from both.
"""

from __future__ import annotations

import base64
import datetime
from typing import Any

from memodisk.codecs.arrow_tables import holds
from memodisk.codecs.libraries import load
from memodisk.codecs.parquet_files import loaded
from memodisk.errors import Undecodable

# Categories are kept in the footer, too, so there must not be too many of them.
_MOST_CATEGORIES = 1 << 16

_SIZES = ("8", "16", "32", "64")
_NUMBERS = frozenset(["bool", "float32", "float64", *("int" + s for s in _SIZES), *("uint" + s for s in _SIZES)])
_MASKED = frozenset(["boolean", "Float32", "Float64", *("Int" + s for s in _SIZES), *("UInt" + s for s in _SIZES)])

# What stands for a missing value in a column of objects.
_MISSING = {"NoneType": "None", "float": "nan", "NAType": "NA"}

# Object columns whose cells all have one of these types; parquet keeps each exactly.
_CELLS = {str: "str", bytes: "bytes", bool: "bool", datetime.date: "date"}


def describe_number(dtype: Any) -> dict[str, Any] | None:
    """Describe a column of plain numbers by its dtype alone; None for any other."""
    if isinstance(dtype, load("numpy").dtype) and dtype.name in _NUMBERS and dtype.isnative:
        return {"kind": "numpy", "dtype": dtype.str}
    return None


def describe(array: Any, *, thorough: bool = True) -> dict[str, Any] | None:
    """Say what a pandas array is, or None if it cannot be held exactly; looks at cells of object arrays only.

    Parameters
    ----------
    array
        A pandas array.
    thorough
        Whether to look for strings without an UTF-8 form. `pack` would meet them, too, but only while
        writing.
    """
    pd = loaded("pandas")
    dtype = array.dtype
    kind = type(dtype)
    if type(array).__name__ in ("NumpyExtensionArray", "PandasArray") or isinstance(dtype, load("numpy").dtype):
        return _describe_numpy(array.to_numpy(), thorough)
    if kind is pd.DatetimeTZDtype:
        zone = _describe_zone(dtype.tz)
        if zone is None or not _fits(dtype.unit, _in_utc(array)):
            return None
        return {"kind": "zoned", "unit": dtype.unit, "zone": zone}
    if kind is pd.StringDtype:
        if thorough and dtype.storage == "python" and not _is_text(array):
            return None
        missing = "NA" if dtype.na_value is pd.NA else "nan"
        # Before pandas 2.3 this was the name of pyarrow's strings with NaN.
        storage = "pyarrow" if dtype.storage == "pyarrow_numpy" else dtype.storage
        return {"kind": "string", "storage": storage, "missing": missing}
    if kind is pd.CategoricalDtype:
        return _describe_category(array)
    if kind is pd.ArrowDtype:
        return {"kind": "arrow"} if holds(dtype.pyarrow_dtype) else None
    if kind is pd.PeriodDtype and pd.api.types.pandas_dtype(str(dtype)) == dtype:
        return {"kind": "extension", "dtype": str(dtype)}
    if str(dtype) in _MASKED and kind is type(pd.api.types.pandas_dtype(str(dtype))):
        return {"kind": "extension", "dtype": str(dtype)}
    return None


def pack(array: Any, what: dict[str, Any]) -> Any:
    """Make the Arrow array for a pandas array that `describe` has described."""
    pa = load("pyarrow")
    kind = what["kind"]
    if kind == "category":
        values = pack(array.categories.array, what["values"])
        codes = array.codes
        # Here (and only here) a missing value is a code; everything else leaves the test for nulls to Arrow.
        return pa.DictionaryArray.from_arrays(
            pa.array(codes, mask=codes == -1 if (codes == -1).any() else None),
            values,
            ordered=what["ordered"],
        )
    if kind == "numpy":
        return pa.array(array.to_numpy(), from_pandas=False)
    if kind == "zoned":
        return pa.array(_in_utc(array)).cast(pa.timestamp(what["unit"], _zone_name(what["zone"])))
    if kind == "object":
        types = {
            "str": pa.large_string(),
            "bytes": pa.large_binary(),
            "bool": pa.bool_(),
            "date": pa.date32(),
        }
        return pa.array(array.to_numpy(), type=types[what["cells"]], from_pandas=True)
    if kind == "string" and what["storage"] == "python":
        return pa.array(array.to_numpy(dtype=object), type=pa.large_string(), from_pandas=True)
    packed = pa.array(array)
    return packed.storage if isinstance(packed, pa.ExtensionArray) else packed


def unpack(column: Any, what: dict[str, Any]) -> Any:
    """Make the pandas array from an Arrow array or chunked array; it can be written to."""
    np, pd = load("numpy"), load("pandas")
    kind = what["kind"]
    if kind == "numpy":
        return _unpack_numpy(column, np.dtype(what["dtype"]))
    if kind == "zoned":
        values = _unpack_numpy(column, np.dtype(f"M8[{what['unit']}]"))
        return pd.DatetimeIndex(values, copy=False).tz_localize("UTC").tz_convert(_make_zone(what["zone"])).array
    if kind == "object":
        return _unpack_objects(column, what)
    if kind == "category":
        return _unpack_category(column, what)
    if kind == "string":
        dtype = _string_dtype(what)
        if what["storage"] == "python":  # pandas 2.3 makes an array of the wrong class from Arrow
            cells = {"cells": "str", "missing": what["missing"]}
            return pd.array(_unpack_objects(column, cells), dtype=dtype, copy=False)
        return dtype.__from_arrow__(column)
    if kind == "arrow":
        return pd.ArrowDtype(column.type).__from_arrow__(_chunked(column))
    if kind == "extension":
        array = pd.api.types.pandas_dtype(what["dtype"]).__from_arrow__(column)
        return array.copy()  # a masked array may be a read-only view of Arrow's memory
    raise Undecodable(f"no column is of kind {kind!r}")


def _string_dtype(what: dict[str, Any]) -> Any:
    np, pd = load("numpy"), load("pandas")
    if what["missing"] == "NA":
        return pd.StringDtype(what["storage"])
    if what["storage"] == "pyarrow" and not hasattr(pd.StringDtype(), "_na_value"):  # pandas before 2.3
        return pd.StringDtype("pyarrow_numpy")
    return pd.StringDtype(what["storage"], np.nan)


def to_json(array: Any) -> dict[str, Any]:
    """Turn an Arrow array into JSON for the footer: a list that people can read, or else an Arrow stream."""
    pa = load("pyarrow")
    if array.null_count == 0 and (pa.types.is_large_string(array.type) or pa.types.is_int64(array.type)):
        return {"type": str(array.type), "values": array.to_pylist()}
    table = pa.table({"": array})
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)
    return {"arrow": base64.b64encode(out.getvalue()).decode()}


def from_json(what: dict[str, Any]) -> Any:
    """Undo `to_json`."""
    pa = load("pyarrow")
    if "values" in what:
        return pa.array(what["values"], type=pa.type_for_alias(what["type"]))
    return _one(pa.ipc.open_stream(base64.b64decode(what["arrow"])).read_all().column(0))


def _describe_numpy(values: Any, thorough: bool) -> dict[str, Any] | None:
    dtype = values.dtype
    if dtype.kind == "O":
        return _describe_objects(values, thorough)
    if dtype.kind in "mM":
        unit = load("numpy").datetime_data(dtype)[0]
        fits = dtype.isnative and (dtype.kind == "m" or _fits(unit, values))
        return {"kind": "numpy", "dtype": dtype.str} if fits else None
    return describe_number(dtype)


def _describe_objects(values: Any, thorough: bool) -> dict[str, Any] | None:
    types = set(map(type, values))
    missing = [cls for cls in types if cls.__name__ in _MISSING]
    cells = types.difference(missing)
    if len(missing) > 1 or len(cells) > 1 or not cells <= _CELLS.keys():
        return None
    if float in missing and any(value == value for value in values if type(value) is float):
        return None
    cell = _CELLS[cells.pop()] if cells else "str"
    if thorough and cell == "str" and not _is_text(values):
        return None
    word = _MISSING[missing[0].__name__] if missing else "None"
    return {"kind": "object", "cells": cell, "missing": word}


def _describe_category(array: Any) -> dict[str, Any] | None:
    categories = array.categories
    if len(categories) > _MOST_CATEGORIES or type(categories).__name__ in ("IntervalIndex", "PeriodIndex"):
        return None
    if getattr(categories, "freq", None) is not None or categories.name is not None:
        return None
    what = describe(categories.array)
    if what is None or what["kind"] not in ("numpy", "string", "object"):
        return None
    if what["kind"] == "object" and what["cells"] != "str":
        return None
    if what["kind"] == "numpy" and what["dtype"][1] not in "biufM":
        return None
    ordered = bool(array.ordered)
    if array.ordered is not ordered:
        return None
    return {
        "kind": "category",
        "ordered": ordered,
        "values": what,
        "categories": to_json(pack(categories.array, what)),
    }


def _is_text(values: Any) -> bool:
    """Tell whether all strings have an UTF-8 form, which lone surrogates have not."""
    pa = load("pyarrow")
    try:
        pa.array(values, type=pa.large_string(), from_pandas=True)
    except (pa.ArrowException, UnicodeEncodeError, TypeError, ValueError):
        return False
    return True


def _in_utc(array: Any) -> Any:
    """The times of a zoned array as numpy's, without a copy."""
    return loaded("pandas").DatetimeIndex(array, copy=False).tz_convert(None).to_numpy()


def _fits(unit: str, values: Any) -> bool:
    """Tell whether times survive: parquet has no seconds, so those must fit into milliseconds."""
    if unit in ("ms", "us", "ns"):
        return True
    if unit != "s":
        return False
    numbers = values.view("i8")
    numbers = numbers[numbers != load("numpy").iinfo("i8").min]
    return len(numbers) == 0 or bool(abs(int(numbers.min())) < 2**52 and abs(int(numbers.max())) < 2**52)


def _unpack_numpy(column: Any, dtype: Any) -> Any:
    np, pa = load("numpy"), load("pyarrow")
    if dtype.kind in "mM":
        unit = np.datetime_data(dtype)[0]
        if column.type.unit != unit:
            tz = {"tz": column.type.tz} if dtype.kind == "M" else {}
            column = column.cast(pa.timestamp(unit, **tz) if dtype.kind == "M" else pa.duration(unit))
        if column.null_count:
            return column.cast(pa.int64()).fill_null(np.iinfo("i8").min).to_numpy().view(dtype).copy()
    array = _one(column)
    if dtype.kind != "b" and array.null_count == 0 and len(array) and array.buffers()[1].is_mutable:
        # Arrow has just made this memory for us, so it becomes the column without a copy.
        return np.frombuffer(array.buffers()[1], dtype, len(array), array.offset * dtype.itemsize)
    values = array.to_numpy(zero_copy_only=False).astype(dtype, copy=False)
    return values if values.flags.writeable else values.copy()


def _unpack_objects(column: Any, what: dict[str, Any]) -> Any:
    np, pd = load("numpy"), load("pandas")
    array = _one(column)
    if what["cells"] == "bool":
        values = np.empty(len(array), dtype=object)
        values[:] = array.to_pylist()
    else:
        values = array.to_numpy(zero_copy_only=False)
        if values.dtype.kind != "O":
            values = array.to_pandas(date_as_object=True).to_numpy()
        values = values if values.flags.writeable else values.copy()
    if array.null_count and what["missing"] != "None":
        values[array.is_null().to_numpy(zero_copy_only=False)] = pd.NA if what["missing"] == "NA" else np.nan
    return values


def _unpack_category(column: Any, what: dict[str, Any]) -> Any:
    np, pa, pd = load("numpy"), load("pyarrow"), load("pandas")
    array = unpack(from_json(what["categories"]), what["values"])
    categories = pd.Index(array, dtype=array.dtype, copy=False)
    dtype = pd.CategoricalDtype(categories, ordered=what["ordered"])
    if what["values"]["kind"] != "numpy" and not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = _one(_chunked(column).unify_dictionaries())
    if pa.types.is_dictionary(column.type):
        # One look-up for each category, none for each row. -1 at the end is where a missing value's -1
        # points.
        places = np.append(_places(column.dictionary, what, categories), -1)
        codes = places[column.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    else:
        codes = _places(column, what, categories)
    return pd.Categorical.from_codes(codes, dtype=dtype)


def _places(values: Any, what: dict[str, Any], categories: Any) -> Any:
    pd = load("pandas")
    array = unpack(values, what["values"] if not values.null_count else _with_missing(what["values"]))
    index = pd.Index(array, dtype=array.dtype, copy=False)
    places = categories.get_indexer(index)
    if values.null_count:
        places[values.is_null().to_numpy(zero_copy_only=False)] = -1
    return places


def _with_missing(what: dict[str, Any]) -> dict[str, Any]:
    """Integers with gaps are read as floats only to be looked up; 2**53 and more go the masked way."""
    if what["kind"] == "numpy" and what["dtype"][1] in "iu":
        name = load("numpy").dtype(what["dtype"]).name.replace("uint", "UInt").replace("int", "Int")
        return {"kind": "extension", "dtype": name}
    return what


def _describe_zone(tz: Any) -> list[Any] | None:
    """Say what a time zone object is, so that the very same kind of object comes back."""
    cls = type(tz)
    place = f"{cls.__module__}.{cls.__qualname__}"
    if tz is datetime.timezone.utc:
        return ["utc"]
    if cls is datetime.timezone and repr(tz) == repr(datetime.timezone(tz.utcoffset(None))):
        return ["offset", int(tz.utcoffset(None).total_seconds())]
    if place in ("zoneinfo.ZoneInfo", "backports.zoneinfo.ZoneInfo") and tz.key:
        return ["zoneinfo", tz.key]
    if place.startswith("pytz.") and getattr(tz, "zone", None):
        return ["pytz", tz.zone]
    return None


def _make_zone(what: list[Any]) -> Any:
    if what[0] == "utc":
        return datetime.timezone.utc
    if what[0] == "offset":
        return datetime.timezone(datetime.timedelta(seconds=what[1]))
    if what[0] == "zoneinfo":
        return load("zoneinfo").ZoneInfo(what[1])
    return load("pytz").timezone(what[1])


def _zone_name(what: list[Any]) -> str:
    """The name that other tools read in the file; UTC for a bare offset, with which polars opens no file."""
    return "UTC" if what[0] in ("utc", "offset") else str(what[1])


def _chunked(column: Any) -> Any:
    pa = load("pyarrow")
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def _one(column: Any) -> Any:
    """One array out of a chunked one, without a copy if there is one chunk."""
    pa = load("pyarrow")
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
