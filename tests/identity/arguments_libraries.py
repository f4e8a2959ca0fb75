"""Pairs of arguments of types that other libraries bring."""

from __future__ import annotations

import io
from typing import Any

import attrs
import geopandas as gpd
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import shapely
import xarray as xr
from pairs import Pair, different, same
from PIL import Image
from scipy import sparse

GRID = np.arange(24).reshape(4, 6)


def with_attrs(value, **attributes):
    value.attrs.update(attributes)
    return value


def mapped():
    """An array that lies in a file."""
    import tempfile

    file = tempfile.TemporaryFile()
    found = np.memmap(file, dtype=GRID.dtype, shape=GRID.shape, mode="w+")
    found[:] = GRID
    return found


def unaligned():
    return np.frombuffer(b"\0" + GRID.tobytes(), np.uint8)[1:].view(GRID.dtype).reshape(GRID.shape)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def drawn(seed=1, count=0, kind=np.random.PCG64):
    generator = np.random.Generator(kind(seed))
    generator.random(count)
    return generator


class Metres(np.ndarray):
    pass


def metres(values, **attributes):
    found = np.asarray(values).view(Metres)
    vars(found).update(attributes)
    return found


def frame(**columns):
    return pd.DataFrame(columns or {"a": [1, 2, 3], "b": [0.5, np.nan, 1.5], "c": ["x", "y", None]})


def column_by_column():
    found = pd.DataFrame(index=range(3))
    for name, column in frame().items():
        found[name] = column.copy()
    return found


def table(**columns):
    return pa.table(columns or {"a": [1, 2, None], "b": ["x", None, "z"]})


def lazy_frame():
    return pl.DataFrame({"a": [1, 2], "b": ["x", None]})


def triples(order=(0, 1, 2), kind=sparse.coo_array):
    rows, columns, values = np.array([0, 1, 2]), np.array([2, 0, 1]), np.array([1.0, 2.0, 3.0])
    order = list(order)
    return kind((values[order], (rows[order], columns[order])), shape=(3, 3))


def data_array(**changes: Any):
    given = {"data": GRID, "dims": ("x", "y"), "coords": {"x": [1, 2, 3, 4]}, "name": "t", **changes}
    return xr.DataArray(given.pop("data"), **given)


def picture(mode="RGB", colour=0, size=(3, 2)):
    return Image.new(mode, size, colour)


def through_png(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return Image.open(io.BytesIO(stream.getvalue())).convert(image.mode)


def shapes(*points, crs="EPSG:4326"):
    return gpd.GeoDataFrame({"n": range(len(points))}, geometry=[shapely.Point(point) for point in points], crs=crs)


@attrs.define
class Slotted:
    x: Any
    y: Any = 0


@attrs.frozen
class Frozen:
    x: Any
    y: Any = attrs.field(default=0, eq=False)


@attrs.define(slots=False)
class Open:
    x: Any


class Model(pydantic.BaseModel):
    x: int
    y: list[int] = []
    _hidden: int = 0


class Loose(pydantic.BaseModel, extra="allow"):
    x: int


class SubModel(Model):
    pass


def hidden(value):
    model = Model(x=1)
    model._hidden = value
    return model


NUMPY = [
    same("a view of everything", lambda: GRID, lambda: GRID[:]),
    same("a transposed copy transposed", lambda: GRID, lambda: GRID.T.copy().T),
    same("Fortran order", lambda: GRID, lambda: np.asfortranarray(GRID)),
    same("every other element", lambda: GRID[:, ::2], lambda: GRID[:, ::2].copy()),
    same("backwards twice", lambda: GRID, lambda: GRID[::-1].copy()[::-1]),
    same("broadcast", lambda: np.broadcast_to(1.0, (3, 3)), lambda: np.ones((3, 3))),
    same("unaligned memory", lambda: GRID, unaligned),
    same("read-only memory", lambda: GRID, lambda: read_only(GRID)),
    same("a memory map", lambda: GRID, mapped),
    same("empty arrays of one shape", lambda: np.empty((0, 3)), lambda: np.ones((5, 3))[:0]),
    different("empty arrays of two shapes", lambda: np.empty((0, 3)), lambda: np.empty((3, 0))),
    different("order of elements, same bytes in memory", lambda: GRID, lambda: GRID.T),
    different("square, transposed", lambda: np.arange(9).reshape(3, 3), lambda: np.arange(9).reshape(3, 3).T),
    different("shape", lambda: GRID, lambda: GRID.reshape(6, 4)),
    different("a dimension of one", lambda: np.arange(3), lambda: np.arange(3)[None]),
    different("no dimension and a scalar", lambda: np.array(1.0), lambda: np.float64(1)),
    different("width of integers", lambda: np.arange(3, dtype="i4"), lambda: np.arange(3, dtype="i8")),
    different("same bytes, another type", lambda: np.zeros(2, "i8"), lambda: np.zeros(2, "f8")),
    different("byte order", lambda: np.arange(3, dtype="<i4"), lambda: np.arange(3, dtype=">i4")),
    different("signs", lambda: np.zeros(1, "i1"), lambda: np.zeros(1, "u1")),
    different("bool and byte", lambda: np.zeros(1, "?"), lambda: np.zeros(1, "u1")),
    different("one element among many", lambda: np.zeros(10**6), lambda: np.put(z := np.zeros(10**6), 7, 1) or z),
    different("the sign of zero", lambda: np.array([0.0]), lambda: np.array([-0.0])),
    same("nan", lambda: np.array([1, np.nan]), lambda: np.array([1.0, float("nan")])),
    different("nan and infinity", lambda: np.array([np.nan]), lambda: np.array([np.inf])),
    different("array and list", lambda: np.array([1, 2]), lambda: [1, 2]),
    different("numpy's and Python's integer", lambda: np.int64(1), lambda: 1),
    different("numpy's and Python's float, which it is a subclass of", lambda: np.float64(1), lambda: 1.0),
    different("numpy's and Python's bool", lambda: np.bool_(True), lambda: True),
    different("numpy's and Python's text", lambda: np.str_("a"), lambda: "a"),
    different("widths of scalars", lambda: np.float32(1), lambda: np.float64(1)),
    different("numpy's float in a list", lambda: [np.float64(1)], lambda: [1.0]),
    different("numpy's integer as a key", lambda: {np.int64(1): 2}, lambda: {1: 2}),
    different("units of time", lambda: np.datetime64("2020-01-01", "D"), lambda: np.datetime64("2020-01-01", "s")),
    different("units of an array", lambda: np.array([0], "m8[s]"), lambda: np.array([0], "m8[ms]")),
    same("not a time", lambda: np.array(["NaT"], "M8[s]"), lambda: np.array([np.datetime64("NaT")], "M8[s]")),
    different("width of texts", lambda: np.array(["a"]), lambda: np.array(["a"], "U5")),
    different("text and object", lambda: np.array(["a"]), lambda: np.array(["a"], object)),
    same("objects", lambda: np.array([{"a": 1}, None], object), lambda: np.array([{"a": 1}, None], object)),
    different("in an object", lambda: np.array([{"a": 1}, None], object), lambda: np.array([{"a": 2}, None], object)),
    different("type in an object array", lambda: np.array([1, 2], object), lambda: np.array([1, 2.0], object)),
    different("names of fields", lambda: np.zeros(2, [("a", "i4")]), lambda: np.zeros(2, [("b", "i4")])),
    different("order of fields", lambda: np.zeros(2, "i4, i8"), lambda: np.zeros(2, "i8, i4")),
    same("structures", lambda: np.zeros(2, [("a", "i4")]), lambda: np.array([(0,), (0,)], [("a", "i4")])),
    different(
        "a record array", lambda: np.zeros(2, [("a", "i4")]), lambda: np.zeros(2, [("a", "i4")]).view(np.recarray)
    ),
    different(
        "under a mask, which can be looked at",
        lambda: np.ma.array([1, 2], mask=[0, 1]),
        lambda: np.ma.array([1, 9], mask=[False, True]),
    ),
    different("a mask", lambda: np.ma.array([1, 2], mask=[0, 1]), lambda: np.ma.array([1, 2], mask=[1, 0])),
    different("masked or not", lambda: np.ma.array([1, 2]), lambda: np.array([1, 2])),
    different("what fills a mask", lambda: np.ma.array([1], fill_value=1), lambda: np.ma.array([1], fill_value=2)),
    different("a subclass", lambda: metres([1]), lambda: np.array([1])),
    different("an attribute of a subclass", lambda: metres([1], unit="m"), lambda: metres([1], unit="km")),
    different("a matrix", lambda: np.matrix([[1]]), lambda: np.array([[1]])),
    same("a generator of random numbers", drawn, drawn),
    different("its seed", drawn, lambda: drawn(2)),
    different("how much was drawn", drawn, lambda: drawn(count=1)),
    different("its kind", drawn, lambda: drawn(kind=np.random.MT19937)),
    same("a dtype", lambda: np.dtype("i4"), lambda: np.dtype(np.int32)),
    different("dtypes", lambda: np.dtype("i4"), lambda: np.dtype("u4")),
    different("a dtype and its type", lambda: np.dtype("i4"), lambda: np.int32),
    different("functions of numpy", lambda: np.sum, lambda: np.mean),
    different("ufuncs", lambda: np.add, lambda: np.multiply),
    different("arrays in a list", lambda: [GRID, GRID.T], lambda: [GRID.T, GRID]),
    same("shared arrays", lambda: [GRID] * 2, lambda: [GRID.copy(), GRID.copy()]),
]

PANDAS = [
    same("a copy", frame, lambda: frame().copy()),
    same("column by column", frame, column_by_column),
    same("a slice", lambda: frame()[:2], lambda: frame().iloc[[0, 1]]),
    same("concatenated", frame, lambda: pd.concat([frame()[:1], frame()[1:]])),
    same("a frame whose index was looked at", frame, lambda: looked_at(frame())),
    same("a computed index", frame, lambda: frame().set_axis(pd.Index([0, 1, 2]), axis=0)),
    same("pickled from row to row", lambda: frame()[["a"]], lambda: pd.DataFrame({"a": [1, 2, 3]})),
    different("a value", frame, lambda: frame().replace(1, 9)),
    different("order of columns", frame, lambda: frame()[["b", "a", "c"]]),
    different("order of rows", frame, lambda: frame()[::-1]),
    different("names of columns", frame, lambda: frame().rename(columns={"a": "z"})),
    different("names exchanged", lambda: frame(a=[1], b=[1]), lambda: frame(b=[1], a=[1])),
    different(
        "type of a column name", lambda: frame().rename(columns={"a": 1}), lambda: frame().rename(columns={"a": "1"})
    ),
    different("dtype of a column", frame, lambda: frame().astype({"a": "float64"})),
    different("width of a column", frame, lambda: frame().astype({"a": "int32"})),
    different("nullable integers", frame, lambda: frame().astype({"a": "Int64"})),
    different("text as objects", lambda: frame().astype({"c": "string"}), lambda: frame().astype({"c": object})),
    different("labels of rows", frame, lambda: frame().set_axis([1, 2, 3], axis=0)),
    different("type of the labels", frame, lambda: frame().set_axis([0.0, 1.0, 2.0], axis=0)),
    different("name of the index", frame, lambda: frame().rename_axis("i")),
    different("name of the columns", frame, lambda: frame().rename_axis(columns="c")),
    different("column or index", frame, lambda: frame().set_index("a")),
    different("attrs", frame, lambda: with_attrs(frame(), unit="m")),
    different("flags", frame, lambda: frame().set_flags(allows_duplicate_labels=False)),
    different("no rows and no columns", lambda: pd.DataFrame(index=[1]), lambda: pd.DataFrame(columns=[1])),
    different(
        "dtype of an empty column",
        lambda: frame(a=pd.Series([], dtype=int)),
        lambda: frame(a=pd.Series([], dtype=float)),
    ),
    different("frame and series", lambda: frame()[["a"]], lambda: frame()["a"]),
    different("series and array", lambda: pd.Series([1, 2]), lambda: np.array([1, 2])),
    different("name of a series", lambda: pd.Series([1], name="a"), lambda: pd.Series([1], name="b")),
    different("series and index", lambda: pd.Series([1]), lambda: pd.Index([1])),
    same(
        "missing whole numbers",
        lambda: pd.Series([1, None], dtype="Int64"),
        lambda: under(pd.Series([1, 7], dtype="Int64")),
    ),
    different("missing or zero", lambda: pd.Series([1, None], dtype="Int64"), lambda: pd.Series([1, 0], dtype="Int64")),
    different(
        "None and NaN among objects", lambda: pd.Series([None], dtype=object), lambda: pd.Series([np.nan], dtype=object)
    ),
    different("NA and NaT", lambda: pd.NA, lambda: pd.NaT),
    different("zone of times", lambda: pd.to_datetime(["2020"]), lambda: pd.to_datetime(["2020"]).tz_localize("UTC")),
    different("one instant in two zones", lambda: instant("Europe/Berlin"), lambda: instant("UTC")),
    different(
        "unit of times", lambda: pd.to_datetime(["2020"]).as_unit("s"), lambda: pd.to_datetime(["2020"]).as_unit("ns")
    ),
    different("timestamp and datetime", lambda: pd.Timestamp("2020"), lambda: pd.Timestamp("2020").to_pydatetime()),
    different("frequency of a period", lambda: pd.Period("2020", "Y"), lambda: pd.Period("2020-12", "M")),
    different("categories and texts", lambda: pd.Series(["a"]), lambda: pd.Series(["a"], dtype="category")),
    different("categories that do not occur", lambda: category("a"), lambda: category("a", "b")),
    different("order of categories", lambda: category("a", "b"), lambda: category("b", "a")),
    different("ordered categories", lambda: category("a", "b"), lambda: category("a", "b").cat.as_ordered()),
    different(
        "levels of an index",
        lambda: pd.MultiIndex.from_tuples([(1, 2)]),
        lambda: pd.Index([(1, 2)], tupleize_cols=False),
    ),
    same("unused levels", lambda: pairs(3)[:1], lambda: pairs(1)),
    different("names of levels", lambda: pairs(1), lambda: pairs(1).set_names(["a", "b"])),
    different("sparse or dense", lambda: pd.Series([0, 1]), lambda: pd.Series([0, 1], dtype="Sparse[int]")),
    different("which end is closed", lambda: pd.Interval(0, 1), lambda: pd.Interval(0, 1, closed="left")),
    different("arrow's and numpy's integers", lambda: pd.Series([1]), lambda: pd.Series([1], dtype="int64[pyarrow]")),
    same("chunks of arrow", lambda: arrow([1, 2]), lambda: pd.concat([arrow([1]), arrow([2])], ignore_index=True)),
    different("duplicate columns exchanged", lambda: doubled([1], [2]), lambda: doubled([2], [1])),
]


def looked_at(value):
    value.loc[1]
    value.index.get_loc(1)
    value.index.is_unique  # noqa: B018
    value.columns.get_loc("a")
    return value


def under(value):
    value[1] = pd.NA
    return value


def instant(zone):
    return pd.Series(pd.to_datetime(["2020-01-01"], utc=True).tz_convert(zone))


def category(*names):
    return pd.Series(["a"], dtype=pd.CategoricalDtype(names))


def pairs(count):
    return pd.MultiIndex.from_product([range(count), ["x"]])


def arrow(values):
    return pd.Series(values, dtype="int64[pyarrow]")


def doubled(*columns):
    return pd.DataFrame(np.array(columns).T, columns=["a"] * len(columns))


FRAMES = [
    same("polars: a slice", lambda: lazy_frame()[:1], lambda: pl.DataFrame({"a": [1], "b": ["x"]})),
    same("polars: chunks", lazy_frame, lambda: pl.concat([lazy_frame()[:1], lazy_frame()[1:]], rechunk=False)),
    different("polars: a value", lazy_frame, lambda: lazy_frame().with_columns(a=pl.lit(1))),
    different("polars: type of a column", lazy_frame, lambda: lazy_frame().cast({"a": pl.Int32})),
    different("polars: order of columns", lazy_frame, lambda: lazy_frame().select("b", "a")),
    different("polars: missing or empty", lambda: pl.Series([None, ""]), lambda: pl.Series(["", None])),
    different("polars: missing or nan", lambda: pl.Series([None], dtype=pl.Float64), lambda: pl.Series([float("nan")])),
    different("polars: name", lambda: pl.Series("a", [1]), lambda: pl.Series("b", [1])),
    different("polars: nested", lambda: pl.Series([[1], [2]]), lambda: pl.Series([[1, 2], []])),
    same("polars: an expression", lambda: pl.col("a") + 1, lambda: pl.col("a") + 1),
    different("polars: expressions", lambda: pl.col("a") + 1, lambda: pl.col("a") + 2),
    different("polars and pandas", lambda: pl.DataFrame({"a": [1]}), lambda: pd.DataFrame({"a": [1]})),
    same("arrow: a slice", lambda: table().slice(1), lambda: table(a=pa.array([2, None]), b=[None, "z"])),
    same("arrow: chunks", table, lambda: pa.concat_tables([table().slice(0, 1), table().slice(1)])),
    same("arrow: no missing values, marked or not", lambda: pa.array([1, 2, None])[:2], lambda: pa.array([1, 2])),
    different("arrow: a value", table, lambda: table(a=[1, 3, None], b=["x", None, "z"])),
    different("arrow: names", lambda: table(a=[1]), lambda: table(b=[1])),
    different("arrow: types", lambda: pa.array([1], pa.int32()), lambda: pa.array([1], pa.int64())),
    different("arrow: metadata", table, lambda: table().replace_schema_metadata({"unit": "m"})),
    different("arrow: missing", lambda: pa.array([None], pa.int64()), lambda: pa.array([0], pa.int64())),
    different("arrow: table and batch", table, lambda: table().to_batches()[0]),
    different("arrow: a type and another", lambda: pa.int32(), lambda: pa.int64()),
    different("arrow: array and chunked array", lambda: pa.array([1]), lambda: pa.chunked_array([[1]])),
]

SCIENCE = [
    same("sparse: order of the elements", triples, lambda: triples((2, 0, 1))),
    same("sparse: unsorted rows", lambda: triples().tocsr(), lambda: triples((2, 1, 0)).tocsr()),
    different("sparse: format", lambda: triples().tocsr(), lambda: triples().tocsc()),
    different("sparse: array and matrix", triples, lambda: triples(kind=sparse.coo_matrix)),
    different("sparse: dense", triples, lambda: triples().toarray()),
    different("sparse: transposed", lambda: triples().tocsr(), lambda: triples().T.tocsr()),
    different("sparse: shape", lambda: sparse.csr_array((2, 3)), lambda: sparse.csr_array((3, 2))),
    different("sparse: dtype", lambda: triples().tocsr(), lambda: triples().tocsr().astype("f4")),
    same("xarray: order of axes in memory", data_array, lambda: data_array(data=np.asfortranarray(GRID))),
    same("xarray: a copy", data_array, lambda: data_array().copy(deep=True)),
    different("xarray: dimensions", data_array, lambda: data_array().rename(y="z")),
    different("xarray: coordinates", data_array, lambda: data_array().assign_coords(x=[1, 2, 3, 5])),
    different("xarray: name", data_array, lambda: data_array(name="u")),
    different("xarray: attributes", data_array, lambda: data_array(attrs={"unit": "K"})),
    different("xarray: transposed", data_array, lambda: data_array().T),
    same("xarray: order of variables", lambda: dataset("ab"), lambda: dataset("ba")),
    different("xarray: dataset and array", data_array, lambda: data_array().to_dataset()),
    same("xarray: not loaded yet", lambda: dataset("ab"), lambda: dataset("ab").isel(x=slice(None))),
    same("shapely: a point", lambda: shapely.Point(1, 2), lambda: shapely.from_wkt("POINT (1 2)")),
    same("shapely: prepared", lambda: shapely.Point(1, 2), lambda: prepared(shapely.Point(1, 2))),
    different("shapely: a point", lambda: shapely.Point(1, 2), lambda: shapely.Point(2, 1)),
    different("shapely: a third dimension", lambda: shapely.Point(1, 2), lambda: shapely.Point(1, 2, 0)),
    different(
        "shapely: direction", lambda: shapely.LineString([(0, 0), (1, 1)]), lambda: shapely.LineString([(1, 1), (0, 0)])
    ),
    different(
        "shapely: ring and line",
        lambda: shapely.LinearRing([(0, 0), (1, 0), (1, 1)]),
        lambda: shapely.LineString([(0, 0), (1, 0), (1, 1), (0, 0)]),
    ),
    same("geopandas: a copy", lambda: shapes((1, 2)), lambda: shapes((1, 2)).copy()),
    different("geopandas: a shape", lambda: shapes((1, 2)), lambda: shapes((1, 3))),
    different("geopandas: reference system", lambda: shapes((1, 2)), lambda: shapes((1, 2), crs="EPSG:3857")),
    different("geopandas: none", lambda: shapes((1, 2)), lambda: shapes((1, 2), crs=None)),
    same("geopandas: spelling of a reference system", lambda: shapes((1, 2)), lambda: shapes((1, 2), crs=4326)),
    different("geopandas and pandas", lambda: shapes((1, 2)), lambda: pd.DataFrame(shapes((1, 2)))),
    different(
        "geopandas: which column is the geometry", lambda: second_shape("geometry"), lambda: second_shape("other")
    ),
    same("PIL: pixels", picture, lambda: Image.frombytes("RGB", (3, 2), bytes(18))),
    same("PIL: a view of the pixels", picture, lambda: Image.new("RGB", (6, 2)).crop((1, 0, 4, 2))),
    different("PIL: a pixel", picture, lambda: picture(colour=(0, 0, 1))),
    different("PIL: mode", lambda: picture("L"), lambda: picture("P")),
    different("PIL: size", picture, lambda: picture(size=(2, 3))),
    different("PIL: array", lambda: picture("L"), lambda: np.zeros((2, 3), np.uint8)),
    same("PIL: saved and read", lambda: picture(), lambda: through_png(picture())),
]


def dataset(names):
    return xr.Dataset({name: ("x", [ord(name)]) for name in names})


def prepared(geometry):
    shapely.prepare(geometry)
    return geometry


def second_shape(active):
    found = shapes((1, 2))
    found["other"] = found.geometry
    return found.set_geometry(active)


MODELS = [
    same("attrs: equal", lambda: Slotted(1), lambda: Slotted(1, 0)),
    different("attrs: a field", lambda: Slotted(1), lambda: Slotted(2)),
    different("attrs: the type of a field", lambda: Slotted(1), lambda: Slotted(True)),
    different("attrs: a field that does not compare can be read", lambda: Frozen(1, 1), lambda: Frozen(1, 2)),
    different("attrs: two classes", lambda: Slotted(1), lambda: Open(1)),
    different("attrs: an attribute beside the fields", lambda: Open(1), lambda: beside(Open(1))),
    different("pydantic: a default that was given, which can be told", lambda: Model(x=1), lambda: Model(x=1, y=[])),
    same("pydantic: parsed", lambda: Model(x=1), lambda: Model.model_validate_json('{"x": 1}')),
    different("pydantic: a field", lambda: Model(x=1), lambda: Model(x=2)),
    different("pydantic: a private attribute", lambda: hidden(1), lambda: hidden(2)),
    different("pydantic: an extra field", lambda: Loose(x=1), lambda: Loose(x=1, z=1)),
    different("pydantic: extra fields", lambda: Loose(x=1, z=1), lambda: Loose(x=1, z=2)),
    different("pydantic: a subclass", lambda: Model(x=1), lambda: SubModel(x=1)),
    different("pydantic: a model and its dict", lambda: Model(x=1), lambda: Model(x=1).model_dump()),
]


def beside(value):
    value.extra = 1
    return value


PAIRS: list[Pair] = [*NUMPY, *PANDAS, *FRAMES, *SCIENCE, *MODELS]

if __name__ == "__main__":  # asked by a test which keys another process finds
    import json
    import sys

    from keys import keys_of

    json.dump(keys_of(__import__("arguments_libraries").PAIRS), sys.stdout)
