"""Which names a code object reads, writes and imports. Taken from the byte code, so that no source is needed."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

Chain = tuple[str, ...]  # ("helpers", "clean") for helpers.clean

#: Methods that change the object they belong to and tell nothing about what was in it.
WRITES = frozenset(
    [
        "add",
        "append",
        "appendleft",
        "clear",
        "difference_update",
        "discard",
        "extend",
        "extendleft",
        "insert",
        "intersection_update",
        "move_to_end",
        "put",
        "put_nowait",
        "remove",
        "subtract",
        "symmetric_difference_update",
        "update",
        "write",
        "writelines",
    ]
)
#: Methods that change the object they belong to and whose result depends on what was in it, or that order it.
READS_AND_WRITES = frozenset(["pop", "popitem", "popleft", "reverse", "rotate", "setdefault", "sort"])

_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_FREE = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"})
_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_SILENT = frozenset({"CACHE", "EXTENDED_ARG", "PUSH_NULL", "NOP", "RESUME", "PRECALL"})


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement in a function: ``from ..name import names``."""

    name: str
    level: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """What a code object, with all code inside of it, names.

    Parameters
    ----------
    reads
        Attribute chains that begin with a global name.
    free
        Attribute chains that begin with a variable of an enclosing function.
    writes
        Chains of the first two kinds whose object or last attribute is changed in place and not read by that.
    rebinds
        Global names that are assigned (``global n; n = 1``).
    free_rebinds
        Variables of an enclosing function that are assigned (``nonlocal n; n = 1``).
    imports
        Import statements.
    own_reads, own_writes
        Chains that begin with the first parameter, without it: ``self.rate`` is ``("rate",)``.
    words
        All names of globals, attributes and keywords, and all constants that could be one (``getattr(x, "rate")``).
    """

    reads: tuple[Chain, ...]
    free: tuple[Chain, ...]
    writes: frozenset[Chain]
    rebinds: frozenset[str]
    free_rebinds: frozenset[str]
    imports: tuple[Import, ...]
    own_reads: tuple[Chain, ...]
    own_writes: frozenset[Chain]
    words: frozenset[str]


def of_code(code: CodeType) -> Names:
    """Return what a code object names, in a fixed order."""
    known = _known.get(id(code))
    if known is None:
        if len(_known) >= _MAX_REMEMBERED:
            _known.clear()
        known = _known[id(code)] = code, _Reader(code).names()
    return known[1]


_known: dict[int, tuple[CodeType, Names]] = {}
_MAX_REMEMBERED = 4096  # as in source


class _Reader:
    def __init__(self, code: CodeType) -> None:
        self._free_names = frozenset(code.co_freevars)
        self._first = code.co_varnames[0] if code.co_argcount else None
        self._chains: dict[str, set[Chain]] = {kind: set() for kind in ("global", "free", "own")}
        self._writes: dict[str, set[Chain]] = {kind: set() for kind in self._chains}
        self._rebinds: dict[str, set[str]] = {"GLOBAL": set(), "DEREF": set()}
        self._imports: set[Import] = set()
        self._words: set[str] = set()
        self._read(code)

    def names(self) -> Names:
        own = {chain[1:] for chain in self._chains["own"]}
        return Names(
            reads=tuple(sorted(self._chains["global"])),
            free=tuple(sorted(self._chains["free"])),
            writes=frozenset(self._writes["global"] | self._writes["free"]),
            rebinds=frozenset(self._rebinds["GLOBAL"]),
            free_rebinds=frozenset(self._rebinds["DEREF"]),
            imports=tuple(sorted(self._imports, key=lambda i: (i.name, i.level, i.names))),
            own_reads=tuple(sorted(own)),
            own_writes=frozenset(chain[1:] for chain in self._writes["own"]),
            words=frozenset(self._words),
        )

    def _read(self, code: CodeType) -> None:
        code_reads = [i for i in dis.get_instructions(code) if i.opname not in _SILENT]
        written = {id(c): c for c in self._item_writes(code_reads)}
        for index, instruction in enumerate(code_reads):
            if instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
                self._rebinds["GLOBAL"].add(instruction.argval)
            elif instruction.opname in ("STORE_DEREF", "DELETE_DEREF") and instruction.argval in self._free_names:
                self._rebinds["DEREF"].add(instruction.argval)
            elif instruction.opname == "IMPORT_NAME":
                level, fromlist = code_reads[index - 2].argval, code_reads[index - 1].argval
                self._imports.add(Import(instruction.argval, int(level or 0), tuple(fromlist or ())))
            elif instruction.argval == "__name__" and code_reads[index + 1].argval == "__module__":
                continue  # a class begins with this
            elif (root := self._root(instruction)) is not None:
                self._use(*root, code_reads, index, written)
        self._words.update(code.co_names)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._read(constant)
            elif isinstance(constant, str) and constant.isidentifier():
                self._words.add(constant)

    def _root(self, instruction: dis.Instruction) -> tuple[str, str] | None:
        """Return what kind of variable an instruction loads, and its name."""
        opname, name = instruction.opname, instruction.argval
        if opname in _GLOBAL:
            return "global", name
        if opname in _FREE:
            if name in self._free_names:
                return "free", name
        elif "LOAD_FAST" in opname:
            name = name[-1] if isinstance(name, tuple) else name  # two in one, since 3.13
        else:
            return None
        return ("own", name) if name == self._first else None

    def _use(
        self,
        kind: str,
        root: str,
        code: list[dis.Instruction],
        index: int,
        written: dict[int, dis.Instruction],
    ) -> None:
        chain = [root]
        index += 1
        while code[index].opname in _ATTRIBUTE:
            chain.append(code[index].argval)
            index += 1
        after = code[index]
        if after.opname in ("STORE_ATTR", "DELETE_ATTR"):
            self._write(kind, (*chain, after.argval))
        elif _is_copy(after, 1) and code[index + 1].opname in _ATTRIBUTE:
            self._write(kind, (*chain, code[index + 1].argval))  # config.calls += 1
        elif id(code[index - 1]) in written:
            self._write(kind, tuple(chain))
        elif len(chain) == 1 and _is_counted(root, code[index : index + 3]):
            pass  # calls += 1, told by where it is stored
        else:
            self._chains[kind].add(tuple(chain))

    def _write(self, kind: str, chain: Chain) -> None:
        self._writes[kind].add(chain)

    def _item_writes(self, code: list[dis.Instruction]) -> Iterator[dis.Instruction]:
        """Yield the instructions that load an object just for its items to be set or deleted."""
        for index, instruction in enumerate(code):
            operands = {"STORE_SUBSCR": 1, "DELETE_SUBSCR": 1, "STORE_SLICE": 2}.get(instruction.opname)
            if instruction.opname == "DUP_TOP_TWO" or (_is_copy(instruction, 2) and _is_copy(code[index + 1], 2)):
                operands = 1  # counts[key] += 1
            if operands is not None and (container := _before(code, index, operands)) is not None:
                yield container


def _is_copy(instruction: dis.Instruction, depth: int) -> bool:
    if instruction.opname == "COPY":
        return instruction.arg == depth
    return depth == 1 and instruction.opname == "DUP_TOP"


def _is_counted(name: str, code: list[dis.Instruction]) -> bool:
    """Whether these three instructions are the rest of ``name += 1`` or the like."""
    if len(code) < 3:
        return False
    value, operation, store = code
    return (
        value.opname.startswith(("LOAD_CONST", "LOAD_FAST", "LOAD_SMALL_INT"))
        and not isinstance(value.argval, tuple)
        and operation.opname.startswith(("INPLACE_", "BINARY_"))
        and store.opname in ("STORE_GLOBAL", "STORE_DEREF")
        and store.argval == name
    )


def _before(code: list[dis.Instruction], index: int, operands: int) -> dis.Instruction | None:
    """Return the last instruction before those that pushed this many operands; None where the code branches."""
    while operands > 0:
        index -= 1
        if index < 0 or code[index].is_jump_target or code[index].opcode in _JUMPS:
            return None
        operands -= dis.stack_effect(code[index].opcode, code[index].arg)
    return code[index - 1] if index else None


_JUMPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)
