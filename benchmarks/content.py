"""What large values contain, exactly: for checking that a cache gives the right answer."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any


def summary(value: Any) -> str:
    """Return a text that differs for values that differ anywhere."""
    digest = hashlib.blake2b(digest_size=16)
    kind = type(value)
    if kind.__module__.partition(".")[0] == "numpy":
        digest.update(f"{value.dtype} {value.shape}".encode())
        digest.update(memoryview(value).cast("B") if value.flags.c_contiguous else value.tobytes())
    elif kind.__module__.partition(".")[0] == "pandas":
        from pandas.util import hash_pandas_object

        digest.update(repr(list(value.dtypes.items())).encode())
        digest.update(hash_pandas_object(value).to_numpy().tobytes())
    elif kind.__module__.partition(".")[0] == "polars":
        digest.update(repr(value.schema).encode())
        digest.update(value.hash_rows().to_numpy().tobytes())
    else:
        digest.update(pickle.dumps(value))
    return digest.hexdigest()


def noise(number: int, size: int = 6000) -> bytes:
    """Return bytes that look random and follow from a number."""
    pieces = (hashlib.sha256(f"{number}/{i}".encode()).digest() for i in range(size // 32 + 1))
    return b"".join(pieces)[:size]
