"""Whether everything that a fingerprint was made of is still the same: asked at every call, so it has to be cheap.

Nothing is hashed here but what can change in place. The rest is compared by identity, in loops that run in C: a
function with ten dependencies takes 2 to 3 µs.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Callable, Mapping
from types import CellType, FunctionType
from typing import Any

#: Stands for a name that does not exist.
MISSING: Any = type("Missing", (), {})()

_code = operator.attrgetter("__code__")
_defaults = operator.attrgetter("__defaults__")
_kwdefaults = operator.attrgetter("__kwdefaults__")
_contents = operator.attrgetter("cell_contents")
_is = operator.is_


class Watch:
    """What was found, to be compared with what is there now.

    Everything is noted with the value that went into the fingerprint, not with the value that is there when the
    fingerprint is done: a change in between, by another thread, is a change.
    """

    def __init__(self) -> None:
        self._spaces: dict[int, tuple[Mapping[str, Any], dict[str, Any]]] = {}
        self._functions: dict[int, tuple[FunctionType, Any, Any, Any]] = {}
        self._cells: dict[int, tuple[CellType, Any]] = {}
        self._mappings: dict[int, tuple[Mapping[Any, Any], dict[Any, Any]]] = {}
        self._ignored: set[tuple[int, str]] = set()
        self._contents: list[tuple[object, bytes | None, Callable[[object], bytes | None]]] = []
        self._states: list[tuple[Callable[[], object], object]] = []

    def name(self, space: Mapping[str, Any], name: str) -> Any:
        """Look a name up in a namespace and expect that again. MISSING if there is no such name."""
        known = self._spaces.setdefault(id(space), (space, {}))[1]
        if name not in known:
            known[name] = space.get(name, MISSING)
        return known[name]

    def ignore(self, space: int, name: str) -> None:
        """Do not look at a name of the namespace, class or cell with this id after all: the function assigns it."""
        self._ignored.add((space, name))

    def function(self, function: FunctionType) -> tuple[Any, Any, Any]:
        """Return code, defaults and keyword defaults of a function and expect them again."""
        if id(function) not in self._functions:
            found = function.__code__, function.__defaults__, function.__kwdefaults__
            self._functions[id(function)] = (function, *found)
        return self._functions[id(function)][1:]

    def cell(self, cell: CellType) -> Any:
        """Return the content of a closure's cell and expect it again. MISSING if it is empty."""
        if id(cell) not in self._cells:
            try:
                content = cell.cell_contents
            except ValueError:
                content = MISSING
            self._cells[id(cell)] = cell, content
        return self._cells[id(cell)][1]

    def mapping(self, owner: object, mapping: Mapping[Any, Any]) -> dict[Any, Any]:
        """Return a copy of the mapping that a class or a dispatcher owns and expect the same values again."""
        return self._mappings.setdefault(id(owner), (mapping, dict(mapping)))[1]

    def content(self, value: object, digest: bytes | None, find: Callable[[object], bytes | None]) -> None:
        """Expect `find` to give this digest of a mutable value again."""
        self._contents.append((value, digest, find))

    def state(self, state: Callable[[], object]) -> None:
        """Expect a cheap description of a file or the like to be the same again."""
        self._states.append((state, state()))

    def freeze(self) -> Callable[[], bool]:
        """Return a function that tells whether all is as expected."""
        spaces, absences = [], []
        for identity, (space, found) in self._spaces.items():
            wanted = {name: value for name, value in found.items() if (identity, name) not in self._ignored}
            present = [name for name, value in wanted.items() if value is not MISSING]
            if present:
                # Twice the same name, because for one name alone itemgetter does not return a tuple.
                present = present * 2 if len(present) == 1 else present
                spaces.append((space, operator.itemgetter(*present), tuple(wanted[name] for name in present)))
            if absent := tuple(name for name, value in wanted.items() if value is MISSING):
                absences.append((space.keys(), absent))
        noted = tuple(self._functions.values())
        functions = tuple(function for function, *_ in noted)
        #: What is read of each thing, the things, and what is to be found.
        attributes: list[tuple[Callable[[Any], Any], tuple[Any, ...], tuple[Any, ...]]] = []
        if functions:
            for column, get in enumerate((_code, _defaults, _kwdefaults), 1):
                attributes.append((get, functions, tuple(row[column] for row in noted)))
        ignored_cells = {identity for identity, _ in self._ignored}
        watched = [pair for identity, pair in self._cells.items() if identity not in ignored_cells]
        full = [(cell, content) for cell, content in watched if content is not MISSING]
        empty = tuple(cell for cell, content in watched if content is MISSING)
        if full:
            attributes.append((_contents, tuple(cell for cell, _ in full), tuple(content for _, content in full)))
        mappings = []
        for identity, (mapping, found) in self._mappings.items():
            changing = [name for name in found if (identity, name) in self._ignored]
            if changing:
                kept = [name for name in found if name not in changing]
                if kept:
                    kept = kept * 2 if len(kept) == 1 else kept
                    spaces.append((mapping, operator.itemgetter(*kept), tuple(found[name] for name in kept)))
            else:
                mappings.append((mapping, tuple(found.values())))
        slow = bool(empty or self._contents or self._states)
        values, states = tuple(self._contents), tuple(self._states)

        def holds() -> bool:
            try:
                for space, get, expected in spaces:
                    if not all(map(_is, get(space), expected)):
                        return False
                for keys, names in absences:
                    if not keys.isdisjoint(names):
                        return False
                for read, things, expected in attributes:
                    if not all(map(_is, map(read, things), expected)):
                        return False
                for mapping, expected in mappings:
                    if len(mapping) != len(expected) or not all(map(_is, mapping.values(), expected)):
                        return False
            except (
                KeyError,
                ValueError,
                RuntimeError,
            ):  # a name, a cell's content is gone; a class is being changed
                return False
            return not slow or _slowly(empty, values, states)

        return holds


def _slowly(
    empty: tuple[CellType, ...],
    values: tuple[tuple[object, bytes | None, Callable[[object], bytes | None]], ...],
    states: tuple[tuple[Callable[[], object], object], ...],
) -> bool:
    for cell in empty:
        try:
            _contents(cell)
        except ValueError:
            continue
        return False
    for value, expected, find in values:
        if find(value) != expected:
            return False
    return all(state() == before for state, before in states)


def watch_file(watch: Watch, path: str) -> None:
    """Expect a file not to be edited."""

    def signature() -> object:
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_size, status.st_mtime_ns, status.st_ino

    watch.state(signature)
