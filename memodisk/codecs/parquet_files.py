"""Parquet files as all codecs of data frames write and read them, with one entry of ours in the footer."""

from __future__ import annotations

import json
import sys
from typing import Any, BinaryIO

from memodisk.codecs.libraries import load
from memodisk.errors import Unencodable

KEY = b"memodisk"
_START = '{"memodisk":1,"library":"'

# A footer is read in whole before anything else, so what we put there stays bounded.
_LONGEST_NOTE = 16 << 20

# 2,000,000 rows of int, 2 float, bool, datetime, 2 string and a categorical column on tmpfs, 2 cores, store
# and load:
#   as here        96 ms, 110 (of which 73 read the file's 113 MB)
#   lz4            140, 81; zstd 227, 124; snappy 186, 162 (no compression gains what it costs)
#   dictionaries   for all columns 180, 115: numbers and long strings are hashed for nothing
#   statistics     146, 99: nothing here reads them
#   write batch    of 1,024 rows (the default) 103, of 1,048,576 94
# Row groups of 2**18 to 2**22 rows and pages of 1 to 16 MiB made no difference: pyarrow's defaults stay.
# The names of nested parts are kept as they are; the compliant ones would change the schema.
_WRITER: dict[str, Any] = {
    "compression": "none",
    "write_statistics": False,
    "write_batch_size": 65_536,
    "use_compliant_nested_type": False,
}

# Reading with threads: 10,000 rows 0.27 ms (without 0.19), 100,000 1.7 (1.6), 300,000 3.2 (4.9).
_THREADS_FROM = 100_000

# A parquet column costs about 90 µs to store and 30 to load, however few rows; pickle has no such price.
MOST_COLUMNS = 1_000


def library_of(blob: memoryview) -> str:
    """Read from the footer which library made the file, without that library.

    In the footer nothing but our own entry can follow it that could look like it: the schema and the
    statistics stand before, the encoded Arrow schema behind it is base64. So the last occurrence is ours.
    """
    if len(blob) < 12 or bytes(blob[-4:]) != b"PAR1":
        return ""
    length = int.from_bytes(blob[-8:-4], "little")
    if length > len(blob) - 12:
        return ""
    footer = bytes(blob[-8 - length : -8])
    start = footer.rfind(_START.encode())
    if start < 0:
        return ""
    start += len(_START)
    return footer[start : footer.find(b'"', start)].decode("ascii", "replace")


def note(library: str, **what: object) -> bytes:
    """Make our entry of the footer.

    Raises
    ------
    Unencodable
        If it would be longer than a footer should be.
    """
    text = _START + library + '"' + json.dumps(what, separators=(",", ":")).replace("{", ",", 1)
    text = text if what else _START + library + '"}'
    if len(text) > _LONGEST_NOTE:
        raise Unencodable("result", "its index, categories and attrs are too long for a parquet footer")
    return text.encode()


class _Out:
    """What pyarrow and polars want of a file, on top of one that can only write."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._written = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def out(file: BinaryIO) -> _Out:
    """Make a file that pyarrow and polars can write to."""
    return _Out(file)


def write_arrow(table: Any, file: BinaryIO, *, dictionaries: list[str]) -> None:
    """Write an Arrow table whose schema metadata ends with our entry."""
    pa, parquet = load("pyarrow"), load("pyarrow.parquet")
    parquet.write_table(table, pa.PythonFile(_Out(file), "w"), use_dictionary=dictionaries or False, **_WRITER)


def read_arrow(blob: memoryview) -> tuple[Any, Any]:
    """Read an Arrow table; returns it without our entry, and the entry."""
    pa, parquet = load("pyarrow"), load("pyarrow.parquet")
    file = parquet.ParquetFile(pa.BufferReader(pa.py_buffer(blob)))
    table = file.read(use_threads=file.metadata.num_rows >= _THREADS_FROM)
    metadata = dict(table.schema.metadata or {})
    entry = json.loads(metadata.pop(KEY))
    return table.replace_schema_metadata(metadata or None), entry


def loaded(name: str) -> Any:
    """A library that the value itself has imported."""
    return sys.modules[name]
