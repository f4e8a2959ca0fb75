"""geopandas frames become GeoParquet."""

from __future__ import annotations

import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given
from hypothesis import strategies as st

COORDINATES = st.floats(allow_nan=False, allow_infinity=False)
POINTS = st.builds(shapely.Point, COORDINATES, COORDINATES)
SHAPES = st.one_of(
    st.none(),
    POINTS,
    st.builds(shapely.Point, COORDINATES, COORDINATES, COORDINATES),
    st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=4).map(shapely.LineString),
    st.builds(shapely.box, *[st.floats(-100, 100)] * 4),
    st.lists(POINTS, max_size=3).map(shapely.MultiPoint),
    st.lists(POINTS, max_size=3).map(shapely.GeometryCollection),
    st.sampled_from([shapely.Point(), shapely.Polygon(), shapely.LineString(), shapely.MultiPolygon()]),
)


def same(a, b):
    assert type(a) is type(b)
    assert a.attrs == b.attrs
    if isinstance(a, geopandas.GeoDataFrame):
        assert a.active_geometry_name == b.active_geometry_name
        pd.testing.assert_index_equal(a.index, b.index)
        pd.testing.assert_index_equal(a.columns, b.columns)
        assert a.dtypes.tolist() == b.dtypes.tolist()
        for name in a.columns:
            if a[name].dtype != "geometry":
                pd.testing.assert_series_equal(a[name], b[name])
            else:
                same(a[name], b[name])
    else:
        assert a.name == b.name
        assert a.crs == b.crs
        assert (a.crs and a.crs.srs) == (b.crs and b.crs.srs)
        assert shapely.to_wkb(a.array.to_numpy()).tolist() == shapely.to_wkb(b.array.to_numpy()).tolist()


def cities():
    return geopandas.GeoDataFrame(
        {"name": ["Bern", "Chur"], "people": [134_000, 38_000]},
        geometry=[shapely.Point(7.45, 46.95), shapely.Point(9.53, 46.85)],
        crs="EPSG:4326",
        index=pd.Index(["be", "gr"], name="canton"),
    )


@given(st.lists(SHAPES, max_size=6), st.sampled_from([None, 4326, "EPSG:2056", "+proj=laea +lat_0=45"]))
def test_any_geometry_comes_back_to_the_bit(there_and_back, shapes, crs):
    series = geopandas.GeoSeries(shapes, crs=crs, name="here")
    trip = there_and_back(series)
    assert trip.codec == "geoparquet"
    same(series, trip.value)
    same(series.to_frame().set_geometry("here"), there_and_back(series.to_frame().set_geometry("here")).value)


def test_geopandas_itself_reads_the_file_as_it_was(there_and_back):
    trip = there_and_back(cities())
    assert trip.codec == "geoparquet"
    assert_geodataframe_equal(cities(), geopandas.read_parquet(trip.file))
    assert pq.read_table(trip.file).column("people").to_pylist() == [134_000, 38_000]


def test_several_geometries_the_active_one_and_attrs_come_back(there_and_back):
    frame = cities()
    frame["area"] = frame.to_crs(2056).buffer(1000)
    frame["kind"] = pd.Categorical(["town", "town"], ["city", "town"], ordered=True)
    frame = frame.set_geometry("area")
    frame.attrs["source"] = ("swisstopo", 2024)
    trip = there_and_back(frame)
    assert trip.codec == "geoparquet"
    same(frame, trip.value)
    read = geopandas.read_parquet(trip.file)
    assert read.active_geometry_name == "area"
    assert read["geometry"].crs == 4326


def test_the_same_value_makes_the_same_bytes(there_and_back):
    assert there_and_back(cities()).blob == there_and_back(cities()).blob


def test_empty_frames_come_back(there_and_back):
    same(cities().iloc[:0], there_and_back(cities().iloc[:0]).value)
    unset = geopandas.GeoDataFrame({"a": [1], "g": geopandas.GeoSeries([shapely.Point(1, 2)])})
    assert unset.active_geometry_name is None
    same(unset, there_and_back(unset).value)


@pytest.mark.parametrize(
    "frame",
    [
        cities().set_geometry([shapely.LinearRing([(0, 0), (1, 0), (1, 1)])] * 2),
        cities().set_geometry(shapely.set_srid(cities().geometry.array.to_numpy(), 4326)),
        cities().rename(columns={"people": 3}),
        cities().assign(extra=[{}, []]),
        geopandas.GeoDataFrame({"a": [1, 2]}),
        pd.DataFrame({"shape": cities().geometry}),
    ],
    ids=["linear rings", "SRIDs", "labels that are no strings", "objects", "no geometry", "plain frame"],
)
def test_what_geoparquet_cannot_hold_goes_to_pickle(there_and_back, frame):
    trip = there_and_back(frame)
    assert trip.codec == "pickle"
    assert type(trip.value) is type(frame)
    assert frame.astype(object).equals(trip.value.astype(object))
    for name in frame.columns[frame.dtypes == "geometry"]:
        assert (shapely.get_srid(frame[name]) == shapely.get_srid(trip.value[name])).all()
        assert (shapely.get_type_id(frame[name]) == shapely.get_type_id(trip.value[name])).all()


@pytest.mark.skipif(not hasattr(shapely, "has_m"), reason="measures came with shapely 2.1")
def test_measures_come_back_or_go_to_pickle(there_and_back):
    series = geopandas.GeoSeries(shapely.from_wkt(["POINT M (1 2 3)", "POINT ZM (1 2 3 4)", "POINT (1 2)"]))
    back = there_and_back(series).value
    assert shapely.to_wkt(series).tolist() == shapely.to_wkt(back).tolist()
    assert np.array_equal(shapely.has_m(series), shapely.has_m(back))


def test_what_comes_back_can_be_changed(there_and_back):
    frame = there_and_back(cities()).value
    frame.loc["be", "people"] = 1
    frame.loc["be", "geometry"] = shapely.Point(0, 0)
    assert frame.loc["be"].tolist()[1:] == [1, shapely.Point(0, 0)]
