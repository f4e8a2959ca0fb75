"""A call, described completely: which function, which code, which arguments. Knows no disk."""

from __future__ import annotations

from collections.abc import Mapping

from memodisk import hashing
from memodisk._code.fingerprint import Fingerprint, code_digest
from memodisk._request.summary import MAX_ARGUMENTS, summarize_arguments
from memodisk._store.record import Record
from memodisk.errors import Unhashable
from memodisk.hashing import Key
from memodisk.hashing.base import FLAT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Request:
    """One call, described.

    Parameters
    ----------
    function
        The function's name, for instance ``weather.load_city``.
    key
        Digest of everything below: two calls with one key are the same call.
    fingerprint
        The code that the result depends on, or None where it is unknown.
    version
        The ``version=`` option as text, or None.
    names, values, digests
        The hashed arguments. The values are let go once they have been described.
    """

    __slots__ = (
        "_digests",
        "_names",
        "_parts",
        "_texts",
        "_values",
        "fingerprint",
        "function",
        "key",
        "raw_digests",
        "version",
    )

    def __init__(
        self,
        function: str,
        key: Key,
        fingerprint: Fingerprint | None,
        version: str | None,
        names: tuple[str, ...],
        values: tuple[Any, ...],
        digests: bytes,
    ) -> None:
        self.function = function
        self.key = key
        self.fingerprint = fingerprint
        self.version = version
        self._names = names
        self._values = values
        #: The arguments' digests as they enter the key, one after the other.
        self.raw_digests = digests
        self._texts: dict[str, str] | None = None

    @classmethod
    def of_record(cls, record: Record, fingerprint: Fingerprint | None) -> Request:
        """Return the request that a record is of, as far as the record tells."""
        request = cls(record.function, record.key, fingerprint, record.version, (), (), b"")
        request._texts = dict(record.arguments)
        request._digests = dict(record.argument_digests)
        request._parts = {name: dict(found) for name, found in record.argument_parts.items()}
        return request

    @property
    def names(self) -> tuple[str, ...]:
        """The hashed parameters."""
        return self._names

    @property
    def values(self) -> tuple[Any, ...]:
        """The hashed arguments, as long as they have not been described."""
        return self._values

    def changed(self, values: tuple[Any, ...]) -> list[str]:
        """Return the parameters whose arguments are not any more what they were when they were hashed."""
        found = []
        for index, (name, value) in enumerate(zip(self._names, values, strict=False)):
            before = self.raw_digests[16 * index : 16 * index + 16]
            try:
                if type(value) not in FLAT and hashing.digest(value, code=code_digest) != before:
                    found.append(name)
            except Unhashable:
                continue  # a default, which was described in part
        return found

    def describe(self) -> Request:
        """Write the arguments down as they are now: the call may change them. Returns the request itself."""
        if self._texts is None:
            by_name: dict[str, Any] = {}
            digests: dict[str, str] = {}
            raw = self.raw_digests
            for index, (name, value) in enumerate(zip(self._names, self._values, strict=True)):
                if name.startswith("**") and isinstance(value, dict) and len(value) <= MAX_ARGUMENTS:
                    # Keyword by keyword, so that an explanation can say which of them differs.
                    for keyword, item in value.items():
                        by_name[keyword] = item
                        digests[keyword] = hashing.digest(item, path=keyword, code=code_digest).hex()
                else:
                    by_name[name] = value
                    digests[name] = raw[16 * index : 16 * index + 16].hex()
            if len(digests) > MAX_ARGUMENTS:
                digests = dict(list(digests.items())[:MAX_ARGUMENTS])
            self._digests: dict[str, str] = digests
            self._parts: dict[str, dict[str, str]] = {}
            if not FLAT.issuperset(map(type, by_name.values())):
                from memodisk._request.parts import parts_of_all  # imported late: a hit is not described

                self._parts = parts_of_all({name: by_name[name] for name in digests}, code_digest)
            self._texts = summarize_arguments(by_name)
            self._values = ()
        return self

    @property
    def arguments(self) -> Mapping[str, str]:
        """Each argument as a short text."""
        if self._texts is None:
            self.describe()
        return self._texts or {}

    @property
    def argument_digests(self) -> Mapping[str, str]:
        """Each argument's digest."""
        if self._texts is None:
            self.describe()
        return self._digests

    @property
    def argument_parts(self) -> Mapping[str, Mapping[str, str]]:
        """For each argument that has parts, such as a data frame's columns, their texts and short digests."""
        if self._texts is None:
            self.describe()
        return self._parts

    def __repr__(self) -> str:
        call = ", ".join(f"{name}={text}" for name, text in self.arguments.items())
        return f"<Request {self.function}({call}) key {self.key}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Request) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)
