"""The record: what a call was, when, how long it took, and which blob holds its result.

A record is one JSON object, one field a line, made to be read by people and by `jq`. Its last field, ``check``, is
the xxh3-128 digest of every byte before it: a record with a flipped bit or a cut-off end is never believed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from memodisk.hashing import Digest, Key, digest_bytes

FORMAT = 1

#: A field of the record is called `bytes`, as everywhere.
_Bytes = bytes

#: Results up to this many encoded bytes are copied into their record, so that a hit in a new process opens one file
#: instead of two. On a network drive that halves what a hit costs (one open takes about 2.5 round trips); above
#: 1 KiB records would no longer fit into one page and `jq` over a directory would read mostly base64.
MAX_EMBEDDED = 1024

_CHECK = b'"check": "'
_END = b'"\n}\n'
_CHECK_LENGTH = 32


class DamagedRecord(ValueError):
    """These bytes are not a whole record."""


@dataclass(frozen=True)
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

    function: str
    key: Key
    digest: Digest
    codec: str
    bytes: int
    seconds: float
    created: float
    arguments: Mapping[str, str] = field(default_factory=dict)
    argument_digests: Mapping[str, str] = field(default_factory=dict)
    argument_parts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fingerprint: Digest | None = None
    version: str | None = None
    made_by: Mapping[str, str | int] = field(default_factory=dict)
    data: _Bytes | None = field(default=None, repr=False)

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
            fields["data"] = base64.b64encode(self.data).decode("ascii")
        # One field a line: `json.dumps(indent=…)` would fall to the slow encoder and spread the digests over the page.
        lines = ",\n".join(f'"{name}": {_dumps(value)}' for name, value in fields.items())
        body = ("{\n" + lines + ",\n").encode("utf-8", "surrogatepass")
        return body + _CHECK + digest_bytes(body).encode("ascii") + _END

    @classmethod
    def from_json(cls, raw: _Bytes) -> Record:
        """Return the record that these bytes hold.

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
        try:
            fields = json.loads(raw.decode("utf-8", "surrogatepass"))
            if fields["format"] != FORMAT:
                raise DamagedRecord(f"format {fields['format']!r} is not format {FORMAT}")
            data = fields.get("data")
            return cls(
                function=fields["function"],
                key=Key(fields["key"]),
                digest=Digest(fields["digest"]),
                codec=fields["codec"],
                bytes=fields["bytes"],
                seconds=fields["seconds"],
                created=datetime.fromisoformat(fields["created"]).timestamp(),
                arguments=fields["arguments"],
                argument_digests=fields["argument_digests"],
                argument_parts=fields["argument_parts"],
                fingerprint=fields["fingerprint"],
                version=fields["version"],
                made_by=fields["made_by"],
                data=None if data is None else base64.b64decode(data, validate=True),
            )
        except DamagedRecord:
            raise
        # A deeply nested JSON text raises RecursionError, which is no ValueError.
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedRecord(f"the record is not understood: {error}") from error


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode
