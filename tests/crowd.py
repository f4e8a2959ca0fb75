"""Several real processes that do the same at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FORK = multiprocessing.get_context("fork")


def next_tick(directory: Path | str) -> None:
    """Wait until a file made in the directory would get a later time: the kernel's clock for files steps by 4 ms."""
    path = os.path.join(directory, f".tick-{os.getpid()}-{threading.get_ident()}")
    times = set()
    while len(times) < 2:
        with open(path, "w"):
            times.add(os.stat(path).st_mtime_ns)
        os.unlink(path)


def run_at_once(count: int, action: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Run `action(number, barrier, *arguments)` in so many processes, and return what each returned.

    An exception in any of them is an error here.
    """
    barrier, answers = FORK.Barrier(count), FORK.Queue()
    processes = [
        FORK.Process(target=_answer, args=(answers, action, number, barrier, arguments)) for number in range(count)
    ]
    for process in processes:
        process.start()
    try:
        found = dict(answers.get(timeout=120) for _ in processes)
    finally:
        for process in processes:
            process.join(20)
            if process.is_alive():
                process.kill()
                process.join()
    for _, error in found.values():
        assert error is None, error
    return [found[number][0] for number in range(count)]


def _answer(answers: Any, action: Callable[..., Any], number: int, barrier: Any, arguments: tuple[Any, ...]) -> None:
    value = error = None
    try:
        value = action(number, barrier, *arguments)
    except BaseException as raised:
        error = f"{type(raised).__name__}: {raised}"
        barrier.abort()
    answers.put((number, (value, error)))


@contextmanager
def running(action: Callable[..., Any], *arguments: Any):
    """A process that runs `action`; it is killed at the end if it still runs."""
    process = FORK.Process(target=action, args=arguments)
    process.start()
    try:
        yield process
    finally:
        if process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join(20)


def until(condition: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until a condition holds and return what it returned."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)
    return found


def note(path: str | os.PathLike[str], text: object) -> None:
    """Add a line to a file; many processes may do so at once."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)


def notes(path: str | os.PathLike[str]) -> list[str]:
    """The lines of such a file."""
    return Path(path).read_text().splitlines() if os.path.exists(path) else []
