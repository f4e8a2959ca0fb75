"""shapely geometries, geopandas' arrays of them, and pyproj's coordinate systems."""

from __future__ import annotations

from typing import Any

from memodisk.hashing.base import Handler, Node, fields, named


def find(kind: type, base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if kind.__name__ == "GeometryArray":
        return _geometries
    if base.__module__.startswith("shapely") and hasattr(kind, "geom_type"):
        return _geometry
    if base.__module__.startswith("pyproj") and base.__name__ == "CRS":
        return _reference_system
    return None


def _wkb(geometries: Any) -> Any:
    """Well-known binary (OGC 06-103r4), little-endian, with all dimensions; exact, down to the order of the points."""
    import shapely

    return shapely.to_wkb(geometries, byte_order=1, include_srid=True)


def _geometry(value: Any, _walk: Any) -> Node:
    # A ring is a line in well-known binary.
    return Node(named("shapely") + fields(value.geom_type), [_wkb(value)])


def _geometries(value: Any, _walk: Any) -> Node:
    import shapely

    plain = value._data if hasattr(value, "_data") else value.to_numpy()
    return Node(named("geopandas.GeometryArray"), [shapely.get_type_id(plain), _wkb(plain).tolist(), value.crs])


def _reference_system(value: Any, walk: Any) -> bytes:
    part: bytes = named("pyproj.CRS") + walk.fold(fields(value.to_wkt()))
    return part
