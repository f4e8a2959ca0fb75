"""pyarrow tables become parquet, schema metadata included."""

from __future__ import annotations

import datetime
import decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

WHEN = datetime.datetime(2020, 1, 1, 12, 30)
HELD = {
    "bool": pa.array([True, None, False]),
    "int8": pa.array([1, None, -3], pa.int8()),
    "uint64": pa.array([1, None, 2**64 - 1], pa.uint64()),
    "float32": pa.array([1.5, None, float("inf")], pa.float32()),
    "float64": pa.array([1.5, None, -0.0]),
    "string": pa.array(["a", None, "ü"]),
    "large_string": pa.array(["a", None, "ü"], pa.large_string()),
    "binary": pa.array([b"a", None, b""]),
    "large_binary": pa.array([b"a", None, b""], pa.large_binary()),
    "date32": pa.array([WHEN.date(), None], pa.date32()),
    "time32": pa.array([WHEN.time(), None], pa.time32("ms")),
    "time64": pa.array([WHEN.time(), None], pa.time64("ns")),
    "decimal": pa.array([decimal.Decimal("1.50"), None], pa.decimal128(12, 2)),
    "list": pa.array([[1, None], None, []]),
    "large_list": pa.array([["x"], None, []], pa.large_list(pa.string())),
    "struct": pa.array([{"a": 1, "b": [1.5]}, None, {"a": None, "b": None}]),
    **{f"timestamp {u}": pa.array([WHEN, None], pa.timestamp(u)) for u in ("ms", "us", "ns")},
    "timestamp zone": pa.array([WHEN, None], pa.timestamp("us", "Europe/Zurich")),
    "timestamp offset": pa.array([WHEN, None], pa.timestamp("us", "+05:30")),
    **{f"duration {u}": pa.array([5, None], pa.duration(u)) for u in ("s", "ms", "us", "ns")},
}
NOT_HELD = {
    "seconds": pa.array([WHEN], pa.timestamp("s")),
    "null": pa.nulls(2),
    "dictionary": pa.array(["x", "y", "x"]).dictionary_encode(),
    "dictionary with unused": pa.DictionaryArray.from_arrays([0, None], ["x", "unused"]),
    "date64": pa.array([WHEN.date()], pa.date64()),
    "view": pa.array(["a"], pa.string_view()),
    "fixed list": pa.array([[1, 2]], pa.list_(pa.int8(), 2)),
}


def same(a, b):
    assert type(a) is type(b)
    assert a.schema.equals(b.schema, check_metadata=True)
    assert a.equals(b, check_metadata=True)


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("rows", [slice(None), slice(0, 0), slice(1, None)], ids=["all", "none", "sliced"])
def test_each_type_comes_back_exactly_through_parquet(there_and_back, name, rows):
    table = pa.table({"c": HELD[name][rows]})
    trip = there_and_back(table)
    assert trip.codec == "parquet"
    same(table, trip.value)


@pytest.mark.parametrize("name", NOT_HELD)
def test_what_parquet_would_change_goes_to_pickle(there_and_back, name):
    table = pa.table({"c": NOT_HELD[name]})
    trip = there_and_back(table)
    assert trip.codec == "pickle"
    same(table, trip.value)


def test_metadata_of_schema_and_fields_and_nullability_come_back(there_and_back):
    field = pa.field("a", pa.int64(), nullable=False, metadata={"unit": "m"})
    table = pa.table([[1, 2]], schema=pa.schema([field], metadata={"by": "me", "x": ""}))
    trip = there_and_back(table)
    assert trip.codec == "parquet"
    same(table, trip.value)


def test_chunks_are_no_part_of_the_value(there_and_back):
    table = pa.concat_tables([pa.table({"a": [1, 2]}), pa.table({"a": [3]}), pa.table({"a": pa.array([], "i8")})])
    same(table, there_and_back(table).value)


def test_a_table_that_was_itself_read_from_a_blob_comes_back(there_and_back):
    blob = there_and_back(pd.DataFrame({"a": [1]})).file
    table = pq.read_table(blob)
    assert b"memodisk" in table.schema.metadata
    same(table, there_and_back(table).value)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({}),
        pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["same", "same"]),
        pa.table([pa.array([1, None])], schema=pa.schema([pa.field("a", pa.int64(), nullable=False)])),
    ],
    ids=["no columns", "duplicate names", "null where none may be"],
)
def test_odd_tables_go_to_pickle(there_and_back, table):
    trip = there_and_back(table)
    assert trip.codec == "pickle"
    same(table, trip.value)


def test_other_tools_read_the_file(there_and_back):
    trip = there_and_back(pa.table({"a": [1, 2], "b": ["x", None]}))
    assert pd.read_parquet(trip.file)["a"].tolist() == [1, 2]
    assert pl.read_parquet(trip.file)["b"].to_list() == ["x", None]


def test_a_record_batch_goes_to_pickle(there_and_back):
    batch = pa.record_batch({"a": [1, 2]})
    assert there_and_back(batch).value.equals(batch)
