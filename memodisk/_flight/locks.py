"""Locks between processes and machines. They save work; nothing is wrong if they do not hold.

The lock of a key is one byte, far beyond the end, of a file that all keys share: nothing has to be made or removed for
it. Where the system has no such locks that belong to a descriptor (only Linux has), on SMB, and for the lock of the
eviction, it is filelock's native lock on a file of its own, which is removed when the lock is given back. On some
network drives locks are refused or do nothing: one warning, and the work may be done twice.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys

from memodisk._store import lookup, mounts, read, temporary
from memodisk._util.log import logger
from memodisk._util.warn import warn_once
from memodisk.hashing import digest_bytes

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

log = logger("memodisk.flight")

#: Where lock files and signs of life lie in a cache directory.
LOCKS = "locks"
#: The file in which a key's lock is a byte. It stays; the name says whose bytes they are.
KEYS = "keys.lock"

#: A directory that cannot be used needs no warning here: reading or storing the result says so. Nor does one that
#: somebody deletes over and over.
_NOT_USABLE = (
    frozenset({errno.ENOENT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT})
    | read.DEAD
)
#: How often a lock file is opened that another machine removes at that very moment, giving the lock back.
_TRIES = 3
_FLAGS = os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_PASSING = frozenset({errno.ENOENT, getattr(errno, "ESTALE", errno.ENOENT)})

#: Linux's locks of byte ranges that belong to a descriptor ("open file description locks", fcntl(2)), not to the
#: process, whose locks would all be lost when any thread closes any descriptor of the file. With 64-bit offsets.
_SET_LOCK: int | None = getattr(fcntl, "F_OFD_SETLK", None) if sys.maxsize > 2**32 else None
#: struct flock: type, whence, start, length, process id.
_RANGE = struct.Struct("hhqqi4x")
_HELD = frozenset({errno.EAGAIN, errno.EACCES})


class Lock:
    """One lock, for one owner at a time among all processes and machines that share the directory.

    Parameters
    ----------
    path
        The lock file; its directory is made when needed.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1
        self._place: socket.socket | None = None

    @property
    def is_held(self) -> bool:
        """True if it is ours and keeps others out."""
        return self._descriptor >= 0

    def try_acquire(self) -> bool:
        """Take the lock if it is free, without waiting.

        Returns
        -------
        True if it is ours, or if locks do not work here, so that waiting for one would be in vain.
        """
        if self._is_on_smb and not self._take_place():
            return False
        try:
            return self._acquire()
        # NotImplementedError: the platform has no native locks at all.
        except (OSError, NotImplementedError) as error:
            if getattr(error, "errno", None) not in _NOT_USABLE:
                directory = os.path.dirname(self.path)
                warn_once(
                    log,
                    (directory, "lock"),
                    "%s: files cannot be locked here (%s); several processes may compute the same call at once",
                    directory,
                    error,
                )
                # It was made before it was refused, and would pile up: nobody ever gets this lock and gives it back.
                self._unlink()
            return True
        finally:
            if not self.is_held:
                self._leave_place()

    def _take_place(self) -> bool:
        """Be the only one on this machine who has the lock file open, on SMB; False if somebody else is.

        Processes that open one file there may be given one handle, and a lock belongs to the handle (`cifs_open` and
        `smb2_unlock_range` of Linux): who did not get the lock and closed the file gave back that of the owner.
        """
        import socket  # not before it is needed: only on SMB

        place = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            # A name that is in no file system, and that comes free with the process.
            place.bind(f"\0memodisk-{digest_bytes(os.fsencode(self.path))}")
        except OSError as error:
            place.close()
            return error.errno != errno.EADDRINUSE
        self._place = place
        return True

    def _leave_place(self) -> None:
        if self._place is not None:
            self._place.close()
            self._place = None

    def _acquire(self) -> bool:
        # Imported late: filelock takes 60 ms, and who only reads results never locks.
        from filelock import lock_descriptor

        for _ in range(_TRIES):
            descriptor = self._open()
            if descriptor < 0:
                return False
            try:
                # The lock that `filelock.FileLock` takes, on a descriptor of our own: 5 system calls instead of 12,
                # none of which looks at the directories above, which is a round trip each on a network drive.
                if not lock_descriptor(descriptor, blocking=False):
                    os.close(descriptor)
                    return False
                if self._is_on_smb:
                    # Linux asks the server how many names the file has left only if it is to find the file's end.
                    os.lseek(descriptor, 0, os.SEEK_END)
                # Removed between our open and our lock, by who gave the lock back: the next one is another file.
                is_current = os.fstat(descriptor).st_nlink > 0
            except BaseException:
                os.close(descriptor)
                raise
            if is_current:
                self._keep(descriptor)
                return True
            os.close(descriptor)
        return False

    def _open(self) -> int:
        """Return a descriptor, or -1 if the file is removed and its name not yet free: somebody has it open."""
        for tries_left in reversed(range(_TRIES)):
            try:
                return os.open(self.path, _FLAGS | os.O_CREAT, 0o666)
            except OSError as error:
                if error.errno not in _PASSING:
                    raise
                if not tries_left:
                    if self._is_on_smb and os.path.isdir(os.path.dirname(self.path)):
                        return -1
                    raise
            temporary.make_directory(os.path.dirname(self.path))
            lookup.look_again(os.path.dirname(self.path))
        raise AssertionError("unreachable")

    @property
    def _is_on_smb(self) -> bool:
        return mounts.is_smb(os.path.dirname(self.path))

    def _keep(self, descriptor: int) -> None:
        self._descriptor = descriptor
        _held.add(self)

    def release(self) -> None:
        """Give the lock back, and remove its file."""
        if self._descriptor < 0:
            return
        # While it is held: who waits on the removed file notices, and takes the next one.
        self._unlink()
        self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        _held.discard(self)
        try:
            os.close(descriptor)
        except OSError as error:
            log.debug("giving back %s failed: %s", self.path, error)
        self._leave_place()

    def _unlink(self) -> None:
        try:
            os.unlink(self.path)
        except OSError:
            pass  # some systems remove no file that is open; `verify` does later


class _ByteLock(Lock):
    """The lock of a key as one byte of the file that all keys share: 3 system calls, 6 µs on ext4.

    A file of its own takes 30, because it has to be made and removed, and on a network drive three round trips more.
    Two keys share a byte once in 10^18 pairs: one of them then waits for nothing.
    """

    _is_on_smb = False  # see `key_lock`

    def __init__(self, path: str, key: str) -> None:
        super().__init__(path)
        self._range = _RANGE.pack(fcntl.F_WRLCK, os.SEEK_SET, int(key[:15], 16) + 1, 1, 0)

    def _acquire(self) -> bool:
        _unsettled.add(self)
        try:
            return self._lock()
        finally:
            _unsettled.discard(self)

    def _close(self) -> None:
        _unsettled.add(self)
        try:
            super()._close()
        finally:
            _unsettled.discard(self)

    def _lock(self) -> bool:
        try:
            descriptor = os.open(self.path, _FLAGS)
        except FileNotFoundError:
            descriptor = self._open()
            self._share(descriptor)
        try:
            fcntl.fcntl(descriptor, _SET_LOCK, self._range)  # type: ignore[arg-type]
        except BaseException as error:
            os.close(descriptor)
            if isinstance(error, OSError) and error.errno in _HELD:
                return False
            raise
        self._keep(descriptor)
        return True

    def _share(self, descriptor: int) -> None:
        """Let everybody lock who may write to the directory, whatever the umask of who came first."""
        try:
            mode = os.stat(os.path.dirname(self.path)).st_mode
            os.fchmod(descriptor, stat.S_IMODE(mode) & 0o666)
        except OSError as error:
            log.debug("%s may not be locked by others: %s", self.path, error)

    def _unlink(self) -> None:
        pass  # others use it


def key_lock(directory: str, key: str) -> Lock:
    """Return the lock of a key.

    Parameters
    ----------
    directory
        The cache directory.
    key
        32 hex digits.
    """
    locks = f"{directory}/{LOCKS}"
    # On SMB, Linux may give processes that open one file one handle, and with it all the locks of each other.
    if _SET_LOCK is None or mounts.is_smb(directory):
        return Lock(f"{locks}/{key}.lock")
    return _ByteLock(f"{locks}/{KEYS}", key)


_held: set[Lock] = set()
#: Locks of keys that a thread is taking or giving back: their descriptors are open, and known to nobody else.
_unsettled: set[Lock] = set()


def _let_go() -> None:
    # The child of a fork() has a copy of each descriptor, and a lock is held until the last copy is closed: the child
    # of a killed process would keep its locks for as long as it lives. What it holds a copy of is still its parent's.
    for lock in tuple(_held):
        lock._close()
    for path in {lock.path for lock in tuple(_unsettled)}:
        _close_copies(path)
    _unsettled.clear()


def _close_copies(path: str) -> None:
    """Close whatever this process has open of a file; it needs none of it."""
    try:
        wanted = os.stat(path)
        descriptors = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        return
    for descriptor in descriptors:
        try:
            if os.path.samestat(os.fstat(descriptor), wanted):
                os.close(descriptor)
        except OSError:
            pass  # the one that listed them


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)


def is_left_behind(path: str) -> bool:
    """Return True if nobody holds the lock of a lock file, as far as locks work here. The file stays."""
    lock = Lock(path)
    if lock._is_on_smb and not lock._take_place():
        return False
    try:
        return _is_free(path)
    finally:
        lock._leave_place()


def _is_free(path: str) -> bool:
    if fcntl is None:
        return False  # Windows removes a lock file with the process that holds it
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
