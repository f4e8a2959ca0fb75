"""Marks results as used, off the hot path: on a network drive a touch doubles what a hit costs."""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable

#: At most this many touches wait; beyond that they are dropped. Each entry is touched once in `freshen=` anyway, so
#: that what is dropped here is made up for by a later hit.
_MAX_WAITING = 100_000
#: Seconds that the end of the program waits for touches on a slow drive.
_PATIENCE = 2.0


class Freshener:
    """A background thread that runs small jobs in order; started by the first one."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque(maxlen=_MAX_WAITING)
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job soon. It must not raise."""
        self._idle.clear()
        self._waiting.append(job)
        if self._thread is None:
            with self._start:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="memodisk-freshener", daemon=True)
                    self._thread.start()
        self._wake.set()

    def flush(self, timeout: float = _PATIENCE) -> bool:
        """Wait until all submitted jobs have run, at most `timeout` seconds; True if they have."""
        return self._idle.wait(timeout)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                self._waiting.popleft()()
            self._idle.set()
            if self._waiting:  # submitted between the last look and set()
                self._idle.clear()
                self._wake.set()


freshener = Freshener()
atexit.register(lambda: freshener.flush())


def _start_afresh() -> None:
    freshener.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
