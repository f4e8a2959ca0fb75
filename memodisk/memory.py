"""Small blobs lately used, kept in memory together with the identity of their record file.

A repeated hit then costs one `stat`, which shows that the record is still that very file. The disk remains the truth.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from memodisk.codecs import Codec
from memodisk.record import Record
from memodisk.store import Identity

#: Largest blob kept, in bytes: a larger one takes longer to decode than to read.
MAX_BLOB = 1 << 16
#: Most bytes kept in all.
MAX_TOTAL = 32 << 20
#: What an entry takes beside its blob, in bytes: a record with its texts and digests.
_OVERHEAD = 2048


@dataclass(frozen=True)
class Kept:
    """A verified blob with its record, and the identity of the record file that they were read from."""

    identity: Identity
    record: Record
    codec: Codec
    blob: bytes


class Memory:
    """The least recently used go first, so that the total stays below `MAX_TOTAL`."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, path: str) -> Kept | None:
        """Return what was read from the record file at `path`, or None."""
        kept = self._kept.get(path)
        if kept is not None:
            try:
                self._kept.move_to_end(path)
            except KeyError:
                pass  # another thread dropped it just now; what we hold is good
        return kept

    def put(self, path: str, kept: Kept) -> None:
        """Keep a blob that is small enough."""
        if len(kept.blob) > MAX_BLOB:
            return
        with self._lock:
            self._drop(path)
            self._kept[path] = kept
            self._size += len(kept.blob) + _OVERHEAD
            while self._size > MAX_TOTAL:
                self._drop(next(iter(self._kept)))

    def drop(self, path: str) -> None:
        """Let go of what was read from the record file at `path`."""
        with self._lock:
            self._drop(path)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _drop(self, path: str) -> None:
        kept = self._kept.pop(path, None)
        if kept is not None:
            self._size -= len(kept.blob) + _OVERHEAD
