"""The source texts of files and cells, kept as they were when their code was first met. Needs no parser."""

from __future__ import annotations

import linecache
from collections.abc import Iterator
from typing import Any

#: A notebook in use for days defines its cells again and again: texts are forgotten beyond this number of files.
_MAX_REMEMBERED = 4096

_files: dict[str, list[str]] = {}


def remember(filename: str, namespace: dict[str, Any]) -> None:
    """Read a file now, before it can be edited.

    Parameters
    ----------
    filename
        As code objects name it.
    namespace
        The globals of a function in it: a loader there may know the source of a zipped module.
    """
    if filename not in _files:
        _read(filename, namespace)


def texts(filename: str, namespace: dict[str, Any]) -> Iterator[str]:
    """Yield the texts that a file is known to have had, latest first, then what it holds by now if that is another."""
    known = _files.get(filename, [])
    yield from reversed(known)
    text = _read(filename, namespace)
    if text and text not in known:
        yield text


def _read(filename: str, namespace: dict[str, Any]) -> str:
    known = _files.get(filename, [])
    linecache.checkcache(filename)
    text = "".join(linecache.getlines(filename, namespace))
    if text and text not in known:
        if len(_files) >= _MAX_REMEMBERED:
            _files.clear()
        _files[filename] = [*known, text]
    return text
