"""pandas, polars and pyarrow: equal frames are one, however they came about."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from memodisk.errors import Unhashable
from memodisk.hashing import digest

PANDAS = int(pd.__version__.partition(".")[0])


def frame(**changes):
    columns = {
        "n": [1.5, np.nan, 3.0],
        "i": [1, 2, 3],
        "s": ["a", None, "ccc"],
        "d": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
        "z": pd.date_range("2020", periods=3, tz="Europe/Berlin"),
        "c": pd.Categorical(["u", "v", None], categories=["v", "u", "w"]),
        "m": pd.array([1, None, 3], dtype="Int64"),
        "t": pd.to_timedelta([1, 2, 3], unit="s"),
        "b": [True, False, True],
        "o": [1, "x", (2, 3)],
        "p": pd.period_range("2020", periods=3, freq="M"),
        "v": pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3]),
        "q": pd.array([0, 0, 1], dtype=pd.SparseDtype("int64", 0)),
        "g": pd.array(["x", None, "z"], dtype="string"),
        "a": pd.array([[1], None, [2, 3]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
        **changes,
    }
    return pd.DataFrame(columns)


def with_attrs(value, **attrs):
    value.attrs.update(attrs)
    return value


def masked(under):
    """A nullable array with something under its mask."""
    return pd.arrays.IntegerArray(np.array([1, under]), np.array([False, True]))


def consolidated(value):
    """The same frame, put together column by column, with other blocks."""
    made = pd.DataFrame(index=value.index)
    for name in value:
        made[name] = value[name].array.copy()
    return made


def looked_at(value):
    """A frame whose caches are filled."""
    value.index.is_unique, value.columns.get_loc("i"), value["i"].describe(), value.index.values
    return value


def levels(value):
    """A MultiIndex after slicing, with levels that nothing uses."""
    index = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"])
    return pd.DataFrame({"v": range(4)}, index=index).loc[[value]]


SAME_PANDAS = [
    ("built twice", frame(), frame()),
    ("copied", frame(), frame().copy()),
    ("deep-copied", frame(), copy.deepcopy(frame())),
    ("pickled", frame(), pickle.loads(pickle.dumps(frame()))),
    ("sliced", pd.concat([frame(), frame()]).iloc[3:].reset_index(drop=True), frame()),
    ("other blocks", consolidated(frame()), frame()),
    ("filled caches", looked_at(frame()), frame()),
    ("index stored or computed", frame().set_axis([0, 1, 2]), frame()),
    ("unused levels", levels("a"), pickle.loads(pickle.dumps(levels("a")))),
    ("unused levels removed", levels("a"), (lambda f: f.set_axis(f.index.remove_unused_levels()))(levels("a"))),
    ("under a mask", masked(0), masked(99)),
    ("columns of a two-dimensional array", pd.DataFrame(np.ones((3, 2))), pd.DataFrame({0: [1.0] * 3, 1: [1.0] * 3})),
    ("a series and a column", pd.Series([1, 2], name="x"), pd.DataFrame({"x": [1, 2]})["x"]),
    ("missing values", pd.NA, pickle.loads(pickle.dumps(pd.NA))),
    ("every second row", frame(), pd.concat([frame(), frame()]).iloc[[0, 4, 2]].set_axis(range(3))),
    ("offsets", pd.offsets.MonthEnd(2), pd.offsets.MonthEnd(2)),
    (
        "strings put together",
        pd.Series(["ab", None, "c"]),
        pd.concat([pd.Series(["ab"]), pd.Series([None, "c"], dtype=pd.Series(["a"]).dtype)]).reset_index(drop=True),
    ),
]

DIFFERENT_PANDAS = [
    ("value", frame(), frame(i=[1, 2, 4])),
    ("text", frame(), frame(s=["a", None, "cc"])),
    ("where texts are cut", pd.Series(["ab", "c"]), pd.Series(["a", "bc"])),
    ("which is missing", frame(), frame(s=[None, "a", "ccc"])),
    ("missing and empty", pd.Series(["a", ""]), pd.Series(["a", None])),
    ("dtype", frame(), frame(i=[1.0, 2.0, 3.0])),
    ("nullable dtype", frame(), frame(m=pd.array([1, None, 3], dtype="Int32"))),
    ("text and object", pd.Series(["a"], dtype="string"), pd.Series(["a"], dtype=object)),
    ("names of columns", frame(), frame().rename(columns={"n": "nn"})),
    ("order of columns", frame(), frame()[[*frame().columns[::-1]]]),
    ("order of rows", frame(), frame().iloc[::-1]),
    ("index", frame(), frame().set_axis([1, 2, 3])),
    ("name of the index", frame(), frame().rename_axis("id")),
    ("name of the columns", frame(), frame().rename_axis("id", axis=1)),
    ("names of levels", levels("a"), levels("a").rename_axis(["x", "z"])),
    ("values of levels", levels("a"), levels("b")),
    ("attrs", frame(), with_attrs(frame(), source="x")),
    ("flags", frame(), frame().set_flags(allows_duplicate_labels=False)),
    ("order of categories", frame(), frame(c=pd.Categorical(["u", "v", None], categories=["u", "v", "w"]))),
    ("unused categories", frame(), frame(c=pd.Categorical(["u", "v", None], categories=["v", "u"]))),
    ("ordered categories", frame(), frame(c=pd.Categorical(["u", "v", None], ["v", "u", "w"], ordered=True))),
    ("category and text", pd.Series(["a"]), pd.Series(["a"], dtype="category")),
    ("time zone", frame(), frame(z=frame()["z"].dt.tz_convert("Europe/Paris"))),
    ("unit of time", pd.Series([1], dtype="M8[s]"), pd.Series([1], dtype="M8[ns]")),
    ("moments", frame(), frame(d=pd.to_datetime(["2020-01-01", None, "2020-01-04"]))),
    ("frequency of periods", frame(), frame(p=pd.period_range("2020", periods=3, freq="D"))),
    (
        "frequency of an index",
        *(
            pd.DataFrame(index=pd.DatetimeIndex(days))
            for days in (pd.date_range("2020", periods=3), [*pd.date_range("2020", periods=3)])
        ),
    ),
    ("closed side of intervals", frame(), frame(v=pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3], closed="left"))),
    ("fill value of sparse values", *(pd.Series(pd.array([0, 0], dtype=pd.SparseDtype("int64", f))) for f in (0, 1))),
    ("types of objects", frame(), frame(o=[True, "x", (2, 3)])),
    ("lists in Arrow", frame(), frame(a=pd.array([[1, 2], None, [3]], dtype=pd.ArrowDtype(pa.list_(pa.int64()))))),
    ("frame and series", pd.DataFrame({"x": [1]}), pd.DataFrame({"x": [1]})["x"]),
    ("name of a series", pd.Series([1]), pd.Series([1], name="x")),
    ("series and array", pd.Series([1]), np.array([1])),
    ("index and series", pd.Index([1]), pd.Series([1])),
    ("empty frames by columns", pd.DataFrame(columns=["a"]), pd.DataFrame(columns=["b"])),
    ("empty frames by rows", pd.DataFrame(index=[1]), pd.DataFrame(index=[2])),
    ("timestamps", pd.Timestamp("2020"), pd.Timestamp("2021")),
    ("timestamp and datetime", pd.Timestamp("2020"), dt.datetime(2020, 1, 1)),
    ("zones of timestamps", pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2020")),
    ("nanoseconds", pd.Timestamp("2020-01-01T00:00:00.000000001"), pd.Timestamp("2020-01-01").as_unit("ns")),
    ("durations", pd.Timedelta(1, "s"), pd.Timedelta(2, "s")),
    ("periods", pd.Period("2020", "M"), pd.Period("2020", "D")),
    ("intervals", pd.Interval(0, 1), pd.Interval(0, 2)),
    ("kinds of missing", pd.NA, pd.NaT),
    ("offsets", pd.offsets.MonthEnd(1), pd.offsets.MonthEnd(2)),
    ("extension dtypes", pd.Int64Dtype(), pd.Int32Dtype()),
    ("categorical dtypes", pd.CategoricalDtype(["a"]), pd.CategoricalDtype(["b"])),
]


def table(**changes):
    columns = {
        "i": pa.array([1, None, 3]),
        "f": pa.array([1.5, 2.5, None]),
        "b": pa.array([True, None, False]),
        "s": pa.array(["a", None, "ccc"]),
        "l": pa.array(["a", "", None], pa.large_string()),
        "y": pa.array([b"a", None, b"\0"]),
        "x": pa.array([b"ab", None, b"cd"], pa.binary(2)),
        "t": pa.array([1, 2, None], pa.timestamp("us", "UTC")),
        "d": pa.array([decimal.Decimal("1.5"), None, decimal.Decimal("2.5")]),
        "c": pa.array(["u", None, "v"]).dictionary_encode(),
        "n": pa.array([[1, None], None, []]),
        "k": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int64(), 2)),
        "r": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
        "m": pa.array([[("a", 1)], None, [("b", 2), ("c", None)]], pa.map_(pa.string(), pa.int64())),
        "w": pa.array(["short", None, "a text of more than twelve bytes"], pa.string_view()),
        "z": pa.nulls(3),
        **changes,
    }
    return pa.table(columns)


def rechunked(value):
    """The same rows, in pieces that were cut out of something larger."""
    twice = pa.concat_tables([value, value])
    return pa.concat_tables([twice.slice(3, 2), twice.slice(2, 1)])


def garbage(under):
    """An array with something in the place of its missing value."""
    data = pa.py_buffer(np.array([1, under, 3], np.int64))
    return pa.Array.from_buffers(pa.int64(), 3, [pa.py_buffer(bytes([0b101])), data])


KIND = pa.dictionary(pa.int32(), pa.string())
CHUNKS = pa.chunked_array([pa.array([*texts]).dictionary_encode() for texts in ("ab", "bc")])


def backwards(column):
    return pa.chunked_array([column.chunk(0)[i : i + 1] for i in reversed(range(len(column)))])


SAME_ARROW = [
    ("built twice", table(), table()),
    ("chunks and offsets", rechunked(table()), table()),
    ("combined", rechunked(table()).combine_chunks(), table()),
    ("pickled", pickle.loads(pickle.dumps(table())), table()),
    ("a slice and its copy", pa.array([1, None, 3, 4])[1:], pa.array([None, 3, 4])),
    ("under a missing value", garbage(0), garbage(99)),
    (
        "a validity bitmap that says nothing",
        pa.Array.from_buffers(pa.int64(), 1, [pa.py_buffer(b"\1"), pa.py_buffer(bytes(8))]),
        pa.array([0]),
    ),
    ("no chunks and an empty one", pa.chunked_array([], KIND), pa.chunked_array([pa.array([], KIND)])),
    ("dictionaries of chunks", CHUNKS, CHUNKS.unify_dictionaries()),
    ("batches", pa.RecordBatch.from_pydict({"a": [1]}), pa.RecordBatch.from_pydict({"a": [1]})),
    ("run-end encoded", pa.array([1, 1, 2]), pa.compute.run_end_decode(pa.compute.run_end_encode(pa.array([1, 1, 2])))),
    ("sliced lists", pa.array([[9], [1, 2], [3]])[1:], pa.array([[1, 2], [3]])),
    ("sliced structs", pa.array([{"a": 9}, {"a": 1}])[1:], pa.array([{"a": 1}])),
    ("sliced booleans", pa.array([True, False, True, True])[1:], pa.array([False, True, True])),
    ("scalars", pa.scalar(1), pa.array([1])[0]),
    ("types", pa.list_(pa.int64()), pa.list_(pa.int64())),
    ("buffers", pa.py_buffer(b"abc"), pa.py_buffer(b"xabc")[1:]),
]

DIFFERENT_ARROW = [
    *(
        (f"value in {name}", table(), table(**{name: backwards(table()[name])}))
        for name in table().column_names
        if name != "z"
    ),
    ("missing", table(), table(i=pa.array([1, 2, None]))),
    ("missing or empty list", pa.array([[], [1]]), pa.array([None, [1]])),
    ("where lists are cut", pa.array([[1], [2, 3]]), pa.array([[1, 2], [3]])),
    ("where texts are cut", pa.array(["ab", "c"]), pa.array(["a", "bc"])),
    ("type", pa.array([1]), pa.array([1], pa.int32())),
    ("type of text", pa.array(["a"]), pa.array(["a"], pa.large_string())),
    ("zone", pa.array([1], pa.timestamp("us", "UTC")), pa.array([1], pa.timestamp("us"))),
    ("dictionary", pa.array(["a"]), pa.array(["a"]).dictionary_encode()),
    ("metadata", table(), table().replace_schema_metadata({"a": "b"})),
    ("nullability", *(pa.table([[1]], pa.schema([pa.field("a", pa.int64(), nullable=n)])) for n in (True, False))),
    ("name", table(), table().rename_columns([*"abcdefghijklmnop"])),
    ("array and chunked array", pa.array([1]), pa.chunked_array([[1]])),
    ("table and batch", pa.table({"a": [1]}), pa.RecordBatch.from_pydict({"a": [1]})),
    ("number of nulls", pa.nulls(1), pa.nulls(2)),
    ("scalars", pa.scalar(1), pa.scalar(2)),
    ("types", pa.int64(), pa.int32()),
]


def polars_frame(**changes):
    columns = {
        "i": pl.Series([1, None, 3]),
        "f": pl.Series([1.5, None, float("nan")]),
        "b": pl.Series([True, None, False]),
        "s": pl.Series(["a", None, "a text of more than twelve bytes"]),
        "y": pl.Series([b"a", None, b"\0"]),
        "d": pl.Series([dt.date(2020, 1, 1), None, dt.date(2020, 1, 3)]),
        "t": pl.Series([dt.datetime(2020, 1, 1), None, dt.datetime(2020, 1, 3)]),
        "u": pl.Series([dt.timedelta(1), None, dt.timedelta(3)]),
        "h": pl.Series([dt.time(1), None, dt.time(3)]),
        "c": pl.Series(["u", None, "v"], dtype=pl.Categorical),
        "e": pl.Series(["u", None, "v"], dtype=pl.Enum(["v", "u"])),
        "n": pl.Series([[1, None], None, []], dtype=pl.List(pl.Int64)),
        "k": pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int64, 2)),
        "r": pl.Series([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
        # With a precision, for before polars 1.34 one without comes out of polars' pickle with one.
        "x": pl.Series([decimal.Decimal("1.5"), None, decimal.Decimal("2.5")], dtype=pl.Decimal(38, 1)),
        "w": pl.Series([1, None, 2**100], dtype=pl.Int128),
        "o": pl.Series([(1,), None, "x"], dtype=pl.Object),
        **changes,
    }
    return pl.DataFrame([column.alias(name) for name, column in columns.items()])


def category_after(*others):
    """Categories whose codes other texts took first."""
    pl.Series([*others], dtype=pl.Categorical)
    return pl.Series(["u", "v"], dtype=pl.Categorical)


SAME_POLARS = [
    ("built twice", polars_frame(), polars_frame()),
    ("copied", polars_frame().clone(), polars_frame()),
    ("chunks and slices", pl.concat([polars_frame(), polars_frame()], rechunk=False)[3:], polars_frame()),
    (
        "pickled",
        *(f.drop("o") if i else pickle.loads(pickle.dumps(f.drop("o"))) for i, f in enumerate([polars_frame()] * 2)),
    ),
    ("codes of categories", category_after("v"), category_after("x", "u")),
    ("a series and a column", pl.Series("a", [1, 2]), pl.DataFrame({"a": [1, 2]})["a"]),
    ("expressions", pl.col("a") + 1, pl.col("a") + 1),
    ("types", pl.Datetime("us", "UTC"), pl.Datetime("us", "UTC")),
]

DIFFERENT_POLARS = [
    *(
        (f"value in {name}", polars_frame(), polars_frame(**{name: polars_frame()[name][[2, 1, 0]]}))
        for name in polars_frame().columns
    ),
    ("missing", pl.Series([1, None]), pl.Series([None, 1])),
    ("NaN and missing", pl.Series([1.0, None]), pl.Series([1.0, float("nan")])),
    ("missing and empty", pl.Series(["a", None]), pl.Series(["a", ""])),
    ("missing or empty list", pl.Series([[], [1]]), pl.Series([None, [1]])),
    ("where lists are cut", pl.Series([[1], [2, 3]]), pl.Series([[1, 2], [3]])),
    ("where texts are cut", pl.Series(["ab", "c"]), pl.Series(["a", "bc"])),
    ("type", pl.Series([1]), pl.Series([1], dtype=pl.Int32)),
    ("zone", *(pl.Series([0], dtype=pl.Datetime("us", zone)) for zone in ("UTC", None))),
    ("categories of an enum", *(pl.Series(["a"], dtype=pl.Enum(names)) for names in (["a", "b"], ["a", "c"]))),
    ("name", pl.Series("a", [1]), pl.Series("b", [1])),
    ("order of columns", polars_frame(), polars_frame()[:, ::-1]),
    ("frame and series", pl.DataFrame({"a": [1]}), pl.Series("a", [1])),
    ("height without columns", pl.DataFrame({"a": []}), pl.DataFrame()),
    ("expressions", pl.col("a"), pl.col("b")),
    ("types", pl.Datetime("us", "UTC"), pl.Datetime("us")),
    ("classes of types", pl.Int64, pl.Int32),
]

SAME = [("pandas", *row) for row in SAME_PANDAS]
SAME += [("arrow", *row) for row in SAME_ARROW]
SAME += [("polars", *row) for row in SAME_POLARS]
DIFFERENT = [("pandas", *row) for row in DIFFERENT_PANDAS]
DIFFERENT += [("arrow", *row) for row in DIFFERENT_ARROW]
DIFFERENT += [("polars", *row) for row in DIFFERENT_POLARS]


@pytest.mark.parametrize(("library", "reason", "one", "other"), SAME, ids=[f"{row[0]}: {row[1]}" for row in SAME])
def test_same_frame(library, reason, one, other):
    assert digest(one) == digest(other), reason


@pytest.mark.parametrize(
    ("library", "reason", "one", "other"), DIFFERENT, ids=[f"{row[0]}: {row[1]}" for row in DIFFERENT]
)
def test_different_frame(library, reason, one, other):
    assert digest(one) != digest(other), reason


def test_hashing_does_not_fill_the_caches_of_an_index():
    value = pd.DataFrame({"a": [1, 2]})
    digest(value)
    assert "_data" not in value.index._cache


def test_a_query_is_refused():
    with pytest.raises(Unhashable, match="collected"):
        digest(pl.LazyFrame({"a": [1]}))


def test_the_path_into_a_frame():
    value = pd.DataFrame({"a": [1], "b": [object()]})
    with pytest.raises(Unhashable) as caught:
        digest(value, path="argument 'df'")
    assert caught.value.path == "argument 'df'['b'][0]"


def test_a_frame_of_a_derived_class_counts_with_its_metadata():
    class Survey(pd.DataFrame):
        _metadata = ["year"]

        @property
        def _constructor(self):
            return Survey

    def survey(year):
        made = Survey({"a": [1]})
        made.year = year
        return made

    def hook(thing):
        return thing.__name__.encode()

    assert digest(survey(1), code=hook) == digest(survey(1), code=hook)
    assert digest(survey(1), code=hook) != digest(survey(2), code=hook)
    assert digest(survey(1), code=hook) != digest(pd.DataFrame({"a": [1]}), code=hook)
