"""`pandas.DataFrame` and `pandas.Series` as parquet, with index, column labels, attrs and flags.

An index is kept as columns of the file, a `RangeIndex` as three numbers. Column labels are an index, too, so
they take the same way, but into the footer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

from memodisk.codecs import pandas_columns as columns
from memodisk.codecs.libraries import installed, load
from memodisk.codecs.parquet_files import KEY, MOST_COLUMNS, loaded, note, read_arrow, write_arrow
from memodisk.errors import Unencodable

_INDEXES = ("Index", "DatetimeIndex", "TimedeltaIndex", "PeriodIndex", "CategoricalIndex")

Spec = dict[str, Any]
EMPTY: Mapping[int, Any] = MappingProxyType({})


def accepts(value: Any) -> bool:
    """Tell whether parquet holds this frame or series exactly."""
    pd = loaded("pandas")
    if type(value) is pd.Series:
        value = _frame(value)
    return type(value) is pd.DataFrame and installed("pyarrow") and describe(value) is not None


def write(value: Any, file: BinaryIO) -> None:
    """Write the frame or series as a parquet file."""
    pd = loaded("pandas")
    series = type(value) is pd.Series
    frame = _frame(value) if series else value
    what = describe(frame, thorough=False)
    if what is None:
        raise Unencodable("result", f"this {type(value).__name__} cannot be held exactly by parquet")
    if series:
        what = {**what, "series": True, "name": plain(value.name)}
    table, dictionaries = to_arrow(frame, what)
    metadata = {b"pandas": for_pandas(frame, what, table), KEY: note("pandas", **what)}
    write_arrow(table.replace_schema_metadata(metadata), file, dictionaries=dictionaries)


def read(blob: memoryview) -> object:
    """Read the frame or series back."""
    load("pandas")
    table, what = read_arrow(blob)
    frame = from_arrow(table, what)
    if not what.get("series"):
        return frame
    series = frame.iloc[:, 0]
    series.name = unplain(what["name"])
    series.attrs = frame.attrs
    return series.set_flags(allows_duplicate_labels=what["duplicates"])


def describe(frame: Any, known: Mapping[int, Spec] = EMPTY, *, thorough: bool = True) -> Spec | None:
    """Say, in plain JSON, what parquet does not say about a frame; None if it cannot be held exactly.

    Parameters
    ----------
    frame
        A data frame.
    known
        The columns, by position, that the caller has described already.
    thorough
        As for `pandas_columns.describe`.
    """
    if frame.shape[1] > MOST_COLUMNS:
        return None
    try:
        attrs = plain(frame.attrs)
    except ValueError:
        return None
    index = _describe_index(frame.index)
    labels = _describe_index(frame.columns)
    if index is None or labels is None:
        return None
    kinds = []
    for number, dtype in enumerate(frame.dtypes):
        # The dtype alone: 1,000 columns of numbers are described in 2.4 ms; getting each column took 16.
        kind = known.get(number) or columns.describe_number(dtype)
        if kind is None:
            kind = columns.describe(frame.iloc[:, number].array, thorough=thorough)
        if kind is None:
            return None
        kinds.append(kind)
    return {
        "rows": len(frame),
        "index": index,
        "labels": labels,
        "columns": kinds,
        "attrs": attrs,
        "duplicates": bool(frame.flags.allows_duplicate_labels),
    }


def to_arrow(frame: Any, what: Spec, known: Mapping[int, Any] = EMPTY) -> tuple[Any, list[str]]:
    """Make the Arrow table; also returns the columns to be dictionary encoded. Completes `what`."""
    pa = load("pyarrow")
    arrays = [
        known[i] if i in known else columns.pack(frame.iloc[:, i].array, kind) for i, kind in enumerate(what["columns"])
    ]
    arrays += _pack_index(frame.index, what["index"])
    what["labels"]["packed"] = [columns.to_json(array) for array in _pack_index(frame.columns, what["labels"])]
    names = _names(frame)
    # A column without missing values is declared so: 2,000,000 rows of 8 columns are written in 96 ms, not 120.
    fields = [
        pa.field(name, array.type, nullable=array.null_count > 0) for name, array in zip(names, arrays, strict=True)
    ]
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    repeating = [field.name for field in fields if pa.types.is_dictionary(field.type)]
    return table, repeating + (names[frame.shape[1] :] if what["index"]["kind"] == "levels" else [])


def from_arrow(table: Any, what: Spec, known: Mapping[int, Any] = EMPTY) -> Any:
    """Make the frame again; `known` are arrays that the caller has made already, by position."""
    pd = load("pandas")
    count = len(what["columns"])
    index = _unpack_index([table.column(i) for i in range(count, table.num_columns)], what["index"])
    made = {}
    for number, kind in enumerate(what["columns"]):
        array = known[number] if number in known else columns.unpack(table.column(number), kind)
        made[number] = pd.Series(array, index=index, dtype=array.dtype, copy=False)
    frame = pd.DataFrame(made, index=index, copy=False)
    labels = what["labels"]
    frame.columns = _unpack_index([columns.from_json(packed) for packed in labels["packed"]], labels)
    frame.attrs = unplain(what["attrs"])
    return frame if what["duplicates"] else frame.set_flags(allows_duplicate_labels=False)


def _frame(series: Any) -> Any:
    pd = loaded("pandas")
    frame = pd.DataFrame({"0": series}, copy=False)
    frame.columns = pd.Index(["values" if series.name is None else str(series.name)])
    frame.attrs = series.attrs
    return frame.set_flags(allows_duplicate_labels=series.flags.allows_duplicate_labels)


def _describe_index(index: Any) -> Spec | None:
    pd = loaded("pandas")
    try:
        names = [plain(name) for name in index.names]
    except ValueError:
        return None
    if type(index) is pd.RangeIndex:
        return {"kind": "range", "names": names, "range": [index.start, index.stop, index.step]}
    if type(index) is pd.MultiIndex:
        levels = []
        for level, codes in zip(index.levels, index.codes, strict=True):
            flat = _describe_index(level.rename(None))
            # A level must be flat: neither categories of categories nor a regular range of dates.
            if flat is None or flat.get("freq") is not None or type(level) is pd.CategoricalIndex:
                return None
            values = columns.describe(pd.Categorical.from_codes(codes, level.rename(None)))
            if values is None:
                return None
            levels.append(values)
        return {"kind": "levels", "names": names, "levels": levels}
    if type(index) not in [getattr(pd, name) for name in _INDEXES]:
        return None
    values = columns.describe(index.array)
    if values is None:
        return None
    freq = None
    if type(index) in (pd.DatetimeIndex, pd.TimedeltaIndex) and index.freq is not None:
        freq = index.freqstr
        try:
            if pd.tseries.frequencies.to_offset(freq) != index.freq:
                return None
        except ValueError:
            return None
    return {"kind": "flat", "names": names, "values": values, "freq": freq}


def _pack_index(index: Any, what: Spec) -> list[Any]:
    pd = loaded("pandas")
    if what["kind"] == "range":
        return []
    if what["kind"] == "flat":
        return [columns.pack(index.array, what["values"])]
    # A level is kept as its values, so that pandas.read_parquet does not take it for a categorical.
    return [
        columns.pack(pd.Categorical.from_codes(codes, level.rename(None)), values).dictionary_decode()
        for level, codes, values in zip(index.levels, index.codes, what["levels"], strict=True)
    ]


def _unpack_index(arrays: list[Any], what: Spec) -> Any:
    pd = load("pandas")
    names = [unplain(name) for name in what["names"]]
    if what["kind"] == "range":
        return pd.RangeIndex(*what["range"], name=names[0])
    if what["kind"] == "levels":
        made = [columns.unpack(array, values) for array, values in zip(arrays, what["levels"], strict=True)]
        return pd.MultiIndex(
            levels=[level.categories for level in made],
            codes=[level.codes for level in made],
            names=names,
            verify_integrity=False,
        )
    array = columns.unpack(arrays[0], what["values"])
    index = pd.Index(array, dtype=array.dtype, name=names[0], copy=False)
    if what["freq"] is not None:
        index.freq = what["freq"]
    return index


def _names(frame: Any) -> list[str]:
    """Name the columns of the file: the labels if they are strings and unique, else something like them."""
    names: list[str] = []
    taken: set[str] = set()
    index = [name if type(name) is str else f"__index_level_{i}__" for i, name in enumerate(frame.index.names)]
    if type(frame.index) is loaded("pandas").RangeIndex:
        index = []
    for label in [*frame.columns, *index]:
        name = base = label if type(label) is str else str(label)
        number = 1
        while name in taken:
            number += 1
            name = f"{base}.{number}"
        taken.add(name)
        names.append(name)
    return names


def for_pandas(frame: Any, what: Spec, table: Any) -> bytes:
    """Make the entry that `pandas.read_parquet` looks for.

    Its form is in pandas' developer guide, "Storing pandas DataFrame objects in Apache Parquet format".
    """
    pd = loaded("pandas")
    width = frame.shape[1]
    names = table.schema.names

    def entry(name: object, field: str | None, array: Any) -> Spec:
        dtype = str(array.dtype)
        return {
            "name": name,
            "field_name": field,
            "pandas_type": dtype,
            "numpy_type": dtype,
            "metadata": None,
        }

    described = [
        entry(names[i] if not isinstance(label, str) else label, names[i], frame.iloc[:, i])
        for i, label in enumerate(frame.columns)
    ]
    index: list[Any] = names[width:]
    if what["index"]["kind"] == "range":
        start, stop, step = what["index"]["range"]
        name = frame.index.name if isinstance(frame.index.name, str) else None
        index = [{"kind": "range", "name": name, "start": start, "stop": stop, "step": step}]
    levels = [frame.index.get_level_values(i) for i in range(frame.index.nlevels)] if index == names[width:] else []
    for name, field, level in zip(frame.index.names, names[width:], levels, strict=False):
        described.append(entry(name if isinstance(name, str) else None, field, level))
    return json.dumps(
        {
            "index_columns": index,
            "column_indexes": [
                {
                    "name": None,
                    "field_name": None,
                    "pandas_type": "unicode",
                    "numpy_type": "object",
                    "metadata": None,
                }
            ],
            "columns": described,
            "creator": {"library": "memodisk", "version": "1"},
            "pandas_version": pd.__version__,
        }
    ).encode()


def plain(value: Any) -> Any:
    """Turn None, bool, int, float, str and lists, tuples, dicts of them into JSON that gives them back.

    Raises
    ------
    ValueError
        If there is anything else in it.
    """
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int and value.bit_length() < 10_000:  # Python reads no longer numbers from text
        return value
    if kind is tuple:
        return {"tuple": [plain(part) for part in value]}
    if kind is list:
        return [plain(part) for part in value]
    if kind is dict:
        return {"dict": [[plain(key), plain(part)] for key, part in value.items()]}
    raise ValueError(f"a {kind.__name__} is not kept as JSON")


def unplain(value: Any) -> Any:
    """Undo `plain`."""
    if type(value) is list:
        return [unplain(part) for part in value]
    if type(value) is dict:
        if "tuple" in value:
            return tuple(unplain(part) for part in value["tuple"])
        return {unplain(key): unplain(part) for key, part in value["dict"]}
    return value
