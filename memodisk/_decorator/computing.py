"""One computation for all who make the same call: what is done for a call that missed, step by step.

Plain and async functions share every step. What a step needs from the world outside (waiting for another computation,
running the function) is asked for by a generator, `steps`, and done by two short drivers, one that blocks and one that
awaits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from memodisk._decorator import telling
from memodisk._flight.flights import Flight, flights, pause
from memodisk._flight.locks import key_lock
from memodisk._flight.signs import beacon
from memodisk._request.request import Request
from memodisk._util.log import INFO, logger
from memodisk.errors import Miss

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeAlias

    from memodisk._cache.cache import ResultCache
    from memodisk._cache.reading import Result
    from memodisk._decorator.options import Options
    from memodisk._flight.locks import Lock

    class Caller(Protocol):
        """What is asked of the calls of one function; `call` has them."""

        options: Options
        misses: int

        @property
        def cache(self) -> ResultCache: ...
        def look(self, request: Request) -> Result | None: ...
        def load_stored(self, request: Request) -> Result: ...
        def keep(self, request: Request, value: Any, seconds: float, why: str = "") -> Any: ...


log = logger("memodisk.memoize")

#: Most stored results that a miss is compared with for its line in the log: 2 ms here.
_MOST_COMPARED = 100


class _Landing:
    """A step: wait until a flight has landed, at most `timeout` seconds."""

    def __init__(self, flight: Flight, timeout: float | None) -> None:
        self.flight = flight
        self.timeout = timeout


class _Run:
    """A step: run the function."""


class _Pause:
    """A step: let some time pass, in seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


_RUN = _Run()
_Steps: TypeAlias = "Generator[_Run | _Pause | _Landing, Any, Any]"


def steps(caller: Caller, request: Request, look: bool) -> _Steps:
    """Yield what has to be done for a request that missed; return the value.

    Yields a `_Landing` (answered with True if it has landed), a `_Pause` (answered with True if time has passed)
    or `_RUN` (answered with the value).
    """
    limit = caller.options.wait
    deadline = None if limit is None else time.monotonic() + limit
    # Where other processes see signs of life. Threads and tasks know a computation by it as well.
    shared = caller.cache.shared_directory
    sign = f"{shared or caller.cache.directory}/locks/{request.key}.json"
    while True:
        flight, is_mine = flights.take(sign)
        if is_mine:
            break
        if limit == 0:
            flights.stop_waiting(flight)
            break
        log.debug("%s: waiting for another thread or task, which computes this call", request.function)
        with _told_to_wait(sign):
            has_landed = yield _Landing(flight, None if deadline is None else max(0.0, deadline - time.monotonic()))
        if not has_landed:
            break  # waited long enough, or in an event loop that we cannot wait in
        found = caller.look(request) if look else None
        if found is not None:
            return found.value
    lock = None
    try:
        if is_mine and flight.is_shared and limit != 0 and shared is not None:
            lock = key_lock(shared, request.key)
            has_waited = yield from _acquire(lock, request, sign, deadline)
            # Somebody else may have been quicker, before we had the lock. If it was free, a glance is enough.
            found = caller.look(request) if look and (has_waited or caller.cache.has_record(request)) else None
            if found is not None:
                return found.value
            if lock.is_held:
                beacon.light(sign)
        caller.misses += 1
        # Before the function can change its arguments.
        values = request.values if log.isEnabledFor(INFO) else ()
        request.describe()
        why = _why(caller, request) if look and log.isEnabledFor(INFO) else ""
        started = time.perf_counter()
        value = yield _RUN
        if values:
            telling.tell_changed(request, request.changed(values))
        return caller.keep(request, value, time.perf_counter() - started, why)
    finally:
        if lock is not None and lock.is_held:
            beacon.put_out(sign)
            lock.release()
        if is_mine:
            flights.land(flight)


def _acquire(lock: Lock, request: Request, sign: str, deadline: float | None) -> Generator[_Pause, Any, bool]:
    """Wait for the lock as long as that makes sense; whoever does not get it computes all the same.

    Returns
    -------
    True if there was something to wait for.
    """
    if lock.try_acquire():
        return False
    from memodisk._flight.waiting import POLL, Waiting

    mine = tuple(other for other in flights.owned_keys() if other != sign)
    limit = None if deadline is None else deadline - time.monotonic()
    waiting = Waiting(request.function, sign, mine, limit)
    with _told_to_wait(sign):
        while waiting.goes_on():
            if not (yield _Pause(POLL)):
                break
            if lock.try_acquire():
                beacon.clear(sign)  # if its owner was killed
                break
    return True


@contextmanager
def _told_to_wait(sign: str) -> Iterator[None]:
    """Tell other processes that what is computed here waits for something, so that none waits in a circle."""
    mine = [other for other in flights.owned_keys() if other != sign]
    for other in mine:
        beacon.begin_wait(other, sign)
    try:
        yield
    finally:
        for other in mine:
            beacon.end_wait(other, sign)


def drive(function: Callable[..., Any], steps: _Steps, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    answer: object = None
    try:
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:  # of the steps: one of the function's own passes through below
                return end.value
            if isinstance(step, _Landing):
                answer = flights.wait(step.flight, step.timeout)
            elif isinstance(step, _Pause):
                time.sleep(step.seconds)
                answer = True
            else:
                answer = function(*args, **kwargs)
    finally:
        steps.close()


async def drive_async(
    function: Callable[..., Any], steps: _Steps, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    answer: object = None
    try:
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                return end.value
            if isinstance(step, _Landing):
                answer = await flights.wait_async(step.flight, step.timeout)
            elif isinstance(step, _Pause):
                answer = await pause(step.seconds)
            else:
                answer = await function(*args, **kwargs)
    finally:
        steps.close()


def _why(caller: Caller, request: Request) -> str:
    """Return in a few words why a request misses, for the log."""
    try:
        caller.load_stored(request)
    except Miss as miss:
        return f" ({caller.cache.explain_miss(request, miss, _MOST_COMPARED).summary})"
    return ""
