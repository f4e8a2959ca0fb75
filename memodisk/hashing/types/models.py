"""pydantic models: fields, extra and private attributes."""

from __future__ import annotations

from typing import Any

from memodisk.hashing.base import Attributes, Handler, Node


def find(kind: type, base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    return _model if base.__name__ == "BaseModel" and hasattr(kind, "__pydantic_validator__") else None


def _model(value: Any, walk: Any) -> Node:
    """As pydantic's own ``==``: which fields were given and which took their defaults does not count."""
    attributes = dict(vars(value))
    if value.model_config.get("frozen"):
        attributes = {name: part for name, part in attributes.items() if name in type(value).model_fields}
    extra = value.__pydantic_extra__ or {}
    private = dict(value.__pydantic_private__ or {})
    children = [Attributes(attributes), Attributes(extra), Attributes(private)]
    return Node(b"I" + walk.code_of(type(value)), children, lambda _i: "")
