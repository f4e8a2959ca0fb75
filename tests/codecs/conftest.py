"""What every codec's tests share: a value goes there and comes back."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, NamedTuple, cast

import pytest

from memodisk import codecs


class OnlyWrites:
    """A file that can do no more than a blob's writer promises: take bytes."""

    def __init__(self) -> None:
        self.buffer = io.BytesIO()

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.buffer.write(view)
        return view.nbytes


class Trip(NamedTuple):
    codec: str
    blob: bytes
    value: Any

    @property
    def file(self) -> io.BytesIO:
        """The blob as a file, for other tools to open."""
        return io.BytesIO(self.blob)


def travel(value: object, codec: str | None = None) -> Trip:
    chosen = codecs.get(codec) if codec else codecs.choose(value)
    out = OnlyWrites()
    chosen.encode(value, cast(BinaryIO, out))
    blob = out.buffer.getvalue()
    return Trip(chosen.name, blob, chosen.decode(memoryview(blob)))


@pytest.fixture(scope="session")
def there_and_back() -> Any:
    """Encode a value with the codec that `choose` picks (or a named one) and decode it again."""
    return travel
