"""One computation of a key in a process: who comes later waits for who came first.

Threads and tasks share a flight, whatever event loop they run in. Flights save work and never guard correctness.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar, Token

from memodisk._flight.circles import waits_for_me

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


#: Seconds after which a waiting thread looks for the first time whether it waits for itself, and at most between looks.
_FIRST_LOOK, _LONGEST_PAUSE = 0.1, 5.0


class Flight:
    """The computation of one key.

    Parameters
    ----------
    key
        What is computed, unique within the process.
    """

    def __init__(self, key: object) -> None:
        self.key = key
        self.thread = threading.get_ident()
        self.is_done = False
        #: False for the flight of one who would otherwise wait for itself: nobody else waits for it.
        self.is_shared = True
        self.waits_for: set[Flight] = set()
        self._callbacks: list[Callable[[], None]] = []
        self._token: Token[tuple[Flight, ...]] | None = None


#: The flights that the present thread or task owns, the outermost first. Tasks inherit it from who started them.
_owned: ContextVar[tuple[Flight, ...]] = ContextVar("memodisk_flights", default=())


class Flights:
    """The flights of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._airborne: dict[object, Flight] = {}

    def take(self, key: object) -> tuple[Flight, bool]:
        """Return the flight of a key, and whether the caller owns it and has to compute and `land` it.

        A caller that would wait for itself, directly or in a circle, owns a flight of its own.
        """
        mine = _owned.get()
        with self._lock:
            flight = self._airborne.get(key)
            if flight is None:
                flight = self._airborne[key] = Flight(key)
            elif not _waits_in_a_circle(flight, mine):
                for owned in mine:
                    owned.waits_for.add(flight)
                return flight, False
            else:
                flight = Flight(key)
                flight.is_shared = False
        flight._token = _owned.set((*mine, flight))
        return flight, True

    def land(self, flight: Flight) -> None:
        """End a flight that the caller owns, and wake who waits for it."""
        if flight._token is not None:
            try:
                _owned.reset(flight._token)
            except ValueError:
                pass  # closed by another task than the one that took it, as an abandoned coroutine is
        with self._lock:
            if self._airborne.get(flight.key) is flight:
                del self._airborne[flight.key]
            flight.is_done = True
            callbacks, flight._callbacks = flight._callbacks, []
        for callback in callbacks:
            callback()

    def owned_keys(self) -> list[Any]:
        """Return the keys of the flights that the present thread or task owns."""
        return [flight.key for flight in _owned.get()]

    def wait(self, flight: Flight, timeout: float | None) -> bool:
        """Block the present thread until a flight has landed, at most `timeout` seconds; True if it has.

        False also if the flight waits for the present thread, which then has to compute.
        """
        event = threading.Event()
        self._when_landed(flight, event.set)
        end = None if timeout is None else time.monotonic() + timeout
        pause = _FIRST_LOOK
        while not event.wait(pause if end is None else max(0.0, min(pause, end - time.monotonic()))):
            if (end is not None and time.monotonic() >= end) or waits_for_me(flight.thread):
                break
            pause = min(2 * pause, _LONGEST_PAUSE)
        self.stop_waiting(flight)
        return event.is_set()

    async def wait_async(self, flight: Flight, timeout: float | None) -> bool:
        """Suspend the present task until a flight has landed, at most `timeout` seconds; True if it has.

        False also if the event loop is none that is known here (asyncio and its kin, trio): the caller has to compute.
        """
        try:
            await _suspend(lambda callback: self._when_landed(flight, callback), timeout)
        finally:
            self.stop_waiting(flight)
        return flight.is_done

    def _when_landed(self, flight: Flight, callback: Callable[[], None]) -> None:
        with self._lock:
            if not flight.is_done:
                flight._callbacks.append(callback)
                return
        callback()

    def stop_waiting(self, flight: Flight) -> None:
        """Note that the present thread or task waits no more for a flight of somebody else."""
        with self._lock:
            for owned in _owned.get():
                owned.waits_for.discard(flight)


def _waits_in_a_circle(flight: Flight, mine: tuple[Flight, ...]) -> bool:
    """Return True if a flight waits, perhaps through others, for one of mine."""
    seen = set()
    pending = [flight]
    while pending:
        one = pending.pop()
        if one in mine:
            return True
        if one not in seen:
            seen.add(one)
            pending.extend(one.waits_for)
    return False


def _never(callback: Callable[[], None]) -> None:
    pass


async def pause(seconds: float) -> bool:
    """Let time pass in the present task; False if its event loop is none that is known here."""
    return await _suspend(_never, seconds)


async def _suspend(subscribe: Callable[[Callable[[], None]], None], timeout: float | None) -> bool:
    # Through sys.modules: whose program imports neither runs in neither, and asyncio takes 40 ms to import.
    asyncio: Any = sys.modules.get("asyncio")
    loop = None if asyncio is None else asyncio._get_running_loop()
    if loop is not None:
        future = loop.create_future()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(lambda: future.done() or future.set_result(None))
            except RuntimeError:
                pass  # that loop has been closed, nobody waits in it any more

        subscribe(wake)
        await asyncio.wait([future], timeout=timeout)
        return True
    trio = sys.modules.get("trio")
    if trio is None:
        return False
    try:
        token = trio.lowlevel.current_trio_token()
    except RuntimeError:
        return False
    event = trio.Event()

    def wake_trio() -> None:
        try:
            token.run_sync_soon(event.set)
        except trio.RunFinishedError:
            pass

    subscribe(wake_trio)
    with trio.move_on_after(float("inf") if timeout is None else timeout):
        await event.wait()
    return True


flights = Flights()


def _start_afresh() -> None:
    # The threads that own the parent's flights do not exist in the child.
    flights.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
