"""Why a request misses: its nearest records, compared part by part. Pure: a request and records in, words out."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from memodisk._code.fingerprint import Fingerprint, compare, parse_manifest
from memodisk._request.parts import differences
from memodisk._request.request import Request
from memodisk._store.record import Record
from memodisk._util.units import format_bytes, format_seconds
from memodisk.errors import Miss, Reason
from memodisk.hashing import Digest

#: How many of the nearest records an explanation shows.
NEAREST = 3


@dataclass(frozen=True)
class Difference:
    """How a request differs from one stored result.

    Parameters
    ----------
    record
        The stored result's record.
    arguments
        In words, argument by argument: ``argument 'city' 'Bern' → 'Basel'``.
    code
        In words, what changed in the code.
    version
        In words, if the ``version=`` option differs, else an empty string.
    """

    record: Record
    arguments: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    version: str = ""

    @property
    def count(self) -> int:
        """The number of parts that differ: arguments, code, version."""
        return len(self.arguments) + bool(self.code) + bool(self.version)

    def __str__(self) -> str:
        what = [*self.arguments]
        if self.code:
            what.append("code: " + "; ".join(self.code))
        if self.version:
            what.append(self.version)
        when = _when(self.record.created)
        return f"differs from the call of {when} in " + ", ".join(what) if what else f"the call of {when}"


@dataclass(frozen=True)
class Explanation:
    """Why a call hits or misses.

    Parameters
    ----------
    request
        The call.
    reason
        Why it misses, or None for a hit.
    detail
        More on the reason, or an empty string.
    record
        The record of this very request, if there is one.
    nearest
        The nearest stored results, the nearest first, and how they differ.
    """

    request: Request
    reason: Reason | None
    detail: str = ""
    record: Record | None = None
    nearest: tuple[Difference, ...] = field(default_factory=tuple)

    @property
    def is_hit(self) -> bool:
        """True if the call would not run the function."""
        return self.reason is None

    @property
    def summary(self) -> str:
        """The explanation in one line."""
        if self.record is not None and self.reason is None:
            record = self.record
            return (
                f"hit: made {_when(record.created)} in {format_seconds(record.seconds)},"
                f" {format_bytes(record.bytes)} as {record.codec}"
            )
        line = f"miss: {self.reason}" + (f", {self.detail}" if self.detail else "")
        return line + (f"; {self.nearest[0]}" if self.nearest else "")

    def __str__(self) -> str:
        call = ", ".join(f"{name}={text}" for name, text in self.request.arguments.items())
        lines = [f"{self.request.function}({call})"]
        lines.append("  " + (self.summary if self.is_hit else self.summary.split("; differs from")[0]))
        lines.extend(f"  {difference}" for difference in self.nearest)
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        call = ", ".join(f"{name}={text}" for name, text in self.request.arguments.items())
        head = self.summary if self.is_hit else self.summary.split("; differs from")[0]
        rows = "".join(f"<li>{html.escape(str(difference))}</li>" for difference in self.nearest)
        title = f"<b>{html.escape(self.request.function)}</b>({html.escape(call)})"
        return f"<div>{title}<br>{html.escape(head)}{f'<ul>{rows}</ul>' if rows else ''}</div>"


def explain_hit(request: Request, record: Record) -> Explanation:
    """Return the explanation of a hit."""
    return Explanation(request, None, record=record)


def explain_miss(
    request: Request,
    miss: Miss,
    records: Iterable[Record],
    manifest: Callable[[Digest], str | None],
    evicted: str | None = None,
) -> Explanation:
    """Return the explanation of a miss.

    Parameters
    ----------
    request
        The call.
    miss
        What the cache said.
    records
        Stored results of the function.
    manifest
        Returns the text of a manifest, or None if it is gone.
    evicted
        When the result was evicted, as text, if it was.
    """
    if miss.reason is not Reason.ABSENT:
        return Explanation(request, miss.reason, miss.detail)
    if evicted is not None:
        return Explanation(request, Reason.ABSENT, f"evicted {evicted}")
    found = [_difference(request, record) for record in records]
    found.sort(key=lambda one: (one.count, -one.record.created))
    nearest = tuple(_with_code(request, one, manifest) for one in found[:NEAREST])
    if not nearest:
        return Explanation(request, Reason.ABSENT, "no result of this function is stored")
    if nearest[0].code and not nearest[0].arguments and not nearest[0].version:
        return Explanation(request, Reason.CODE_CHANGED, "", nearest=nearest)
    return Explanation(request, Reason.ABSENT, "", nearest=nearest)


def explain_record(record: Record, others: Iterable[Record], manifest: Callable[[Digest], str | None]) -> Explanation:
    """Return how the nearest other results differ from a stored one."""
    text = manifest(record.fingerprint) if record.fingerprint is not None else None
    request = Request.of_record(record, None if text is None else Fingerprint(parse_manifest(text)))
    found = [_difference(request, other) for other in others if other.key != record.key]
    found.sort(key=lambda one: (one.count, -one.record.created))
    nearest = tuple(_with_code(request, one, manifest) for one in found[:NEAREST])
    return Explanation(request, None, record=record, nearest=nearest)


def _difference(request: Request, record: Record) -> Difference:
    old, new = record.argument_digests, request.argument_digests
    arguments = []
    for name in new:
        if name not in old:
            arguments.append(f"argument {name!r} is new")
        elif old[name] != new[name]:
            arguments.append(_argument(name, request, record))
    arguments.extend(f"argument {name!r} is gone" for name in old if name not in new)
    version = "" if record.version == request.version else f"version {record.version} → {request.version}"
    current = None if request.fingerprint is None else request.fingerprint.digest
    code = ("edited",) if record.fingerprint != current else ()
    return Difference(record, tuple(arguments), code, version)


def _argument(name: str, request: Request, record: Record) -> str:
    label = f"argument {name!r}"
    details = differences(dict(record.argument_parts.get(name, {})), dict(request.argument_parts.get(name, {})))
    if details:
        shown = ", ".join(details[:3]) + (f" and {len(details) - 3} more" if len(details) > 3 else "")
        return f"{label} ({shown})"
    old, new = record.arguments.get(name), request.arguments.get(name)
    return f"{label} {old} → {new}" if old is not None and new is not None and old != new else label


def _with_code(request: Request, one: Difference, manifest: Callable[[Digest], str | None]) -> Difference:
    if not one.code or request.fingerprint is None:
        return one
    text = manifest(one.record.fingerprint) if one.record.fingerprint is not None else None
    words = compare(parse_manifest(text), request.fingerprint.lines) if text is not None else []
    return Difference(one.record, one.arguments, tuple(words) or one.code, one.version)


def _when(created: float) -> str:
    moment = datetime.fromtimestamp(created)
    today = datetime.fromtimestamp(time.time()).date()
    return moment.strftime("%H:%M" if moment.date() == today else "%Y-%m-%d %H:%M")
