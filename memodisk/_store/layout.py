"""Where everything lies on disk: the layout of a cache directory, with one function for each shape of path.

    <directory>/
      CACHEDIR.TAG  README.txt  .gitignore     so that backups, people and git know what this is
      locks/                                   safe to delete when nothing runs
      v1/<function>/
        3/3fa9…e1.record.json                  a record, named by its key
        3/3c07…44.parquet                      a blob, named by the digest of its own bytes
        code/51d0…9a.txt                       a manifest, named by its fingerprint

A file is at ``v1/<function>/<first hex digit>/<hash>.<suffix>``; ``.record.json`` is a record, anything else a blob.

The record is the commit. A blob is renamed into place before the record that points at it, so a crash at any point
leaves at most a file that nobody refers to. Nothing is synced to the platter: after a power cut a file may be
empty, and because every read is verified that is a miss, never a wrong value.

The content behind a blob's name never changes, because the name is the content's digest. This is what makes the
directory safe on a network drive, whose clients may serve the old content of a replaced file for a minute.
"""

from __future__ import annotations

import os
import re

from memodisk.hashing import Digest, Key, digest_bytes

RECORD_SUFFIX = "record.json"
#: Records are a few hundred bytes, with an embedded result about 2 KiB more; anything beyond this is no record of ours.
MAX_RECORD_SIZE = 1 << 16

#: Sixteen: on a network drive every directory costs about four round trips when it is made and again in every scan.
SHARDS = "0123456789abcdef"

_MAX_DIRECTORY_NAME = 80
# Texts, compiled when they are first needed: together that takes longer than importing this module.
_UNSAFE = r"[^A-Za-z0-9._-]"
# Names that Windows keeps for devices, whatever follows the first dot.
_RESERVED = r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)"


def directory_name(function: str) -> str:
    """Return the name of a function's directory: the function's own name where any file system takes it.

    Two functions that end up in one directory do no harm, since a key covers the function's full name.
    """
    safe = re.sub(_UNSAFE, "_", function).strip(".") or "_"
    if re.match(_RESERVED, safe):
        safe = "_" + safe
    if safe == function and len(safe) <= _MAX_DIRECTORY_NAME:
        return safe
    mark = "-" + digest_bytes(function.encode("utf-8", "surrogatepass"))[:8]
    return safe[: _MAX_DIRECTORY_NAME - len(mark)].rstrip(".") + mark


class Layout:
    """The paths of one cache directory.

    Parameters
    ----------
    directory
        The cache directory.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.functions_directory = os.path.join(directory, "v1")

    def function_directory(self, function: str) -> str:
        """Return the directory of one function's results."""
        return f"{self.functions_directory}/{directory_name(function)}"

    def lock_directory(self) -> str:
        """Return the directory of lock files."""
        return os.path.join(self.directory, "locks")

    @staticmethod
    def record_path(function_directory: str, key: Key) -> str:
        """Return where the record of a key lies."""
        return f"{function_directory}/{key[0]}/{key}.{RECORD_SUFFIX}"

    @staticmethod
    def blob_path(function_directory: str, digest: Digest, suffix: str) -> str:
        """Return where the blob of a digest lies."""
        return f"{function_directory}/{digest[0]}/{digest}.{suffix}"

    @staticmethod
    def manifest_path(function_directory: str, fingerprint: Digest) -> str:
        """Return where the manifest of a fingerprint lies."""
        return f"{function_directory}/code/{fingerprint}.txt"
