"""Several processes with one directory: throughput, and one slow call that all of them make at once."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import queue
import time
from typing import Any

from benchmarks import work
from benchmarks.case import ALL_PEERS, Case, Measured, Size, by_level, failure, subject
from benchmarks.figures import ABSOLUTE, Goal, Row
from benchmarks.peers import PEERS

PROCESSES = 4
#: One call in ten is new.
NEW = 10


class Processes(Case):
    name = "processes"
    title = f"{PROCESSES} processes, one directory"
    contenders = (*ALL_PEERS, "two files", "one open")
    fresh = True
    sizes = by_level(
        {
            "full": {"seconds": 3.0, "keys": 2000, "slow": 1.0},
            "quick": {"seconds": 0.3, "keys": 100, "slow": 0.3},
            "tiny": {"seconds": 0.1, "keys": 10, "slow": 0.1},
        }
    )
    rounds = by_level({"full": 5, "quick": 1})

    def rows(self, size: Size) -> list[Row]:
        floor = "two files"
        return [
            Row(
                "throughput",
                "90 % hits, 10 % puts, calls a second of all together",
                "/s",
                floor=floor,
                goals=(Goal("diskcache", 1 / 2.5),),
                more_is_better=True,
            ),
            Row("errors", "wrong values and exceptions among them", "", goals=(Goal(ABSOLUTE, 0),), exact=True),
            Row("computed", "the same slow call at once: times computed", "", goals=(Goal(ABSOLUTE, 1),), exact=True),
            Row("waiting", "processor that a waiting process takes", "%"),
        ]

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        below = [f"{directory}/throughput", f"{directory}/slow"]
        for one in below:
            os.mkdir(one)
        if contender in PEERS:
            importlib.import_module(PEERS[contender].module)  # once, before the fork
        _together(_fill, contender, below[0], size, count=1)
        counts = _together(_mixed, contender, below[0], size)
        found: dict[str, float | str] = {
            "throughput": sum(done / seconds for done, seconds, _ in counts),
            "errors": sum(errors for *_, errors in counts),
        }
        if contender in ("two files", "one open"):
            return found
        log = f"{directory}/log"
        try:
            shares = _together(_same, contender, below[1], {**size, "log": log})
        # Whoever hangs here may have done well above.
        except (RuntimeError, TimeoutError) as error:
            return {**found, "computed": failure(error)}
        with open(log, encoding="ascii") as file:
            lines = file.readlines()
        owners = {int(line) for line in lines}
        waiting = [share for pid, share in shares if pid not in owners]
        found["computed"] = float(len(lines))
        if waiting:
            found["waiting"] = sum(waiting) / len(waiting)
        return found


def _together(function: Any, contender: str, directory: str, size: Size, count: int = PROCESSES) -> list[Any]:
    """Run a function in all processes at once, and return what each returns.

    Raises
    ------
    TimeoutError
        If one of them hangs.
    """
    # Forked before anything is opened; a fresh interpreter would take longer to start than all calls together.
    context: Any = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    barrier = context.Barrier(count)
    answers = context.Queue()
    arguments = [(function, barrier, answers, number, contender, directory, dict(size)) for number in range(count)]
    processes = [context.Process(target=_process, args=one, daemon=True) for one in arguments]
    for process in processes:
        process.start()
    try:
        # Ten times what one after the other would take.
        found = [answers.get(timeout=5 + size["seconds"] + 10 * size["slow"]) for _ in processes]
    except queue.Empty:
        raise TimeoutError("a process hangs") from None
    finally:
        for process in processes:
            process.join(timeout=1)
            if process.is_alive():
                process.kill()
    failed = [one for one in found if isinstance(one, str)]
    if failed:
        raise RuntimeError(failed[0])
    return found


def _process(function: Any, barrier: Any, answers: Any, number: int, contender: str, directory: str, size: Any) -> None:
    try:
        answers.put(function(barrier, number, contender, directory, size))
    # Told to the parent.
    except Exception as error:
        answers.put(f"{type(error).__name__}: {error}")


def _fill(barrier: Any, number: int, contender: str, directory: str, size: Any) -> None:
    memoized = subject(contender, directory).memoize(work.small)
    for key in range(size["keys"]):
        memoized(key)


def _mixed(barrier: Any, number: int, contender: str, directory: str, size: Any) -> tuple[int, float, int]:
    """Return the number of calls, the seconds they took and how many went wrong."""
    memoized = subject(contender, directory).memoize(work.small)
    memoized(0)
    keys: int = size["keys"]
    new = (number + 1) * 10**9
    done = errors = 0
    key = number * keys // PROCESSES
    clock = time.perf_counter
    barrier.wait(30)
    started = clock()
    end = started + size["seconds"]
    while clock() < end:
        for step in range(2 * NEW):
            done += 1
            if step % NEW == 0:
                argument = new + done
            else:
                # A step that is prime to any number of keys that is not its multiple visits all of them.
                key = (key + 7919) % keys
                argument = key
            try:
                errors += memoized(argument) != work.small(argument)
            except Exception:
                errors += 1
    return done, clock() - started, errors


def _same(barrier: Any, number: int, contender: str, directory: str, size: Any) -> tuple[int, float]:
    """Return this process's id and the part of the time that it kept a processor busy."""
    memoized = subject(contender, directory).memoize(work.slow)
    try:
        memoized(os.devnull, 0.0)  # so that what is loaded late is loaded
    finally:
        barrier.wait(30)
    started, busy = time.perf_counter(), time.process_time()
    if memoized(size["log"], size["slow"]) != size["slow"]:
        raise AssertionError("wrong value")
    return os.getpid(), (time.process_time() - busy) / (time.perf_counter() - started)


CASE = Processes()
