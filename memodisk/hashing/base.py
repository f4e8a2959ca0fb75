"""What every encoder builds on: tags, folding, nodes, and the C-speed ways for flat containers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from marshal import dumps

from xxhash import xxh3_128_digest

from memodisk.errors import Unhashable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeAlias

    class Walk(Protocol):
        """What handlers use of the walk that calls them."""

        limit: int
        keys: dict[tuple[Any, ...], tuple[list[Any], bytes]]

        def fold(self, part: bytes) -> bytes: ...  # noqa: D102 - the walk says what they do
        def buffer(self, head: bytes, pieces: Any, size: int) -> bytes: ...  # noqa: D102
        def code_of(self, thing: Any) -> bytes: ...  # noqa: D102


# A longer encoding is represented inside its parent by its digest (17 bytes with the tag). Hashing 64 bytes costs
# 25 ns, as much as copying them up through two levels.
LIMIT = 64

# The version of marshal's format without references: what it writes depends on content alone, never on identity,
# interning or reference counts as versions 3 and up do. Unchanged since Python 2.5; golden vectors keep watch.
MARSHAL = 2

# What marshal writes exactly, by exact type. It would take a subclass that offers a buffer (numpy.float64) for
# bytes, and so every container's types are checked first. bytes are missing because they may be long, and need no copy.
FLAT: frozenset[type] = frozenset((int, float, str, bool, complex, type(None), type(...)))
TEXT = frozenset((str,))
_WHOLE = frozenset((int,))

# Larger mappings take so long that a walk more or less makes no difference.
SMALL_MAPPING = 64

# Records of so few fields are tried without a node, which saves a third of what a list of small records costs.
SMALL = 8

REMEDY = (
    "Leave the argument out with ignore=, say with key= what identifies it, give its class a __memo_key__ method, "
    "or register its type with memodisk.hashing.register"
)

Encoded: TypeAlias = "bytes | Node"
Handler: TypeAlias = "Callable[[Any, Walk], Encoded]"
#: Encodes a small value of one type without a walk: the value, its type, what stands for code; None if it takes one.
Quick: TypeAlias = "Callable[[Any, type, Callable[[Any], bytes]], bytes | None]"
Labels: TypeAlias = "Callable[[int], str] | None"
Finish: TypeAlias = "Callable[[list[bytes]], list[bytes]] | None"


class _Unwalked:
    """Stands for the walk where there is none."""

    limit = LIMIT

    def buffer(self, _head: bytes, _pieces: Any, _size: int) -> bytes:
        raise OverflowError("a text of more than 2 GiB takes a walk")


UNWALKED: Any = _Unwalked()


class Node:
    """A value taken apart: its encoding is `head`, the number of children, and the children's encodings.

    Parameters
    ----------
    head
        Says the type, and everything about the value that is not a child. Must delimit itself.
    children
        The values to visit next.
    labels
        The i-th child as it stands in a path, for instance ``[3]`` or ``.name``; asked for only when something fails.
    finish
        For children without order: brings their encodings into a canonical one.
    """

    __slots__ = (
        "children",
        "cyclic",
        "done",
        "finish",
        "hasher",
        "head",
        "index",
        "iterator",
        "labels",
        "low",
        "opened",
        "parts",
        "value",
        "work",
    )

    # Kept by the walk, while the node is open.
    value: Any
    iterator: Iterator[Any]
    parts: list[bytes]
    hasher: Any
    done: int
    index: int
    low: int
    work: int
    opened: int
    cyclic: bool

    def __init__(self, head: bytes, children: Sequence[Any], labels: Labels = None, finish: Finish = None) -> None:
        self.head = head
        self.children = children
        self.labels = labels
        self.finish = finish


class Blind:
    """What a walk that goes on where there is no content has to note and to know.

    Parameters
    ----------
    is_users
        Whether a class was written by the user.

    Attributes
    ----------
    notes
        Where something stands whose content is not seen, and what it is.
    is_needed
        Something without content was met, whether all that can be told of it is told or not.
    """

    __slots__ = ("is_needed", "is_users", "notes")

    def __init__(self, is_users: Callable[[type], bool]) -> None:
        self.is_users = is_users
        self.notes: list[tuple[str, str]] = []
        self.is_needed = False


class Attributes:
    """An object's attributes on their way through the walk: a dict whose keys show as ``.name`` in a path."""

    __slots__ = ("names",)

    def __init__(self, names: dict[Any, Any]) -> None:
        self.names = names


class Ready:
    """A child whose encoding is known already."""

    __slots__ = ("part",)

    def __init__(self, part: bytes) -> None:
        self.part = part


class Elements:
    """A list on its way through the walk, with labels of its own."""

    __slots__ = ("labels", "values")

    def __init__(self, values: list[Any], labels: Callable[[int], str]) -> None:
        self.values = values
        self.labels = labels

    def encoded(self) -> Encoded:
        """As a list, at C speed if that will do."""
        part = flat(self.values)
        return Node(b"L", self.values, self.labels) if part is None else part


def refuse(cause: str, remedy: str = REMEDY) -> Unhashable:
    """The error for a value without stable content; the walk adds where it was met."""
    return Unhashable("", cause, remedy)


def named(name: str) -> bytes:
    """The tag of a type that is known by its name."""
    raw = name.encode("utf-8", "surrogatepass")
    return b"@" + len(raw).to_bytes(2, "little") + raw


def name_of(kind: type) -> str:
    """A type's full name, as people write it."""
    module = kind.__module__
    return kind.__qualname__ if module == "builtins" else f"{module}.{kind.__qualname__}"


def fields(*values: Any) -> bytes:
    """The encoding of a fixed number of flat values (or flat tuples of them), at C speed."""
    return dumps(values, MARSHAL)


def count(number: int) -> bytes:
    """A number of children or bytes: 64 bits, little-endian."""
    return number.to_bytes(8, "little")


def fold(part: bytes) -> bytes:
    """An encoding as it stands inside its parent: itself, or its digest if it is long."""
    return part if len(part) <= LIMIT else b"#" + xxh3_128_digest(part)


def flat(value: Any) -> bytes | None:
    """The encoding of a list or tuple of scalars in one go, or None if it holds anything else."""
    if FLAT.issuperset(map(type, value)):
        try:
            return dumps(value, MARSHAL)
        except ValueError:  # it holds a text of more than 2 GiB
            return None
    return None


def scalar(value: Any, walk: Walk) -> bytes:
    """None, a number, a text."""
    try:
        return dumps(value, MARSHAL)
    except ValueError:
        return long_text(value, walk)


def long_text(value: str, walk: Walk) -> bytes:
    """A text that marshal does not take, because it has more than 2 GiB."""
    raw = value.encode("utf-8", "surrogatepass")
    return walk.buffer(b"U" + count(len(raw)), (raw,), len(raw))


def octets(value: bytes, walk: Walk) -> bytes:
    """Bytes: by marshal up to a page, beyond that hashed where they lie."""
    if len(value) <= 4096:
        return dumps(value, MARSHAL)
    return walk.buffer(b"B" + count(len(value)), (value,), len(value))


def sequence(head: bytes, value: Sequence[Any]) -> Node:
    """A list or tuple that holds more than scalars."""
    return Node(head, value, lambda i: f"[{i}]")


def shallow(head: bytes, values: Sequence[Any], walk: Walk) -> bytes | None:
    """The encoding of few values that are scalars or flat sequences, without a node; None if they are not."""
    if len(values) > SMALL:
        return None
    parts = [head, count(len(values))]
    limit = walk.limit
    for value in values:
        kind = type(value)
        if kind is list or kind is tuple:
            piece = flat(value)
            if piece is None:
                return None
        elif kind in FLAT:
            piece = scalar(value, walk)
        else:
            return None
        parts.append(piece if len(piece) <= limit else b"#" + xxh3_128_digest(piece))
    return b"".join(parts)


def mapping(head: bytes, value: Mapping[Any, Any], walk: Walk, attributes: bool = False) -> Encoded:
    """A mapping without order: sorted keys, then the values in the order of their keys.

    Keys that are all text, or all integers, are sorted as such; any others by their encodings.
    """
    kinds = set(map(type, value))
    if kinds <= TEXT or kinds <= _WHOLE:
        names = tuple(value)
        known = walk.keys.get(names)
        if known is None:
            keys = sorted(names)
            try:
                known = keys, walk.fold(dumps(keys, MARSHAL))
            except ValueError:  # a text of more than 2 GiB
                return _any_mapping(head, value)
            # Records have few keys, and the same ones again and again.
            if len(keys) <= 64 and len(walk.keys) < 256:
                walk.keys[names] = known
        keys, encoded = known
        head += encoded
        values = list(map(value.__getitem__, keys))
        part = flat(values)
        if part is not None:
            return head + b"=" + walk.fold(part)
        head += b":"
        whole = shallow(head, values, walk)
        if whole is not None:
            return whole
        if attributes:
            return Node(head, values, lambda i: f".{keys[i]}")
        return Node(head, values, lambda i: f"[{brief(keys[i])}]")
    return _any_mapping(head, value)


def flat_mapping(head: bytes, value: dict[Any, Any]) -> bytes | None:
    """The encoding of a small mapping of texts to scalars, as `mapping` makes it, or None if it is no such mapping.

    Without a walk, and with its keys remembered: a dict of ten takes 1.3 µs instead of 3.2.
    """
    # Of a text's subclass the same texts are other keys.
    if len(value) > SMALL_MAPPING or not TEXT.issuperset(map(type, value)):
        return None
    known = sorted_names(tuple(value))
    if known is None:
        return None
    part = flat(list(map(value.__getitem__, known[0])))
    return None if part is None else head + known[1] + b"=" + fold(part)


#: The names of mappings and objects met so far, sorted, and encoded. Records have the same ones again and again.
_orders: dict[tuple[str, ...], tuple[list[str], bytes]] = {}
_MOST_ORDERS = 256
_LONGEST_ORDER = 4096


def sorted_names(names: tuple[str, ...]) -> tuple[list[str], bytes] | None:
    """Some texts sorted, and that list's encoding as it stands inside its parent; None if they are too long for it."""
    known = _orders.get(names)
    if known is None:
        order = sorted(names)
        try:
            encoded = dumps(order, MARSHAL)
        except ValueError:  # a text of more than 2 GiB
            return None
        known = order, fold(encoded)
        if len(encoded) <= _LONGEST_ORDER:
            if len(_orders) >= _MOST_ORDERS:
                _orders.clear()
            _orders[names] = known
    return known


def by_key(value: Any, walk: Walk) -> Node:
    """What an object's ``__memo_key__`` says, under the object's class."""
    key = value.__memo_key__
    found = key() if callable(key) else key
    if found is value:
        raise refuse("its __memo_key__ is the object itself", "Let it return the values that identify the object")
    return Node(b"K" + walk.code_of(type(value)), [found], lambda _i: ".__memo_key__()")


def _any_mapping(head: bytes, value: Mapping[Any, Any]) -> Node:
    keys = list(value)
    size = len(keys)

    def label(i: int) -> str:
        return f" key {brief(keys[i])}" if i < size else f"[{brief(keys[i - size])}]"

    return Node(head + b"?", keys + [value[key] for key in keys], label, _by_key)


def _by_key(parts: list[bytes]) -> list[bytes]:
    half = len(parts) // 2
    return [part for pair in sorted(zip(parts[:half], parts[half:], strict=True)) for part in pair]


def unordered(head: bytes, value: Any, walk: Walk) -> Encoded:
    """A set: its elements sorted as such if they are all text or all integers, else by their encodings."""
    kinds = set(map(type, value))
    if kinds <= TEXT or kinds <= _WHOLE:
        part = flat(sorted(value))
        if part is not None:
            return head + b"=" + walk.fold(part)
    return Node(head + b"?", list(value), lambda _i: " element", sorted)


def brief(key: Any) -> str:
    """A key as it stands in a path: short, and without an address."""
    if type(key) in FLAT or type(key) is bytes:
        text = repr(key)
        return text if len(text) <= 40 else text[:39] + "…"
    return f"{name_of(type(key))} key"
