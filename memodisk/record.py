"""The record: what a call was, when, how long it took, and which blob holds its result.

A record is one JSON object, one field a line, made to be read by people and by `jq`. Its last field, ``check``, is
the xxh3-128 digest of every byte before it: a record with a flipped bit or a cut-off end is never believed.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from datetime import datetime, timezone
from types import MappingProxyType
from typing import Any

from memodisk.hashing import Digest, Key, digest_bytes

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
    rb'\n"bytes": (\d+),\n"codec": "([a-z0-9_.-]+)",\n"key": "([0-9a-f]{32})",\n"digest": "([0-9a-f]{32})",\n'
)
_BEGIN = f'{{\n"format": {FORMAT},\n'.encode()
_DATA = b'\n"data": "'
_CHECK = b'"check": "'
_END = b'"\n}\n'
_CHECK_LENGTH = 32
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
    """

    __slots__ = (
        "_raw",
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
        self._raw = b""

    @property
    def created_at(self) -> datetime:
        """When the result was made, as a `datetime` in UTC."""
        return datetime.fromtimestamp(self.created, timezone.utc)

    def to_json(self) -> _Bytes:
        """Return the bytes of the record file."""
        fields: dict[str, object] = {
            "format": FORMAT,
            "function": self.function,
            "arguments": dict(self.arguments),
            "created": self.created_at.isoformat(timespec="milliseconds"),
            "seconds": float(f"{self.seconds:.6g}"),
            "bytes": self.bytes,
            "codec": self.codec,
            "key": self.key,
            "digest": self.digest,
            "fingerprint": self.fingerprint,
            "version": self.version,
            "argument_digests": dict(self.argument_digests),
            "argument_parts": {name: dict(parts) for name, parts in self.argument_parts.items()},
            "made_by": dict(self.made_by),
        }
        if self.data is not None:
            fields["data"] = b2a_base64(self.data, newline=False).decode("ascii")
        # One field a line: `json.dumps(indent=…)` would fall to the slow encoder and spread digests over the page.
        lines = ",\n".join(f'"{name}": {_dumps(value)}' for name, value in fields.items())
        body = ("{\n" + lines + ",\n").encode("utf-8", "surrogatepass")
        return body + _CHECK + digest_bytes(body).encode("ascii") + _END

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
        end = len(raw) - len(_END) - _CHECK_LENGTH
        start = end - len(_CHECK)
        if start < 0 or raw[start:end] != _CHECK or not raw.endswith(_END):
            raise DamagedRecord("the record is cut off or was edited")
        if raw[end : end + _CHECK_LENGTH] != digest_bytes(raw[:start]).encode("ascii"):
            raise DamagedRecord("the record does not match its checksum")
        head = _HEAD.search(raw)
        if head is None or not raw.startswith(_BEGIN):
            raise DamagedRecord(f"it is no record of format {FORMAT}")
        record = cls.__new__(cls)
        record._raw = raw
        size, codec, key, digest = head.groups()
        record.bytes = int(size)
        record.codec = codec.decode("ascii")
        record.key = Key(key.decode("ascii"))
        record.digest = Digest(digest.decode("ascii"))
        found = raw.rfind(_DATA, head.end(), start)
        try:
            record.data = None if found < 0 else a2b_base64(raw[found + len(_DATA) : start - 3])
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
        # A deeply nested JSON text raises RecursionError, which is no ValueError.
        try:
            fields = json.loads(self._raw.decode("utf-8", "surrogatepass"))
            self.created = datetime.fromisoformat(fields["created"]).timestamp()
            for name in _LATER:
                setattr(self, name, fields[name])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedRecord(f"the record is not understood: {error}") from error

    def replace(self, **changes: Any) -> Record:
        """Return a record that says the same but for some fields."""
        fields = {name: getattr(self, name) for name in Record.__slots__ if name != "_raw"}
        return Record(**{**fields, **changes})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Record.__slots__ if name != "_raw")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = [name for name in Record.__slots__ if name not in ("_raw", "data")]
        return f"Record({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Record.from_json, (self.to_json(),)


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode
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
