"""numpy arrays become .npy files, without a copy on either way."""

from __future__ import annotations

import tracemalloc

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memodisk import codecs
from memodisk.errors import Undecodable, Unencodable

DTYPES = st.one_of(
    hnp.scalar_dtypes(),
    hnp.array_dtypes(),
    st.sampled_from([np.dtype("M8"), np.dtype("m8"), np.dtype("S0"), np.dtype("U0")]),
)


def same(a, b):
    assert type(b) is np.ndarray
    assert a.dtype == b.dtype
    assert a.dtype.byteorder == b.dtype.byteorder
    assert a.shape == b.shape
    assert a.tobytes() == b.tobytes()


@given(hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0)))
def test_an_array_comes_back_to_the_bit(there_and_back, array):
    trip = there_and_back(array)
    same(array, trip.value)
    assert trip.value.flags.writeable
    if trip.codec == "npy" and array.dtype.itemsize:
        same(array, np.load(trip.file))


@given(hnp.arrays(np.int16, hnp.array_shapes(min_side=0)), st.data())
def test_any_view_comes_back(there_and_back, array, data):
    view = array[data.draw(hnp.basic_indices(array.shape, allow_ellipsis=False))]
    if isinstance(view, np.ndarray):
        view = view.transpose(data.draw(st.permutations(range(view.ndim))))
        same(view, there_and_back(view).value)


def test_fortran_order_is_kept(there_and_back):
    array = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert there_and_back(array).value.flags.f_contiguous


def test_a_large_strided_array_is_written_in_chunks(there_and_back):
    array = np.arange(3_000_000.0).reshape(1000, 3000)[::2, ::3]
    same(array, there_and_back(array).value)


@pytest.mark.parametrize(
    "array",
    [
        np.array([{}, None]),
        np.ma.array([1, 2], mask=[0, 1]),
        np.rec.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
        np.zeros(2, np.dtype({"names": ["a"], "formats": ["i4"]}, metadata={"unit": "m"})),
        np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        np.zeros(2, np.dtype([("größe", "i4"), ("幅", "i4")])),
    ],
    ids=["objects", "masked", "recarray", "metadata", "aligned", "field names beyond Latin-1"],
)
def test_what_npy_cannot_hold_goes_to_pickle(there_and_back, array):
    trip = there_and_back(array)
    assert trip.codec == "pickle"
    assert type(trip.value) is type(array)
    assert trip.value.dtype == array.dtype
    assert trip.value.tolist() == array.tolist()
    assert trip.value.dtype.metadata == array.dtype.metadata
    with pytest.raises(Unencodable):
        there_and_back(array, "npy")


def test_structured_arrays_keep_titles_offsets_and_subarrays(there_and_back):
    dtype = np.dtype(
        {
            "names": ["a", "b"],
            "formats": ["<i2", ("<f4", (2, 2))],
            "offsets": [3, 8],
            "itemsize": 32,
            "titles": ["first", None],
        }
    )
    back = there_and_back(np.zeros(3, dtype))
    assert back.value.dtype == dtype
    assert back.value.dtype.fields["a"] == dtype.fields["a"]


def test_a_structure_with_hundreds_of_fields_comes_back(there_and_back):
    array = np.zeros(2, [(f"a_rather_long_field_name_{i}", "f8") for i in range(2000)])
    trip = there_and_back(array)
    assert trip.codec == "npy"
    assert trip.value.dtype == array.dtype


def test_a_memmap_comes_back_as_an_array(there_and_back, tmp_path):
    mapped = np.memmap(tmp_path / "m", np.int32, "w+", shape=(2, 3))
    mapped[:] = 7
    trip = there_and_back(mapped)
    assert trip.codec == "npy"
    same(np.full((2, 3), 7, np.int32), trip.value)


def test_neither_way_copies_a_large_array():
    array = np.ones(4_000_000)

    class Nowhere:
        def write(self, data):
            return memoryview(data).nbytes

    npy = codecs.get("npy")
    blob = bytearray(there(array))
    tracemalloc.start()
    npy.encode(array, Nowhere())
    back = npy.decode(memoryview(blob))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < array.nbytes / 10
    blob[-1] ^= 1
    assert back[-1] != 1, "the array is the blob's own memory"


def test_a_blob_that_is_read_only_is_copied():
    back = codecs.get("npy").decode(memoryview(there(np.arange(3))))
    back[0] = 5
    assert back.tolist() == [5, 1, 2]


@pytest.mark.parametrize("array", [np.arange(6).reshape(2, 3).T, np.array(3.5), np.zeros((0, 4))])
def test_a_mapped_array_is_read_only(tmp_path, array):
    path = tmp_path / "a.npy"
    path.write_bytes(there(array))
    mapped = codecs.get("npy").map(str(path))
    same(array, np.asarray(mapped))
    assert not mapped.flags.writeable
    assert isinstance(mapped, np.memmap) or array.size == 0


def test_mapping_what_is_no_array_is_undecodable(tmp_path):
    path = tmp_path / "a.npy"
    blob = there(np.arange(100))
    for data in (b"", b"garbage", blob[:-1], blob + b"x", blob[:90]):
        path.write_bytes(data)
        with pytest.raises(Undecodable):
            codecs.get("npy").map(str(path))
    with pytest.raises(FileNotFoundError):
        codecs.get("npy").map(str(tmp_path / "nothing"))


def there(array) -> bytes:
    parts = []

    class File:
        def write(self, data):
            parts.append(bytes(data))

    codecs.get("npy").encode(array, File())
    return b"".join(parts)
