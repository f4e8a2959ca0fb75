"""Reads records and blobs carefully, and checks what is read.

Whoever shares a directory over a network meets FIFOs, half-written files, links and stale handles. What is learnt of
them stands here.
"""

from __future__ import annotations

import errno
import os
import stat

import xxhash

from memodisk._store import mounts
from memodisk._store.layout import MAX_RECORD_SIZE, Layout
from memodisk.hashing import Digest, digest_bytes

# A FIFO in place of a blob would hang a plain open(), a symbolic link could lead anywhere.
_READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
#: What a client of a network drive may say of a name that another machine has just made, replaced or removed.
TRANSIENT = frozenset({errno.ENOENT, errno.EACCES, getattr(errno, "ESTALE", errno.ENOENT)})

#: What a client says of a name whose file was replaced. It can go on for as long as nobody lists the directory.
REPLACED = frozenset({getattr(errno, "ESTALE", -1)})

#: What a drive says that is not there any more.
_DEAD = "EIO ESTALE EHOSTDOWN EHOSTUNREACH ENOTCONN ETIMEDOUT ENETDOWN ENETUNREACH ENXIO"
DEAD = frozenset(getattr(errno, name) for name in _DEAD.split() if hasattr(errno, name))

#: Blobs are read and hashed in pieces of this size: they stay in the second-level cache between read() and hashing.
CHUNK = 1 << 20

#: How open() refuses a symbolic link (Linux; FreeBSD) and a socket (Linux; BSD).
_NOT_FILES = frozenset({errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EOPNOTSUPP})


class NotAFile(OSError):
    """Something other than an ordinary file has the name."""


def _open(path: str) -> int:
    try:
        return os.open(path, _READ_FLAGS)
    except OSError as error:
        if error.errno in _NOT_FILES:
            raise NotAFile(error.errno, "not an ordinary file", path) from error
        raise


def read(path: str, limit: int) -> tuple[bytes, os.stat_result]:
    """Return the content of a small file and its status.

    Parameters
    ----------
    path
        The file.
    limit
        The largest size in bytes that makes sense; a larger file is refused.

    Raises
    ------
    OSError
        If it cannot be read; `NotAFile` if it is no ordinary file or too large.
    """
    descriptor = _open(path)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            raise NotAFile(errno.EINVAL, "not an ordinary file of a sensible size", path)
        # One byte more than expected would show that the file grew.
        data = os.read(descriptor, status.st_size + 1)
        while len(data) < status.st_size:
            more = os.read(descriptor, status.st_size - len(data))
            if not more:
                break
            data += more
        return data, status
    finally:
        os.close(descriptor)


def read_hashed(path: str, size: int) -> tuple[memoryview | None, str]:
    """Return the content of a blob with its digest, both from one pass over the file.

    Parameters
    ----------
    path
        The file.
    size
        The size in bytes that it must have.

    Returns
    -------
    The bytes, read-only if the blob is small and otherwise writable and private to the caller, and their digest;
    or ``(None, reason)`` if the file is no ordinary file of that size.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    try:
        descriptor = _open(path)
    except NotAFile:
        return None, "it is no ordinary file"
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None, "it is no ordinary file"
        if status.st_size != size:
            return None, f"it has {status.st_size:,} bytes instead of {size:,}"
        if size <= CHUNK:
            data = os.read(descriptor, size)
            while len(data) < size:
                more = os.read(descriptor, size - len(data))
                if not more:
                    return None, "it was cut off while being read"
                data += more
            return memoryview(data), digest_bytes(data)
        buffer = _allocate(size)
        hasher = xxhash.xxh3_128()
        done = 0
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
            while done < size:
                piece = buffer[done : done + CHUNK]
                count = file.readinto(piece)
                if not count:
                    return None, "it was cut off while being read"
                hasher.update(piece[:count])
                done += count
        return buffer, hasher.hexdigest()
    finally:
        os.close(descriptor)


def digest_file(path: str) -> tuple[str, os.stat_result]:
    """Return the digest of a file's bytes, or an empty string if it is no ordinary file, and its status.

    Whatever its size, it takes 1 MiB of memory.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    descriptor = os.open(path, _READ_FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return "", status
        hasher = xxhash.xxh3_128()
        while piece := os.read(descriptor, CHUNK):
            hasher.update(piece)
        return hasher.hexdigest(), status
    finally:
        os.close(descriptor)


#: Memory of this many bytes is asked for in huge pages: 500 MB are read and hashed in 66 ms instead of 275, most of
#: which the kernel spent on pages of 4 KiB. Fewer than some huge pages, of 2 MiB each, could mostly be unused.
_HUGE = 8 << 20


def _has_huge_pages(size: int) -> bool:
    """Return True if Linux has huge pages at hand for this many bytes (/proc/buddyinfo, see proc(5)).

    Otherwise it would move others' pages together first, which took a second for 500 MB.
    """
    try:
        with open("/proc/buddyinfo", encoding="ascii") as file:
            rows = [line.split()[4:] for line in file]
        # The n-th column counts free blocks of 2 to the n pages; a huge page has 512.
        free = sum(int(count) << order for row in rows for order, count in enumerate(row) if order >= 9)
    except (OSError, ValueError):
        return False
    return free * 4096 > 2 * size


def _allocate(size: int) -> memoryview:
    import mmap

    # Anonymous memory comes zeroed by the kernel page by page as it is first touched; bytearray(n) would touch all
    # of it once more. Private, because a child of fork() must not share a result's memory with its parent.
    if hasattr(mmap, "MAP_PRIVATE"):
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if size >= _HUGE and mmap.PAGESIZE == 4096 and hasattr(mmap, "MADV_HUGEPAGE") and _has_huge_pages(size):
            try:
                memory.madvise(mmap.MADV_HUGEPAGE)
            except OSError:
                pass  # the system has none, or gives none
        return memoryview(memory)
    return memoryview(bytearray(size))


class Damaged(ValueError):
    """A blob is not what its name says."""


class Reader(Layout):
    """Reads from one cache directory."""

    def read_record(self, path: str) -> tuple[bytes, os.stat_result]:
        """Return the bytes and the status of a record file.

        Raises
        ------
        OSError
            If there is none (`FileNotFoundError`) or it cannot be read.
        """
        try:
            return read(path, MAX_RECORD_SIZE)
        except OSError as error:
            if error.errno not in TRANSIENT or mounts.is_local(self.directory):
                raise
            self._look_for(path, error)
        return read(path, MAX_RECORD_SIZE)

    def has_record(self, path: str) -> bool:
        """Return True if there is a record file, whatever it holds."""
        if os.path.exists(path):
            return True
        if not mounts.is_smb(self.directory):
            return False
        from memodisk._store import lookup

        return lookup.ask_for(path)

    def _look_for(self, path: str, error: OSError) -> None:
        """Make this machine forget what it believes of a file: that it is missing, or the one that was replaced."""
        from memodisk._store import lookup  # imported late: only a network drive needs it

        if mounts.is_smb(self.directory):
            lookup.ask_for(path)
        else:
            lookup.look_again(os.path.dirname(path))
        if error.errno in REPLACED:
            lookup.list_again(os.path.dirname(path))

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
            data, found = read_hashed(path, size)
        except OSError as error:
            if error.errno not in TRANSIENT or mounts.is_local(self.directory):
                raise
            self._look_for(path, error)
            data, found = read_hashed(path, size)
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
            return digest_file(path)
        except OSError as error:
            if error.errno not in TRANSIENT or mounts.is_local(self.directory):
                raise
            self._look_for(path, error)
        return digest_file(path)

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
            if error.errno not in TRANSIENT or mounts.is_local(self.directory):
                raise
            self._look_for(path, error)
            status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            raise Damaged("it is no ordinary file")
        if status.st_size != size:
            raise Damaged(f"it has {status.st_size:,} bytes instead of {size:,}")

    def freshen(self, record_path: str, blob_path: str) -> None:
        """Set the modification times of a record and of its blob to the file system's now.

        The record first: a blob is never older than a record that points at it.
        """
        for path in (record_path, blob_path):
            try:
                os.utime(path)
            except OSError:
                pass  # read-only for this user, or gone: it was only about being remembered as used
