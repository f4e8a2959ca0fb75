"""`.npy` for numpy arrays, written and read without a copy of the data."""

from __future__ import annotations

import functools
import io
import struct
from typing import Any, BinaryIO

from memodisk.codecs.libraries import load
from memodisk.errors import Undecodable, Unencodable

# What .npy describes in full. Objects ('O') and numpy 2's variable-width strings ('T') live outside the
# buffer.
_KINDS = frozenset("?biufcmMSUV")

# Bytes handed to one file.write; see _write for the measurement.
_CHUNK = 1 << 20


class NpyCodec:
    """The format of `numpy.save`, version 1.0 or 2.0 (NEP 1).

    A `numpy.memmap` comes back as an ordinary array: the file that it was a view of is not part of its value.
    Other subclasses (masked arrays, matrices, record arrays) go to pickle.
    """

    name = "npy"
    suffix = "npy"

    def accepts(self, value: object) -> bool:
        """Tell whether it is exactly an ndarray (or a memmap) of a dtype that .npy holds."""
        return _header(value) is not None

    def encode(self, value: object, file: BinaryIO) -> None:
        """Write header and elements, in chunks, without a copy of the array."""
        header = _header(value)
        if header is None:
            raise Unencodable("result", f"{_words(value)} cannot be held exactly by .npy")
        file.write(header)
        _write(value, file)

    def decode(self, blob: memoryview) -> object:
        """Make an array on the blob's own memory, or on a copy if that is read-only."""
        np = load("numpy")
        try:
            shape, fortran, dtype, start = _parse_start(blob)
            size = dtype.itemsize * _product(shape)
            if len(blob) != start + size:
                raise ValueError(f"{start + size} bytes announced, {len(blob)} found")
            if size == 0:
                return np.empty(shape, dtype, "F" if fortran else "C")
            array = np.ndarray(shape, dtype, blob, start, order="F" if fortran else "C")
            return array.copy("K") if blob.readonly else array
        except Exception as error:
            raise Undecodable(f"this is no .npy file: {error}") from error

    def map(self, path: str) -> object:
        """Map the array into memory, read-only, in constant time; an array without elements cannot be mapped.

        Raises
        ------
        Undecodable
            If the file is no .npy file.
        OSError
            If it cannot be opened.
        """
        np = load("numpy")
        try:
            with open(path, "rb") as file:
                # 64 KiB hold the header of any plain array; a longer one is that of a huge structured dtype.
                head = file.read(1 << 16)
                try:
                    shape, fortran, dtype, start = _parse_start(memoryview(head))
                except ValueError:
                    head += file.read()
                    shape, fortran, dtype, start = _parse_start(memoryview(head))
                expected, found = start + dtype.itemsize * _product(shape), file.seek(0, io.SEEK_END)
            if found != expected:
                raise ValueError(f"{expected} bytes announced, {found} found")
            if expected == start:
                empty = np.empty(shape, dtype, "F" if fortran else "C")
                empty.flags.writeable = False
                return empty
            return np.memmap(path, dtype, "r", start, shape, "F" if fortran else "C")
        except OSError:
            raise
        except Exception as error:
            raise Undecodable(f"this is no .npy file: {error}") from error


def _header(array: Any) -> bytes | None:
    """Make the header, or None if .npy does not give back this very type and dtype."""
    np = load("numpy")
    if type(array) not in (np.ndarray, np.memmap):
        return None
    dtype = array.dtype
    if dtype.kind not in _KINDS or dtype.hasobject:
        return None
    if dtype.kind == "V" or dtype.metadata:
        if _hides_something(dtype):
            return None
        try:
            if np.lib.format.descr_to_dtype(np.lib.format.dtype_to_descr(dtype)) != dtype:
                return None
        except (TypeError, ValueError):
            return None
    fields = np.lib.format.header_data_from_array_1_0(array)
    for write in (np.lib.format.write_array_header_1_0, np.lib.format.write_array_header_2_0):
        out = io.BytesIO()
        try:
            write(out, fields)
        except UnicodeEncodeError:  # field names beyond Latin-1
            return None
        except ValueError:  # too long for version 1.0
            continue
        return out.getvalue()
    return None


def _hides_something(dtype: Any) -> bool:
    """Tell whether a dtype says more than a .npy header can: metadata, alignment, a subclass of void."""
    np = load("numpy")
    if dtype.metadata or dtype.isalignedstruct or (dtype.kind == "V" and dtype.type is not np.void):
        return True
    if dtype.subdtype is not None:
        return _hides_something(dtype.subdtype[0])
    return any(_hides_something(field[0]) for field in (dtype.fields or {}).values())


def _write(array: Any, file: BinaryIO) -> None:
    """Write the elements in chunks.

    A chunk of 1 MiB is still in the processor's cache when the writer, having hashed it, copies it to the
    file: 500 MB through xxh3 and write() took 0.25 s so, 0.27 in chunks of 16 MiB, 0.28 in one piece (tmpfs,
    2 cores).
    """
    np = load("numpy")
    if array.nbytes == 0:
        return
    array = array.view(np.ndarray)
    if array.flags.f_contiguous and not array.flags.c_contiguous:
        array = array.T
    if array.flags.c_contiguous:
        data = memoryview(array.reshape(-1).view(np.uint8))
        for start in range(0, len(data), _CHUNK):
            file.write(data[start : start + _CHUNK])
        return
    flags = ["external_loop", "buffered", "zerosize_ok"]
    for part in np.nditer(array, flags=flags, buffersize=max(1, _CHUNK // array.itemsize), order="C"):
        file.write(memoryview(np.ascontiguousarray(part).view(np.uint8)))


def _parse_start(blob: memoryview) -> tuple[tuple[int, ...], bool, Any, int]:
    """Read the header: shape, Fortran order, dtype, offset of the data."""
    magic = bytes(blob[:8])
    if magic == b"\x93NUMPY\x01\x00":
        start: int = 10 + struct.unpack("<H", blob[8:10])[0]
    elif magic == b"\x93NUMPY\x02\x00":
        start = 12 + struct.unpack("<I", blob[8:12])[0]
    else:
        raise ValueError("it does not start as one")
    if len(blob) < start:
        raise ValueError("its header is cut off")
    return *_parse(bytes(blob[:start])), start


# Arrays in one cache have few different headers, and evaluating one takes 13 µs.
@functools.lru_cache(maxsize=256)
def _parse(header: bytes) -> tuple[tuple[int, ...], bool, Any]:
    formats = load("numpy").lib.format
    file = io.BytesIO(header)
    read = formats.read_array_header_1_0 if formats.read_magic(file) == (1, 0) else formats.read_array_header_2_0
    shape, fortran, dtype = read(file, max_header_size=len(header))
    if dtype.hasobject or any(length < 0 for length in shape):
        raise ValueError("such an array is not kept as .npy")
    return shape, fortran, dtype


def _product(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _words(value: object) -> str:
    dtype = getattr(value, "dtype", None)
    return f"a {type(value).__name__}" + (f" of {dtype}" if dtype is not None else "")
