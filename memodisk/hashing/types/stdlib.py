"""The standard library's small value types: dates and times, exact numbers, paths, identifiers."""

from __future__ import annotations

from typing import Any

from memodisk.hashing.base import Encoded, Handler, Node, fields, named, refuse


def find(kind: type, base: type) -> Handler | None:
    """The handler for a type whose ancestor `base` is of these libraries, or None."""
    if kind is not base:
        return None  # a subclass is an instance like any other
    return _BY_NAME.get(f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}")


def _date(value: Any, _walk: Any) -> bytes:
    return named("datetime.date") + fields(value.year, value.month, value.day)


def _zoned(head: bytes, zone: Any) -> Encoded:
    return head + fields(None) if zone is None else Node(head, [zone], lambda _i: ".tzinfo")


def _datetime(value: Any, _walk: Any) -> Encoded:
    clock = (value.hour, value.minute, value.second, value.microsecond, value.fold)
    return _zoned(named("datetime.datetime") + fields(value.year, value.month, value.day, *clock), value.tzinfo)


def _time(value: Any, _walk: Any) -> Encoded:
    clock = (value.hour, value.minute, value.second, value.microsecond, value.fold)
    return _zoned(named("datetime.time") + fields(*clock), value.tzinfo)


def _timedelta(value: Any, _walk: Any) -> bytes:
    return named("datetime.timedelta") + fields(value.days, value.seconds, value.microseconds)


def _timezone(value: Any, _walk: Any) -> bytes:
    offset = value.utcoffset(None)
    return named("datetime.timezone") + fields(offset.days, offset.seconds, offset.microseconds, value.tzname(None))


def _zone(value: Any, _walk: Any) -> bytes:
    if value.key is None:
        raise refuse("a time zone that was read from a file has no name")
    return named("zoneinfo.ZoneInfo") + fields(value.key)


def _decimal(value: Any, _walk: Any) -> bytes:
    """Sign, digits and exponent: 1.0 is not 1.00. (str() depends on the context's capitals.)"""
    return named("decimal.Decimal") + fields(*value.as_tuple())


def _fraction(value: Any, _walk: Any) -> bytes:
    return named("fractions.Fraction") + fields(value.numerator, value.denominator)


def _uuid(value: Any, _walk: Any) -> bytes:
    return named("uuid.UUID") + fields(value.int)


def _path(value: Any, _walk: Any) -> bytes:
    return named(f"pathlib.{type(value).__name__}") + fields(str(value))


def _address(value: Any, _walk: Any) -> bytes:
    return named(f"ipaddress.{type(value).__name__}") + fields(str(value))


_BY_NAME: dict[str, Handler] = {
    "datetime.date": _date,
    "datetime.datetime": _datetime,
    "datetime.time": _time,
    "datetime.timedelta": _timedelta,
    "datetime.timezone": _timezone,
    "zoneinfo.ZoneInfo": _zone,
    "decimal.Decimal": _decimal,
    "fractions.Fraction": _fraction,
    "uuid.UUID": _uuid,
    **{f"pathlib.{flavour}{kind}": _path for flavour in ("", "Pure") for kind in ("Path", "PosixPath", "WindowsPath")},
    **{f"ipaddress.IPv{version}{kind}": _address for version in "46" for kind in ("Address", "Network", "Interface")},
}
