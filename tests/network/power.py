"""A machine loses power while results are stored on its own disk: what is served afterwards?"""

from __future__ import annotations

import itertools
import os
import time
from functools import partial
from typing import Any

import memodisk
from memodisk import Miss

from .crew import files_below, together
from .stress import leftovers

PROCESSES = 4
KEYS = 100_000


def result_of(process: int, number: int) -> bytes:
    size = 2_000_000 if number % 50 == 0 else 20_000 if number % 5 == 0 else 300
    head = f"{process:04d} {number:08d} "
    return (head * (size // len(head) + 1)).encode()


def _open(directory: str) -> Any:
    return memodisk.Cache(directory).memoize(name="power.result_of")(result_of)


def put(directory: str) -> dict[str, Any]:
    """Store results until the end."""
    return together([partial(_put, directory, process) for process in range(PROCESSES)])[0]


def _put(directory: str, process: int) -> dict[str, Any]:
    function = _open(directory)
    for number in itertools.count():
        function(process, number)
    return {}


def look(directory: str) -> dict[str, Any]:
    """Return what is served afterwards, and whether it can be put right."""
    function = _open(directory)
    found: dict[str, int] = {}
    wrong = []
    for process in range(PROCESSES):
        absent = 0
        for number in itertools.count():
            try:
                value = function.load(process, number).value
            except Miss as miss:
                what = str(miss.reason)
            else:
                what = "hit"
                if value != result_of(process, number):
                    wrong.append(f"load({process}, {number})")
            found[what] = found.get(what, 0) + 1
            # A result that was never stored, and none of the many before it.
            absent = absent + 1 if what == "absent" else 0
            if absent > 500:
                break
    cache = memodisk.Cache(directory)
    # An hour later: what another machine writes may be unfinished that long, and before the cut this was another one.
    for path in files_below(f"{directory}/v1"):
        if path.endswith(".tmp"):
            os.utime(path, (time.time() - 7200, time.time() - 7200))
    repaired = cache.verify(fix=True)
    return {
        "found": found,
        "wrong": wrong,
        "repaired": {step.name: step.found for step in repaired.steps if step.found},
        "leftovers": leftovers(cache),
        "is_ok": cache.verify().is_ok,
    }
