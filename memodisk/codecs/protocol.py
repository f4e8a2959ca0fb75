"""What a codec has to offer."""

from __future__ import annotations

from typing import BinaryIO, Protocol, runtime_checkable


@runtime_checkable
class Codec(Protocol):
    """One file format: what it accepts, how it is written, how it is read.

    A codec may also have ``map(path: str) -> object``, a read-only view of the blob in constant time.
    """

    @property
    def name(self) -> str:
        """The word that stands in the record, for instance ``"npy"``."""

    @property
    def suffix(self) -> str:
        """The ending of the blob's file name without its leading dot, for instance ``"npy"``."""

    def accepts(self, value: object) -> bool:
        """Tell whether decoding would give back an equal value of the same type, dtype and metadata."""

    def encode(self, value: object, file: BinaryIO) -> None:
        """Write the value with ``file.write`` alone (the file cannot seek).

        Raises
        ------
        Unencodable
            If the value cannot be written; what was written until then is thrown away.
        """

    def decode(self, blob: memoryview) -> object:
        """Give back the value. The blob belongs to this call; copy from it if it is read-only.

        Raises
        ------
        Undecodable
            If the bytes do not make a value here, for instance because a library is missing.
        """
