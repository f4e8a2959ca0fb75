"""Loggers that import `logging` when there is something to say, for the modules that every program loads.

Importing `logging` takes 4 ms, a third of what importing memodisk takes, and most runs of a short program log nothing.
While nobody has imported it, nobody can have asked for lines at DEBUG or INFO either: they are dropped, as `logging`
itself would drop them. From then on these are the loggers of `logging`, with all their levels, handlers and filters.
"""

from __future__ import annotations

from sys import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from typing import Any

#: As in `logging`.
DEBUG, INFO, WARNING = 10, 20, 30


def logger(name: str) -> Logger:
    """Return ``logging.getLogger(name)``, or what becomes it when it is needed."""
    return logging.getLogger(name) if (logging := _imported()) else _Later(name)  # type: ignore[return-value]


def _imported() -> Any:
    """Return `logging` if somebody has imported it, else None.

    Not by an import statement: if fork() came while another thread was importing it, that would never end in the child.
    """
    found = modules.get("logging")
    return found if hasattr(found, "getLogger") else None


class _Later:
    """A logger to be."""

    def __init__(self, name: str) -> None:
        self._name = name

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - as in logging
        return (level >= WARNING or _imported() is not None) and self._become().isEnabledFor(level)

    def __getattr__(self, name: str) -> Any:
        if name in ("debug", "info") and _imported() is None:
            return _drop
        return getattr(self._become(), name)

    def _become(self) -> Logger:
        logging = _imported()
        if logging is None:
            import logging
        real: Logger = logging.getLogger(self._name)
        # The methods themselves, so that lines show where they were logged, and asking costs no more than ever.
        for name in ("debug", "info", "warning", "log", "isEnabledFor"):
            setattr(self, name, getattr(real, name))
        return real


def _drop(message: str, *args: object) -> None:
    pass
