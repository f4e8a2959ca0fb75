"""GeoParquet for geopandas: an ordinary GeoParquet 1.0 file that `geopandas.read_parquet` opens.

Geometries are kept as ISO WKB, as the standard (https://geoparquet.org/releases/v1.0.0) says, coordinate
reference systems as PROJJSON for others and in their own spelling for us. All else is as for a pandas frame.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from memodisk.codecs import pandas_frames as frames
from memodisk.codecs.libraries import installed, load
from memodisk.codecs.parquet_files import KEY, loaded, note, read_arrow, write_arrow
from memodisk.errors import Undecodable, Unencodable

Spec = dict[str, Any]

# By shapely's number. 2 is the linear ring, which WKB turns into a line string.
_TYPES = {
    0: "Point",
    1: "LineString",
    3: "Polygon",
    4: "MultiPoint",
    5: "MultiLineString",
    6: "MultiPolygon",
    7: "GeometryCollection",
}


class GeoParquetCodec:
    """GeoParquet for `geopandas.GeoDataFrame` and `GeoSeries`."""

    name = "geoparquet"
    suffix = "geo.parquet"

    def accepts(self, value: object) -> bool:
        """Tell whether GeoParquet holds this frame or series exactly."""
        return _library(value) == "geopandas" and installed("pyarrow") and _describe(value) is not None

    def encode(self, value: object, file: BinaryIO) -> None:
        """Write a GeoParquet file."""
        what = _describe(value, thorough=False) if _library(value) == "geopandas" else None
        if what is None:
            raise Unencodable("result", f"this {type(value).__name__} cannot be held exactly by GeoParquet")
        try:
            _write(_frame(value), what, file)
        except (Unencodable, OSError):
            raise
        except Exception as error:
            raise Unencodable("result", f"a {type(value).__name__} cannot be held by GeoParquet: {error}") from error

    def decode(self, blob: memoryview) -> object:
        """Read the file back as what it was made from."""
        try:
            return _read(blob)
        except Undecodable:
            raise
        except Exception as error:
            raise Undecodable(f"this GeoParquet file cannot be read here: {error}") from error


def _library(value: object) -> str:
    return type(value).__module__.partition(".")[0]


def _frame(value: Any) -> Any:
    """A GeoSeries is kept as a frame with one column."""
    geopandas = loaded("geopandas")
    if type(value) is not geopandas.GeoSeries:
        return value
    frame = geopandas.GeoDataFrame({"geometry": value.rename(None)}, geometry="geometry")
    frame.attrs = value.attrs
    return frame.set_flags(allows_duplicate_labels=value.flags.allows_duplicate_labels)


def _describe(value: Any, *, thorough: bool = True) -> Spec | None:
    geopandas, shapely = loaded("geopandas"), load("shapely")
    series = type(value) is geopandas.GeoSeries
    if not series and type(value) is not geopandas.GeoDataFrame:
        return None
    frame = _frame(value)
    labels = list(frame.columns)
    if any(type(label) is not str for label in labels) or len(set(labels)) < len(labels):
        return None
    geometries: dict[int, Spec] = {}
    for number, array in _geometries(frame):
        shapes = array.to_numpy()
        kinds = set(shapely.get_type_id(shapes).tolist()) - {-1}
        if not kinds <= _TYPES.keys() or (shapely.get_srid(shapes) > 0).any():
            return None
        geometries[number] = {"kind": "geometry", "crs": None if array.crs is None else array.crs.srs}
    what = frames.describe(frame, geometries, thorough=thorough)
    if what is None or not geometries:
        return None
    try:
        name = frames.plain(value.name) if series else None
    except ValueError:
        return None
    return {**what, "active": frame.active_geometry_name, "series": series, "name": name}


def _geometries(frame: Any) -> list[tuple[int, Any]]:
    """The geometry columns: position and array."""
    arrays = [(number, frame.iloc[:, number].array) for number in range(frame.shape[1])]
    return [(number, array) for number, array in arrays if type(array).__name__ == "GeometryArray"]


def _write(frame: Any, what: Spec, file: BinaryIO) -> None:
    pa, shapely = load("pyarrow"), load("shapely")
    packed = {
        number: pa.array(shapely.to_wkb(array.to_numpy(), flavor="iso"), type=pa.binary())
        for number, array in _geometries(frame)
    }
    table, dictionaries = frames.to_arrow(frame, what, packed)
    metadata = {
        b"geo": _for_geopandas(frame, what),
        b"pandas": frames.for_pandas(frame, what, table),
        KEY: note("geopandas", **what),
    }
    write_arrow(table.replace_schema_metadata(metadata), file, dictionaries=dictionaries)


def _read(blob: memoryview) -> object:
    geopandas, shapely = load("geopandas"), load("shapely")
    table, what = read_arrow(blob)
    made = {}
    for number, column in enumerate(what["columns"]):
        if column["kind"] == "geometry":
            shapes = shapely.from_wkb(table.column(number).to_numpy())
            crs = None if column["crs"] is None else load("pyproj").CRS(column["crs"])
            made[number] = geopandas.array.GeometryArray(shapes, crs=crs)
    frame = frames.from_arrow(table, what, made)
    result = geopandas.GeoDataFrame(frame)
    if what["active"] is not None:
        result = result.set_geometry(what["active"])
    if what["series"]:
        result = result.iloc[:, 0].rename(frames.unplain(what["name"]))
    result.attrs = frame.attrs
    return result.set_flags(allows_duplicate_labels=what["duplicates"])


def _for_geopandas(frame: Any, what: Spec) -> bytes:
    shapely = load("shapely")
    described = {}
    for number, array in _geometries(frame):
        shapes = array.to_numpy()
        present = shapes[~shapely.is_missing(shapes)]
        pairs = zip(shapely.get_type_id(present).tolist(), shapely.has_z(present).tolist(), strict=True)
        described[frame.columns[number]] = {
            "encoding": "WKB",
            "crs": None if array.crs is None else array.crs.to_json_dict(),
            "geometry_types": sorted({_TYPES[kind] + (" Z" if z else "") for kind, z in pairs}),
        }
    primary = what["active"] if what["active"] is not None else next(iter(described))
    return json.dumps({"version": "1.0.0", "primary_column": primary, "columns": described}).encode()
