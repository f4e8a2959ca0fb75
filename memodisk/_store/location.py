"""Which directory a cache lies in."""

from __future__ import annotations

import os
import stat
import sys


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


def checked_directory(directory: object) -> str:
    """Return an absolute path, or the default directory for None.

    Raises
    ------
    NotADirectoryError
        If it is an existing file, or below one.
    TypeError
        If it is no path.
    """
    if directory is None:
        return default_directory()  # if that cannot be used the first call tells, and goes on
    path = directory if isinstance(directory, (str, os.PathLike)) else None
    chosen = os.fspath(path) if path is not None else None
    if not isinstance(chosen, str) or not chosen:
        raise TypeError(f"directory={directory!r} is no path: give a string or a pathlib.Path")
    chosen = os.path.abspath(os.path.expanduser(chosen))
    existing = chosen
    while True:
        try:
            is_directory = stat.S_ISDIR(os.stat(existing).st_mode)
            break
        except (FileNotFoundError, NotADirectoryError):
            existing = os.path.dirname(existing)
        except OSError:
            is_directory = True  # it cannot be seen at present: the first call will tell
            break
    if not is_directory:
        raise NotADirectoryError(
            f"directory={chosen!r}: {existing!r} is a file; give a directory, or a path that does not exist yet"
        )
    return chosen
