"""Whatever bytes a codec is given, it answers with a value or with Undecodable, never with another error."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from memodisk import codecs
from memodisk.errors import Undecodable

VALUES = {
    "npy": np.arange(50.0),
    "pandas": pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"])}),
    "polars": pl.DataFrame({"a": [1, 2], "b": ["x", None]}),
    "arrow": pa.table({"a": [1, 2], "b": ["x", None]}),
    "geo": geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)], crs=4326),
    "pickle": {"a": [1, 2.5, "x"], "b": np.arange(3)},
}


@pytest.fixture(scope="module")
def blobs(there_and_back):
    return {name: there_and_back(value) for name, value in VALUES.items()}


def decode(codec, data):
    try:
        return codecs.get(codec).decode(memoryview(data))
    except Undecodable:
        return Undecodable


@pytest.mark.parametrize("name", [name for name in VALUES if name != "pickle"])
def test_a_blob_cut_off_anywhere_is_undecodable(blobs, name):
    trip = blobs[name]
    lengths = {*range(0, len(trip.blob), max(1, len(trip.blob) // 150)), len(trip.blob) - 1}
    assert {decode(trip.codec, trip.blob[:length]) for length in lengths} == {Undecodable}


def test_a_pickle_cut_off_anywhere_is_undecodable(blobs):
    blob = blobs["pickle"].blob
    assert {decode("pickle", blob[:length]) for length in range(len(blob))} == {Undecodable}


@pytest.mark.parametrize("codec", ["npy", "parquet", "geoparquet"])
@given(data=st.binary(max_size=100))
def test_garbage_is_undecodable(codec, data):
    assert decode(codec, data) is Undecodable


@given(data=st.binary(max_size=100))
def test_garbage_that_happens_to_be_a_pickle_is_a_value_and_all_other_is_undecodable(data):
    decode("pickle", data)
    assert decode("pickle", b"\xff" + data) is Undecodable


# Not polars: its reader trusts the bytes so far that some changes abort the process. Nothing changed gets
# here from a cache, because a blob is decoded only after its digest was checked.
@pytest.mark.parametrize("name", ["npy", "pandas", "arrow", "geo"])
@settings(max_examples=60)
@given(data=st.data())
def test_a_changed_byte_raises_nothing_else(blobs, name, data):
    trip = blobs[name]
    blob = bytearray(trip.blob)
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    decode(trip.codec, bytes(blob))


def test_a_parquet_file_of_someone_else_is_undecodable(tmp_path):
    VALUES["pandas"].to_parquet(tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    assert decode("parquet", data) is Undecodable
    assert decode("geoparquet", data) is Undecodable


def test_a_blob_that_needs_a_missing_library_says_which(blobs, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(Undecodable, match="needs polars"):
        codecs.get("parquet").decode(memoryview(blobs["polars"].blob))
