"""How long to wait for somebody else's computation: decided here, carried out by who waits.

The caller asks `Waiting.look` again and again, with a pause in between, and is told when to stop.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from memodisk._flight.owner import Owner, read_owner
from memodisk._flight.signs import PATIENCE
from memodisk._util.log import logger
from memodisk._util.units import format_seconds

log = logger("memodisk.flight")

#: Seconds between two tries for a lock: a try is an open, a lock and a close, 25 µs here and three round trips on a
#: network drive. Waiting costs below 0.1% of a processor, and a result is seen within 0.1 s after its lock comes free.
POLL = 0.1
#: Seconds between two looks at the owner's sign of life.
_LOOK = 0.5


class Waiting:
    """One wait for the owner of a key.

    Parameters
    ----------
    what
        The function's name, for the log.
    owner_path
        Where the owner gives signs of life.
    mine
        Where the computations of the waiting thread or task give theirs.
    limit
        Longest wait in seconds, or None to wait as long as the owner lives.
    clock
        Returns seconds, for intervals only.
    """

    def __init__(
        self,
        what: str,
        owner_path: str,
        mine: tuple[str, ...],
        limit: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._owner_path = owner_path
        # By name, which is the key: another machine may have the directory under another path.
        self._mine = frozenset(map(os.path.basename, mine))
        self._limit = limit
        self._clock = clock
        self._started = self._sign_seen = clock()
        self._next_look = self._started + _LOOK
        self._mtime = 0.0
        self._told: Owner | None = None

    def goes_on(self) -> bool:
        """Return True if waiting still makes sense."""
        now = self._clock()
        if self._limit is not None and now - self._started >= self._limit:
            log.info("%s: waited %s, computing it here as well", self._what, format_seconds(now - self._started))
            return False
        if now < self._next_look:
            return True
        self._next_look = now + _LOOK
        owner, mtime = read_owner(self._owner_path)
        # Only changes of the time are looked at: the clocks of two machines need not agree. A process of this machine
        # that gives no signs (a library can keep its threads from running for minutes) can be looked for.
        if mtime != self._mtime or (owner is not None and owner.is_alive_here):
            self._mtime = mtime
            self._sign_seen = now
        if owner is not None and (self._told is None or (owner.host, owner.pid) != (self._told.host, self._told.pid)):
            self._told = owner
            log.info("%s: waiting for %s, which computes this call", self._what, owner)
        if owner is not None and self._mine and self._is_circle(owner):
            log.debug("%s: waiting would go in a circle, computing it here", self._what)
            return False
        if now - self._sign_seen > PATIENCE:
            log.warning(
                "%s: no sign of life from %s for %s, computing it here",
                self._what,
                self._told or "whoever holds the lock",
                format_seconds(PATIENCE),
            )
            return False
        return True

    def _is_circle(self, owner: Owner) -> bool:
        seen: set[str] = set()
        pending = _paths(self._owner_path, owner)
        while pending:
            path = pending.pop()
            if os.path.basename(path) in self._mine:
                return True
            if path not in seen and len(seen) < 100:
                seen.add(path)
                other, _ = read_owner(path)
                if other is not None:
                    pending.extend(_paths(path, other))
        return False


def _paths(path: str, owner: Owner) -> list[str]:
    return [os.path.join(os.path.dirname(path), name) for name in owner.waits_for]
