"""What a row of the tables of arguments is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Make = Callable[[], Any]


class Pair(NamedTuple):
    """Two arguments, each made anew when it is asked for, and whether a call with one is a call with the other."""

    reason: str
    left: Make
    right: Make
    is_same: bool


def same(reason: str, left: Make, right: Make) -> Pair:
    return Pair(reason, left, right, is_same=True)


def different(reason: str, left: Make, right: Make) -> Pair:
    return Pair(reason, left, right, is_same=False)


def names(pairs: list[Pair]) -> list[str]:
    """How pytest calls the rows."""
    return [f"{'same' if pair.is_same else 'different'}: {pair.reason}" for pair in pairs]
