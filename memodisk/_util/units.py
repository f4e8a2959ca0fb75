"""Sizes and times as people write them: "20GB", "90d"."""

from __future__ import annotations

import re

_SIZE_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_TIME_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31557600}
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-zA-Z]*)\s*")


def parse_bytes(value: object, argument: str) -> int:
    """Return a size in bytes.

    Parameters
    ----------
    value
        A number of bytes, or a string such as ``"20GB"`` (powers of 1000) or ``"4GiB"`` (powers of 1024).
    argument
        The name to use in the error.

    Raises
    ------
    ValueError
        If it is no size, or negative.
    """
    return int(_parse(value, argument, _SIZE_UNITS, 'a number of bytes or a string like "500MB" or "20GB"'))


def parse_seconds(value: object, argument: str) -> float:
    """Return a time span in seconds.

    Parameters
    ----------
    value
        A number of seconds, a `datetime.timedelta`, or a string such as ``"90s"``, ``"15min"``, ``"12h"``,
        ``"7d"``, ``"2w"``, ``"1y"``.
    argument
        The name to use in the error.

    Raises
    ------
    ValueError
        If it is no time span, or negative.
    """
    total_seconds = getattr(value, "total_seconds", None)
    if callable(total_seconds):
        value = total_seconds()
    return _parse(value, argument, _TIME_UNITS, 'a number of seconds or a string like "15min", "12h" or "7d"')


def parse_count(value: object, argument: str) -> int:
    """Return a number of entries: a whole number, not negative.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{argument}={value!r} is no number of entries: give a whole number, 0 or more")
    return value


def format_bytes(size: float) -> str:
    """Return a size for people: three digits and a decimal unit, ``12.3 MB``."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if size < 999.5 or unit == "TB":
            return f"{size:.3g} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    raise AssertionError("unreachable")


def format_seconds(seconds: float) -> str:
    """Return a time span for people: ``1.2 ms``, ``3.4 s``, ``5 min``, ``2.5 h``, ``3 d``."""
    if seconds < 0:
        return "-" + format_seconds(-seconds)
    if seconds < 0.9995e-3:
        return f"{seconds * 1e6:.3g} µs"
    if seconds < 0.9995:
        return f"{seconds * 1e3:.3g} ms"
    for limit, divisor, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / divisor:.3g} {unit}"
    return f"{seconds / 86400:.3g} d"


def _parse(value: object, argument: str, units: dict[str, int], expected: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if 0 <= value < float("inf"):
            return value
    elif isinstance(value, str):
        match = _QUANTITY.fullmatch(value)
        unit = match and units.get(match[2].lower())
        if match and unit:
            return float(match[1]) * unit if "." in match[1] else int(match[1]) * unit
    raise ValueError(f"{argument}={value!r} is not understood: give {expected}")
