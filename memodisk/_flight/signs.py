"""Signs of life of long computations, for those who wait for them.

A lock tells that a key is being computed, not by whom, and the lock of a machine that lost power may never come free.
So whoever computes for longer than a second puts a small file beside the lock (host, process, since when, what it waits
for itself) and touches it from time to time. Whoever waits sees whom it waits for, whether waiting would be in a
circle, and whether the owner still lives.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from memodisk._store.temporary import machine

#: Seconds before a computation gets its file. Most are shorter, and a file costs as much as storing a result.
DELAY = 1.0
#: Seconds between touches. Eight of them may be missed before the owner is given up.
PERIOD = 15.0
#: Seconds without a sign of life after which an owner is given up. NFS servers free the locks of a dead client after
#: 90 s; in 3 of 7 power cuts they never did.
PATIENCE = 120.0

_IDLE = 10.0


class Beacon:
    """A background thread that gives signs of life for the computations of this process.

    Parameters
    ----------
    clock
        Returns seconds, for intervals only.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._alight: dict[str, _Light] = {}
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def light(self, path: str) -> None:
        """Begin to give signs of life at `path`."""
        with self._lock:
            self._alight[path] = _Light(time.time(), self._clock() + DELAY)
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="memodisk-beacon", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return  # at the end of the program, or out of threads: a sign of life is a courtesy
                self._thread = thread
        if not self._wake.is_set():
            self._wake.set()

    def put_out(self, path: str) -> None:
        """End the signs of life at `path`, and remove the file if there is one."""
        with self._lock:
            light = self._alight.pop(path, None)
            if light is None or not light.is_shown:
                return
            _remove(path)

    def clear(self, path: str) -> None:
        """Remove the last sign of life of somebody who is dead."""
        with self._lock:
            if path not in self._alight:
                _remove(path)

    def begin_wait(self, path: str, other: str) -> None:
        """Say within a second, by a sign of life, that the computation at `path` waits for the one at `other`."""
        with self._lock:
            light = self._alight.get(path)
            if light is not None:
                light.waits_for.append(_name_beside(path, other))
                light.due = min(light.due, self._clock() + DELAY / 2)

    def end_wait(self, path: str, other: str) -> None:
        """Say that the computation at `path` waits no more for the one at `other`."""
        with self._lock:
            light = self._alight.get(path)
            name = _name_beside(path, other)
            if light is not None and name in light.waits_for:
                light.waits_for.remove(name)
                light.due = min(light.due, self._clock() + DELAY / 2)

    def give_signs(self) -> None:
        """Write or touch the file of each computation that it is time for."""
        with self._lock:
            now = self._clock()
            for path, light in self._alight.items():
                if now >= light.due:
                    self._show(path, light)

    def _show(self, path: str, light: _Light) -> None:
        # Imported late: few computations last as long.
        import json
        import platform

        light.due = self._clock() + PERIOD
        owner = {
            "host": platform.node(),
            "pid": os.getpid(),
            "since": light.since,
            "machine": machine(),
            "waits_for": light.waits_for,
        }
        # In place: a reader that meets a half-written file reads it again half a second later.
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(json.dumps(owner) + "\n")
            light.is_shown = True
        except OSError:
            pass  # a sign of life is a courtesy

    def _run(self) -> None:
        idle_since = self._clock()
        while True:
            time.sleep(DELAY / 2)
            self.give_signs()
            now = self._clock()
            if self._alight:
                idle_since = now
            elif now - idle_since > _IDLE:
                self._wake.clear()
                if not self._alight:
                    self._wake.wait()
                idle_since = self._clock()


class _Light:
    def __init__(self, since: float, due: float) -> None:
        self.since = since
        self.due = due
        self.is_shown = False
        #: With repetitions: several tasks of one computation may wait for the same.
        self.waits_for: list[str] = []


def _name_beside(path: str, other: str) -> str:
    directory, name = os.path.split(other)
    return name if directory == os.path.dirname(path) else other


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


beacon = Beacon()


def _start_afresh() -> None:
    beacon.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
