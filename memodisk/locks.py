"""Locks between processes and machines. They save work; nothing is wrong if they do not hold.

A lock is a native `filelock.FileLock` on a file of its own, removed when it is given back, so that lock files do not
pile up. On some network drives locks are refused or do nothing: one warning, and the work may be done twice.
"""

from __future__ import annotations

import errno
import logging
import os
from typing import TYPE_CHECKING

from memodisk import files
from memodisk.faults import warn_once

if TYPE_CHECKING:
    from filelock import FileLock

log = logging.getLogger("memodisk.locks")

#: A directory that cannot be used needs no warning here: reading or storing the result says so.
_NOT_USABLE = (
    frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ENOSPC, errno.EDQUOT}) | files.DEAD
)
#: How often a lock file is opened that another machine removes at that very moment, giving the lock back.
_TRIES = 3
_PASSING = frozenset({errno.ENOENT, getattr(errno, "ESTALE", errno.ENOENT)})


class Lock:
    """One lock, for one owner at a time among all processes and machines that share the directory.

    Parameters
    ----------
    path
        The lock file; its directory is made when needed.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock: FileLock | None = None
        self._pid = 0

    @property
    def is_held(self) -> bool:
        """True if it is ours and keeps others out."""
        return self._lock is not None

    def try_acquire(self) -> bool:
        """Take the lock if it is free, without waiting.

        Returns
        -------
        True if it is ours, or if locks do not work here, so that waiting for one would be in vain.
        """
        # Imported late: filelock takes 60 ms, and who only reads results never locks.
        from filelock import FileLock, Timeout

        # A lock is taken by one task or thread and given back by the same, but an async task may change threads.
        lock = FileLock(self.path, timeout=0, thread_local=False, fallback_to_soft=False)
        try:
            self._acquire(lock)
        except Timeout:
            return False
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
        self._lock = lock
        self._pid = os.getpid()
        return True

    def _acquire(self, lock: FileLock) -> None:
        for tries_left in reversed(range(_TRIES)):
            try:
                lock.acquire(blocking=False)
                return
            except OSError as error:
                if not tries_left or error.errno not in _PASSING:
                    raise
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            files.look_again(os.path.dirname(self.path))

    def release(self) -> None:
        """Give the lock back, and remove its file."""
        lock, self._lock = self._lock, None
        # What a child of fork() inherits is still its parent's.
        if lock is None or self._pid != os.getpid():
            return
        # While it is held: who waits on the removed file notices, and takes the next one.
        self._unlink()
        try:
            lock.release()
        except OSError as error:
            log.debug("giving back %s failed: %s", self.path, error)

    def _unlink(self) -> None:
        try:
            os.unlink(self.path)
        except OSError:
            pass  # some systems remove no file that is open; `verify` does later


def is_left_behind(path: str) -> bool:
    """Return True if nobody holds the lock of a lock file, as far as locks work here. The file stays."""
    try:
        import fcntl
    except ImportError:
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
