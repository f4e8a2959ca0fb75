"""Locks between processes and machines. They save work; nothing is wrong if they do not hold.

A lock is a native `filelock.FileLock` on a file of its own, removed when it is given back, so that lock files do not
pile up. On some network drives locks are refused or do nothing: one warning, and the work may be done twice.
"""

from __future__ import annotations

import errno
import logging
import os
from typing import TYPE_CHECKING

from memodisk.faults import warn_once

if TYPE_CHECKING:
    from filelock import FileLock

log = logging.getLogger("memodisk.locks")

#: A directory that cannot be written to needs no warning here: storing the result will say so.
_NOT_WRITABLE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT})


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
            try:
                lock.acquire(blocking=False)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(self.path), exist_ok=True)
                lock.acquire(blocking=False)
        except Timeout:
            return False
        # NotImplementedError: the platform has no native locks at all.
        except (OSError, NotImplementedError) as error:
            if getattr(error, "errno", None) not in _NOT_WRITABLE:
                directory = os.path.dirname(self.path)
                warn_once(
                    log,
                    (directory, "lock"),
                    "%s: files cannot be locked here (%s); several processes may compute the same call at once",
                    directory,
                    error,
                )
            return True
        self._lock = lock
        return True

    def release(self) -> None:
        """Give the lock back, and remove its file."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        # While it is held: who waits on the removed file notices, and takes the next one.
        try:
            os.unlink(self.path)
        except OSError:
            pass  # some systems remove no file that is open; `verify` does later
        try:
            lock.release()
        except OSError as error:
            log.debug("giving back %s failed: %s", self.path, error)
