"""Small blobs lately used, kept in memory together with the identity of their record file.

A repeated hit then costs one `stat`, which shows that the record is still that very file. The disk remains the truth.
"""

from __future__ import annotations

import os
import threading

from memodisk import codecs
from memodisk._store.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

#: Largest blob kept, in bytes: a larger one takes longer to decode than to read.
MAX_BLOB = 1 << 16
#: Most bytes kept in all.
MAX_TOTAL = 32 << 20
#: What an entry takes beside its blob, in bytes: a record with its texts and digests.
_OVERHEAD = 2048


#: Values of these types cannot be changed: the decoded value itself is kept and handed out.
_UNCHANGEABLE = frozenset({int, float, complex, bool, str, bytes, type(None)})


class Kept:
    """A verified blob with its record, and the identity of the record file that they were read from.

    Parameters
    ----------
    path
        The record file.
    inode, mtime_ns, size
        Its identity when it was read.
    raw
        The record's bytes.
    codec
        Name of the codec.
    blob
        The blob's bytes.
    is_unchangeable, value
        Whether the decoded blob can be handed out again and again, and that if so.
    """

    __slots__ = (
        "_record",
        "_value",
        "blob",
        "codec",
        "inode",
        "is_unchangeable",
        "is_used",
        "mtime_ns",
        "path",
        "raw",
        "size",
    )

    def __init__(
        self,
        path: str,
        inode: int,
        mtime_ns: int,
        size: int,
        raw: bytes,
        codec: str,
        blob: bytes,
        is_unchangeable: bool,
        value: object,
    ) -> None:
        self.path = path
        self.inode = inode
        self.mtime_ns = mtime_ns
        self.size = size
        self.raw = raw
        self._record: Record | None = None
        self.codec = codecs.get(codec)
        self.blob = blob
        self.is_used = True
        self.is_unchangeable = is_unchangeable
        self._value = value

    @property
    def record(self) -> Record:
        """The record, parsed when it is first asked for."""
        if self._record is None:
            self._record = Record.from_json(self.raw)
        return self._record

    def value(self) -> Any:
        """Return the result, a fresh one unless it cannot be changed.

        Raises
        ------
        Undecodable
            If the codec cannot decode it any more.
        """
        return self._value if self.is_unchangeable else self.codec.decode(memoryview(self.blob))

    def is_of(self, status: os.stat_result) -> bool:
        """Return True if the record file with this status is the one that was read."""
        return status.st_mtime_ns == self.mtime_ns and status.st_ino == self.inode and status.st_size == self.size


#: What is kept of a result until it is asked for again: what `Kept` takes. Most never are, and the garbage collector
#: does not look through tuples of texts, bytes and numbers: with objects, 10,000 first hits took 0.9 µs longer each.
_Stored: TypeAlias = "tuple[str, int, int, int, bytes, str, bytes, bool, object]"


class Memory:
    """The least recently used go first, so that the total stays below `MAX_TOTAL`."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept | _Stored] = {}
        self._size = 0
        self._lock = threading.Lock()

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def get(self, key: str) -> Kept | None:
        """Return what is kept of a key, or None."""
        kept = self._kept.get(key)
        if type(kept) is tuple:
            return self._unpack(key)
        if kept is not None:
            kept.is_used = True  # type: ignore[union-attr]
        return kept  # type: ignore[return-value]

    def _unpack(self, key: str) -> Kept | None:
        with self._lock:
            kept = self._kept.get(key)
            if isinstance(kept, tuple):
                try:
                    kept = self._kept[key] = Kept(*kept)
                except ValueError:  # there is no such codec any more
                    self._drop(key)
                    return None
            return kept

    def put(
        self, key: str, path: str, status: os.stat_result, raw: bytes, codec: str, blob: bytes, value: object
    ) -> None:
        """Keep a blob that is small enough.

        Parameters
        ----------
        key
            The request's key.
        path, status
            The record file, and its status when it was read.
        raw
            The record's bytes.
        codec
            Name of the codec.
        blob, value
            The blob's bytes, and what they were decoded to.
        """
        size = len(blob)
        if size > MAX_BLOB:
            return
        is_unchangeable = type(value) in _UNCHANGEABLE
        kept = (
            path,
            status.st_ino,
            status.st_mtime_ns,
            status.st_size,
            raw,
            codec,
            blob,
            is_unchangeable,
            value if is_unchangeable else None,
        )
        with self._lock:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = kept
            self._size += size + _OVERHEAD
            while self._size > MAX_TOTAL:
                self._drop_oldest()

    def drop(self, key: str) -> None:
        """Let go of what is kept of a key."""
        if key in self._kept:
            with self._lock:
                self._drop(key)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _drop_oldest(self) -> None:
        # The second chance algorithm: what was used since it came to the front goes to the end once more. A hit then
        # costs one assignment instead of a move.
        key, kept = next(iter(self._kept.items()))
        if isinstance(kept, Kept) and kept.is_used:
            kept.is_used = False
            del self._kept[key]
            self._kept[key] = kept
        else:
            self._drop(key)

    def _drop(self, key: str) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            blob = kept.blob if isinstance(kept, Kept) else kept[6]
            self._size -= len(blob) + _OVERHEAD
