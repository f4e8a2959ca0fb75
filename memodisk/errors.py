"""What can go wrong, each in one word. Everything here derives from `MemodiskError`."""

from __future__ import annotations

import enum


class MemodiskError(Exception):
    """Base of every error that memodisk raises of its own accord."""


class Reason(str, enum.Enum):
    """Why there is no usable result for a request."""

    ABSENT = "absent"
    EXPIRED = "expired"
    CODE_CHANGED = "code changed"
    BLOB_MISSING = "blob missing"
    DAMAGED = "damaged"
    UNDECODABLE = "undecodable"
    UNREADABLE = "unreadable"

    def __str__(self) -> str:
        return self.value


class Miss(MemodiskError, LookupError):
    """There is no usable result, and this is why.

    Parameters
    ----------
    reason
        One of `Reason`.
    detail
        What a person needs to know beyond the reason, or an empty string.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[Miss], tuple[Reason, str]]:
        return type(self), (self.reason, self.detail)


class Unhashable(MemodiskError, TypeError):
    """A value has no stable content that could be hashed.

    Parameters
    ----------
    path
        Where the value was met, for instance ``argument 'model'.session.socket``.
    cause
        What the value is and why that has no stable content.
    remedy
        What the user can do about it.
    """

    def __init__(self, path: str, cause: str, remedy: str = "") -> None:
        super().__init__(f"{path}: {cause}." + (f" {remedy}" if remedy else ""))
        self.path = path
        self.cause = cause
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[Unhashable], tuple[str, str, str]]:
        return type(self), (self.path, self.cause, self.remedy)


class Unencodable(MemodiskError, TypeError):
    """A result cannot be turned into a blob.

    Parameters
    ----------
    path
        The attribute path that failed, for instance ``result['model'].lock``.
    cause
        What stands there and what the codec said about it.
    """

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(f"{path}: {cause}")
        self.path = path
        self.cause = cause

    def __reduce__(self) -> tuple[type[Unencodable], tuple[str, str]]:
        return type(self), (self.path, self.cause)


class Undecodable(MemodiskError, ValueError):
    """A blob whose bytes are right cannot be turned back into a value here.

    For instance because a library that it needs is not installed.
    """
