"""Two machines whose clocks are hours apart share a directory: is anything alive deleted?

A client is a process for which `faketime` moves the clock; the times of files are the server's, as they are for a
machine with a wrong clock. What runs in that process: python -m tests.network.clocks work|look DIRECTORY ARGUMENT...
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
import traceback
from typing import Any

import memodisk
from memodisk import Miss

from .crew import PATIENCE, Heard, total

#: One client is an hour ahead of the server, the other an hour behind.
OFFSETS = ("+1h", "-1h")
APART = 2 * 3600.0
#: Whoever mistook its own clock for the server's would take for old what was stored just now.
MAX_AGE = 1800.0
MARGIN = 300.0


def value_of(number: int) -> bytes:
    return f"{number:08d} ".encode() * 500


def _open(directory: str, **options: Any) -> tuple[memodisk.Cache, Any]:
    cache = memodisk.Cache(directory, max_age=MAX_AGE)
    return cache, cache.memoize(name="clocks.value_of", **options)(value_of)


def clocks(a: str, b: str, seconds: float) -> dict[str, Any]:
    """Return what is left of what both clients stored, evicting and repairing all the time, and who serves it.

    Returns
    -------
    How many were stored, and for either client how many it serves: ``found`` without a time to live, ``within_ttl``
    with one a little above the difference of the clocks, ``beyond_ttl`` with one a little below.
    """
    begun = [_begin(offset, "work", place, str(seconds)) for offset, place in zip(OFFSETS, (a, b), strict=True)]
    worked = [_end(process) for process in begun]
    stored = [number for answer in worked for number in answer.pop("stored", [])]
    time.sleep(2)  # until an SMB client asks anew
    question = (json.dumps(stored), str(APART))
    begun = [_begin(offset, "look", place, *question) for offset, place in zip(OFFSETS, (a, b), strict=True)]
    return {"stored": len(stored), **total([*worked, *(_end(process) for process in begun)])}


def _begin(offset: str, *arguments: str) -> subprocess.Popen[str]:
    # Without NO_FAKE_STAT the times of files would be moved as well.
    command = ["faketime", "-f", offset, sys.executable, "-m", "tests.network.clocks", *arguments]
    return subprocess.Popen(command, env={**os.environ, "NO_FAKE_STAT": "1"}, stdout=subprocess.PIPE, text=True)


def _end(process: subprocess.Popen[str]) -> dict[str, Any]:
    try:
        output, _ = process.communicate(timeout=PATIENCE)
        answer: dict[str, Any] = json.loads(output)
    except (subprocess.TimeoutExpired, ValueError):
        process.kill()
        return {"exceptions": [f"{process.args} has no answer"]}
    return answer


def work(directory: str, seconds: str) -> dict[str, Any]:
    """Store results, and now and then evict what is old and repair what is broken, in a cache that others work on."""
    cache, function = _open(directory)
    # Not by the process's id: a process of another machine may have the same.
    first = random.randrange(1_000_000) * 100_000
    stored = []
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end or len(stored) < 10:
        number = first + len(stored)
        function(number)
        stored.append(number)
        if len(stored) % 5 == 0:
            cache.evict(max_age=MAX_AGE)
            cache.verify(fix=True)
    return {"stored": stored}


def look(directory: str, stored: str, apart: str) -> dict[str, Any]:
    """Count the results that are served here, where clocks are so many seconds apart."""
    ttls = {"found": None, "within_ttl": float(apart) + MARGIN, "beyond_ttl": float(apart) - MARGIN}
    found: dict[str, Any] = {"wrong": []}
    for name, ttl in ttls.items():
        _, function = _open(directory, ttl=ttl)
        found[name] = [0]
        for number in json.loads(stored):
            try:
                value = function.load(number).value
            except Miss:
                continue
            found[name][0] += 1
            if value != value_of(number):
                found["wrong"].append(number)
    return found


def main(what: str, *arguments: str) -> None:
    with Heard() as heard:
        try:
            answer = {"work": work, "look": look}[what](*arguments)
        except Exception:
            answer = {"exceptions": [traceback.format_exc()]}
    print(json.dumps({"exceptions": [], **answer, "warnings": dict(heard.warnings)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
