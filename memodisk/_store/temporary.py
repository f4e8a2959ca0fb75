"""Files in progress: written under a name of their own, then renamed to the final one, or removed.

Disks report being full only when a file is closed, and directories vanish under whoever writes there.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
import time
from collections.abc import Callable, Sequence

from memodisk.hashing import digest_bytes

_CREATE_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
)
#: Seconds after which a temporary file of another machine counts as left behind. Writing the largest result over a slow
#: network takes less, and every write makes the file younger.
ABANDONED = 3600.0
_TEMPORARY = r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.tmp"

#: POSIX lets a system take no more buffers than this at once.
_MOST_BUFFERS = 16


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
        _machine = digest_bytes("\n".join(parts).encode())[:8]
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
