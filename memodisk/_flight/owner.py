"""Who computes a key, as its sign of life tells. Read by those who wait for it; `signs` writes it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass

from memodisk._store.temporary import machine


@dataclass(frozen=True)
class Owner:
    """Who computes a key.

    Parameters
    ----------
    host, pid
        Where.
    since
        Seconds since 1970-01-01 UTC by the owner's clock.
    machine
        Which machine and container that is; process ids are unique within it.
    waits_for
        Files in which other computations that it waits for give their signs of life: a name in the same directory, or
        a path if the other function's results are kept elsewhere.
    """

    host: str
    pid: int
    since: float
    machine: str
    waits_for: tuple[str, ...] = ()

    @property
    def is_alive_here(self) -> bool:
        """True if it is a process of this machine, and there."""
        if self.machine != machine() or os.name != "posix":  # elsewhere os.kill(pid, 0) would end the process
            return False
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:
            pass  # alive, and somebody else's
        return True

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {time.strftime('%H:%M:%S', time.localtime(self.since))}"


def read_owner(path: str) -> tuple[Owner | None, float]:
    """Return who computes, and the modification time of the sign of life; ``(None, 0.0)`` if there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            fields = json.loads(file.read(4096))
            mtime = os.fstat(file.fileno()).st_mtime
        owner = Owner(fields["host"], fields["pid"], fields["since"], fields["machine"], tuple(fields["waits_for"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None, 0.0
    return owner, mtime
