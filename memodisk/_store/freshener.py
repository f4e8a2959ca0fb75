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
        self._changed = threading.Condition(threading.Lock())
        self._is_running = False
        self._thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Run a job soon. It must not raise."""
        with self._changed:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="memodisk-freshener", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    return  # at the end of the program, or out of threads; a later hit makes up for it
                self._thread = thread
            self._waiting.append(job)
            self._changed.notify_all()

    def flush(self, timeout: float = _PATIENCE) -> bool:
        """Wait until all submitted jobs have run, at most `timeout` seconds; True if they have."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_running, timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_running = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._waiting)
                job = self._waiting.popleft()
                self._is_running = True
            job()


freshener = Freshener()
atexit.register(lambda: freshener.flush())


def _start_afresh() -> None:
    freshener.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
