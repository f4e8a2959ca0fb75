"""What one function does by itself, as text: from its source if that is what runs, else from its byte code.

A file may have been edited since it was imported, a cell may have been transformed, a name may be defined twice.
So the source is believed only if compiling it gives the very code object that runs.
"""

from __future__ import annotations
import __future__

import ast
import dis
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from memodisk._code.canonical import Canonical, looked_up, shown
from memodisk._code.snapshots import texts
from memodisk._util.log import logger

log = logger("memodisk.code")

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

#: How a compiler was told to behave by `from __future__ import ...`, which a notebook carries from cell to cell.
_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag

#: Generator, coroutine and variadic flags: what of `co_flags` is about behaviour rather than about spelling.
_MEANINGFUL_FLAGS = 0x04 | 0x08 | 0x20 | 0x80 | 0x100 | 0x200

#: A notebook in use for days defines its cells again and again: what was analysed is forgotten beyond this number.
_MAX_REMEMBERED = 4096

#: Functions that begin on the same line get line numbers beyond those of any real file.
_OUT_OF_REACH = 1_000_000
_FUNCTIONS_ON_A_LINE = 1_000


@dataclass(frozen=True, slots=True)
class Own:
    """What one code object does by itself.

    Parameters
    ----------
    text
        Equal for the same program, blind to everything that has no effect.
    only_annotations
        Names that the code reads for the annotations of inner functions only.
    shown
        What it puts into a container or a text as a value. Not known without its source, as what follows.
    looked_up
        What may be environment variables: what is asked for them, and for which.
    """

    text: str
    only_annotations: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    looked_up: frozenset[tuple[str, str]] = frozenset()


def own(code: CodeType, namespace: dict[str, Any]) -> Own:
    """Return what a function's code does by itself, without its defaults, closure and globals.

    Parameters
    ----------
    code
        The code object that runs.
    namespace
        The globals of its function: a loader there may know the source of a zipped module.
    """
    known = _known.get(id(code))
    if known is not None:
        return known[1]
    node = _node(code, namespace)
    if node is None:
        version = ".".join(map(str, sys.version_info[:2]))
        result = Own(f"bytecode {version}\n{bytecode(code)}")
    else:
        canonical = Canonical(node)
        text = canonical.text
        if sys.flags.optimize and ("(Assert" in text or "'__debug__'" in text):
            text += " without assertions"  # python -O
        result = Own(text, canonical.only_annotations, shown(node), looked_up(node))
    if len(_known) >= _MAX_REMEMBERED:
        _known.clear()
    _known[id(code)] = code, result  # with the code, so that its id is not given to another
    return result


def is_in(text: str, code: CodeType) -> bool:
    """Whether a code object was compiled from this text."""
    return _search(text, code) is not None


_known: dict[int, tuple[CodeType, Own]] = {}
_trees: dict[tuple[str, int], list[_Part]] = {}


def _node(code: CodeType, namespace: dict[str, Any]) -> _Function | None:
    """Find the syntax tree of the code that runs in any text that its file is known to have had."""
    found = (_search(text, code) for text in texts(code.co_filename, namespace))
    return next((node for node in found if node is not None), None)


def _search(text: str, code: CodeType) -> _Function | None:
    key = text, code.co_flags & _FUTURE
    if key not in _trees:
        if len(_trees) >= _MAX_REMEMBERED:
            _trees.clear()
        _trees[key] = _parse(*key)
    parts = [part for part in _trees[key] if part.covers(code.co_firstlineno)]
    return next((node for node in (part.find(code) for part in parts) if node is not None), None)


def _parse(text: str, flags: int) -> list[_Part]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the user saw them when the code was compiled to run
            # A notebook's cell may await outside of functions, which changes nothing inside of them.
            flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            tree = compile(text, "<source>", "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        log.debug("source cannot be parsed: %s", error)  # an edit in progress, a notebook's magics
        return []
    if not isinstance(tree, ast.Module):
        return []
    imports = list(_imports(tree.body))
    # Most statements can be compiled by themselves, which is faster. The rare others need the whole text.
    moved: dict[ast.AST, int] = {}
    return [*(_Part([node], imports, flags, moved) for node in tree.body), _Part(tree.body, [], flags, moved)]


def _imports(body: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    """Yield the imports of a module's own scope: since 3.11 calls on imported names are compiled in another way."""
    for node in body:
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
            yield node
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _imports(ast.iter_child_nodes(node))


class _Part:
    """Some statements of a module, compiled when a code object is looked for in their lines.

    Parameters
    ----------
    body
        Statements, whole ones because a method's code depends on its class.
    imports
        The imports of the module, if they are not among the statements.
    flags
        How the compiler was told to behave.
    moved
        The lines of nodes that got another number, for all parts of a text.
    """

    __slots__ = ("_body", "_codes", "_flags", "_imports", "_lines", "_moved", "_nodes", "_places")

    def __init__(self, body: list[ast.stmt], imports: list[ast.stmt], flags: int, moved: dict[ast.AST, int]) -> None:
        self._moved = moved
        self._body = body
        self._imports = imports
        self._flags = flags
        self._lines = range(
            min(map(_first_line, body), default=0), max((n.end_lineno or 0 for n in body), default=0) + 1
        )
        self._nodes: dict[tuple[str, int], _Function] = {}
        self._places: dict[tuple[str, int], list[tuple[str, int]]] | None = None
        self._codes: dict[tuple[str, int], list[CodeType]] = {}

    def covers(self, line: int) -> bool:
        """Whether a line is one of the statements'."""
        return line in self._lines

    def find(self, code: CodeType) -> _Function | None:
        """Return the node that a code object was compiled from, or None if it was not compiled from this."""
        places = self._places
        if places is None:
            places = self._places = self._compile()
        for key in places.get((code.co_name, code.co_firstlineno), ()):
            if any(_same(code, compiled) for compiled in self._codes.get(key, ())):
                return self._nodes[key]
        return None

    def _compile(self) -> dict[tuple[str, int], list[tuple[str, int]]]:
        # The number of the first line leads from a code object to its node. Functions that begin on one line, and
        # only they, get a number of their own: others keep theirs, lest the compiler sees new line breaks.
        found: dict[tuple[str, int], list[_Function]] = {}
        for statement in self._body:
            for node in ast.walk(statement):
                if isinstance(node, _Function):
                    first = _first(node)
                    line = self._moved.get(first, first.lineno)
                    found.setdefault((_name_of(node), line), []).append(node)
        places: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for (name, line), nodes in found.items():
            for number, node in enumerate(nodes, _OUT_OF_REACH + _FUNCTIONS_ON_A_LINE * line):
                key = name, line
                if len(nodes) > 1:
                    key = name, number
                    first = _first(node)
                    self._moved[first] = line
                    if isinstance(first, ast.Lambda):
                        _move_body(first, number)
                    first.lineno = first.end_lineno = number
                    first.col_offset = first.end_col_offset = 0
                self._nodes[key] = node
                places.setdefault((name, line), []).append(key)
        module = ast.Module(body=[*self._imports, *self._body], type_ignores=[])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compiled = compile(module, "<source>", "exec", self._flags, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            log.debug("source cannot be compiled: %s", error)
            return {}
        for code in nested(compiled):
            self._codes.setdefault((code.co_name, code.co_firstlineno), []).append(code)
        return places


def _name_of(node: _Function) -> str:
    return "<lambda>" if isinstance(node, ast.Lambda) else node.name


def _move_body(node: ast.Lambda, line: int) -> None:
    """Keep a constant on the line of its lambda: Python 3.12 marks a line break before it with a NOP."""
    parts = list(ast.walk(node.body))
    if not any(isinstance(part, _Function) for part in parts):
        for part in parts:
            if getattr(part, "lineno", None) == node.lineno:
                part.lineno = part.end_lineno = line  # type: ignore[attr-defined]


def _first(node: _Function) -> ast.expr | ast.stmt:
    """The node whose line is the first line of the code object."""
    return node if isinstance(node, ast.Lambda) or not node.decorator_list else node.decorator_list[0]


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return decorators[0].lineno if decorators else statement.lineno


def nested(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all those inside of it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)


_COMPARED = (
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_exceptiontable",
)


def _same(a: CodeType, b: CodeType) -> bool:
    """Whether two code objects do the same; lines and file names do not matter."""
    if any(getattr(a, field, None) != getattr(b, field, None) for field in _COMPARED):
        return False
    if len(a.co_consts) != len(b.co_consts):
        return False
    return all(map(_same_constant, a.co_consts, b.co_consts))


def _same_constant(a: object, b: object) -> bool:
    if isinstance(a, CodeType) and isinstance(b, CodeType):
        return _same(a, b)
    return _literal(a) == _literal(b)


def bytecode(code: CodeType) -> str:
    """Return a code object as text, blind to lines, file name and docstrings.

    Instructions name what they use instead of numbering it, so that a docstring, a constant too, moves nothing.
    """
    instructions = [i for i in dis.get_instructions(code) if i.opname not in ("CACHE", "EXTENDED_ARG", "NOP", "RESUME")]
    ordinals = {instruction.offset: number for number, instruction in enumerate(instructions)}
    offsets = sorted(ordinals)
    parts = [
        f"{code.co_argcount} {code.co_posonlyargcount} {code.co_kwonlyargcount} {code.co_flags & _MEANINGFUL_FLAGS}",
        f"{code.co_varnames[: _parameters(code)]} {code.co_freevars} {code.co_cellvars}",
    ]
    jumps = {*dis.hasjrel, *dis.hasjabs}
    for instruction in instructions:
        operand = instruction.argval
        if instruction.opcode in jumps:
            # A target may have been left out above: then the next one that was not is meant.
            operand = next((ordinals[offset] for offset in offsets if offset >= operand), len(offsets))
        parts.append(f"{instruction.opname} {_literal(operand)}")
    table = getattr(code, "co_exceptiontable", b"")
    return "\n".join([*parts, table.hex()])


def _parameters(code: CodeType) -> int:
    return code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)


def _literal(value: object) -> str:
    """Return a constant of a code object as text: unlike ==, it tells 1 from True and 0.0 from -0.0."""
    if isinstance(value, CodeType):
        return f"<{value.co_name}\n{bytecode(value)}>"
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_literal, value)))}}}"
    if isinstance(value, str):
        return ascii(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)
    return repr(value)
