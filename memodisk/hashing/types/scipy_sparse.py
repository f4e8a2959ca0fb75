"""scipy.sparse: format, shape, dtype and stored elements in canonical order."""

from __future__ import annotations

from typing import Any

import numpy as np

from memodisk.hashing.base import Handler, Node, fields, named


def find(kind: type, _base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if not kind.__module__.startswith("scipy.sparse"):
        return None
    from scipy import sparse

    return _matrix if issubclass(kind, (sparse.spmatrix, sparse.sparray)) else None


def _matrix(value: Any, _walk: Any) -> Node:
    """Neither the order in which elements were put in, nor the width of the index type, shows. Stored zeros do."""
    head = named("scipy.sparse") + fields(type(value).__name__, value.shape, getattr(value, "blocksize", None))
    if value.format in ("csr", "csc", "bsr"):
        if not value.has_canonical_format:
            value = value.copy()
            value.sum_duplicates()
        return Node(head, [_wide(value.indptr), _wide(value.indices), value.data])
    triples = value.tocoo(copy=True)
    triples.sum_duplicates()
    coords = getattr(triples, "coords", None)  # since scipy 1.13; before, all had two dimensions
    if coords is None:
        coords = (triples.row, triples.col)
    return Node(head, [*map(_wide, coords), triples.data])


def _wide(indices: Any) -> Any:
    return np.asarray(indices).astype(np.int64, copy=False)
