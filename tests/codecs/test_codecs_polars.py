"""polars frames and series become parquet through polars itself."""

from __future__ import annotations

import datetime

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal
from polars.testing.parametric import dataframes

from memodisk.errors import Unencodable

FLAT = [
    *(pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
    *(pl.Float32, pl.Float64, pl.Decimal(20, 3), pl.String, pl.Binary, pl.Date, pl.Time),
    *(pl.Datetime(unit) for unit in ("ms", "us", "ns")),
    *(pl.Duration(unit) for unit in ("ms", "us", "ns")),
    pl.Datetime("us", "Europe/Zurich"),
    pl.Categorical(),
    pl.Enum(["z", "a", "unused"]),
]
NESTED = [
    pl.List(pl.Int64),
    pl.List(pl.String),
    pl.List(pl.List(pl.Float64)),
    pl.Struct({"a": pl.Int64, "b": pl.List(pl.Date)}),
]


def same(a, b):
    assert type(a) is type(b)
    if isinstance(a, pl.Series):
        assert_series_equal(a, b, check_exact=True, categorical_as_str=True)
    else:
        assert a.schema == b.schema
        # Before polars 1.32 categories of two frames are compared as text only.
        assert_frame_equal(a, b, check_exact=True, categorical_as_str=True)


@pytest.mark.parametrize("dtype", FLAT + NESTED, ids=str)
@settings(max_examples=8)
@given(data=st.data())
def test_each_dtype_comes_back_exactly_through_parquet(there_and_back, dtype, data):
    frame = data.draw(dataframes(cols=1, allowed_dtypes=[dtype], max_size=6))
    trip = there_and_back(frame)
    assert trip.codec == "parquet"
    same(frame, trip.value)
    same(frame.to_series(0), there_and_back(frame.to_series(0)).value)


# Before polars 1.34 a decimal may have no precision, and polars' own pickle gives it one of 38 digits.
NO_DECIMALS = [pl.Decimal] if pl.DataFrame(schema={"a": pl.Decimal(None, 0)}).dtypes[0].precision is None else []


@settings(max_examples=40)
@given(frame=dataframes(max_cols=4, max_size=5, excluded_dtypes=NO_DECIMALS))
def test_any_frame_comes_back_exactly(there_and_back, frame):
    same(frame, there_and_back(frame).value)


def ordinary():
    return pl.DataFrame(
        {"city": ["Bern", None], "n": [1, 2], "day": [datetime.date(2020, 1, 1), None]},
        schema_overrides={"city": pl.Categorical},
    )


def test_other_tools_read_the_file(there_and_back):
    trip = there_and_back(ordinary())
    assert_frame_equal(ordinary(), pl.read_parquet(trip.file))
    assert pd.read_parquet(trip.file)["n"].tolist() == [1, 2]


def test_the_same_value_makes_the_same_bytes(there_and_back):
    assert there_and_back(ordinary()).blob == there_and_back(ordinary()).blob


@pytest.mark.parametrize("frame", [pl.DataFrame(), pl.DataFrame({"a": []}), ordinary().clear()])
def test_empty_frames_come_back(there_and_back, frame):
    same(frame, there_and_back(frame).value)


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"a": [object()]}, schema={"a": pl.Object}).select(pl.lit(1).alias("b")).drop("b"),
        pl.DataFrame({"a": [[1, 2]]}, schema={"a": pl.Array(pl.Int8, 2)}),
        pl.DataFrame({"a": [None, None]}),
        pl.DataFrame(schema=[f"c{i}" for i in range(1001)]),
    ],
    ids=["no columns", "array", "null", "many columns"],
)
def test_what_is_not_kept_as_parquet_goes_to_pickle(there_and_back, frame):
    trip = there_and_back(frame)
    assert trip.codec == "pickle"
    same(frame, trip.value)


def test_a_lazy_frame_is_no_data_wherever_it_stands(there_and_back):
    for value, path in ((ordinary().lazy(), "result"), ({"x": [ordinary().lazy()]}, "result['x'][0]")):
        with pytest.raises(Unencodable, match=r"return lazy.collect\(\)") as caught:
            there_and_back(value)
        assert caught.value.path == path


def test_a_frame_inside_another_value_is_pickled_with_it(there_and_back):
    same(ordinary(), there_and_back({"x": ordinary()}).value["x"])
