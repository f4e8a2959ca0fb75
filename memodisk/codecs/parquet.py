"""Parquet for data frames of pandas and polars and for tables of pyarrow.

Every blob is an ordinary parquet file. Beside the data its footer holds one entry of ours, key `memodisk`: a
JSON text that says which library made it and what parquet itself cannot say (an index, a categorical's unused
categories, attrs). A value that does not come back exactly this way is not accepted, and so goes to pickle.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from memodisk.codecs.parquet_files import library_of
from memodisk.errors import Undecodable, Unencodable


class ParquetCodec:
    """Parquet for `pandas.DataFrame` and `Series`, `polars.DataFrame` and `Series`, and `pyarrow.Table`."""

    name = "parquet"
    suffix = "parquet"

    def accepts(self, value: object) -> bool:
        """Tell whether parquet holds this frame, series or table exactly."""
        side = _side(type(value).__module__.partition(".")[0])
        return side is not None and bool(side.accepts(value))

    def encode(self, value: object, file: BinaryIO) -> None:
        """Write a parquet file."""
        side = _side(type(value).__module__.partition(".")[0])
        if side is None:
            raise Unencodable("result", f"a {type(value).__name__} cannot be held exactly by parquet")
        try:
            side.write(value, file)
        except Unencodable:
            raise
        except OSError:  # the disk's fault, not the value's
            raise
        except Exception as error:
            raise Unencodable("result", f"a {type(value).__name__} cannot be held by parquet: {error}") from error

    def decode(self, blob: memoryview) -> object:
        """Read the file with the library that its footer names."""
        side = _side(library_of(blob))
        if side is None:
            raise Undecodable("this is no parquet file that memodisk made")
        try:
            return side.read(blob)
        except Undecodable:
            raise
        except Exception as error:
            raise Undecodable(f"this parquet file cannot be read here: {error}") from error


def _side(library: str) -> Any:
    """The module that does the work for one library, or None."""
    if library == "pandas":
        from memodisk.codecs import pandas_frames

        return pandas_frames
    if library == "polars":
        from memodisk.codecs import polars_frames

        return polars_frames
    if library == "pyarrow":
        from memodisk.codecs import arrow_tables

        return arrow_tables
    return None
