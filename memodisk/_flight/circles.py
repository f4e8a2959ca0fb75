"""Whether a thread waits, through a pool, for the very thread that asks: a computation that would wait for itself.

A computation that hands part of its work to a pool of threads and waits for it is not known as the origin of what runs
there: threads of a pool inherit nothing. So what a thread waits for is read off its stack, as a debugger would.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import FrameType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def waits_for_me(thread: int) -> bool:
    """Return True if a thread waits for work that the present thread is doing.

    Parameters
    ----------
    thread
        Its identifier, as `threading.get_ident` gives it.
    """
    frames = sys._current_frames()
    mine = set(_done_by(frames.get(threading.get_ident())))
    return not mine.isdisjoint(_waited_for(frames.get(thread)))


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _done_by(top: FrameType | None) -> Iterator[object]:
    """Yield what a thread is doing for others: futures, jobs of a multiprocessing pool of threads, being a thread."""
    yield "thread", threading.get_ident()
    for frame in _stack(top):
        where = frame.f_globals.get("__name__"), frame.f_code.co_name
        if where == ("concurrent.futures.thread", "run"):
            yield "future", id(getattr(frame.f_locals.get("self"), "future", None))
        elif where == ("multiprocessing.pool", "worker"):
            yield "job", frame.f_locals.get("job")


def _waited_for(top: FrameType | None) -> Iterator[object]:
    """Yield what a thread waits for, from what its innermost frames hold."""
    for frame in _stack(top):
        module, name = frame.f_globals.get("__name__"), frame.f_code.co_name
        of: Any = frame.f_locals.get("self")
        if module == "threading" and name == "join" and isinstance(of, threading.Thread):
            yield "thread", of.ident
        elif module == "concurrent.futures._base" and name in ("result", "exception"):
            yield "future", id(of)
        elif module == "concurrent.futures._base" and name in ("wait", "as_completed"):
            yield from (("future", id(future)) for future in list(frame.f_locals.get("fs") or ()))
        elif module == "multiprocessing.pool" and name in ("get", "wait"):
            yield "job", getattr(of, "_job", "")
