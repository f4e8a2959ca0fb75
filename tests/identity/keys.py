"""The keys of calls through the public decorator."""

from __future__ import annotations

from typing import Any

from pairs import Pair

import memodisk


@memodisk.memoize
def take(value: Any) -> None:
    """Has no say in its key except by what it is given."""


def keys_of(pairs: list[Pair]) -> list[list[str]]:
    """Return the keys of both calls of every pair."""
    return [[take.request(make()).key for make in (pair.left, pair.right)] for pair in pairs]
