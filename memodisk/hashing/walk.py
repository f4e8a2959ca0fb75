"""The way through a nested value: one loop with a stack of its own, so that no depth is too deep.

Shared parts. What was encoded is remembered by identity for the length of the walk, so that a value that holds the
same part in many places costs no more than its parts (a chain of ``x = [x, x]`` would double at each step). This saves
work only: an encoding depends on content, and ``[s, s]`` equals ``[s, t]`` for equal lists `s` and `t`.

Cycles. A reference to a value that is being encoded becomes its distance on the stack (as de Bruijn indices in lambda
calculus). What holds such an open reference means something only below its target, and is not remembered. Two ways
around the same cycle are thus two encodings, and a graph of many objects that all know each other has very many
ways. When a bounded amount of work was spent on them, the walk starts again and numbers the members of a cycle in
the order in which it meets them (Tarjan's strongly connected components), which takes linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from marshal import dumps
from sys import maxsize

from xxhash import xxh3_128, xxh3_128_digest

from memodisk.errors import Unhashable
from memodisk.hashing.base import (
    FLAT,
    LIMIT,
    MARSHAL,
    Encoded,
    Node,
    count,
    flat,
    long_text,
    mapping,
    refuse,
    sequence,
    shallow,
)
from memodisk.hashing.dispatch import HANDLERS, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memodisk.hashing.base import Blind

# So many encodings are held before they are hashed away: 0.4 MB at most.
BLOCK = 4096

# A node with fewer nodes below it is encoded again (at most 8 times what the tree costs) rather than remembered, which
# would take 200 bytes for each of many small parts.
WORTH = 8

# So often parts of cycles are encoded anew before members are numbered instead: about 50 ms.
PATIENCE = 10_000


class Entangled(Exception):
    """Too many ways around the cycles."""


class Walk:
    """One walk through one value.

    Parameters
    ----------
    path
        What the value is called in an error message.
    code
        Stands for the code of functions and classes.
    whole
        Keep every encoding whole instead of folding long ones into their digests.
    numbered
        Number the members of cycles in the order of the walk.
    blind
        Where to note what has no content, which is then described in part; None: it is refused.
    """

    __slots__ = (
        "blind",
        "clock",
        "code",
        "codes",
        "heavy",
        "keep",
        "keys",
        "limit",
        "memo",
        "numbered",
        "opened",
        "path",
        "revisits",
        "stack",
        "tangled",
        "work",
    )

    def __init__(
        self,
        path: str,
        code: Callable[[Any], bytes],
        whole: bool = False,
        numbered: bool = False,
        blind: Blind | None = None,
    ) -> None:
        self.path = path
        self.blind = blind
        self.code = code
        self.limit = maxsize if whole else LIMIT
        self.numbered = numbered
        self.stack: list[Node] = []
        self.memo: dict[int, bytes | int] = {}  # by identity: an encoding, or the number of an open node
        self.keep: list[Any] = []  # keeps what is remembered alive, so that no identity is used twice
        self.tangled: set[int] = set()  # what took part in a cycle
        self.opened: list[tuple[int, int]] = []  # finished nodes (identity, number) whose cycle is still open
        self.codes: dict[int, bytes] = {}
        self.keys: dict[tuple[Any, ...], tuple[list[Any], bytes]] = {}  # of dicts met so far: sorted, and encoded
        self.clock = 0
        self.work = 0
        self.revisits = 0
        self.heavy = False

    def run(self, root: Any) -> bytes:
        """The encoding of `root`, folded if it is too long to hold."""
        try:
            return self._run(root)
        except (Entangled, MemoryError):
            raise
        except Unhashable as error:
            where = self._where() + (f" ({error.path})" if error.path else "")
            raise Unhashable(where, error.cause, error.remedy) from error.__cause__
        except Exception as error:
            cause = f"describing it raised {type(error).__name__}: {error}"
            raise Unhashable(self._where(), cause, refuse("").remedy) from error

    def _run(self, root: Any) -> bytes:
        part = self.describe(root, type(root))
        if isinstance(part, bytes):
            return part
        node = part
        self._open(node, root)
        stack, limit = self.stack, self.limit
        while True:
            parts = node.parts
            for value in node.iterator:
                kind = type(value)
                if kind in FLAT:
                    try:
                        piece = dumps(value, MARSHAL)
                    except ValueError:
                        piece = long_text(value, self)
                else:
                    part = self.describe(value, kind)
                    if isinstance(part, bytes):
                        piece = part
                    else:
                        self._open(part, value)
                        break
                parts.append(piece if len(piece) <= limit else b"#" + xxh3_128_digest(piece))
                if len(parts) >= BLOCK:
                    self._flush(node)
            else:
                piece = self._close(node)
                if not stack:
                    return piece
                node = stack[-1]
                node.parts.append(piece if len(piece) <= limit else b"#" + xxh3_128_digest(piece))
                if len(node.parts) >= BLOCK:
                    self._flush(node)
                continue
            node = stack[-1]

    def describe(self, value: Any, kind: type) -> Encoded:
        """The encoding of a value, or how it is taken apart."""
        self.work += 1
        seen = self.memo.get(id(value))
        if seen is not None:
            return self._again(id(value), seen)
        if kind is list or kind is tuple:
            part = flat(value)
            if part is None:
                head = b"L" if kind is list else b"P"
                return shallow(head, value, self) or sequence(head, value)
            if len(part) > 512:
                part = self._remember(value, part)
            return part
        if kind is dict:
            return mapping(b"D", value, self)
        if self.blind is None:
            handler = HANDLERS.get(kind)
            encoded = find(kind)(value, self) if handler is None else handler(value, self)
        else:
            encoded = self._describe_in_part(value, kind, self.blind)
        if self.heavy and isinstance(encoded, bytes):
            self.heavy = False
            encoded = self._remember(value, encoded)
        return encoded

    def _describe_in_part(self, value: Any, kind: type, blind: Blind) -> Encoded:
        """As `describe`, where what cannot be described is noted."""
        from memodisk.hashing.types import opaque

        found = opaque.known(value)
        if found is None:
            try:
                handler = HANDLERS.get(kind)
                return find(kind)(value, self) if handler is None else handler(value, self)
            except (Entangled, MemoryError):
                raise
            # Code of anybody's runs here, and the rest of the value counts all the same.
            except Exception:
                found = opaque.describe(value, blind.is_users)
        blind.is_needed = True
        if found.unseen:
            blind.notes.append((self._where(), found.unseen))
        return Node(found.head, found.children, found.labels.__getitem__)

    # What handlers use.

    def fold(self, part: bytes) -> bytes:
        """An encoding as it stands inside its parent: itself, or its digest if it is long."""
        return part if len(part) <= self.limit else b"#" + xxh3_128_digest(part)

    def buffer(self, head: bytes, pieces: Iterable[Any], size: int) -> bytes:
        """The encoding of `size` bytes that lie in contiguous buffers, hashed in place. `head` must imply the size."""
        if len(head) + size <= self.limit:
            return head + b"".join(pieces)
        hasher = xxh3_128(head)
        for piece in pieces:
            hasher.update(piece)
        self.heavy = size > 4096
        return b"#" + hasher.digest()

    def code_of(self, thing: Any) -> bytes:
        """What stands for the code of a class or function."""
        part = self.codes.get(id(thing))
        if part is None:
            if isinstance(thing, type) and thing.__module__ == "builtins":
                raw = thing.__qualname__.encode()
            else:
                raw = self.code(thing)
            part = self.codes[id(thing)] = self.fold(b"C" + count(len(raw)) + raw)
            self.keep.append(thing)
        return part

    # Opening and closing nodes.

    def _open(self, node: Node, value: Any) -> None:
        key = id(value)
        if key in self.tangled and not self.numbered:
            self.revisits += 1
            if self.revisits > PATIENCE:
                raise Entangled
        node.value = value
        node.iterator = iter(node.children)
        node.parts = []
        node.hasher = None
        node.done = 0
        node.index = self.clock
        node.low = self.clock + 1
        node.work = self.work
        node.opened = len(self.opened)
        node.cyclic = False
        self.memo[key] = self.clock
        self.clock += 1
        self.stack.append(node)

    def _close(self, node: Node) -> bytes:
        parts = node.parts
        if node.hasher is not None:
            node.hasher.update(b"".join(parts))
            part: bytes = b"#" + node.hasher.digest()
        else:
            if node.finish is not None:
                parts = node.finish(parts)
                if node.cyclic and self.numbered:
                    cause = "objects that refer to each other in very many ways, through a set, have no order to follow"
                    raise refuse(cause)
            part = b"".join((node.head, count(len(node.children)), *parts))
        stack, key = self.stack, id(node.value)
        stack.pop()
        if node.cyclic:
            self._close_cyclic(node, key, part)
            return part
        self.clock = node.index
        if self.work - node.work >= WORTH:
            self._remember(node.value, part)
        else:
            del self.memo[key]
        return part

    def _close_cyclic(self, node: Node, key: int, part: bytes) -> None:
        """Settles a node on or above a cycle. `low` below its own number: the cycle goes on further up."""
        if self.stack:
            self.stack[-1].cyclic = True
        self.keep.append(node.value)
        if node.low < node.index:
            self.stack[-1].low = min(self.stack[-1].low, node.low)
            self.tangled.add(key)
            if self.numbered:
                self.opened.append((key, node.index))
                return
            del self.memo[key]
        elif self.numbered:
            self.tangled.add(key)
            self.memo[key] = folded = self.fold(part)
            for member, index in self.opened[node.opened :]:
                self.memo[member] = b"%" + count(index - node.index) + folded
            del self.opened[node.opened :]
        elif node.low == node.index:
            self.tangled.add(key)
            del self.memo[key]
        else:  # above a cycle, but not on it
            self._remember(node.value, part)
        self.clock = node.index

    def _again(self, key: int, seen: bytes | int) -> bytes:
        if isinstance(seen, bytes):
            if key in self.tangled and self.stack:
                self.stack[-1].cyclic = True
            return seen
        top = self.stack[-1]
        top.cyclic = True
        top.low = min(top.low, seen)
        return b"^" + count(self.clock - seen)

    def _flush(self, node: Node) -> None:
        """Hashes the encodings so far, if nothing needs them any more."""
        if node.finish is None and self.limit == LIMIT:
            if node.hasher is None:
                node.hasher = xxh3_128(node.head + count(len(node.children)))
            node.hasher.update(b"".join(node.parts))
            node.done += len(node.parts)
            node.parts.clear()

    def _remember(self, value: Any, part: bytes) -> bytes:
        folded = self.fold(part)
        self.memo[id(value)] = folded
        self.keep.append(value)
        return folded

    def _where(self) -> str:
        """Where the walk is, as a person would write it."""
        steps = []
        for node in self.stack:
            place = node.done + len(node.parts)
            if node.labels is not None and place < len(node.children):
                steps.append(node.labels(place))
        return self.path + "".join(steps)
