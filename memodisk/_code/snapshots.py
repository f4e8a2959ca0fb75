"""The source texts of files and cells, kept as they were when their code was first met. Needs no parser."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: A notebook in use for days defines its cells again and again: texts are forgotten beyond this number of files.
_MAX_REMEMBERED = 4096

#: Characters of one text that goes with each function sent to another process: copying so much takes 0.1 ms.
_MAX_SENT = 1_000_000

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
    """Yield the texts that a file is known to have had, latest first, then what it holds by now if that is another.

    Code that came here from another process has lost its file's name, on the way there or on the way back. What its
    globals say of their file is looked at as well, and whatever text of ``__main__`` is known: that a text is the
    right one, who asks for it finds out.
    """
    yield from _of_file(filename, namespace)
    if filename == "<timed exec>":
        yield from _timed_cells()
    written_in = namespace.get("__file__")
    if isinstance(written_in, str) and written_in != filename:
        yield from _of_file(written_in, namespace)
    if namespace.get("__name__") == "__main__" and not os.path.exists(filename):
        yield from _adopted
        import linecache

        for entry in reversed(list(linecache.cache.values())):
            if len(entry) == 4 and entry[1] is None:  # of a cell or a console, which has no file
                yield "".join(entry[2])


def _of_file(filename: str, namespace: dict[str, Any]) -> Iterator[str]:
    known = _files.get(filename, [])
    yield from reversed(known)
    text = _read(filename, namespace)
    if text and text not in known:
        yield text


#: Texts of ``__main__`` of the program that sent functions here, latest first.
_adopted: dict[str, None] = {}


def texts_of_main() -> tuple[str, ...]:
    """Return the texts that the functions and classes of ``__main__`` were written in, to go with a function that is
    sent to another process."""
    space = vars(sys.modules["__main__"])
    names: dict[str, dict[str, Any]] = {}
    for thing in list(space.values()):
        members = list(vars(thing).values()) if isinstance(thing, type) and thing.__module__ == "__main__" else [thing]
        for member in members:
            function = getattr(member, "__func__", member)
            while function is not None:
                if isinstance(function, FunctionType) and function.__globals__ is space:
                    names.setdefault(function.__code__.co_filename, space)
                function = getattr(function, "__wrapped__", None)
    found = (next(_of_file(name, space), "") for name in names)
    return tuple(dict.fromkeys(text for text in found if text and len(text) <= _MAX_SENT))


def adopt(found: tuple[str, ...]) -> None:
    """Keep texts of ``__main__`` that came with a function from another process."""
    for text in found:
        if text not in _adopted:
            if len(_adopted) >= _MAX_REMEMBERED:
                _adopted.clear()
            _adopted[text] = None


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
