"""What a class is made of, apart from the code of its methods and the values of its attributes."""

from __future__ import annotations

import enum
import functools
import inspect
import re
import sys
import typing
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from memodisk._code import userland

#: Written by Python, by a class's machinery or by the versions of either: all of it follows from something else.
_DERIVED = frozenset(
    [
        "__module__",
        "__qualname__",
        "__name__",
        "__doc__",
        "__dict__",
        "__weakref__",
        "__firstlineno__",
        "__static_attributes__",
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__orig_bases__",
        "__parameters__",
        "__type_params__",
        "__abstractmethods__",
        "__hash__",
        "__match_args__",
        "__signature__",
        "__classcell__",
        "__protocol_attrs__",
        "__non_callable_proto_members__",
        "__final__",
        "__args__",
        "__origin__",
        "__class_getitem__",
        "__slotnames__",  # copyreg's, once an instance was copied or pickled
        "__class_vars__",
        "__private_attributes__",
        "__weakrefoffset__",
        "__dictoffset__",
        "__basicsize__",
        "__itemsize__",
        "__flags__",
        "__base__",
        "__bases__",
        "__mro__",
        "__text_signature__",
        "_abc_impl",
        "_is_protocol",
        "_is_runtime_protocol",
    ]
)
_DERIVED_PREFIXES = ("__dataclass_", "__attrs_", "__pydantic_", "__memo_")
_DATACLASS_FLAGS = ("init", "repr", "eq", "order", "unsafe_hash", "frozen")
_FIELD_FLAGS = ("init", "repr", "hash", "compare", "kw_only")
_ATTRS_FIELDS = (
    "name",
    "default",
    "validator",
    "converter",
    "init",
    "repr",
    "eq",
    "order",
    "hash",
    "kw_only",
    "on_setattr",
)
_FIELDS_OF_LIBRARIES = frozenset(["__dataclass_fields__", "_fields", "__attrs_attrs__", "__pydantic_fields__"])
_UNSET = frozenset(["None", "[]", "PydanticUndefined"])
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def attributes(cls: type, found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that tell what a class does, by name.

    Parameters
    ----------
    cls
        The class.
    found
        Its namespace, as `vars` gives it.
    """
    is_enum = issubclass(cls, enum.Enum)
    generated = not _FIELDS_OF_LIBRARIES.isdisjoint(found)
    for name, value in sorted(found.items()):
        if name in _DERIVED or name.startswith(_DERIVED_PREFIXES):
            continue
        if is_enum and _belongs_to_enum(cls, name, value):
            continue
        function = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
        if isinstance(function, FunctionType):
            innermost = inspect.unwrap(function)
            code = getattr(innermost, "__code__", None)
            # Methods written by dataclass, attrs or namedtuple follow from the fields.
            if generated and code is not None and _is_generated(code, name):
                continue
            if innermost is function and not userland.is_user_function(function):
                continue
        elif _is_plumbing(value):
            continue
        yield name, value


def _is_generated(code: CodeType, name: str) -> bool:
    """Whether a method was not written in the body of its class. A worker process is not told the file of any code."""
    if code.co_filename == "<string>":
        return True
    if not (name.startswith("__") and name.endswith("__") and code.co_filename.startswith("<")):
        return False
    if name == "__new__" and code.co_name == "<lambda>":  # of a named tuple
        return True
    if sys.version_info >= (3, 11):
        return code.co_qualname in (name, f"__create_fn__.<locals>.{name}")
    return code.co_name == name and code.co_firstlineno <= 2


def _belongs_to_enum(cls: type[enum.Enum], name: str, value: object) -> bool:
    if isinstance(value, (FunctionType, classmethod, staticmethod)):
        return False
    return name in cls.__members__ or (name.startswith("_") and name.endswith("_"))


_PLUMBING = tuple(
    {
        type(int.__add__),
        type(int.from_bytes),
        type(str.join),
        type(FunctionType.__code__),
        type(dict.__dict__["fromkeys"]),
    }
    | {type(type("_Slots", (), {"__slots__": ("x",)}).__dict__["x"])}
)


def _is_plumbing(value: object) -> bool:
    """Whether a descriptor was made by the interpreter: slots, C functions, the fields of a named tuple."""
    return isinstance(value, _PLUMBING) or type(value).__name__ == "_tuplegetter"


def fields(found: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, text and values of the fields that a dataclass, attrs or pydantic class keeps in its namespace."""
    if "__dataclass_fields__" in found:
        parameters = found.get("__dataclass_params__")
        yield (
            "dataclass",
            " ".join(f"{flag}={getattr(parameters, flag, None)}" for flag in _DATACLASS_FLAGS),
            {},
        )
        for name, field in found["__dataclass_fields__"].items():
            flags = " ".join(f"{flag}={getattr(field, flag, None)}" for flag in _FIELD_FLAGS)
            kind = getattr(getattr(field, "_field_type", None), "name", "")
            values = {
                "default": field.default if name not in found else {},
                "default_factory": field.default_factory,
                "metadata": dict(field.metadata),
            }
            yield name, f"{kind} {flags}", {key: value for key, value in values.items() if _is_set(value)}
    for attribute in found.get("__attrs_attrs__", ()):
        values = {key: getattr(attribute, key, None) for key in _ATTRS_FIELDS}
        texts = {key: value for key, value in values.items() if isinstance(value, (bool, str, type(None)))}
        default = values["default"]
        rest = {key: value for key, value in values.items() if key not in texts and type(value).__name__ != "_Nothing"}
        if type(default).__name__ == "Factory":
            rest |= {"default": default.factory, "takes_self": default.takes_self}
        yield attribute.name, " ".join(f"{key}={text!r}" for key, text in texts.items()), rest
    for name, field in (found.get("__pydantic_fields__") or {}).items():
        slots = (slot for slot in getattr(type(field), "__slots__", ()) if not slot.startswith("_"))
        rest = {slot: getattr(field, slot, None) for slot in slots if slot != "annotation"}
        told = {key: value for key, value in rest.items() if repr(value) not in _UNSET}
        text = annotation(getattr(field, "annotation", None)).replace(f"{found.get('__module__')}.", "")
        yield name, text, told


def of_metaclass(cls: type) -> dict[str, Any]:
    """Return what the metaclass of a library keeps of a class besides its namespace: msgspec's defaults are there."""
    found = {}
    metaclass: type = type(cls)
    for meta in metaclass.__mro__:
        if meta is type or userland.is_user_class(meta):
            break
        for name, member in vars(meta).items():
            if isinstance(member, (GetSetDescriptorType, MemberDescriptorType)) and name not in _DERIVED:
                try:
                    found[name] = member.__get__(cls, metaclass)
                # It may raise anything; it then tells nothing.
                except Exception:
                    continue
    return found


def _is_set(value: object) -> bool:
    return type(value).__name__ != "_MISSING_TYPE" and value != {}


def annotated(cls: type, found: Mapping[str, Any]) -> str:
    """Return the annotated fields of a class, in their order: dataclasses and the like are made of them."""
    namespace = found.get("__annotations__")
    if namespace is None and "__annotate_func__" in found:
        namespace = getattr(cls, "__annotations__", None)
    prefix = f"{cls.__module__}."
    return ", ".join(f"{name}: {annotation(value).replace(prefix, '')}" for name, value in (namespace or {}).items())


def hints(thing: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what annotations stand for, by name: texts are looked up where that is possible.

    Parameters
    ----------
    thing
        A function or class.
    own
        Its own annotations as they are written.
    """
    if all(isinstance(value, type) and not hasattr(value, "__args__") for value in own.values()):
        return dict(own)
    try:
        found = typing.get_type_hints(thing, include_extras=True)
    # Annotations are any expressions; what they name may not be there at run time.
    except (Exception, SystemExit):
        found = {}
    return {name: found.get(name, _looked_up(thing, value)) for name, value in own.items()}


def _looked_up(thing: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    space = getattr(thing, "__globals__", None) or vars(sys.modules.get(thing.__module__, typing))
    try:
        return eval(value, dict(space))
    # As above.
    except (Exception, SystemExit):
        return value


def reads_its_annotations(cls: type) -> bool:
    """Whether a class is made of its annotations: dataclasses, models, structures, named tuples, typed dicts."""
    metaclass: type = type(cls)
    names = {name for base in (*cls.__mro__, *metaclass.__mro__) for name in vars(base)}
    return not names.isdisjoint({*_FIELDS_OF_LIBRARIES, "__pydantic_validator__", "__struct_fields__", "__total__"})


def tells_more(hint: Any) -> bool:
    """Whether an annotation leads to more than its text says: to a class of the user's, to an object beside a type."""
    if isinstance(hint, (str, typing.ForwardRef, typing.TypeVar)) or hint is Ellipsis or hint is None:
        return False
    if isinstance(hint, type) and not hasattr(hint, "__origin__"):
        return userland.is_user_class(hint)
    if type(hint).__module__ in ("typing", "types"):
        inside = (*getattr(hint, "__args__", ()), *getattr(hint, "__metadata__", ()))
        is_literal = getattr(hint, "__origin__", None) is typing.Literal
        return not is_literal and any(tells_more(part) for part in inside)
    if isinstance(hint, (list, tuple)):  # the parameters of a Callable
        return any(map(tells_more, hint))
    return True


def own_annotations(thing: Any) -> dict[str, Any]:
    """Return the annotations of a function or class as they are written, without those of base classes."""
    found = vars(thing).get("__annotations__") if isinstance(thing, type) else None
    if found is None:
        try:
            found = getattr(thing, "__annotations__", None) if not isinstance(thing, type) or _annotates(thing) else {}
        # From Python 3.14 on they are made when asked for, and name what may not be there.
        except Exception:
            found = {}
    return dict(found or {})


def _annotates(cls: type) -> bool:
    return "__annotate_func__" in vars(cls) or "__annotate__" in vars(cls)


def annotation(value: object) -> str:
    """Return an annotation as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, type) and not hasattr(value, "__origin__") and not hasattr(value, "__args__"):
        return value.__qualname__
    if hasattr(value, "__metadata__"):  # which counts as a value; as text it may have any order
        return f"{annotation(getattr(value, '__origin__', None))} annotated"
    return _ADDRESS.sub("", repr(value))


def defining_class(function: FunctionType, space: Mapping[str, Any]) -> tuple[str, type] | None:
    """Return the class that a method was written in, found by its qualified name, and the global that holds it."""
    root, *parts = function.__qualname__.split(".")
    if not parts or "<locals>" in parts:
        return None
    cls = space.get(root)
    try:
        cls = functools.reduce(getattr, parts[:-1], cls)
    except AttributeError:
        return None
    return (root, cls) if isinstance(cls, type) and parts[-1] in vars(cls) else None
