"""Functions and classes that a pickle names: inside of the bytes by which some libraries tell of their objects."""

from __future__ import annotations

import pickletools
import re
import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any

#: How a pickle of protocol 2 to 5 begins.
_BEGIN = re.compile(rb"\x80[\x02-\x05]")


def code_in(data: bytes) -> list[Any]:
    """The functions and classes that pickles somewhere in these bytes name, in their order. Nothing is loaded."""
    found: dict[int, Any] = {}
    for match in _BEGIN.finditer(data):
        for module, name in _names(data[match.start() :]):
            thing: Any = sys.modules.get(module)
            for part in name.split("."):
                thing = getattr(thing, part, None)
            if isinstance(thing, (FunctionType, type)):
                found[id(thing)] = thing
    return list(found.values())


def _names(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield module and name of each global of a pickle, as far as the bytes are one."""
    texts: list[str] = []
    kept: dict[int, str] = {}
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "GLOBAL" and isinstance(argument, str):
                module, _, name = argument.partition(" ")
                yield module, name
            elif opcode.name == "STACK_GLOBAL" and len(texts) > 1:
                yield texts[-2], texts[-1]
            elif isinstance(argument, str):
                texts.append(argument)
            elif opcode.name == "MEMOIZE":
                kept[len(kept)] = texts[-1] if texts else ""
            elif opcode.name in ("BINPUT", "LONG_BINPUT") and isinstance(argument, int):
                kept[argument] = texts[-1] if texts else ""
            elif opcode.name in ("BINGET", "LONG_BINGET") and isinstance(argument, int):
                texts.append(kept.get(argument, ""))
    # These bytes only looked like a pickle, or end as one in the middle of others.
    except Exception:
        return
