"""Servers that stop, drives that are full, files that are replaced while they are read."""

from __future__ import annotations

import subprocess
import time
import traceback
from functools import partial
from typing import Any

import memodisk
from memodisk import Miss
from memodisk._cache import reading

from .crew import Heard, files_below, together, total

#: Seconds for which a drive that did not answer is left alone here; by default it is longer than a test should take.
REST = 6.0


def value_of(number: int, size: int) -> bytes:
    head = f"{number:08d} "
    return (head * (size // len(head) + 1))[:size].encode()


def _open(directory: str) -> Any:
    return memodisk.Cache(directory).memoize(name="outages.value_of")(value_of)


def stopped(directory: str, stop: str, start: str) -> dict[str, Any]:
    """Return what callers notice while the server is away, and after it came back.

    Parameters
    ----------
    directory
        A cache directory on a drive that gives up in the end (an NFS mount with ``soft``).
    stop, start
        Commands that stop and start the server.
    """
    reading.REST = REST
    size = 100_000
    fresh = _open(directory)
    fresh(1, size)
    function = _open(directory)
    exceptions, wrong, seconds = [], [], []
    subprocess.run(stop, shell=True, check=True)
    with Heard() as heard:
        for number in (1, 2, 1, 3):
            started = time.monotonic()
            try:
                if function(number, size) != value_of(number, size):
                    wrong.append(number)
            except Exception:
                exceptions.append(traceback.format_exc())
            seconds.append(round(time.monotonic() - started, 1))
    warnings = dict(heard.warnings)
    subprocess.run(start, shell=True, check=True)
    with Heard() as heard:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                function(4, size)
                recovered = function.load(4, size).value == value_of(4, size) and function.load(1, size)
            except Miss:
                time.sleep(0.5)
            else:
                break
        else:
            recovered = False
    return {
        "warnings": warnings,
        "warnings_after": dict(heard.warnings),
        "exceptions": exceptions,
        "wrong": wrong,
        "seconds": seconds,
        "has_recovered": bool(recovered),
    }


def full(directory: str) -> dict[str, Any]:
    """Return what happens on a drive of 1 MB that runs full; some drives say so only when a file is closed."""
    wrong, exceptions = [], []
    sizes = {0: 3_000_000, **dict.fromkeys(range(1, 21), 90_000), 21: 3_000_000, 22: 500}
    with Heard() as heard:
        for number, size in sizes.items():
            try:
                if _open(directory)(number, size) != value_of(number, size):
                    wrong.append(f"call {number}")
            except Exception:
                exceptions.append(traceback.format_exc())
    function = _open(directory)
    served = []
    for number, size in sizes.items():
        try:
            value = function.load(number, size).value
        except Miss as miss:
            if miss.reason is not memodisk.Reason.ABSENT:
                exceptions.append(str(miss))
        else:
            served.append(number)
            if value != value_of(number, size):
                wrong.append(f"load {number}")
    cache = memodisk.Cache(directory)
    found = cache.verify()
    unfinished = [path for path in files_below(f"{directory}/v1") if path.endswith(".tmp")]
    with Heard() as heard_after:
        cache.clear()
        # What was freed can be used again, once the server has closed the files.
        attempts = 0
        while attempts < 40 and not function.is_cached(0, 90_000):
            attempts += 1
            function(0, 90_000)
            time.sleep(0.5)
    return {
        "warnings": dict(heard.warnings),
        "warnings_after": dict(heard_after.warnings),
        "attempts": attempts,
        "wrong": wrong,
        "exceptions": exceptions,
        "served": len(served),
        "unfinished": unfinished,
        "found": {step.name: step.found for step in found.steps if step.found},
        "has_recovered": function.is_cached(0, 90_000),
    }


def replaced(a: str, b: str, seconds: float) -> dict[str, Any]:
    """Return what client B meets that reads a large result which A forgets and stores anew all the time."""
    size = 8_000_000
    end = time.monotonic() + seconds

    def replace() -> dict[str, Any]:
        function = _open(a)
        while time.monotonic() < end:
            function.recompute(1, size)
            time.sleep(0.05)
            function.forget(1, size)
        function.recompute(1, size)
        return {}

    def read() -> dict[str, Any]:
        expected = value_of(1, size)
        found: dict[str, int] = {}
        wrong = []
        while time.monotonic() < end + 2:
            try:
                value = _open(b).load(1, size).value
            except Miss as miss:
                what = str(miss.reason)
            else:
                what = "hit"
                if value != expected:
                    wrong.append(f"{len(value)} bytes")
            found[what] = found.get(what, 0) + 1
        return {"found": found, "wrong": wrong, "see_it_in_the_end": int(_open(b).is_cached(1, size))}

    return total(together([replace, partial(read), partial(read)]))
