"""`.txt` for str and `.bin` for bytes: the plainest files there are."""

from __future__ import annotations

from typing import BinaryIO

from memodisk.errors import Undecodable


class TextCodec:
    """UTF-8, newlines untouched. A str with lone surrogates has no UTF-8 and goes to pickle."""

    name = "txt"
    suffix = "txt"

    def accepts(self, value: object) -> bool:
        """Tell whether it is exactly a str, and has a UTF-8 form."""
        if type(value) is not str:
            return False
        if value.isascii():
            return True
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
        return True

    def encode(self, value: object, file: BinaryIO) -> None:
        """Write the text as UTF-8."""
        assert isinstance(value, str)
        file.write(value.encode())

    def decode(self, blob: memoryview) -> str:
        """Read the text."""
        try:
            return str(blob, "utf-8")
        except UnicodeDecodeError as error:
            raise Undecodable(f"this is no UTF-8 text: {error}") from error


class BytesCodec:
    """The bytes as they are."""

    name = "bin"
    suffix = "bin"

    def accepts(self, value: object) -> bool:
        """Tell whether it is exactly bytes."""
        return type(value) is bytes

    def encode(self, value: object, file: BinaryIO) -> None:
        """Write the bytes."""
        assert isinstance(value, bytes)
        file.write(value)

    def decode(self, blob: memoryview) -> bytes:
        """Copy the bytes out of the blob."""
        return bytes(blob)
