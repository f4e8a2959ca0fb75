"""Reading and writing single files, carefully: the only module that opens files of the store.

Whoever shares a directory over a network meets FIFOs, half-written files, stale handles and disks that report being
full only when a file is closed. What is learnt of them stands here.
"""

from __future__ import annotations

import errno
import io
import itertools
import os
import re
import stat
import time
from collections.abc import Callable, Sequence

import xxhash

from memodisk._store import mounts
from memodisk.hashing import Digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A FIFO in place of a blob would hang a plain open(), a symbolic link could lead anywhere.
_READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_CREATE_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)
_DIRECTORY_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

#: What a client of a network drive may say of a name that another machine has just made, replaced or removed.
TRANSIENT = frozenset({errno.ENOENT, errno.EACCES, getattr(errno, "ESTALE", errno.ENOENT)})

#: What a client says of a name whose file was replaced. It can go on for as long as nobody lists the directory.
REPLACED = frozenset({getattr(errno, "ESTALE", -1)})

#: What a drive says that is not there any more.
_DEAD = "EIO ESTALE EHOSTDOWN EHOSTUNREACH ENOTCONN ETIMEDOUT ENETDOWN ENETUNREACH ENXIO"
DEAD = frozenset(getattr(errno, name) for name in _DEAD.split() if hasattr(errno, name))

#: A shard, its function, v1, the cache directory, and where that lies.
_LEVELS = 5

#: Seconds after which a temporary file of another machine counts as left behind. Writing the largest result over a slow
#: network takes less, and every write makes the file younger.
ABANDONED = 3600.0
_TEMPORARY = r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp"

#: Blobs are written to their temporary file once they outgrow this many bytes; below it they are written in one go
#: when their digest is known, which saves the order of modification times a system call.
SPILL_SIZE = 1 << 20
#: Blobs are read and hashed in pieces of this size: they stay in the second-level cache between read() and hashing.
_CHUNK = 1 << 20
#: Smaller pieces than this are written together.
_SMALL_WRITE = 1 << 16
#: POSIX lets a system take no more buffers than this at once.
_MOST_BUFFERS = 16


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


def digest(data: bytes | memoryview) -> Digest:
    """Return the digest of a blob's bytes."""
    return Digest(xxhash.xxh3_128_hexdigest(data))


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
        if size <= _CHUNK:
            data = os.read(descriptor, size)
            while len(data) < size:
                more = os.read(descriptor, size - len(data))
                if not more:
                    return None, "it was cut off while being read"
                data += more
            return memoryview(data), digest(data)
        buffer = _allocate(size)
        hasher = xxhash.xxh3_128()
        done = 0
        with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as file:
            while done < size:
                piece = buffer[done : done + _CHUNK]
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
        while piece := os.read(descriptor, _CHUNK):
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


def write_all(descriptor: int, buffers: Sequence[bytes | memoryview]) -> None:
    """Write some buffers one after the other, all of them.

    Raises
    ------
    OSError
        If the file system cannot take them.
    """
    # One call for a few of them; no system takes any number, and Windows takes one.
    if 1 < len(buffers) <= _MOST_BUFFERS and hasattr(os, "writev"):
        written = os.writev(descriptor, buffers)
        if written == sum(map(len, buffers)):
            return
        buffers = [memoryview(b"".join(buffers))[written:]]
    elif len(buffers) > 1:
        buffers = [b"".join(buffers)]
    for data in buffers:
        done = os.write(descriptor, data)
        while done < len(data):
            done += os.write(descriptor, memoryview(data)[done:])


def remove(path: str) -> bool:
    """Remove whatever has the name of a file; True if something was there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except (IsADirectoryError, PermissionError):  # Linux; POSIX and Windows
        if not os.path.isdir(path) or os.path.islink(path):
            raise
        _remove_tree(path)
    return True


def _remove_tree(path: str) -> None:
    import shutil

    shutil.rmtree(path)


def look_again(directory: str) -> None:
    """Make this machine forget which names it believes missing in a directory.

    A client of a network drive remembers for up to a minute that a name was missing. Opening the directory makes it ask
    the server (NFS 3 and NFS 4.2; a `stat` of the directory does so on NFS 4.2 only; on SMB see `ask_for`). The
    directory's own name may be one that was missing: then its parent is opened instead, and so on up.
    """
    for _ in range(_LEVELS):
        try:
            os.close(os.open(directory, _DIRECTORY_FLAGS))
            return
        except FileNotFoundError:
            directory = os.path.dirname(directory)
        except OSError:
            return  # Windows opens no directories


def ask_for(path: str, levels: int = _LEVELS) -> bool:
    """Return True if the server has a name, whatever this machine believes of it; for SMB.

    Linux believes for a second that a name is missing on SMB, but asks the server about a name that is to be made. A
    hard link to a file on another file system is never made: it is refused with EEXIST if the name is there, and with
    EXDEV if not. One round trip in any directory, where listing takes 0.5 ms for each name.

    The directory's own name may be one that was missing: then that is asked for first, and so on up.
    """
    refused = _refused(path)
    if refused == errno.ENOENT and levels and ask_for(os.path.dirname(path), levels - 1):
        refused = _refused(path)
    return refused == errno.EEXIST


def _refused(path: str) -> int | None:
    try:
        os.link(mounts.TABLE, path)
    except OSError as error:
        return error.errno
    return 0


def machine() -> str:
    """Return eight hex digits that tell this machine, and this container on it, from any other.

    Process ids are unique within them: whether a process that left a temporary file is alive can be asked here only.
    """
    global _machine
    if not _machine:
        # Imported late: only who stores results is asked for the machine, and once.
        import platform

        parts = [platform.node()]
        try:
            # Not read(): files there say that they are empty.
            with open("/proc/sys/kernel/random/boot_id") as file:
                parts.append(file.read())
            parts.append(os.readlink("/proc/self/ns/pid"))
        except OSError:
            pass  # not Linux: the host's name has to do
        _machine = digest("\n".join(parts).encode())[:8]
    return _machine


_machine = ""


def is_temporary(name: str) -> bool:
    """Return True if a file of this name is in progress, or was left behind."""
    return re.fullmatch(_TEMPORARY, name) is not None


def is_abandoned(name: str, mtime: float, now: float) -> bool:
    """Return True if whoever wrote a temporary file is dead.

    Parameters
    ----------
    name
        The file's name.
    mtime, now
        Its modification time and the present time, both by the file system's clock, in seconds.
    """
    match = re.fullmatch(_TEMPORARY, name)
    if match is None:
        return False
    if match[1] == machine() and os.name == "posix":  # elsewhere os.kill(pid, 0) would end the process
        try:
            os.kill(int(match[2]), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):
            pass  # alive, and somebody else's
    return now - mtime > ABANDONED


#: How a rename is refused whose target somebody else has open or renames: the latter passes.
_BUSY = frozenset({errno.EBUSY, getattr(errno, "ETXTBSY", errno.EBUSY)})
_TAKEN = _BUSY | {errno.EACCES, errno.EPERM}
_BUSY_PAUSE = 0.01
_TRIES = 5

#: How often a directory is made anew that somebody else removes at the same time, by clear() or `rm -r`.
_ATTEMPTS = 10


def make_directory(directory: str) -> None:
    """Make a directory and those above it; somebody who removes it at the same time is no error."""
    try:
        os.makedirs(directory, exist_ok=True)
    except FileNotFoundError:
        pass  # its parent was removed in the meantime
    except FileExistsError:
        # It was there, and had been removed when makedirs() looked what it was.
        if os.path.lexists(directory) and not os.path.isdir(directory):
            raise


#: Numbers for the names of temporary files. They begin anywhere, so that a process of the same id as a dead one does
#: not meet what that one left; a child of fork() goes on counting under an id of its own.
_serials = itertools.count(int.from_bytes(os.urandom(8), "big"))
_MASK = (1 << 64) - 1


class Temporary:
    """A file in progress: a dot-file in the directory that it will be renamed into.

    Nothing is created before the first byte is written. The file's mode honours the umask, so that a team can share the
    directory (`tempfile` would shut colleagues out with 0600).
    """

    __slots__ = ("_created", "directory", "made_directory", "path")

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.path = f"{directory}/.{machine()}-{os.getpid()}-{next(_serials) & _MASK:016x}.tmp"
        self._created = False
        self.made_directory = False

    def open(self) -> int:
        """Create the file, with its directory if need be, and return a descriptor."""
        for _ in range(_ATTEMPTS):
            try:
                descriptor = os.open(self.path, _CREATE_FLAGS, 0o666)
            except FileNotFoundError:
                self.made_directory = True
                make_directory(self.directory)
            else:
                break
        else:
            descriptor = os.open(self.path, _CREATE_FLAGS, 0o666)
        self._created = True
        return descriptor

    def write(self, data: bytes) -> None:
        """Write the whole content at once and close the file."""
        descriptor = self.open()
        try:
            written = os.write(descriptor, data)
            if written != len(data):
                write_all(descriptor, [data[written:]])
        finally:
            # A full network drive says so only here.
            os.close(descriptor)

    def publish(self, path: str, is_valid: Callable[[], bool]) -> None:
        """Rename the file to `path`, which may exist.

        Parameters
        ----------
        path
            The final name, in the same directory.
        is_valid
            Asked if the rename is refused: some systems let nobody replace a file that somebody has open, and NFS none
            that another process renames at that very moment. A right file of that name is as good.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                self._replace(path)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
                if is_valid():
                    self.discard()
                    return
                if not tries_left or error.errno not in _BUSY:
                    raise
                time.sleep(_BUSY_PAUSE)
            else:
                self._created = False
                return

    def _replace(self, path: str) -> None:
        try:
            os.replace(self.path, path)
        except IsADirectoryError:
            # No directory of ours has such a name; left there it would keep the result from ever being stored.
            _remove_tree(path)
            os.replace(self.path, path)
        except FileNotFoundError:
            # Somebody removed the directory that it goes into, which was empty; if it is this file that is gone, the
            # second attempt says so.
            make_directory(os.path.dirname(path))
            os.replace(self.path, path)

    def discard(self) -> None:
        """Remove the file if it is still there."""
        if self._created:
            self._created = False
            try:
                os.unlink(self.path)
            except OSError:
                pass  # eviction reclaims it


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
            if self._waiting >= _CHUNK:
                self._flush()
        if size < _SMALL_WRITE:
            self._hasher.update(view)
            self._keep(view)
            if self._waiting >= _CHUNK:
                self._flush()
            return size
        # Piece by piece, so that what was just hashed is written from the processor's cache. The first piece is written
        # together with what was waiting, so that the next ones begin at a page: 500 MB take 97 ms instead of 113.
        start = 0
        while start < size:
            part = view[start : start + _CHUNK - self._waiting]
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
            return digest(data), data
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
