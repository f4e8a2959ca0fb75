"""Things in ``depends=`` that no code shows: an environment variable, a file."""

from __future__ import annotations

import os
import time

import xxhash

from memodisk import hashing

#: Seconds. A file changed this lately may change again without a new modification time, as coarse as 2 s on FAT drives.
_SETTLED = 2.0


class env:  # noqa: N801  (reads like a function: depends=[memodisk.env("MODE")])
    """Depend on an environment variable.

    Parameters
    ----------
    name
        The variable's name. That it is unset is a state, too.

    Raises
    ------
    TypeError
        If the name is not a text.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name:
            raise TypeError(f"env({name!r}): give the name of an environment variable, such as env('MODE')")
        self.name = name

    def state(self) -> str | None:
        """Return the value, or None if the variable is unset."""
        return os.environ.get(self.name)

    def describe(self) -> tuple[str, str]:
        """Return the digest and the text of the line in the manifest."""
        value = self.state()
        if value is None:
            return hashing.digest_bytes(b"unset"), f"env {self.name} unset"
        digest = hashing.digest_bytes(b"=" + value.encode("utf-8", "surrogateescape"))
        # Environment variables hold passwords, and manifests lie on shared drives: show only what looks like a mode.
        shown = len(value) <= 16 and not any(word in self.name.upper() for word in _SECRET)
        return (
            digest,
            f"env {self.name} = {value if shown and value.isprintable() else f'({len(value)} characters)'}",
        )

    def __repr__(self) -> str:
        return f"memodisk.env({self.name!r})"


_SECRET = ("KEY", "PASS", "SECRET", "TOKEN", "CREDENTIAL", "PWD", "AUTH")


class File:
    """Depend on the content of a file.

    Parameters
    ----------
    path
        Where the file is. A relative path is taken from the directory that is current at each call. That the file is
        missing is a state, too.

    Raises
    ------
    TypeError
        If it is not a path, or if it is a directory.
    """

    __slots__ = ("_known", "path")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.path = os.fsdecode(os.fspath(path))
        except TypeError:
            raise TypeError(f"File({path!r}): give the path of a file") from None
        if os.path.isdir(self.path):
            raise TypeError(f"File({self.path!r}) is a directory: name the files in it that matter")
        self._known: tuple[object, str] | None = None

    def state(self) -> tuple[object, ...] | None:
        """Return what shows without reading the file that it is the same, or None if it is missing."""
        try:
            status = os.stat(self.path)
        except (OSError, ValueError):
            return None
        signature = status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev
        if abs(time.time() - status.st_mtime) < _SETTLED:
            return *signature, self._read()
        return signature

    def describe(self) -> tuple[str, str]:
        """Return the digest and the text of the line in the manifest."""
        # The name only: a project that moves keeps its results.
        name = os.path.basename(os.path.normpath(self.path))
        state = self.state()
        if state is None:
            return hashing.digest_bytes(b"missing"), f"file {name} missing"
        if self._known is None or self._known[0] != state:
            self._known = state, self._read()
        return self._known[1], f"file {name}"

    def _read(self) -> str:
        """Return the digest of the content, read piece by piece."""
        hasher = xxhash.xxh3_128(b"content")
        try:
            with open(self.path, "rb") as file:
                while piece := file.read(1 << 20):
                    hasher.update(piece)
        except OSError as error:
            return hashing.digest_bytes(f"unreadable {type(error).__name__}".encode())
        return hasher.hexdigest()

    def __repr__(self) -> str:
        return f"memodisk.File({self.path!r})"
