"""scipy, xarray, shapely, geopandas, PIL, torch and jax."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from memodisk.errors import Unhashable
from memodisk.hashing import digest

sparse = pytest.importorskip("scipy.sparse")
xr = pytest.importorskip("xarray")
shapely = pytest.importorskip("shapely")
geopandas = pytest.importorskip("geopandas")
Image = pytest.importorskip("PIL.Image")

FULL = np.array([[0, 1, 0], [2, 0, 3.0]])


def unsorted():
    """The matrix with its elements in another order, and one of them in two parts."""
    return sparse.csr_matrix(([1.0, 1.0, 3.0, 1.0], [1, 0, 2, 0], [0, 1, 4]), shape=(2, 3))


def array(**changes):
    options = {"dims": ("x", "y"), "coords": {"x": [1, 2]}, "name": "a", "attrs": {"unit": "m"}, **changes}
    return xr.DataArray(FULL, **options)


def dataset(**attrs):
    return xr.Dataset({"a": array(), "b": ("y", [1, 2, 3])}, attrs=attrs)


def places(crs="EPSG:4326", **columns):
    geometry = [shapely.Point(1, 2), shapely.Point(3, 4)]
    return geopandas.GeoDataFrame({"n": [1, 2], **columns}, geometry=geometry, crs=crs)


def image(mode="RGB", colour=0, size=(4, 3)):
    return Image.new(mode, size, colour)


def prepared(geometry):
    shapely.prepare(geometry)
    return geometry


def saved(picture, path):
    picture.save(path)
    return Image.open(path)


RING = shapely.LinearRing([(0, 0), (1, 0), (1, 1)])

SAME = [
    ("csr with unsorted and repeated elements", unsorted(), sparse.csr_matrix(FULL)),
    ("coo in another order", sparse.coo_matrix(FULL), sparse.coo_matrix(([3, 2, 1.0], ([1, 1, 0], [2, 0, 1])), (2, 3))),
    (
        "width of sparse indices",
        sparse.csr_matrix(FULL),
        (lambda m: (setattr(m, "indices", m.indices.astype("i8")), m)[1])(sparse.csr_matrix(FULL)),
    ),
    *(
        (f"sparse {kind}", getattr(sparse, kind)(FULL), copy.deepcopy(getattr(sparse, kind)(FULL)))
        for kind in (
            "csr_matrix",
            "csc_matrix",
            "coo_matrix",
            "lil_matrix",
            "dok_matrix",
            "dia_matrix",
            "bsr_matrix",
            "csr_array",
            "coo_array",
        )
    ),
    ("data arrays", array(), array()),
    ("pickled data arrays", array(), pickle.loads(pickle.dumps(array()))),
    ("data arrays in another memory order", array(), array().transpose("y", "x").copy(deep=True).transpose("x", "y")),
    ("order of coordinates", array(coords={"x": [1, 2], "k": 1}), array(coords={"k": 1, "x": [1, 2]})),
    ("datasets", dataset(a=1), dataset(a=1)),
    ("sliced datasets", dataset().isel(y=slice(1, None)), dataset().isel(y=[1, 2])),
    ("geometries", shapely.Point(1, 2), shapely.from_wkt("POINT (1 2)")),
    ("prepared geometries", prepared(shapely.Point(1, 2).buffer(1)), shapely.Point(1, 2).buffer(1)),
    ("geo data frames", places(), places()),
    ("copied geo data frames", places(), pickle.loads(pickle.dumps(places()))),
    ("geo series", places().geometry, places().geometry),
    ("pictures", image(), image()),
    ("copied pictures", image(), image().copy()),
]

DIFFERENT = [
    ("sparse format", sparse.csr_matrix(FULL), sparse.csc_matrix(FULL)),
    ("sparse matrix and array", sparse.csr_matrix(FULL), sparse.csr_array(FULL)),
    ("sparse value", sparse.csr_matrix(FULL), sparse.csr_matrix(FULL * 2)),
    ("sparse place", sparse.csr_matrix(FULL), sparse.csr_matrix(FULL[::-1])),
    ("sparse shape", sparse.csr_matrix((2, 3)), sparse.csr_matrix((3, 2))),
    ("sparse dtype", sparse.csr_matrix(FULL), sparse.csr_matrix(FULL.astype("f4"))),
    ("dimensions", array(), array(dims=("x", "z"))),
    ("coordinates", array(), array(coords={"x": [1, 3]})),
    ("name", array(), array(name="b")),
    ("attributes", array(), array(attrs={"unit": "s"})),
    ("values", array(), array() + 1),
    ("attributes of a dataset", dataset(a=1), dataset(a=2)),
    ("variables", dataset(), dataset().drop_vars("b")),
    ("data array and dataset", array(), array().to_dataset()),
    ("coordinate or variable", dataset(), dataset().set_coords("b")),
    ("points", shapely.Point(1, 2), shapely.Point(2, 1)),
    ("dimensions of points", shapely.Point(1, 2), shapely.Point(1, 2, 0)),
    ("order of points", shapely.LineString([(0, 0), (1, 1)]), shapely.LineString([(1, 1), (0, 0)])),
    ("ring and line", RING, shapely.LineString(RING.coords)),
    ("identifiers of systems", shapely.Point(1, 2), shapely.set_srid(shapely.Point(1, 2), 4326)),
    ("coordinate system", places(), places(crs="EPSG:3857")),
    ("no coordinate system", places(), places(crs=None)),
    ("active geometry", places(), places(other=places().geometry).set_geometry("other")),
    ("columns beside the geometry", places(), places(n=[1, 3])),
    ("coordinate systems", places().crs, places(crs="EPSG:3857").crs),
    ("colour", image(), image(colour=1)),
    ("mode of a picture", image("L"), image("P")),
    ("size", image(size=(4, 3)), image(size=(3, 4))),
]


@pytest.mark.parametrize(("reason", "one", "other"), SAME, ids=[row[0] for row in SAME])
def test_same_object(reason, one, other):
    assert digest(one) == digest(other), reason


@pytest.mark.parametrize(("reason", "one", "other"), DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_different_object(reason, one, other):
    assert digest(one) != digest(other), reason


def test_a_sparse_matrix_is_left_as_it_was():
    matrix = unsorted()
    digest(matrix)
    assert matrix.nnz == 4
    assert matrix.indices.tolist() == [1, 0, 2, 0]


def test_a_picture_from_a_file_is_its_pixels(tmp_path):
    first, second = saved(image(colour=5), tmp_path / "a.png"), saved(image(colour=5), tmp_path / "b.png")
    assert digest(first) == digest(second)
    assert digest(first) != digest(saved(image(colour=6), tmp_path / "c.png"))


def test_an_animation_is_refused(tmp_path):
    frames = [image("L", colour) for colour in (0, 100, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "a.gif") as opened, pytest.raises(Unhashable, match="several frames"):
        digest(opened)


def test_torch_tensors_by_content():
    torch = pytest.importorskip("torch")
    base = torch.arange(6.0).reshape(2, 3)
    assert digest(base) == digest(base.t().contiguous().t())
    assert digest(base) != digest(base.double())
    assert digest(base) != digest(base.reshape(3, 2))
    assert digest(base) != digest(base.clone().requires_grad_())
    assert digest(base.bfloat16()) != digest(base.half())
    assert digest(torch.nn.Parameter(base)) != digest(base.clone().requires_grad_())
    assert digest(base.to_sparse()) == digest(base.to_sparse())
    assert digest(torch.Generator().manual_seed(1)) != digest(torch.Generator().manual_seed(2))


def test_jax_arrays_by_content():
    jax = pytest.importorskip("jax")
    base = jax.numpy.arange(6.0).reshape(2, 3)
    assert digest(base) == digest(jax.numpy.arange(6.0).reshape(2, 3))
    assert digest(base) != digest(base + 1)
    assert digest(base) != digest(base.astype("bfloat16"))
    assert digest(base) != digest(np.asarray(base))
    assert digest(jax.random.key(1)) == digest(jax.random.key(1))
    assert digest(jax.random.key(1)) != digest(jax.random.key(2))
