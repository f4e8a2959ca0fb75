"""What an import statement inside of a function brings in, found without importing anything.

A user's module stands for itself as a whole, and for the user's modules that it imports in its turn.
"""

from __future__ import annotations

import ast
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from memodisk._code import source, userland
from memodisk._code.canonical import Canonical
from memodisk._code.names import Import


@dataclass(frozen=True, slots=True)
class Imported:
    """A module of the user, as it would be imported.

    Parameters
    ----------
    name
        Its full name.
    text
        Its canonical source; its loaded byte code if the source is not, or is no longer, that of what is loaded.
    imports
        Its own import statements, relative ones made absolute.
    path
        The file to watch for edits until the module is imported, or an empty string.
    """

    name: str
    text: str
    imports: tuple[Import, ...]
    path: str


def targets(statement: Import, package: str) -> Iterator[str]:
    """Yield the full names of all modules that an import statement may load."""
    name = statement.name
    if statement.level:
        parents = package.split(".")
        parents = parents[: len(parents) - statement.level + 1]
        name = ".".join([*parents, name] if name else parents)
    if not name:
        return
    yield name
    for imported in statement.names:
        if imported != "*":
            yield f"{name}.{imported}"  # a submodule, if there is one of that name


def user_module(name: str) -> Imported | None:
    """Return a module of the user, or None if there is none of this name."""
    module = sys.modules.get(name)
    spec = userland.find_spec(name)
    if spec is None:
        return None
    known = _known.get(name)
    # Once a module is imported its file may be edited freely: what was read before belongs to what runs.
    if known is not None and module is not None and known[0] in (None, spec):
        _known[name] = spec, known[1]
        return known[1]
    text = _source(spec, name)
    if text is None:
        return None
    imported = _analyse(name, text, spec, loaded=module)
    _known[name] = (None if module is None else spec), imported
    return imported


_known: dict[str, tuple[object, Imported]] = {}


def _source(spec: Any, name: str) -> str | None:
    origin = getattr(spec, "origin", None)
    if not origin or not userland.is_user_path(origin):
        return None
    get_source = getattr(spec.loader, "get_source", None)
    try:
        text = get_source(name) if get_source is not None else None
    except (ImportError, OSError, SyntaxError):
        return None
    return str(text) if text is not None else None


def _analyse(name: str, text: str, spec: Any, loaded: object) -> Imported:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Imported(name, text, (), _path(spec))
    package = name if getattr(spec, "submodule_search_locations", None) is not None else name.rpartition(".")[0]
    statements = tuple(_absolute(statement, package) for statement in _statements(tree))
    canonical = Canonical(tree).text
    if loaded is not None and (edited := _edited(loaded, text)):
        canonical = edited
    return Imported(name, canonical, statements, "" if loaded is not None else _path(spec))


def _path(spec: Any) -> str:
    return spec.origin if spec.origin and os.path.isfile(spec.origin) else ""


def _statements(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, 0, ())
        elif isinstance(node, ast.ImportFrom):
            yield Import(node.module or "", node.level, tuple(alias.name for alias in node.names))


def _absolute(statement: Import, package: str) -> Import:
    if not statement.level:
        return statement
    return Import(next(iter(targets(Import(statement.name, statement.level, ()), package)), ""), 0, statement.names)


def _edited(module: object, text: str) -> str:
    """Return the byte code of a module's functions if the file has been edited since it was imported."""
    codes = sorted(_codes(module), key=lambda item: item[0])
    if all(source.is_in(text, code) for _, code in codes):
        return ""
    return "\n".join(f"{name} {source.bytecode(code)}" for name, code in codes)


def _codes(module: object) -> Iterable[tuple[str, CodeType]]:
    for name, value in vars(module).items():
        if isinstance(value, FunctionType) and value.__code__.co_filename == userland.module_path(module):
            yield name, value.__code__
