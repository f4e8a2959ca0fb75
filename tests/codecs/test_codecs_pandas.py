"""pandas frames and series become parquet and come back exactly; what parquet cannot hold goes to pickle."""

from __future__ import annotations

import datetime
import json
import pickle
import zoneinfo

import dateutil.tz
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memodisk import codecs

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
NAT = np.iinfo("i8").min
INT64 = st.integers(-(2**63) + 1, 2**63 - 1)


def ints(bits, signed=True):
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else st.integers(0, 2**bits - 1)


def gaps(values):
    return st.none() | values


def plain(dtype, cells):
    return cells, lambda v: np.array(v, dtype)


def masked(dtype, cells):
    return gaps(cells), lambda v: pd.array(v, dtype)


def objects(missing, cells):
    def make(values):
        array = np.empty(len(values), object)
        array[:] = [missing if v is None else v for v in values]
        return array

    return gaps(cells), make


def times(unit, zone=None):
    def make(values):
        index = pd.DatetimeIndex(np.array([NAT if v is None else v for v in values], f"M8[{unit}]"))
        return (index if zone is None else index.tz_localize("UTC").tz_convert(zone)).array

    return gaps(INT64 if unit in ("ns", "us") and zone is None else ints(40)), make


def months(number):
    return pd.NaT if number is None else pd.Period(ordinal=number, freq="M")


def category(categories, ordered=False):
    codes = st.integers(-1, len(categories) - 1)
    return codes, lambda v: pd.Categorical.from_codes(np.array(v, "i8"), dtype=pd.CategoricalDtype(categories, ordered))


STRINGS = {"string[python]": "string[python]", "string[pyarrow]": "string[pyarrow]"}
if pd.__version__ >= "2.3":
    STRINGS["str[python]"] = pd.StringDtype("python", na_value=np.nan)
    STRINGS["str[pyarrow]"] = pd.StringDtype("pyarrow", na_value=np.nan)
else:
    STRINGS["string[pyarrow_numpy]"] = "string[pyarrow_numpy]"

KINDS = {
    "bool": plain(bool, st.booleans()),
    **{f"int{bits}": plain(f"int{bits}", ints(bits)) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": plain(f"uint{bits}", ints(bits, False)) for bits in (8, 16, 32, 64)},
    "float32": plain("float32", st.floats(width=32)),
    "float64": plain("float64", st.floats()),
    "boolean": masked("boolean", st.booleans()),
    "Int8": masked("Int8", ints(8)),
    "Int64": masked("Int64", ints(64)),
    "UInt64": masked("UInt64", ints(64, False)),
    "Float64": masked("Float64", st.floats(allow_nan=False)),
    **{name: masked(dtype, TEXT) for name, dtype in STRINGS.items()},
    "int64[pyarrow]": masked("int64[pyarrow]", ints(64)),
    "string[arrow]": masked(pd.ArrowDtype(pa.string()), TEXT),
    "object str None": objects(None, TEXT),
    "object str nan": objects(np.nan, TEXT),
    "object str NA": objects(pd.NA, TEXT),
    "object bytes": objects(None, st.binary(max_size=4)),
    "object bool": objects(None, st.booleans()),
    "object date": objects(None, st.dates()),
    **{f"datetime {unit}": times(unit) for unit in ("s", "ms", "us", "ns")},
    "datetime UTC": times("ns", "UTC"),
    "datetime utc": times("us", datetime.timezone.utc),
    "datetime Zurich": times("ns", zoneinfo.ZoneInfo("Europe/Zurich")),
    "datetime +05:30": times("ms", datetime.timezone(datetime.timedelta(hours=5, minutes=30))),
    "datetime -03:30": times("s", datetime.timezone(-datetime.timedelta(hours=3, minutes=30))),
    "timedelta s": (gaps(ints(40)), lambda v: np.array([NAT if x is None else x for x in v], "m8[s]")),
    "timedelta ns": (gaps(INT64), lambda v: np.array([NAT if x is None else x for x in v], "m8[ns]")),
    "period": (gaps(ints(10)), lambda v: pd.array([months(x) for x in v], "period[M]")),
    "category str": category(["z", "a", "never used"]),
    "category ordered": category(["low", "high"], ordered=True),
    "category int": category([30, 10, 20]),
    "category float": category([0.5, -1.0]),
    "category bool": category([True, False]),
    "category date": category(pd.DatetimeIndex(["2020-01-01", "1999-01-01"])),
    "category empty": category([]),
}  # fmt: skip


@st.composite
def columns(draw, kind, rows):
    cells, make = KINDS[kind]
    return make(draw(st.lists(cells, min_size=rows, max_size=rows)))


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 6))
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=4))
    made = {i: series(draw(columns(kind, rows))) for i, kind in enumerate(kinds)}
    frame = pd.DataFrame(made, index=pd.RangeIndex(rows))
    frame.columns = draw(
        st.sampled_from(
            [
                pd.RangeIndex(len(kinds)),
                pd.Index([str(k) for k in kinds], name="kind"),
                pd.Index(range(10, 10 + len(kinds))),
                pd.MultiIndex.from_arrays([["a"] * len(kinds), kinds], names=[None, "b"]),
                pd.Index(["same"] * len(kinds)),
                pd.Index([0.5 * i for i in range(len(kinds))], dtype="float64"),
                pd.date_range("2020", periods=len(kinds), freq="D"),
                pd.Index(["__index_level_0__", "a", "b", "c"][: len(kinds)], dtype=object),
            ]
        )
    )
    index = draw(st.sampled_from(["range", "step", "one", "two", "freq"]))
    if index == "step":
        frame.index = pd.RangeIndex(7, 7 - 3 * rows, -3, name="steps")
    elif index == "one":
        kind = draw(st.sampled_from([k for k in KINDS if k not in ("object bool",)]))
        array = draw(columns(kind, rows))
        frame.index = pd.Index(array, dtype=array.dtype, name=draw(st.sampled_from([None, "x", 3, ("a", 1)])))
    elif index == "two":
        other = draw(st.sampled_from(["datetime us", "string[python]", "float64", "bool"]))
        arrays = [draw(columns(kind, rows)) for kind in ("int64", other)]
        frame.index = pd.MultiIndex.from_arrays(arrays, names=["k", None])
    elif index == "freq":
        frame.index = pd.date_range("2020-01-31", periods=rows, freq="MS", tz="Europe/Zurich")
    atoms = st.none() | st.integers() | TEXT | st.tuples(st.floats(allow_nan=False))
    frame.attrs = draw(st.dictionaries(TEXT, atoms, max_size=2))
    return frame


def series(array, **kwargs):
    return pd.Series(array, dtype=array.dtype, **kwargs)


def assert_same(a, b):
    assert type(a) is type(b)
    assert a.attrs == b.attrs
    assert a.flags.allows_duplicate_labels == b.flags.allows_duplicate_labels
    check = pd.testing.assert_frame_equal if a.ndim == 2 else pd.testing.assert_series_equal
    check(a, b, check_exact=True, check_freq=True, check_index_type="equiv", check_flags=True)
    assert_same_index(a.index, b.index)
    pairs = [(a, b)]
    if a.ndim == 2:
        assert_same_index(a.columns, b.columns)
        pairs = [(a.iloc[:, i], b.iloc[:, i]) for i in range(a.shape[1])]
    for one, other in pairs:
        assert_same_dtype(one.dtype, other.dtype)
        assert type(one.array) is type(other.array)
        if one.dtype == object:
            assert [type(cell) for cell in one] == [type(cell) for cell in other]


def assert_same_index(a, b):
    assert type(a) is type(b)
    assert a.names == b.names
    assert [type(name) for name in a.names] == [type(name) for name in b.names]
    if isinstance(a, pd.MultiIndex):
        for one, other in zip(a.levels, b.levels, strict=True):
            assert one.equals(other)
            assert one.dtype == other.dtype
    else:
        assert_same_dtype(a.dtype, b.dtype)
        assert type(a.array) is type(b.array)
        assert getattr(a, "freq", None) == getattr(b, "freq", None)


def assert_same_dtype(a, b):
    assert a == b
    assert type(a) is type(b)
    if isinstance(a, pd.StringDtype):
        assert a.storage == b.storage
        assert repr(a.na_value) == repr(b.na_value)
    if isinstance(a, pd.DatetimeTZDtype):
        assert type(a.tz) is type(b.tz)
        assert repr(a.tz) == repr(b.tz)
    if isinstance(a, pd.CategoricalDtype):
        assert a.categories.equals(b.categories)
        assert a.ordered is b.ordered
        assert_same_dtype(a.categories.dtype, b.categories.dtype)


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=12)
@given(data=st.data())
def test_each_dtype_comes_back_exactly_through_parquet(there_and_back, kind, data):
    column = series(data.draw(columns(kind, data.draw(st.integers(0, 8)))), name="c")
    frame = column.to_frame()
    trip = there_and_back(frame)
    assert trip.codec == "parquet"
    assert_same(frame, trip.value)
    assert_same(column, there_and_back(column).value)
    pl.read_parquet(trip.file)


@settings(max_examples=80)
@given(frame=frames())
def test_any_frame_comes_back_exactly(there_and_back, frame):
    trip = there_and_back(frame)
    assert_same(frame, trip.value)
    if trip.codec == "parquet":
        assert trip.blob == there_and_back(frame).blob, "the same value makes the same bytes"
        pq.read_table(trip.file)
        pd.read_parquet(trip.file)


def ordinary():
    return pd.DataFrame(
        {
            "city": ["Bern", None, "Zürich"],
            "n": [1, 2, 3],
            "x": [0.5, np.nan, -1.0],
            "day": pd.to_datetime(["2020-01-01", None, "2021-06-05"]),
            "at": pd.to_datetime(["2020-01-01", None, "2021-06-05"]).tz_localize("Europe/Zurich"),
            "kind": pd.Categorical(["a", "b", None]),
            "count": pd.array([1, None, 3], "Int64"),
        }
    )


@pytest.mark.parametrize(
    "frame",
    [
        ordinary(),
        ordinary().set_index("city"),
        ordinary().set_index(["city", "n"]),
        ordinary().set_index("at"),
        ordinary().iloc[::2],
        ordinary().rename_axis("row"),
    ],
    ids=["range index", "named index", "two levels", "time zone", "other index", "named range"],
)
def test_pandas_itself_reads_an_ordinary_frame_as_it_was(there_and_back, frame):
    trip = there_and_back(frame)
    assert trip.codec == "parquet"
    pd.testing.assert_frame_equal(frame, pd.read_parquet(trip.file))


def test_polars_reads_the_same_numbers(there_and_back):
    read = pl.read_parquet(there_and_back(ordinary()).file)
    assert read["city"].to_list() == ["Bern", None, "Zürich"]
    assert read["n"].to_list() == [1, 2, 3]
    assert read["kind"].cast(pl.String).to_list() == ["a", "b", None]


def test_the_footer_says_in_json_what_parquet_cannot(there_and_back):
    frame = ordinary()
    frame.attrs["source"] = "MeteoSwiss"
    entry = json.loads(pq.read_metadata(there_and_back(frame).file).metadata[b"memodisk"])
    assert entry["library"] == "pandas"
    assert entry["attrs"] == {"dict": [["source", "MeteoSwiss"]]}
    assert entry["index"] == {"kind": "range", "names": [None], "range": [0, 3, 1]}


def test_what_comes_back_can_be_changed(there_and_back):
    frame = ordinary()
    for index in (frame.index, pd.Index([5, 6, 7])):
        back = there_and_back(frame.set_index(index)).value
        for column in ("n", "x", "day", "count", "city", "kind", "at"):
            back.loc[back.index[0], column] = frame[column].iloc[2]
            back.iloc[0, back.columns.get_loc(column)] = frame[column].iloc[2]
        back["n"] += 1
        assert back["n"].tolist() == [4, 3, 4]


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame(index=[1, 2]), pd.DataFrame(columns=["a"])])
def test_empty_frames_come_back(there_and_back, frame):
    trip = there_and_back(frame)
    assert trip.codec == "parquet"
    assert_same(frame, trip.value)
    assert trip.value.shape == frame.shape


def test_flags_come_back(there_and_back):
    frame = ordinary().set_flags(allows_duplicate_labels=False)
    assert_same(frame, there_and_back(frame).value)
    assert_same(frame["n"], there_and_back(frame["n"]).value)


@pytest.mark.parametrize("name", [None, "x", 3, ("a", 1), "", "__index_level_0__"])
def test_a_series_keeps_its_name(there_and_back, name):
    value = pd.Series([1.5, 2.5], index=pd.Index(["a", "b"], name="x"), name=name)
    value.attrs["unit"] = "m"
    assert_same(value, there_and_back(value).value)


def test_unused_levels_of_an_index_stay(there_and_back):
    index = pd.MultiIndex.from_product([["a", "b", "c"], [1, 2]], names=["k", "n"])
    frame = pd.DataFrame({"x": range(6)}, index=index).loc[["a"]]
    trip = there_and_back(frame)
    assert trip.codec == "parquet"
    assert_same(frame, trip.value)
    assert trip.value.index.levels[0].tolist() == ["a", "b", "c"]


def test_categories_come_back_from_many_row_groups(there_and_back):
    values = np.array(["a", "b", "c"])[np.arange(2_200_000) // 800_000]
    frame = pd.DataFrame({"c": pd.Categorical(values, categories=["c", "unused", "b", "a"])})
    trip = there_and_back(frame)
    assert pq.ParquetFile(trip.file).num_row_groups > 1
    assert_same(frame, trip.value)


class Measured(pd.DataFrame):
    _metadata = ["unit"]


def odd():
    yield "sparse", pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])})
    yield "interval", pd.DataFrame({"a": pd.interval_range(0, 3)})
    yield "category of intervals", pd.DataFrame({"a": pd.cut([1, 2, 3], 2)})
    yield "complex", pd.DataFrame({"a": [1j]})
    yield "dict cells", pd.DataFrame({"a": [{"x": 1}, None]})
    yield "list cells", pd.DataFrame({"a": [[1], [2, 3]]})
    yield "array cells", pd.DataFrame({"a": [np.arange(2), np.arange(3)]})
    yield "mixed cells", pd.DataFrame({"a": [1, "x"]})
    yield "mixed gaps", pd.DataFrame({"a": np.array(["x", None, np.nan], object)}, dtype=object)
    yield "floats among strings", pd.DataFrame({"a": np.array(["x", 1.5], object)}, dtype=object)
    yield "np.str_ cells", pd.DataFrame({"a": np.array([np.str_("x"), "y"], object)}, dtype=object)
    yield "big integers", pd.DataFrame({"a": [2**80, 1]})
    yield "surrogates", pd.DataFrame({"a": np.array(["\udcff", "y"], object)}, dtype=object)
    yield "python surrogates", pd.DataFrame({"a": pd.array(["\udcff"], "string[python]")})
    yield "mixed labels", pd.DataFrame([[1, 2]], columns=["a", 1])
    yield "labels of a class", pd.DataFrame([[1, 2]], columns=[object, int])
    yield "seconds beyond milliseconds", pd.DataFrame({"a": np.array([2**60], "M8[s]")})
    yield "attrs of objects", pd.DataFrame({"a": [1]})
    yield "many categories", pd.DataFrame({"a": pd.Categorical(np.arange(70_000).astype(str))})
    yield "many columns", pd.DataFrame(np.zeros((1, 1001)))
    yield "categorical level", ordinary().set_index(["kind", "n"])
    yield (
        "dateutil zone",
        pd.DataFrame({"a": pd.date_range("2020", periods=2, tz=dateutil.tz.tzoffset("here", 3600))}),
    )
    yield (
        "datetime with seconds in its offset",
        pd.DataFrame({"a": pd.date_range("2020", periods=2, tz=datetime.timezone(datetime.timedelta(seconds=4321)))}),
    )


@pytest.mark.parametrize(("why", "frame"), list(odd()), ids=lambda x: x if isinstance(x, str) else "")
def test_what_parquet_cannot_hold_goes_to_pickle_and_comes_back(there_and_back, why, frame):
    if why == "attrs of objects":
        frame.attrs["made"] = datetime.date(2020, 1, 1)
    trip = there_and_back(frame)
    if why != "datetime with seconds in its offset":
        assert trip.codec == "pickle"
        pd.testing.assert_frame_equal(frame, pickle.loads(trip.blob))
    pd.testing.assert_frame_equal(frame, trip.value)
    assert frame.attrs == trip.value.attrs


def test_a_subclass_with_metadata_of_its_own_goes_to_pickle(there_and_back):
    frame = Measured({"a": [1]})
    frame.unit = "m"
    trip = there_and_back(frame)
    assert trip.codec == "pickle"
    assert trip.value.unit == "m"


def test_pytz_zones_come_back_as_pytz_zones(there_and_back):
    pytz = pytest.importorskip("pytz")
    for zone in (pytz.timezone("Europe/Zurich"), pytz.utc):
        frame = pd.DataFrame({"a": pd.date_range("2020", periods=2, tz=zone)})
        trip = there_and_back(frame)
        assert trip.codec == "parquet"
        assert_same(frame, trip.value)


def test_without_pyarrow_a_frame_goes_to_pickle(there_and_back, monkeypatch):
    monkeypatch.setattr("memodisk.codecs.pandas_frames.installed", lambda name: False)
    assert there_and_back(ordinary()).codec == "pickle"


def test_accepting_looks_at_dtypes_only(monkeypatch):
    frame = ordinary()[["n", "x", "day", "at", "count"]].set_axis(range(5), axis=1)
    monkeypatch.setattr("memodisk.codecs.pandas_columns._is_text", None)
    assert codecs.choose(frame).name == "parquet"
