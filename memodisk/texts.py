"""The source texts of files and cells, kept as they were when their code was first met. Needs no parser."""

from __future__ import annotations

import sys
from collections.abc import Iterator

TYPE_CHECKING = False
if TYPE_CHECKING:
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
    if filename == "<timed exec>":
        yield from _timed_cells()


def _timed_cells() -> Iterator[str]:
    """Yield the cells that ran under %%time, latest first: it compiles them itself, under a name without a text."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    for cell in reversed(getattr(getattr(shell, "history_manager", None), "input_hist_raw", ())):
        if cell.startswith("%%time"):
            yield shell.transform_cell(cell.partition("\n")[2])


def _read(filename: str, namespace: dict[str, Any]) -> str:
    # Imported late: it takes 1 ms, and a program may import memodisk without memoizing anything.
    import linecache

    known = _files.get(filename, [])
    linecache.checkcache(filename)
    text = "".join(linecache.getlines(filename, namespace))
    if text and text not in known:
        if len(_files) >= _MAX_REMEMBERED:
            _files.clear()
        _files[filename] = [*known, text]
    return text
