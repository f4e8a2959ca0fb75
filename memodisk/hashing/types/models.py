"""pydantic: models by fields, which of them were given, extra and private attributes; adapters by their type."""

from __future__ import annotations

from typing import Any

from memodisk.hashing.base import Attributes, Handler, Node, named


def find(kind: type, base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if base.__name__ == "TypeAdapter":
        return _adapter
    return _model if base.__name__ == "BaseModel" and hasattr(kind, "__pydantic_validator__") else None


def _model(value: Any, walk: Any) -> Node:
    """Which fields were given counts: ``model_dump(exclude_unset=True)`` tells."""
    attributes = dict(vars(value))
    if value.model_config.get("frozen"):
        attributes = {name: part for name, part in attributes.items() if name in type(value).model_fields}
    extra = value.__pydantic_extra__ or {}
    private = dict(value.__pydantic_private__ or {})
    given = value.__pydantic_fields_set__
    children = [Attributes(attributes), Attributes(extra), Attributes(private), given]
    return Node(b"I" + walk.code_of(type(value)), children, lambda _i: "")


def _adapter(value: Any, _walk: Any) -> Node:
    """What it was made of; the rest follows, is made when it is used, and holds addresses."""
    return Node(named("pydantic.TypeAdapter"), [value._type, value._config])
