"""jax: arrays as numpy's, and whether their type is weak; random keys by their data."""

from __future__ import annotations

from typing import Any

from memodisk.hashing.base import Handler, Node, fields, named


def find(kind: type, _base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    import jax

    if isinstance(kind, type) and issubclass(kind, jax.Array) and "Tracer" not in kind.__name__:
        return _array
    return None


def _array(value: Any, _walk: Any) -> Node:
    import jax
    import numpy as np

    if jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        head = named("jax.random.key") + fields(str(value.dtype))
        return Node(head, [np.asarray(jax.random.key_data(value))])
    return Node(named("jax.Array") + fields(bool(value.weak_type)), [np.asarray(value)])
