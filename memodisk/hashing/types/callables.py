"""Functions, classes, methods, modules, and the other objects that are code or name it."""

from __future__ import annotations

import functools
import sys
import types
import typing
from typing import Any

from memodisk.hashing.base import Encoded, Handler, Node, count, fields, name_of, named


def find(kind: type, base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if kind in _EXACT:
        return _EXACT[kind]
    if base is type and kind is not type:
        return _class  # a class made by a metaclass
    if base.__module__ in ("typing", "typing_extensions"):
        return _TYPING.get(base.__name__)
    return None


def _code(value: Any, walk: Any) -> bytes:
    part: bytes = walk.code_of(value)
    return part


def _class(value: Any, walk: Any) -> bytes:
    """A class that is a value, not the class of one: whoever gets it can read its docstrings and annotations."""
    part: bytes = walk.code_of(value)
    shown = getattr(walk.code, "shown", None)
    more: bytes = shown(value) if shown is not None else b""
    return walk.fold(named("shown") + count(len(more)) + more + part) if more else part


def _method(value: Any, walk: Any) -> Node:
    return Node(b"M" + walk.code_of(value.__func__), [value.__self__], lambda _i: ".__self__")


def _builtin(value: Any, walk: Any) -> Encoded:
    """``math.sin`` by name; ``"abc".upper`` by name and what it is bound to."""
    owner = value.__self__
    if owner is None or isinstance(owner, types.ModuleType):
        return _code(value, walk)
    return Node(named("builtin method") + fields(value.__name__), [owner], lambda _i: ".__self__")


def _method_of_class(value: Any, _walk: Any) -> Node:
    return Node(named(type(value).__name__) + fields(value.__name__), [value.__objclass__])


def _attributes(*names: str) -> Handler:
    def handler(value: Any, _walk: Any) -> Node:
        return Node(
            named(name_of(type(value))),
            [getattr(value, name) for name in names],
            lambda i: f".{names[i]}",
        )

    return handler


def _module(value: Any, _walk: Any) -> bytes:
    return named("module") + fields(value.__name__)


def _cell(value: Any, _walk: Any) -> Node:
    try:
        return Node(named("cell"), [value.cell_contents], lambda _i: ".cell_contents")
    except ValueError:
        return Node(named("cell"), [])


def _partial(value: Any, _walk: Any) -> Node:
    names = ("func", "args", "keywords", "__dict__")
    # An argument that is left open (functools.Placeholder) is an object with a name.
    return Node(named(name_of(type(value))), [getattr(value, name) for name in names], lambda i: f".{names[i]}")


def _operator(value: Any, _walk: Any) -> Node:
    """itemgetter, attrgetter, methodcaller: they tell their arguments only to pickle."""
    reduced = value.__reduce__()
    return Node(named(name_of(type(value))), [*reduced[1:]] if reduced[0] is type(value) else list(reduced))


def _alias(value: Any, _walk: Any) -> Node:
    """``list[int]``, ``Callable[[int], str]``, ``Literal["a"]``, ``Annotated[int, 3]``."""
    arguments = [getattr(value, "__origin__", None), value.__args__, getattr(value, "__metadata__", ())]
    spelling = getattr(value, "_name", None) or ""
    return Node(named("generic alias") + fields(spelling), arguments)


def _union(value: Any, _walk: Any) -> Node:
    """``int | str`` and ``Union[str, int]`` are equal, in any order."""
    return Node(named("union"), list(value.__args__), None, sorted)


def _generic(value: Any, walk: Any) -> Node:
    return _union(value, walk) if value.__origin__ is typing.Union else _alias(value, walk)


def _type_variable(value: Any, _walk: Any) -> Node:
    bound = getattr(value, "__bound__", None)
    constraints = getattr(value, "__constraints__", ())
    flags = [getattr(value, flag, False) for flag in ("__covariant__", "__contravariant__")]
    return Node(named(type(value).__name__) + fields(value.__name__), [bound, constraints, flags])


def _special_form(value: Any, _walk: Any) -> bytes:
    return named("typing") + fields(getattr(value, "_name", None) or value.__name__)


def _constant(name: str) -> Handler:
    return lambda _value, _walk: named(name)


_EXACT: dict[type, Handler] = {
    type: _class,
    types.FunctionType: _code,
    types.CodeType: _code,
    type(functools.lru_cache(lambda: None)): _code,
    types.MethodType: _method,
    types.BuiltinFunctionType: _builtin,
    types.MethodWrapperType: _builtin,
    types.WrapperDescriptorType: _method_of_class,
    types.MethodDescriptorType: _method_of_class,
    types.ClassMethodDescriptorType: _method_of_class,
    types.GetSetDescriptorType: _method_of_class,
    types.MemberDescriptorType: _method_of_class,
    types.ModuleType: _module,
    types.CellType: _cell,
    types.GenericAlias: _alias,
    types.UnionType: _union,
    type(NotImplemented): _constant("NotImplemented"),
    staticmethod: _attributes("__func__"),
    classmethod: _attributes("__func__"),
    property: _attributes("fget", "fset", "fdel"),
    slice: _attributes("start", "stop", "step"),
    functools.partial: _partial,
    functools.partialmethod: _attributes("func", "args", "keywords"),
}
for _name in ("itemgetter", "attrgetter", "methodcaller"):
    _EXACT[getattr(sys.modules.get("operator") or __import__("operator"), _name)] = _operator

# By name, because several of typing's classes are private.
_TYPING: dict[str, Handler] = {
    **dict.fromkeys(("_GenericAlias", "_CallableGenericAlias", "_LiteralGenericAlias", "_AnnotatedAlias"), _generic),
    **dict.fromkeys(("_ConcatenateGenericAlias", "_UnpackGenericAlias"), _generic),
    "_UnionGenericAlias": _union,
    "Union": _union,
    **dict.fromkeys(("TypeVar", "ParamSpec", "TypeVarTuple"), _type_variable),
    **dict.fromkeys(("_SpecialForm", "_AnyMeta", "_SpecialGenericAlias", "_CallableType", "_TupleType"), _special_form),
    "ForwardRef": lambda value, _walk: named("ForwardRef") + fields(value.__forward_arg__),
    "NewType": lambda value, _walk: Node(
        named("NewType") + fields(value.__module__, value.__qualname__), [value.__supertype__]
    ),
}
