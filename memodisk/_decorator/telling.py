"""What a call says in the log: hits at DEBUG, computations at INFO, faults at WARNING, each fault once."""

from __future__ import annotations

from memodisk._cache.cache import ResultCache
from memodisk._cache.reading import Result
from memodisk._code.fingerprint import compare, parse_manifest
from memodisk._request.request import Request
from memodisk._store.record import Record
from memodisk._util.log import INFO, logger
from memodisk._util.units import format_bytes, format_seconds
from memodisk._util.warn import info_once, warn_once
from memodisk.errors import Miss, Reason, Unencodable, Unhashable

log = logger("memodisk.memoize")

#: Reasons for a miss that mean something is wrong with the directory, not just that a result is not there.
_FAULTS = frozenset({Reason.DAMAGED, Reason.UNDECODABLE, Reason.UNREADABLE})


def tell_hit(record: Record) -> None:
    """Say that a stored result is served."""
    log.debug("%s: hit, %s saved (%s)", record.function, format_seconds(record.seconds), record.key)


def tell_miss(cache: ResultCache, request: Request, miss: Miss) -> None:
    """Warn if something is wrong with the directory; that a result is not there is no fault."""
    if miss.reason not in _FAULTS:
        log.debug("%s: miss, %s", request.function, miss)
    elif miss.reason is not Reason.UNREADABLE:
        warn_once(
            log,
            (cache.directory, str(miss.reason), request.key),
            "%s: a stored result is %s and is computed again (%s)",
            request.function,
            miss.reason,
            miss.detail,
        )
    elif cache.strict:
        raise miss
    else:
        _warn_of_directory(cache, request.function, "stored results cannot be read", miss.detail, miss.__cause__)


def tell_changed(request: Request, names: list[str]) -> None:
    """Say that a computation changed arguments of its own, which a hit will not do; once for each function."""
    if names:
        info_once(
            log,
            (request.function, "changed arguments"),
            "%s changed its argument%s %s while it ran: a hit does not. Return what is changed, or pass a copy",
            request.function,
            "s" if len(names) > 1 else "",
            ", ".join(names),
        )


def tell_computed(name: str, seconds: float, why_not_stored: str) -> None:
    """Say that a result was computed and is not to be stored."""
    log.info("%s: computed in %s, not stored (%s)", name, format_seconds(seconds), why_not_stored)


def tell_stored(request: Request, result: Result, seconds: float, why: str) -> None:
    """Say that a result was computed and stored, and why it was not there."""
    if log.isEnabledFor(INFO):
        log.info(
            "%s(%s): computed in %s, stored %s as %s%s",
            request.function,
            ", ".join(f"{key}={text}" for key, text in request.arguments.items()),
            format_seconds(seconds),
            format_bytes(result.bytes),
            result.record.codec,
            why,
        )


def warn_not_stored(cache: ResultCache, name: str, error: Exception) -> None:
    """Warn that a result is returned but not stored, whatever a codec, the result's own code or the disk raised."""
    what = "the result is returned but not stored"
    if isinstance(error, Unencodable):
        remedy = "%s: %s: %s. Return plain data, or register a codec for it"
        warn_once(log, (name, "unencodable", error.path), remedy, name, what, error)
    elif isinstance(error, OSError):
        _warn_of_directory(cache, name, what, str(error), error)
    else:
        kind = type(error).__name__
        text = "%s: %s: encoding it failed with %s: %s"
        warn_once(log, (name, "unencodable", kind), text, name, what, kind, error)


def warn_not_hashed(name: str, error: Exception) -> None:
    """Warn that a call is computed without the cache, whatever hashing its arguments raised."""
    if isinstance(error, Unhashable):
        warn_once(log, (name, "unhashable", error.path), "%s is not cached: %s", name, error)
    else:
        kind = type(error).__name__
        text = "%s is not cached: hashing its arguments failed with %s: %s"
        warn_once(log, (name, "unhashable", kind), text, name, kind, error)


def _warn_of_directory(cache: ResultCache, name: str, what: str, detail: str, cause: BaseException | None) -> None:
    """Warn that the directory cannot be used: once for each cause, whether it was met in reading or in writing."""
    warn_once(
        log,
        (cache.directory, "unusable", str(getattr(cause, "errno", None))),
        "%s: %s: %s. Check the space and the permissions of %s, or choose another directory with MEMODISK_DIR",
        name,
        what,
        detail,
        cache.directory,
    )


def warn_of_changed_code(cache: ResultCache, request: Request, result: Result) -> None:
    """Warn once if a stored result was made by other code than there is now."""
    old = result.record.fingerprint
    new = request.fingerprint
    if old is None or new is None or old == new.digest:
        return
    manifest = cache.manifest(request.function, old)
    changes = compare(parse_manifest(manifest), new.lines) if manifest is not None else []
    warn_once(
        log,
        (request.function, "code changed", old, new.digest),
        "%s: a stored result is served although the code changed since: %s",
        request.function,
        "; ".join(changes) or "the list of what it was made with is gone",
    )
