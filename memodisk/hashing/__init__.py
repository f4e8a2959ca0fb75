"""Any value as 128 bits that depend on its content alone.

A value is encoded canonically, and the encoding is digested by xxh3-128. The encoding is

- *typed and injective*: each value starts with a tag for its type, and says its length before its content, so that no
  two different values share one. ``1``, ``1.0``, ``True`` and ``numpy.int64(1)`` are four values. Floating-point
  numbers count by their bits: -0.0 is not 0.0, and a NaN equals a NaN of the same bits;
- *canonical*: dicts and sets have no order; views, strides, chunks, caches and buffers' padding do not show;
- *blind to identity*: ``[s, s]`` equals ``[s1, s2]``; hash seeds, interning and addresses do not show;
- *portable*: explicit little-endian, the same for every process, platform and Python version.

Scalars, and lists and tuples of scalars, are encoded by `marshal` (version 2, which has no references) at C speed.
Everything else has a tag that marshal does not use, and holds its parts' encodings, where an encoding of more than 64
bytes is represented by its digest (a Merkle tree). Memory thus stays bounded, and shared parts are hashed once.

=========  ==================================================================================================
tag        what follows
=========  ==================================================================================================
marshal's  N T F . i l g y u s [ (  None, True, False, Ellipsis, int, long int, float, complex, str, short bytes, flat
           list, flat tuple
L P        list, tuple: number of items, items
D          dict: list of sorted keys, ``=`` list of flat values or ``:`` number and values; ``?`` keys and values
S Z        set, frozenset: ``=`` sorted flat list, or ``?`` number and encoded elements, sorted
B U        long bytes, huge text: length, content
C          code of a class or function: length, what the hook said
I A        instance: class, state (as a dict's); attributes alone
E J Q      enum member; instance of a class derived from a built-in type; instance by its ``__reduce_ex__``
K R        class, and what its `__memo_key__` or its registered stand-in says
M          bound method
@          any other type by name (length, name), then as its encoder says; ``in part``: what has no content of its own;
           ``shown``: a class that is a value, with its docstrings and annotations
#          digest of a long encoding
^ % &      reference up a cycle; member of a numbered cycle; a value with numbered cycles
=========  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from marshal import dumps

from xxhash import xxh3_128_digest, xxh3_128_hexdigest

from memodisk.hashing import dispatch
from memodisk.hashing.base import FLAT, MARSHAL, Blind, flat, flat_mapping, name_of, refuse
from memodisk.hashing.dispatch import quick as find_quick
from memodisk.hashing.walk import Entangled, Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NewType, TypeAlias, TypeVar, overload

    from typing_extensions import Buffer

__all__ = ["Blind", "CodeHook", "Digest", "Key", "by_name", "digest", "digest_bytes", "encode", "register"]

if TYPE_CHECKING:
    Key = NewType("Key", str)
    """Names a record: the digest of a request, 32 hexadecimal digits."""

    Digest = NewType("Digest", str)
    """Names a blob: the digest of its bytes, 32 hexadecimal digits."""

    T = TypeVar("T")
    StandIn = TypeVar("StandIn", bound=Callable[[Any], object])
else:
    Key = Digest = str

CodeHook: TypeAlias = "Callable[[Any], bytes]"
"""Turns a function or class into bytes that stand for its code. May raise `Unhashable`.

It may have a function ``shown``, which does so for a class that is a value itself, with its docstrings and annotations.
"""


def digest_bytes(data: Buffer) -> Digest:
    """The digest of raw bytes, which are not copied.

    Parameters
    ----------
    data
        Anything contiguous with the buffer interface.
    """
    return Digest(xxh3_128_hexdigest(data))


def by_name(thing: Any) -> bytes:
    """Stands for a function or class by its module and qualified name: the hook for when code does not matter.

    Parameters
    ----------
    thing
        A function or class.

    Raises
    ------
    Unhashable
        If the name does not say which one it is, because it is a lambda or was defined inside a function.
    """
    name = getattr(thing, "__qualname__", None)
    if name is None or "<" in name:
        raise refuse(f"{name or name_of(type(thing))} cannot be told by its name")
    return f"{thing.__module__}.{name}".encode("utf-8", "surrogatepass")


def digest(value: Any, path: str = "value", code: CodeHook = by_name, blind: Blind | None = None) -> bytes:
    """The digest of a value: 16 bytes that depend on its type and content alone.

    Parameters
    ----------
    value
        Anything. It is not changed, except that lazily loaded data may be loaded.
    path
        What to call the value in an error message, for instance ``argument 'model'``.
    code
        Stands for the code of functions and classes.
    blind
        If given, what has no stable content is described as far as it can be, and noted there.

    Raises
    ------
    Unhashable
        If some part of the value has no stable content; names that part and the remedies.
    """
    kind = type(value)
    part: bytes | None = None
    if kind in FLAT:
        try:
            return xxh3_128_digest(dumps(value, MARSHAL))
        except ValueError:  # a text of more than 2 GiB
            pass
    elif kind is list or kind is tuple:
        part = flat(value)
    elif kind is dict:
        part = flat_mapping(b"D", value)
    else:
        quick = find_quick(kind)
        if quick is not None:
            try:
                part = quick(value, kind, code)
            # Attributes and code may raise anything; the walk says where.
            except Exception:
                part = None
    if part is None:
        part = _walk(value, path, code, whole=False, blind=blind)
        if part[0] == 35:  # "#": it is folded already
            return part[1:]
    return xxh3_128_digest(part)


def encode(value: Any, *, path: str = "value", code: CodeHook = by_name) -> bytes:
    """The whole encoding of a value, with nothing folded: to look at, and to prove that it is injective.

    Parameters
    ----------
    value, path, code
        As for `digest`.

    Raises
    ------
    Unhashable
        As for `digest`.
    """
    return _walk(value, path, code, whole=True, blind=None)


def _walk(value: Any, path: str, code: CodeHook, whole: bool, blind: Blind | None) -> bytes:
    try:
        return Walk(path, code, whole, blind=blind).run(value)
    except Entangled:
        return b"&" + Walk(path, code, whole, numbered=True, blind=blind).run(value)


if TYPE_CHECKING:

    @overload
    def register(type_: type[T]) -> Callable[[StandIn], StandIn]: ...

    @overload
    def register(type_: type[T], stand_in: Callable[[T], object]) -> None: ...


def register(type_: type[Any], stand_in: Callable[[Any], object] | None = None) -> Any:
    """Says how instances of a foreign type are hashed: as what `stand_in` returns for them, tagged by the type's name.

    Holds for subclasses, too, unless they have a ``__memo_key__``. Can be used as a decorator::

        @hashing.register(socket.socket)
        def _(connection):
            return connection.getpeername()

    Parameters
    ----------
    type_
        Any class, except int, str and the like, list, tuple and dict, whose encoding is fixed.
    stand_in
        Takes an instance, returns the values that identify it.

    Raises
    ------
    TypeError
        If `type_` is not a class, or one whose encoding is fixed.
    """
    if not isinstance(type_, type) or type_ in FLAT or type_ in (list, tuple, dict, bytes, object):
        raise TypeError(f"cannot register {type_!r}: it has to be a class other than the basic ones")
    if stand_in is not None:
        dispatch.stand_in(type_, stand_in)
        return None

    def decorate(function: StandIn) -> StandIn:
        dispatch.stand_in(type_, function)
        return function

    return decorate
