"""Takes a blob while it is encoded: hashes what is written, and spills what is large to a file in progress."""

from __future__ import annotations

import io
import os

import xxhash

from memodisk._store.read import CHUNK
from memodisk._store.temporary import Temporary, write_all
from memodisk.hashing import Digest, digest_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Blobs are written to their temporary file once they outgrow this many bytes; below it they are written in one go
#: when their digest is known, which saves the order of modification times a system call.
SPILL_SIZE = 1 << 20
#: Smaller pieces than this are written together.
_SMALL_WRITE = 1 << 16


class BlobWriter(io.BufferedIOBase):
    """A binary file to encode into: hashes what is written, and spills large blobs to a temporary file.

    Parameters
    ----------
    directory
        Where the temporary file is made, once the blob outgrows `SPILL_SIZE`.
    """

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._temporary: Temporary | None = None
        self._hasher: Any = None  # until the blob outgrows the memory
        self._descriptor = -1
        #: What is not yet written, in copies, because the caller may reuse its buffers; and how many bytes that is.
        self._pieces: list[bytes] = []
        self._waiting = 0
        self.size = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the number of bytes written so far."""
        return self.size

    def write(self, data: Any, /) -> int:
        """Write bytes or any C-contiguous buffer, and return its size in bytes."""
        if type(data) is bytes and self._descriptor < 0 and self.size + len(data) <= SPILL_SIZE:
            # A small result: bytes need no copy, and a window on them would take longer than all the rest.
            self.size += len(data)
            self._keep(data)
            return len(data)
        view: memoryview = memoryview(data)
        if view.format != "B" or view.ndim != 1:
            view = view.cast("B")
        size = view.nbytes
        self.size += size
        if self._descriptor < 0:
            if self.size <= SPILL_SIZE:
                self._keep(view)
                return size
            self._temporary = Temporary(self._directory)
            self._descriptor = self._temporary.open()
            self._hasher = xxhash.xxh3_128()
            for piece in self._pieces:
                self._hasher.update(piece)
            if self._waiting >= CHUNK:
                self._flush()
        if size < _SMALL_WRITE:
            self._hasher.update(view)
            self._keep(view)
            if self._waiting >= CHUNK:
                self._flush()
            return size
        # Piece by piece, so that what was just hashed is written from the processor's cache. The first piece is written
        # together with what was waiting, so that the next ones begin at a page: 500 MB take 97 ms instead of 113.
        start = 0
        while start < size:
            part = view[start : start + CHUNK - self._waiting]
            self._hasher.update(part)
            self._flush(part)
            start += len(part)
        return size

    def _keep(self, data: bytes | memoryview) -> None:
        self._pieces.append(bytes(data))  # of bytes that is no copy
        self._waiting += len(data)

    def _flush(self, *more: memoryview) -> None:
        buffers: list[bytes | memoryview] = [*self._pieces, *more]
        self._pieces.clear()
        self._waiting = 0
        write_all(self._descriptor, buffers)

    def finish(self) -> tuple[Digest, bytes | Temporary]:
        """Return the blob's digest, and its bytes, or the temporary file that they were spilled to, closed.

        Raises
        ------
        OSError
            If the file system could not take the last bytes.
        """
        if self._temporary is None:
            data = b"".join(self._pieces)
            return digest_bytes(data), data
        self._flush()
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)
        return Digest(self._hasher.hexdigest()), self._temporary

    def abandon(self) -> None:
        """Close a spilled file, whatever state it is in, and remove it unless it was published."""
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            try:
                os.close(descriptor)
            except OSError:
                pass  # the blob is being given up anyway
        if self._temporary is not None:
            self._temporary.discard()
