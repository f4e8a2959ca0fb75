"""Turning the cache off, or allowing nothing but the cache, for a block of code.

The switches hold for the whole process, all its threads included: a computation that slips past `only_cached` because a
thread pool did not know of it would cost what the user wanted to be sure not to spend.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_depth = {"only_cached": 0, "disabled": 0}

#: True if either switch is on: the only thing that a call looks at.
is_any_on = False


def _turn(switch: str, by: int) -> None:
    global is_any_on
    with _lock:
        _depth[switch] += by
        is_any_on = any(_depth.values())


@contextmanager
def only_cached() -> Iterator[None]:
    """Raise `Miss` instead of running a memoized function: proves that a run costs nothing.

    Examples
    --------
    >>> with memodisk.only_cached():
    ...     make_report()
    """
    _turn("only_cached", 1)
    try:
        yield
    finally:
        _turn("only_cached", -1)


@contextmanager
def disabled() -> Iterator[None]:
    """Run memoized functions as if they were not memoized: nothing is read, nothing is written.

    The environment variable ``MEMODISK_DISABLE=1`` does the same for a whole program.
    """
    _turn("disabled", 1)
    try:
        yield
    finally:
        _turn("disabled", -1)


def is_only_cached() -> bool:
    """Return True within `only_cached`."""
    return _depth["only_cached"] > 0


def is_disabled() -> bool:
    """Return True within `disabled`, or if the environment says so."""
    return _depth["disabled"] > 0


def _start_afresh() -> None:
    # Another thread of the parent may have held it.
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)

if os.environ.get("MEMODISK_DISABLE", "").lower() not in ("", "0", "false", "no", "off"):
    _turn("disabled", 1)
