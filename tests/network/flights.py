"""One computation for all, and when the others see its result."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import memodisk
from memodisk import Miss

from .crew import PATIENCE, fork, together, total

PROCESSES = 8
#: Seconds that a computation takes: the others come while it runs.
LONG = 0.25


def compute(what: str, number: int, during: Callable[[], object]) -> str:
    during()
    return f"{what} {number}"


def _open(directory: str) -> Any:
    return memodisk.Cache(directory).memoize(ignore=["during"], name="flights.compute")(compute)


def visibility(a: str, b: str, rounds: int) -> dict[str, Any]:
    """Return how soon client B sees what client A computed.

    In each round B first looks for the result, so that its machine remembers that the name is missing. Then it asks
    for it while A computes it, and waits; for a second result it looks again and again from the end of A's flight on.

    Parameters
    ----------
    a, b
        The cache directory as the two clients see it.
    rounds
        How often.

    Returns
    -------
    What B computed itself although A had, and the delays in seconds, each measured from the end of A's call to the end
    of B's: ``waited`` and ``later``.
    """
    to_a, to_b = fork.Pipe()
    is_computing, is_asked_for = fork.Event(), fork.Event()

    def owner() -> dict[str, Any]:
        function = _open(a)

        def during() -> None:
            is_computing.set()
            assert is_asked_for.wait(PATIENCE)
            time.sleep(LONG)

        for number in range(rounds):
            for what, job in (("waited", during), ("later", int)):
                assert to_b.recv() == "missed"
                function(what, number, job)
                to_b.send(time.monotonic())
        return {}

    def other() -> dict[str, Any]:
        function = _open(b)
        delays: dict[str, list[float]] = {"waited": [], "later": []}
        recomputed: list[str] = []
        wrong = []
        for number in range(rounds):
            for what in delays:
                note = partial(recomputed.append, f"{what} {number}")
                assert not function.is_cached(what, number, note)
                to_a.send("missed")
                if what == "waited":
                    assert is_computing.wait(PATIENCE)
                    is_computing.clear()
                    is_asked_for.set()
                    value = function(what, number, note)
                    seen = time.monotonic()
                    is_asked_for.clear()
                    ended = to_a.recv()
                else:
                    ended = to_a.recv()
                    value = _await(function, what, number, note)
                    seen = time.monotonic()
                delays[what].append(round(seen - ended, 4))
                if value != f"{what} {number}":
                    wrong.append(f"{what} {number} was {value!r}")
        return {"recomputed": recomputed, "wrong": wrong, **delays}

    return {"rounds": rounds, **total(together([owner, other]))}


def _await(function: Any, *arguments: Any) -> Any:
    end = time.monotonic() + 90
    while True:
        try:
            return function.load(*arguments).value
        except Miss:
            if time.monotonic() > end:
                return None
            time.sleep(0.01)


def single(a: str, b: str, rounds: int) -> dict[str, Any]:
    """Return how often eight processes on two clients that call the same at once computed it.

    Returns
    -------
    The number of computations in each round, as ``{"1": rounds}`` if all is well, and wrong values.
    """
    start = fork.Barrier(PROCESSES)

    def work(directory: str) -> dict[str, Any]:
        function = _open(directory)
        computed: dict[str, int] = {}
        wrong = []
        for number in range(rounds):

            def during(number: int = number) -> None:
                computed[str(number)] = 1
                time.sleep(LONG)

            start.wait(PATIENCE)
            value = function("single", number, during)
            if value != f"single {number}":
                wrong.append(f"{number} was {value!r}")
        return {"computed": computed, "wrong": wrong}

    figures = total(together([partial(work, (a, b)[number % 2]) for number in range(PROCESSES)]))
    counts = list(figures.pop("computed", {}).values())
    computations = {str(count): counts.count(count) for count in sorted(set(counts))}
    return {"rounds": rounds, "computations": computations, **figures}


def takeover(a: str, b: str, rounds: int) -> dict[str, Any]:
    """Return how many seconds after the death of its owner a waiter on the other client has computed the result."""
    return {"rounds": rounds, **total([_kill_one(a, b, number) for number in range(rounds)])}


def _kill_one(a: str, b: str, number: int) -> dict[str, Any]:
    is_computing = fork.Event()

    def own() -> None:
        def during() -> None:
            is_computing.set()
            time.sleep(PATIENCE)

        _open(a)("killed", number, during)

    def wait() -> dict[str, Any]:
        function = _open(b)
        assert is_computing.wait(PATIENCE)
        killer = fork.Process(target=_kill_soon, args=(owner.pid,))
        killer.start()
        started = time.monotonic()
        value = function("killed", number, int)
        delay = time.monotonic() - started - LONG
        killer.join()
        return {"delays": [round(delay, 3)], "wrong": [] if value == f"killed {number}" else [value]}

    owner = fork.Process(target=own)
    owner.start()
    (answer,) = together([wait])
    owner.join(5)
    return answer


def _kill_soon(pid: int) -> None:
    time.sleep(LONG)
    os.kill(pid, signal.SIGKILL)
