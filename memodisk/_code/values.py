"""The values among what a function reaches: constants, defaults, closures, and what it changes itself.

A value that a function only writes to (``calls.append(x)``, ``count += 1``) says nothing about its result and is left
out. One that it reads and writes (a dict that it keeps results in) counts as it was when it was first seen: otherwise
each call would make a new fingerprint. All others count as they are at each call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from memodisk import hashing
from memodisk._code import constants, names, userland
from memodisk._code.kinds import static_attribute
from memodisk._code.watch import Watch
from memodisk.errors import Unhashable
from memodisk.hashing import Blind

Key = tuple[int, str]  # id of the namespace, class or function that holds it, and its name there
Chain = names.Chain


class Value:
    """A value that code refers to.

    Parameters
    ----------
    kind
        constant, default, closure, or depends.
    label
        What it is called in the lines of others.
    value
        It.
    key
        Where it was found.
    holder
        What holds it, to be kept alive.
    """

    __slots__ = ("digest", "examined", "holder", "is_blind", "key", "kind", "label", "unseen", "value")

    def __init__(self, kind: str, label: str, value: object, key: Key, holder: object) -> None:
        self.kind = kind
        self.label = label
        self.value = value
        self.key = key
        self.holder = holder
        self.digest: bytes | None = None
        self.unseen: list[tuple[str, str]] = []
        self.is_blind = False
        self.examined = False


class Values:
    """All values of one walk, by where they were found."""

    def __init__(self) -> None:
        self._values: dict[Key, Value] = {}
        self._written: set[Key] = set()
        self._read: set[Key] = set()
        self._rebound: set[Key] = set()

    def get(self, key: Key) -> Value | None:
        """Return the value that was found there, if it is known."""
        return self._values.get(key)

    def add(self, value: Value) -> None:
        """Note a value."""
        self._values[value.key] = value

    def use(self, key: Key, value: object, rest: Chain = ()) -> None:
        """Note that a chain of attributes is read from a value, which may change it."""
        of_users = len(rest) == 1 and userland.is_user_class(type(value))  # whose methods may be called anything
        if rest and rest[-1] in names.WRITES and not of_users:
            self._written.add(key)
            return
        self._read.add(key)
        if rest and (rest[-1] in names.READS_AND_WRITES or _changes_itself(value, rest[0])):
            self._written.add(key)

    def write(self, key: Key) -> None:
        """Note that the function sets an attribute or an item of what is found there."""
        self._written.add(key)

    def rebind(self, key: Key) -> None:
        """Note that the function makes the name stand for another value."""
        self._written.add(key)
        self._rebound.add(key)

    def unexamined(self) -> Iterator[Value]:
        """Yield values whose digest matters and is not known yet. May find more when asked again."""
        for value in list(self._values.values()):
            if not value.examined and not self._is_left_out(value.key):
                value.examined = True
                yield value

    def _is_left_out(self, key: Key) -> bool:
        return key in self._written and key not in self._read

    def lines(self, watch: Watch, code: Callable[[Any], bytes]) -> Iterator[tuple[str, str]]:
        """Yield the lines of all values, and watch those that can change."""
        for value in self._values.values():
            if self._is_left_out(value.key):
                continue
            digest, text = value.digest, constants.brief(value.value)
            # What has a lock or a connection inside works: its counters and buffers change with each use.
            if value.key in self._written or value.is_blind:
                digest, text = _as_first_seen(value, text, value.key in self._rebound)
            elif not constants.immutable(value.value):
                watch.content(value.value, digest, functools.partial(_digest, code=code))
            label = value.label.removesuffix(" of itself")
            if digest is None:
                what = f"unhashable {value.kind} {label}: {constants.type_name(type(value.value))}"
                yield hashing.digest_bytes(what.encode()), what
            else:
                yield digest.hex(), f"{value.kind} {label} = {text}"

    def unseen(self) -> Iterator[tuple[str, str]]:
        """Yield where something stands whose content is not seen, and what it is."""
        for value in self._values.values():
            if not self._is_left_out(value.key):
                yield from value.unseen


def digest(value: Value, code: Callable[[Any], bytes]) -> bytes | None:
    """Return the digest of a value, as far as it has content, and note in the value what has none."""
    blind = Blind(userland.is_user_class)
    found = _digest(value.value, code, value.label, blind)
    value.is_blind = blind.is_needed
    value.unseen = blind.notes if found is not None else [("", constants.type_name(type(value.value)))]
    return found


def _digest(
    value: object, code: Callable[[Any], bytes], path: str = "value", blind: Blind | None = None
) -> bytes | None:
    try:
        return hashing.digest(value, path, code, blind or Blind(userland.is_user_class))
    except (Unhashable, RecursionError):
        return None


_first_seen: dict[Key, tuple[Value, bytes | None, str]] = {}


def _as_first_seen(value: Value, text: str, is_rebound: bool) -> tuple[bytes | None, str]:
    """Return digest and text of a value that the function changes as they were when this process first met it."""
    known = _first_seen.get(value.key)
    # A list that the function appends to is another one after somebody else assigned it, as a cell that is run again.
    if known is None or (known[0].value is not value.value and not is_rebound):
        known = _first_seen[value.key] = value, value.digest, text
    return known[1:]


def _changes_itself(value: object, method: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a method of a user's object sets attributes of it, itself or through other methods of it."""
    function = static_attribute(type(value), method)
    code = getattr(function, "__code__", None)
    if code is None or method in seen or not userland.is_user_class(type(value)):
        return False
    found = names.of_code(code)
    changing = any(chain[-1] in names.WRITES | names.READS_AND_WRITES for chain in found.own_reads if chain[1:])
    return (
        bool(found.own_writes)
        or changing
        or any(_changes_itself(value, chain[0], seen | {method}) for chain in found.own_reads if chain)
    )
