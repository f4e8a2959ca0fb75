"""Where things lie on disk, and how they get there. Knows files and names; knows no functions.

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
import stat
import sys
import time
from collections.abc import Callable, Iterator

from memodisk._store import files, mounts
from memodisk.hashing import Digest, Key, digest_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from memodisk._upkeep.choose import Batch, Entry

RECORD_SUFFIX = "record.json"
#: Records are a few hundred bytes, with an embedded result about 2 KiB more; anything beyond this is no record of ours.
MAX_RECORD_SIZE = 1 << 16

#: Sixteen: on a network drive every directory costs about four round trips when it is made and again in every scan.
SHARDS = "0123456789abcdef"

#: The keys that were evicted last, a line each.
_EVICTED = "evicted.txt"
_MAX_EVICTED = 1000

_MAX_DIRECTORY_NAME = 80
# Texts, compiled when they are first needed: together that takes longer than importing this module.
_UNSAFE = r"[^A-Za-z0-9._-]"
# Names that Windows keeps for devices, whatever follows the first dot.
_RESERVED = r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)"
_HASH_NAME = r"[0-9a-f]{32}\."
_RECORD_END = "." + RECORD_SUFFIX

_README = """\
This directory is a cache of function results, made by memodisk (import memodisk).

Everything here can be deleted at any time: the worst that happens is that something is computed again.

  v1/<function>/<first hex digit>/<key>.record.json    what was called, with which arguments, when, how long it took
  v1/<function>/<first hex digit>/<digest>.<suffix>    the result: .npy, .parquet, .pkl, .txt, ... open it with any tool
  v1/<function>/code/<fingerprint>.txt                 the code that a result was made with, as a list to diff

A record points at its result by "digest"; a result is named by the digest of its own bytes.

Look around:
  ls v1                                            which functions
  du -sh v1/*                                      how much space each takes
  jq -r '[.function, .seconds, .bytes, (.arguments | tostring)] | @tsv' v1/*/*/*.record.json
  find v1 -type f -mtime +30 -delete               forget what nobody used for 30 days
  rm -r v1/<function>                              forget one function

You may move or copy the directory: all names inside are relative. Open results only from people you trust: a .pkl file
can run code when it is opened.
"""
_TAG = """\
Signature: 8a477f597d28d172789f06886806bc55
# This file marks a cache directory made by memodisk, so that backup programs can leave it out.
# See https://bford.info/cachedir/
"""


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


_DIRECTORY_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


class Damaged(ValueError):
    """A blob is not what its name says."""


class Store:
    """The files of one cache directory.

    Parameters
    ----------
    directory
        The cache directory. It is made when the first result is stored.
    """

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._functions = os.path.join(directory, "v1")
        self._prepared = False

    def function_directory(self, function: str) -> str:
        """Return the directory of one function's results."""
        return f"{self._functions}/{directory_name(function)}"

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

    # Reading

    def read_record(self, path: str) -> tuple[bytes, os.stat_result]:
        """Return the bytes and the status of a record file.

        Raises
        ------
        OSError
            If there is none (`FileNotFoundError`) or it cannot be read.
        """
        try:
            return files.read(path, MAX_RECORD_SIZE)
        except OSError as error:
            if error.errno not in files.TRANSIENT or mounts.is_local(self.directory):
                raise
            self._look_for(path, error)
        return files.read(path, MAX_RECORD_SIZE)

    def has_record(self, path: str) -> bool:
        """Return True if there is a record file, whatever it holds."""
        return os.path.exists(path) or (mounts.is_smb(self.directory) and files.ask_for(path))

    def _look_for(self, path: str, error: OSError) -> None:
        """Make this machine forget what it believes of a file: that it is missing, or the one that was replaced."""
        if mounts.is_smb(self.directory):
            files.ask_for(path)
        else:
            files.look_again(os.path.dirname(path))
        if error.errno in files.REPLACED:
            _list(os.path.dirname(path))

    def read_blob(self, path: str, digest: Digest, size: int) -> memoryview:
        """Return the verified bytes of a blob.

        Raises
        ------
        Damaged
            If they are not exactly the bytes that were stored.
        OSError
            If there is no such blob (`FileNotFoundError`) or it cannot be read.
        """
        try:
            data, found = files.read_hashed(path, size)
        except OSError as error:
            if error.errno not in files.TRANSIENT or mounts.is_local(self.directory):
                raise
            self._look_for(path, error)
            data, found = files.read_hashed(path, size)
        if data is None:
            raise Damaged(found)
        if found != digest:
            raise Damaged(f"its bytes have the digest {found}")
        return data

    def digest_blob(self, path: str) -> tuple[str, os.stat_result]:
        """Return the digest of a blob's bytes, or an empty string if it is no ordinary file, and its status.

        Raises
        ------
        OSError
            If there is no such blob (`FileNotFoundError`) or it cannot be read.
        """
        try:
            return files.digest_file(path)
        except OSError as error:
            if error.errno not in files.TRANSIENT or mounts.is_local(self.directory):
                raise
            self._look_for(path, error)
        return files.digest_file(path)

    def check_size(self, path: str, size: int) -> None:
        """Check that a blob which is about to be mapped into memory is an ordinary file of the right size.

        Raises
        ------
        Damaged, OSError
            As `read_blob`.
        """
        try:
            status = os.lstat(path)
        except OSError as error:
            if error.errno not in files.TRANSIENT or mounts.is_local(self.directory):
                raise
            self._look_for(path, error)
            status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            raise Damaged("it is no ordinary file")
        if status.st_size != size:
            raise Damaged(f"it has {status.st_size:,} bytes instead of {size:,}")

    # Writing

    def begin_blob(self, function_directory: str) -> files.BlobWriter:
        """Return a writer to encode a result into. If the result is large it is spilled to a temporary file."""
        self._prepare()
        # The blob's shard follows from its digest, which is known only at the end. Large blobs are written one
        # level up; a rename between directories of one file system is atomic, too.
        return files.BlobWriter(function_directory)

    def publish(
        self,
        *,
        record_path: str,
        record: bytes,
        blob_path: str,
        blob: bytes | files.Temporary,
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
        record_file = files.Temporary(record_path.rpartition("/")[0])
        blob_file = files.Temporary(blob_path.rpartition("/")[0]) if isinstance(blob, bytes) else blob

        def blob_is_valid() -> bool:
            try:
                return files.read_hashed(blob_path, size)[1] == digest
            except OSError:
                return False

        def record_is_valid() -> bool:
            try:
                return is_record(files.read(record_path, MAX_RECORD_SIZE)[0])
            except OSError:
                return False

        try:
            record_file.write(record)
            if isinstance(blob, bytes):
                blob_file.write(blob)
            else:
                files.make_directory(os.path.dirname(blob_path))
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

    def freshen(self, record_path: str, blob_path: str) -> None:
        """Set the modification times of a record and of its blob to the file system's now.

        The record first: a blob is never older than a record that points at it.
        """
        for path in (record_path, blob_path):
            try:
                os.utime(path)
            except OSError:
                pass  # read-only for this user, or gone: it was only about being remembered as used

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
            self._write_once(os.path.join(self.directory, ".gitignore"), "*\n")
            self._write_once(os.path.join(self.directory, "README.txt"), _README)
            self._write_once(tag, _TAG)
        self._prepared = True

    def _write_once(self, path: str, text: str) -> None:
        file = files.Temporary(os.path.dirname(path))
        try:
            file.write(text.encode("utf-8", "surrogatepass"))
            file.publish(path, lambda: os.path.exists(path))
        finally:
            file.discard()

    # Listing and removing

    def functions(self) -> list[str]:
        """Return the directory of each function that has results, by name."""
        try:
            with os.scandir(self._functions) as found:
                return sorted(entry.path for entry in found if entry.is_dir(follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def batches(self, function_directory: str, shards: str = SHARDS) -> Iterator[Batch]:
        """List records and blobs of one function with their sizes and times, a shard at a time; no file is opened."""
        # Imported late: who only reads results never lists them.
        from memodisk._upkeep.choose import Batch

        is_hash_name = re.compile(_HASH_NAME).match
        # Another machine may have made shards that were missing here.
        if mounts.is_smb(self.directory):
            _list(function_directory)
        else:
            files.look_again(function_directory)
        for shard in shards:
            directory = f"{function_directory}/{shard}"
            names, sizes, mtimes_ns = [], [], []
            # 32 hex digits and a dot; a digit beyond f is a stranger's name and is left alone.
            for name, status in _scan(directory, is_hash_name):
                if stat.S_ISREG(status.st_mode):
                    names.append(name)
                    sizes.append(disk_usage(status))
                    mtimes_ns.append(status.st_mtime_ns)
            yield Batch(directory, names, [name.endswith(_RECORD_END) for name in names], sizes, mtimes_ns)

    def entries(self, function_directory: str, shards: str = SHARDS) -> Iterator[Entry]:
        """List records and blobs of one function one by one; as `batches`."""
        for batch in self.batches(function_directory, shards):
            yield from batch.entries()

    def count(self, function_directory: str, shard: str) -> tuple[int, int]:
        """Return the number of files and of records in one shard, by their names alone."""
        is_hash_name = re.compile(_HASH_NAME).match
        try:
            names = os.listdir(f"{function_directory}/{shard}")
        except (FileNotFoundError, NotADirectoryError):
            return 0, 0
        return len(names), sum(1 for name in names if name.endswith(_RECORD_END) and is_hash_name(name))

    def temporaries(self, function_directory: str) -> Iterator[tuple[str, float]]:
        """Yield path and modification time of each file in progress."""
        for part in (*SHARDS, "code", ""):
            directory = f"{function_directory}/{part}" if part else function_directory
            for name, status in _scan(directory, lambda name: name.startswith(".") and name.endswith(".tmp")):
                yield f"{directory}/{name}", status.st_mtime

    def now_ns(self) -> int:
        """Return the file system's present time in nanoseconds: the modification time of a file just made there.

        The clocks of a server and of its clients need not agree, and files carry the server's time.
        """
        file = files.Temporary(self.lock_directory())
        try:
            file.write(b"")
            return os.stat(file.path).st_mtime_ns
        finally:
            file.discard()

    def remove(self, path: str) -> bool:
        """Remove a file; True if it was there."""
        return files.remove(path)

    def remove_blob(self, function_directory: str, digest: Digest) -> None:
        """Remove the blob of a digest, whatever its suffix."""
        try:
            with os.scandir(f"{function_directory}/{digest[0]}") as found:
                paths = [item.path for item in found if item.name.startswith(digest + ".")]
        except FileNotFoundError:
            return
        for path in paths:
            # A key of the same 32 digits as the digest would be a record.
            if not path.endswith("." + RECORD_SUFFIX):
                self.remove(path)

    def has_blob(self, function_directory: str, digest: Digest) -> bool:
        """Return True if there is a blob of a digest, whatever its suffix."""
        try:
            names = os.listdir(f"{function_directory}/{digest[0]}")
        except OSError:
            return False
        return any(name.startswith(digest + ".") and not name.endswith(_RECORD_END) for name in names)

    def restore_blob(self, path: str, data: bytes) -> None:
        """Write a blob that was lost."""
        file = files.Temporary(os.path.dirname(path))
        try:
            file.write(data)
            file.publish(path, lambda: True)
        finally:
            file.discard()

    def manifests(self, function_directory: str) -> list[str]:
        """Return the path of each manifest of a function."""
        try:
            names = os.listdir(f"{function_directory}/code")
        except OSError:
            return []
        return sorted(f"{function_directory}/code/{name}" for name in names if re.match(_HASH_NAME, name))

    def note_evicted(self, function_directory: str, keys: list[str], when: str) -> None:
        """Note which keys were evicted, so that an explanation can say so; only the last ones are kept."""
        path = f"{function_directory}/{_EVICTED}"
        lines = [f"{key}  {when}\n" for key in keys[-_MAX_EVICTED:]]
        try:
            lines = files.read(path, _MAX_EVICTED * 100)[0].decode("ascii", "replace").splitlines(keepends=True) + lines
        except OSError:
            pass  # the first time
        self._write_once(path, "".join(lines[-_MAX_EVICTED:]))

    def evicted_at(self, function_directory: str, key: Key) -> str | None:
        """Return when a key was evicted, or None if that is not known."""
        try:
            text = files.read(f"{function_directory}/{_EVICTED}", _MAX_EVICTED * 100)[0].decode("ascii", "replace")
        except OSError:
            return None
        found = [line for line in text.splitlines() if line.startswith(key)]
        return found[-1].partition("  ")[2] if found else None

    def remove_function(self, function_directory: str) -> None:
        """Remove all that is stored of one function: records first, so that no record ever lacks its blob."""
        for entry in sorted(self.entries(function_directory), key=lambda entry: not entry.is_record):
            self.remove(entry.path)
        self._remove_rest(function_directory)

    def _remove_rest(self, function_directory: str) -> None:
        # Manifests and what the dead left behind. `.nfs*` files belong to the network drive and vanish by themselves.
        for parent, _, names in os.walk(function_directory, topdown=False):
            for name in names:
                path = os.path.join(parent, name)
                if not name.startswith(".nfs") and not _is_in_progress(path):
                    self.remove(path)
            try:
                os.rmdir(parent)
            except OSError:
                pass  # somebody stores something here just now


def _is_in_progress(path: str) -> bool:
    """Return True if somebody alive writes this temporary file."""
    name = os.path.basename(path)
    if not files.is_temporary(name):
        return False
    try:
        return not files.is_abandoned(name, os.stat(path).st_mtime, time.time())
    except OSError:
        return True  # renamed in the meantime


def _scan(directory: str, wanted: Callable[[str], object]) -> Iterator[tuple[str, os.stat_result]]:
    """Yield name and status of each file of a directory whose name is wanted, none if there is no such directory."""
    # Relative to the directory's descriptor every stat saves the look-up of its path: 2.8 against 3.9 µs a file.
    try:
        target: int | str = os.open(directory, _DIRECTORY_FLAGS) if os.scandir in os.supports_fd else directory
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        with os.scandir(target) as found:
            for item in found:
                name = item.name
                if wanted(name):
                    try:
                        yield name, item.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # removed in the meantime
    except FileNotFoundError:
        return
    finally:
        if isinstance(target, int):
            os.close(target)


def _list(directory: str) -> None:
    """Make this machine forget which files it takes names for. Opening the directory is not always enough."""
    try:
        os.listdir(directory)
    except OSError:
        pass  # the next look says what is wrong


def disk_usage(status: os.stat_result) -> int:
    """Return the bytes that a file really takes on disk."""
    blocks = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else blocks * 512


def default_directory() -> str:
    """Return ``$MEMODISK_DIR``, else the user's cache directory by the platform's convention."""
    chosen = os.environ.get("MEMODISK_DIR")
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
        return os.path.join(base, "memodisk", "Cache")
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Caches/memodisk")
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path there is to be ignored.
    return os.path.join(base if os.path.isabs(base) else os.path.expanduser("~/.cache"), "memodisk")
