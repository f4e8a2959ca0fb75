"""Publishes results: files are written under another name and renamed, the blob first, then the record.

The record is the commit. A blob is renamed into place before the record that points at it, so a crash at any point
leaves at most a file that nobody refers to. Nothing is synced to the platter: after a power cut a file may be
empty, and because every read is verified that is a miss, never a wrong value.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from memodisk._store import read, temporary
from memodisk._store.blob_writer import BlobWriter
from memodisk._store.layout import MAX_RECORD_SIZE, Layout
from memodisk._store.notices import NOTICES
from memodisk.hashing import Digest


class Publisher(Layout):
    """Writes into one cache directory. It is made when the first result is stored."""

    _prepared = False

    def begin_blob(self, function_directory: str) -> BlobWriter:
        """Return a writer to encode a result into. If the result is large it is spilled to a temporary file."""
        self._prepare()
        # The blob's shard follows from its digest, which is known only at the end. Large blobs are written one
        # level up; a rename between directories of one file system is atomic, too.
        return BlobWriter(function_directory)

    def publish(
        self,
        *,
        record_path: str,
        record: bytes,
        blob_path: str,
        blob: bytes | temporary.Temporary,
        digest: Digest,
        size: int,
        is_record: Callable[[bytes], bool] = bool,
    ) -> bool:
        """Publish a blob and then the record that points at it.

        The modification times are put in order as well: eviction removes what is older than one cutoff, so a record
        must never be fresher than its blob. Therefore the record's bytes are written before the blob's.

        Parameters
        ----------
        is_record
            Tells whether bytes are a whole record of this key: if the rename is refused, a good one is as good.

        Returns
        -------
        True if a directory had to be made for it.

        Raises
        ------
        OSError
            If the file system refuses; nothing half-written stays behind.
        """
        record_file = temporary.Temporary(record_path.rpartition("/")[0])
        blob_file = temporary.Temporary(blob_path.rpartition("/")[0]) if isinstance(blob, bytes) else blob

        def blob_is_valid() -> bool:
            try:
                return read.read_hashed(blob_path, size)[1] == digest
            except OSError:
                return False

        def record_is_valid() -> bool:
            try:
                return is_record(read.read(record_path, MAX_RECORD_SIZE)[0])
            except OSError:
                return False

        try:
            record_file.write(record)
            if isinstance(blob, bytes):
                blob_file.write(blob)
            else:
                temporary.make_directory(os.path.dirname(blob_path))
                os.utime(blob_file.path)
            blob_file.publish(blob_path, blob_is_valid)
            record_file.publish(record_path, record_is_valid)
            return record_file.made_directory or blob_file.made_directory
        finally:
            blob_file.discard()
            record_file.discard()

    def write_manifest(self, function_directory: str, fingerprint: Digest, text: str) -> None:
        """Write the manifest of a fingerprint unless it is there."""
        path = self.manifest_path(function_directory, fingerprint)
        if os.path.exists(path):
            return
        self._write_once(path, text)

    def prepare_anew(self) -> None:
        """Write again the files that explain the directory, if they are gone."""
        self._prepared = False
        self._prepare()

    def _prepare(self) -> None:
        """Make the directory with the files that tell backups, people and git what it is."""
        if self._prepared:
            return
        tag = os.path.join(self.directory, "CACHEDIR.TAG")
        if not os.path.exists(tag):
            for name, text in NOTICES.items():
                self._write_once(os.path.join(self.directory, name), text)
        self._prepared = True

    def _write_once(self, path: str, text: str) -> None:
        file = temporary.Temporary(os.path.dirname(path))
        try:
            file.write(text.encode("utf-8", "surrogatepass"))
            file.publish(path, lambda: os.path.exists(path))
        finally:
            file.discard()
