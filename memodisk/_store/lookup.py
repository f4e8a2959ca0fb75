"""Makes this machine ask a network drive anew about a name that it believes missing."""

from __future__ import annotations

import errno
import os

from memodisk._store import mounts

_DIRECTORY_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

#: A shard, its function, v1, the cache directory, and where that lies.
_LEVELS = 5


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


def list_again(directory: str) -> None:
    """Make this machine forget which files it takes names for. Opening the directory is not always enough."""
    try:
        os.listdir(directory)
    except OSError:
        pass  # the next look says what is wrong
