"""Which code a function's result depends on: a digest, and the list of lines that it is the digest of.

A fingerprint covers the function's own code and, through everything the user wrote, every function, class, closure,
default value and global constant that it names, and the versions of the packages that it uses. Each line of the
manifest is about one such thing and about nothing else, so that two manifests compared line by line say what was
edited. How it is found out is in `reach`; that it still holds is asked at every call, by `watch`.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable
from types import CodeType

from memodisk import hashing
from memodisk._code import qualified
from memodisk._code.snapshots import remember
from memodisk._util.log import logger
from memodisk._util.warn import warn_once
from memodisk.hashing import Digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


log = logger("memodisk.memoize")


class Line(namedtuple("Line", ("digest", "what"))):
    """One line of a manifest.

    Parameters
    ----------
    digest
        Digest of the content of one thing, 32 hexadecimal digits.
    what
        The thing, for people: ``helper clean``, ``constant LIMIT = 3``, ``package pandas 3.1.1``.
    """

    __slots__ = ()
    digest: str
    what: str


class Fingerprint:
    """The code that a result depends on.

    Parameters
    ----------
    lines
        One for each thing, in any order.
    reads_documentation
        The code reads docstrings or annotations of whatever it is given.

    Attributes
    ----------
    digest
        Of `text`: equal for equal code.
    lines
        The manifest, sorted by what they are about.
    text
        The manifest as it is written to disk, so that ``diff`` shows which helper changed.
    """

    __slots__ = ("digest", "lines", "reads_documentation", "text")

    def __init__(self, lines: Iterable[Line], reads_documentation: bool = False) -> None:
        self.reads_documentation = reads_documentation
        self.lines: tuple[Line, ...] = tuple(sorted(set(lines), key=lambda line: (line.what, line.digest)))
        self.text: str = "".join(f"{line.digest}  {line.what}\n" for line in self.lines)
        self.digest: Digest = hashing.digest_bytes(self.text.encode("utf-8", "surrogatepass"))

    def __repr__(self) -> str:
        return f"<Fingerprint {self.digest}, {len(self.lines)} lines>"


def parse_manifest(text: str) -> tuple[Line, ...]:
    """Return the lines of a manifest that was written to disk. What is not a line of a manifest is left out."""
    pairs = (line.partition("  ") for line in text.split("\n"))
    return tuple(Line(digest, what) for digest, gap, what in pairs if gap)


class Watcher:
    """Knows the current fingerprint of one function.

    Parameters
    ----------
    function
        The function, not yet memoized. Any callable.
    depends
        What else the result depends on: functions, classes, modules, `env`, `File`, or values.
    is_value
        The function is an argument, and whoever is given it can read its attributes, too.
    is_shown
        Its docstrings and annotations can be read as well.

    Raises
    ------
    TypeError
        If `depends` is no list of such things.
    """

    __slots__ = ("_depends", "_function", "_is_shown", "_is_value", "_known")

    def __init__(
        self,
        function: Callable[..., Any] | type,
        depends: Iterable[object] = (),
        *,
        is_value: bool = False,
        is_shown: bool = False,
    ) -> None:
        self._function = function
        self._is_value = is_value
        self._is_shown = is_shown
        self._depends = _checked(depends)
        # Both in one, because another thread may look at any time.
        self._known: tuple[Callable[[], bool], Fingerprint] | None = None
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType):
            # Now, because the file may be edited between the import and the first call.
            remember(code.co_filename, getattr(function, "__globals__", {}))

    def current(self) -> Fingerprint:
        """Return the fingerprint of the code as it is now, the same object as long as it is the same.

        Safe to call from many threads: at worst two of them find out the same.
        """
        known = self._known
        if known is not None and known[0]():
            return known[1]
        from memodisk._code.reach import Reach  # needs ast and dis

        found = Reach(self._function, self._depends, is_value=self._is_value, is_shown=self._is_shown)
        for path, what in found.unseen:
            self._warn_of_unseen(path, what)
        fingerprint = Fingerprint((Line(*line) for line in found.lines), found.reads_documentation)
        if known is not None and known[1].digest == fingerprint.digest:
            fingerprint = known[1]
        self._known = found.watch.freeze(), fingerprint
        return fingerprint

    def _warn_of_unseen(self, path: str, what: str) -> None:
        name = qualified.function_name(self._function)
        warn_once(
            log,
            (name, "unseen", path),
            "%s: the result may depend on %s, which is %s: what it holds is not seen. Name what identifies it in"
            " depends=, give its class a __memo_key__ method, or register its type with memodisk.hashing.register",
            name,
            path,
            what,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Watcher, (self._function, self._depends)


def _checked(depends: Iterable[object]) -> tuple[object, ...]:
    if isinstance(depends, (str, bytes, dict)) or not isinstance(depends, Iterable):
        raise TypeError(
            f"depends={depends!r} is not a list: give a list of functions, classes, modules, env, File or values"
        )
    found = tuple(depends)
    if found:
        from memodisk._code.kinds import check_dependency

        for dependency in found:
            check_dependency(dependency)
    return found


def code_digest(thing: Any) -> bytes:
    """Return bytes that stand for the code of a function or class that is an argument, or part of one.

    Two classes of different modules are different, even if they look alike. Code of libraries is told by its name.

    Parameters
    ----------
    thing
        A function, class, code object or anything else that can be called.

    Raises
    ------
    Unhashable
        If nothing tells what it is.
    """
    return _code_digest(thing, not isinstance(thing, type))


def _code_digest(thing: Any, is_shown: bool) -> bytes:
    key = id(thing), is_shown
    known = _known.get(key)
    if known is not None:
        _, watcher, fingerprint, result = known
        if watcher is None or watcher.current() is fingerprint:
            return result
    from memodisk._code.kinds import identify

    name, is_followed = identify(thing)
    watcher = Watcher(thing, is_value=True, is_shown=is_shown) if is_followed else None
    fingerprint = watcher.current() if watcher is not None else None
    result = (f"{name} {fingerprint.digest}" if fingerprint else name).encode("utf-8", "surrogatepass")
    if isinstance(thing, type) or "<" not in getattr(thing, "__qualname__", "<"):
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[key] = thing, watcher, fingerprint, result
    return result


def shown_digest(cls: type) -> bytes:
    """Return bytes that stand for the code of a class with its docstrings and annotations, none for a library's.

    Parameters
    ----------
    cls
        A class that is a value: whoever gets it can read them.
    """
    from memodisk._code.userland import is_user_class

    return _code_digest(cls, True) if is_user_class(cls) else b""


def documented_digest(thing: Any) -> bytes:
    """As `code_digest`, for code that reads docstrings or annotations: they count of all classes."""
    return code_digest(thing) + (shown_digest(thing) if isinstance(thing, type) else b"")


code_digest.shown = documented_digest.shown = shown_digest  # type: ignore[attr-defined]  # see hashing.CodeHook


#: Classes and functions of modules, which live as long as the program. Local functions are not kept: they may hold
#: gigabytes in their closures.
_known: dict[tuple[int, bool], tuple[Any, Watcher | None, Fingerprint | None, bytes]] = {}
_MAX_KNOWN = 1024


def compare(old: Iterable[Line], new: Iterable[Line]) -> list[str]:
    """Return in words how one manifest differs from another.

    Parameters
    ----------
    old, new
        The lines of two manifests.

    Returns
    -------
    list of str
        For instance ``helper clean edited``, ``constant LIMIT 3 → 4``, ``package pandas 2.1 → 2.2``,
        ``now also uses helper mean``; empty if nothing changed.
    """
    before, after = ({_subject(line.what): line for line in lines} for lines in (old, new))
    changes = []
    for subject in sorted(before.keys() & after.keys()):
        if before[subject] != after[subject]:
            values = [
                line.what[len(subject) :].removeprefix(" =").removeprefix(":").strip()
                for line in (before[subject], after[subject])
            ]
            changes.append(_words(subject, *values))
    for verb, subjects, lines in (
        ("now also uses", sorted(after.keys() - before.keys()), after),
        ("no longer uses", sorted(before.keys() - after.keys()), before),
    ):
        for subject in subjects:
            kind, _, rest = lines[subject].what.partition(" ")
            if kind == "name":
                name, _, rest = rest.partition(": ")
                changes.append(f"{verb} {rest} as {name}")
            elif kind == "missing":
                changes.append(f"{rest} is {'not' if lines is after else 'now'} defined")
            else:
                changes.append(f"{verb} {lines[subject].what}")
    return changes


def _subject(what: str) -> str:
    """Return the part of a line that stays when the thing changes."""
    kind, _, rest = what.partition(" ")
    if kind in ("package", "file", "env"):
        return f"{kind} {rest.partition(' ')[0]}"
    if kind == "name":
        return what.partition(": ")[0]
    return what.partition(" = ")[0]


def _words(subject: str, old: str, new: str) -> str:
    if old != new and not subject.startswith("file "):
        return f"{subject} {old} → {new}"
    if subject.startswith(("constant ", "default ", "closure ", "attribute ", "depends ", "file ", "env ", "package ")):
        return f"{subject} changed"
    return "the function itself edited" if subject == "function itself" else f"{subject} edited"
