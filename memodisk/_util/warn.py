"""Faults of the cache: told once, clearly, and never to the program."""

from __future__ import annotations

import threading

from memodisk._util.log import DEBUG, INFO, WARNING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger

_told: set[tuple[str, ...]] = set()
_lock = threading.Lock()


def warn_once(log: Logger, about: tuple[str, ...], message: str, *args: object) -> None:
    """Log a warning the first time, and the same at DEBUG from then on.

    Parameters
    ----------
    log
        The logger of the module that met the fault.
    about
        What makes two faults the same one, for instance the function and the kind of fault.
    message, args
        As for `logging.Logger.warning`: the cause and the remedy.
    """
    log.log(WARNING if _is_new(about) else DEBUG, message, *args)


def info_once(log: Logger, about: tuple[str, ...], message: str, *args: object) -> None:
    """As `warn_once`, at INFO: for what is worth knowing and no fault."""
    log.log(INFO if _is_new(about) else DEBUG, message, *args)


def _is_new(about: tuple[str, ...]) -> bool:
    with _lock:
        is_new = about not in _told
        _told.add(about)
    return is_new


def forget_warnings() -> None:
    """Forget which faults have been told."""
    with _lock:
        _told.clear()
