"""Two machines, each with a kernel and a clock of its own, share a directory: is anything alive deleted?

One is the server and a client of itself, the clock of the other was set. Both do what the clients of `clocks` do, while
either has a result half written. They meet by files in a directory that both see besides.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

import memodisk
from memodisk import Miss, codecs
from memodisk._store import blob_writer, temporary

from . import clocks
from .crew import files_below, together, total

MACHINES = ("server", "client")
#: Seconds between the clocks: as long as another machine's temporary file is spared, longer than `clocks.MAX_AGE`.
APART = 3600.0
#: Seconds until a machine gives the other up.
PATIENCE = 120.0
SLOW = "machines.slow_value_of"


def machine(who: str, directory: str, meeting: str, seconds: float) -> dict[str, Any]:
    """Return what one of `MACHINES` meets while both work, and what it is served afterwards.

    Returns
    -------
    What `clocks.clocks` does, but ``stored`` is a list, too; ``ahead``, by how many seconds this clock is ahead of the
    server's; ``in_progress``, how many files the other machine had half written all the time; ``finished``, how many of
    these results are served here.
    """
    os.makedirs(meeting, exist_ok=True)
    post = _Post(meeting, who)
    ahead = _ahead(os.path.dirname(directory))
    worked = together([partial(_work, directory, post, seconds), partial(_write_slowly, directory, post)])
    own = worked[0].pop("stored", [])
    post.tell("stored", own)
    looked = together([partial(_look, directory, own + post.hear("stored"))])
    return {"stored": [len(own)], "ahead": [ahead], **total([*worked, *looked])}


class _Post:
    def __init__(self, meeting: str, who: str) -> None:
        self._meeting = meeting
        self.who = who
        (self._other,) = set(MACHINES) - {who}

    def tell(self, about: str, content: Any = None) -> None:
        path = f"{self._meeting}/{about} {self.who}"
        with open(path + " in progress", "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.rename(file.name, path)

    def hear(self, about: str) -> Any:
        """Return what the other machine tells, once it does."""
        path = f"{self._meeting}/{about} {self._other}"
        end = time.monotonic() + PATIENCE
        while not os.path.exists(path):
            if time.monotonic() > end:
                raise TimeoutError(f"nothing is heard: {path}")
            time.sleep(0.05)
        with open(path, encoding="utf-8") as file:
            return json.load(file)


def _ahead(directory: str) -> int:
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        return round(time.time() - os.stat(file.name).st_mtime)


def _work(directory: str, post: _Post, seconds: float) -> dict[str, Any]:
    post.hear("half written")
    try:
        worked = clocks.work(directory, str(seconds))
        temporaries = [path for path in files_below(f"{directory}/v1") if SLOW in path and path.endswith(".tmp")]
        others = [path for path in temporaries if not os.path.basename(path).startswith(f".{temporary.machine()}-")]
        return {**worked, "in_progress": [len(others)]}
    finally:
        post.tell("worked")


class SlowCodec:
    """Bytes, with a pause after the first half."""

    name = suffix = "slow"

    def __init__(self, pause: Callable[[], object]) -> None:
        self._pause = pause

    def accepts(self, value: object) -> bool:
        return type(value) is bytes

    def encode(self, value: Any, file: BinaryIO) -> None:
        half = len(value) // 2
        file.write(value[:half])
        self._pause()
        file.write(value[half:])

    def decode(self, blob: memoryview) -> bytes:
        return bytes(blob)


def slow_value_of(who: str) -> bytes:
    # So long that the half of it does not wait in memory.
    return f"{who} ".encode() * blob_writer.SPILL_SIZE


def _open_slow(directory: str, pause: Callable[[], object]) -> Any:
    codecs.register(SlowCodec(pause))
    return memodisk.Cache(directory, max_age=clocks.MAX_AGE).memoize(name=SLOW, codec=SlowCodec.name)(slow_value_of)


def _write_slowly(directory: str, post: _Post) -> dict[str, Any]:
    def pause() -> None:
        post.tell("half written")
        post.hear("worked")

    _open_slow(directory, pause)(post.who)
    return {}


def _look(directory: str, stored: list[int]) -> dict[str, Any]:
    looked = clocks.look(directory, json.dumps(stored), str(APART))
    function = _open_slow(directory, lambda: None)
    finished = 0
    for who in MACHINES:
        try:
            value = function.load(who).value
        except Miss:
            continue
        finished += 1
        if value != slow_value_of(who):
            looked["wrong"].append(who)
    return {**looked, "finished": [finished]}
