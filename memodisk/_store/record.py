"""The record: what a call was, when, how long it took, and which blob holds its result.

A record is one JSON object, one field a line, made to be read by people and by `jq`. Its last field, ``check``, is
the xxh3-128 digest of every byte before it: a record with a flipped bit or a cut-off end is never believed.
"""

from __future__ import annotations

import functools
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from math import floor
from types import MappingProxyType

from xxhash import xxh3_128_hexdigest

from memodisk.hashing import Digest, Key, digest_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime, timezone
    from typing import Any

FORMAT = 1

#: A field of the record is called `bytes`, as everywhere.
_Bytes = bytes

#: Results up to this many encoded bytes are copied into their record, so that a hit in a new process opens one file
#: instead of two. On a network drive that halves what a hit costs (one open takes about 2.5 round trips); above
#: 1 KiB records would no longer fit into one page and `jq` over a directory would read mostly base64.
MAX_EMBEDDED = 1024

#: What a hit needs, on four lines that follow each other. A line break within a text is written as \\n, so that these
#: lines cannot be part of one.
_HEAD = re.compile(
    r'\n"bytes": (\d+),\n"codec": "([a-z0-9_.-]+)",\n"key": "([0-9a-f]{32})",\n"digest": "([0-9a-f]{32})",\n'
)
_BEGIN = f'{{\n"format": {FORMAT},\n'
_DATA = '\n"data": "'
#: The last line, and how many bytes it takes with the line that closes the object.
_CHECK = b'"check": "%b"\n}\n'
_CHECK_SIZE = len(_CHECK % (b"0" * 32))
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class DamagedRecord(ValueError):
    """These bytes are not a whole record."""


class Record:
    """One stored result, described.

    Parameters
    ----------
    function
        Qualified name of the function, for instance ``weather.load_city``.
    key
        The request's key.
    digest
        The blob's digest.
    codec
        Name of the codec that made the blob.
    bytes
        Size of the blob in bytes.
    seconds
        How long the function ran, in seconds.
    created
        When the result was made: seconds since 1970-01-01 UTC by the clock of the machine that made it.
    arguments
        Each argument as a short text.
    argument_digests
        Each argument's digest, so that two calls can be compared part by part.
    argument_parts
        For arguments with parts (data frames, dictionaries, objects) each part with a text and a short digest.
    fingerprint
        Digest of the code that made the result, or None if unknown.
    version
        The ``version=`` option as text, or None.
    made_by
        Host, user, process id, and the versions of Python and memodisk.
    data
        A copy of the blob's bytes, or None if it is larger than `MAX_EMBEDDED`.

    Attributes
    ----------
    raw
        The bytes that the record was read from; empty if it was not read.
    """

    __slots__ = (
        "argument_digests",
        "argument_parts",
        "arguments",
        "bytes",
        "codec",
        "created",
        "data",
        "digest",
        "fingerprint",
        "function",
        "key",
        "made_by",
        "raw",
        "seconds",
        "version",
    )

    def __init__(
        self,
        *,
        function: str,
        key: Key,
        digest: Digest,
        codec: str,
        bytes: int,
        seconds: float,
        created: float,
        arguments: Mapping[str, str] = _NOTHING,
        argument_digests: Mapping[str, str] = _NOTHING,
        argument_parts: Mapping[str, Mapping[str, str]] = _NOTHING,
        fingerprint: Digest | None = None,
        version: str | None = None,
        made_by: Mapping[str, str | int] = _NOTHING,
        data: _Bytes | None = None,
    ) -> None:
        self.function = function
        self.key = key
        self.digest = digest
        self.codec = codec
        self.bytes = bytes
        self.seconds = seconds
        self.created = created
        self.arguments = arguments
        self.argument_digests = argument_digests
        self.argument_parts = argument_parts
        self.fingerprint = fingerprint
        self.version = version
        self.made_by = made_by
        self.data = data
        self.raw = b""

    @property
    def created_at(self) -> datetime:
        """When the result was made, as a `datetime` in UTC."""
        _, _, moment, zone = _tools()
        return moment.fromtimestamp(self.created, zone)

    def to_json(self) -> _Bytes:
        """Return the bytes of the record file."""
        quote = _tools()[0]
        # One field a line, and put together by hand: `json.dumps(indent=…)` would spread digests over the page, and
        # an encoder for each field takes 12 µs of the 60 that storing a small result takes.
        parts = ", ".join(f"{quote(name)}: {_pairs(found, quote)}" for name, found in self.argument_parts.items())
        lines = [
            f'{_BEGIN}"function": {quote(self.function)}',
            f'"arguments": {_pairs(self.arguments, quote)}',
            f'"created": "{_moment(self.created)}"',
            f'"seconds": {float(f"{self.seconds:.6g}")!r}',
            f'"bytes": {self.bytes}',
            f'"codec": "{self.codec}"',
            f'"key": "{self.key}"',
            f'"digest": "{self.digest}"',
            f'"fingerprint": {_text(self.fingerprint, quote)}',
            f'"version": {_text(self.version, quote)}',
            f'"argument_digests": {_pairs(self.argument_digests, quote)}',
            f'"argument_parts": {{{parts}}}',
            f'"made_by": {_maker(self.made_by, quote)}',
        ]
        if self.data is not None:
            lines.append(f'"data": "{b2a_base64(self.data, newline=False).decode("ascii")}"')
        lines.append("")
        body = ",\n".join(lines).encode("utf-8", "surrogatepass")
        return body + _CHECK % digest_bytes(body).encode("ascii")

    @classmethod
    def from_json(cls, raw: _Bytes) -> Record:
        """Return the record that these bytes hold.

        Only what a hit needs is read at once; the rest is when it is first asked for. Parsing all of the JSON would
        take 6.5 µs, as long as opening and reading the file.

        Raises
        ------
        DamagedRecord
            If they are not exactly what `to_json` wrote.
        """
        end = max(0, len(raw) - _CHECK_SIZE)
        body = raw[:end]
        if raw[end:] != _CHECK % xxh3_128_hexdigest(body).encode("ascii"):
            raise DamagedRecord("the record is cut off or was edited: it does not match its checksum")
        text = body.decode("utf-8", "surrogatepass")
        head = _HEAD.search(text)
        if head is None or not text.startswith(_BEGIN):
            raise DamagedRecord(f"it is no record of format {FORMAT}")
        record = cls.__new__(cls)
        record.raw = raw
        size, record.codec, record.key, record.digest = head.groups()  # type: ignore[assignment]
        record.bytes = int(size)
        found = text.rfind(_DATA, head.end())
        try:
            record.data = None if found < 0 else a2b_base64(text[found + len(_DATA) : -3])
        except ValueError as error:
            raise DamagedRecord(f"the embedded result is not understood: {error}") from error
        return record

    def __getattr__(self, name: str) -> Any:
        # Asked for only while a slot is empty, that is for a record that was read and not yet parsed.
        if name.startswith("_") or name not in Record.__slots__:
            raise AttributeError(f"a record has no {name!r}")
        self._parse()
        return getattr(self, name)

    def _parse(self) -> None:
        _, loads, moment, _ = _tools()
        # A deeply nested JSON text raises RecursionError, which is no ValueError.
        try:
            fields = loads(self.raw.decode("utf-8", "surrogatepass"))
            self.created = moment.fromisoformat(fields["created"]).timestamp()
            for name in _LATER:
                setattr(self, name, fields[name])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedRecord(f"the record is not understood: {error}") from error

    def replace(self, **changes: Any) -> Record:
        """Return a record that says the same but for some fields."""
        fields = {name: getattr(self, name) for name in Record.__slots__ if name != "raw"}
        return Record(**{**fields, **changes})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Record.__slots__ if name != "raw")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = [name for name in Record.__slots__ if name not in ("raw", "data")]
        return f"Record({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Record.from_json, (self.to_json(),)


@functools.cache
def _tools() -> tuple[Callable[[str], str], Callable[[str], Any], type[datetime], timezone]:
    """Return what writes a text as JSON, what reads JSON, and what reads times.

    Imported late, and once: a hit needs none of it.
    """
    from datetime import datetime, timezone
    from json import loads
    from json.encoder import encode_basestring  # the C function: 0.1 µs a text, where going through an encoder takes 1

    return encode_basestring, loads, datetime, timezone.utc


#: The last second in which a result was made, and its text.
_last_second: tuple[int, str] = (0, "1970-01-01T00:00:00")


def _moment(created: float) -> str:
    """Return a time in ISO 8601, to the millisecond before it."""
    global _last_second
    # A microsecond more, so that a time that was read, which no float holds exactly, is written as it was.
    second, millisecond = divmod(floor(created * 1000 + 0.001), 1000)
    known, text = _last_second
    if known != second:
        _, _, moment, zone = _tools()
        text = moment.fromtimestamp(second, zone).isoformat().removesuffix("+00:00")
        _last_second = second, text
    return f"{text}.{millisecond:03d}+00:00"


#: The last `made_by` and its text: a process writes the same one into each of its records.
_last_maker: tuple[Mapping[str, str | int], str] = (_NOTHING, "{}")


def _maker(made_by: Mapping[str, str | int], quote: Callable[[str], str]) -> str:
    global _last_maker
    known, text = _last_maker
    if known is not made_by:
        text = _pairs(made_by, quote)
        _last_maker = made_by, text
    return text


def _text(value: str | None, quote: Callable[[str], str]) -> str:
    return "null" if value is None else quote(value)


def _pairs(fields: Mapping[str, str | int], quote: Callable[[str], str]) -> str:
    return "{" + ", ".join([f"{quote(k)}: {v if type(v) is int else quote(v)}" for k, v in fields.items()]) + "}"  # type: ignore[arg-type]


_LATER = (
    "function",
    "arguments",
    "seconds",
    "fingerprint",
    "version",
    "argument_digests",
    "argument_parts",
    "made_by",
)
