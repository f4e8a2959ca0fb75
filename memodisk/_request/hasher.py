"""Calls become requests: arguments are bound, what does not count is dropped, the rest is digested with the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from marshal import dumps

from xxhash import xxh3_128_hexdigest

from memodisk import hashing
from memodisk._code import qualified
from memodisk._code.fingerprint import Fingerprint, Watcher, code_digest, documented_digest
from memodisk._code.signatures import EMPTY, VAR_KEYWORD, VAR_POSITIONAL
from memodisk._code.snapshots import adopt, texts_of_main
from memodisk._request.annotations import Ignored, Ordered, Stand, stands
from memodisk._request.binding import Binding
from memodisk._request.request import Request
from memodisk._request.summary import summarize
from memodisk._util import main_module
from memodisk.errors import Unhashable
from memodisk.hashing import Blind, CodeHook, Key
from memodisk.hashing.base import FLAT, MARSHAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from inspect import Signature
    from typing import Any, Literal, TypeAlias

OnChange: TypeAlias = "Literal['recompute', 'warn', 'ignore']"

_FINGERPRINT = "[0-9a-f]{32}"

#: Part of every key. Another number makes every stored result unreachable: change it with the encoding only.
_KEY_FORMAT = "memodisk 1"


_digest = hashing.digest

#: The key of a call, its fingerprint, and names, values and digests of its arguments.
Identified: TypeAlias = "tuple[Key, Fingerprint, tuple[str, ...], tuple[Any, ...], bytes]"
#: A fingerprint, what the keys of all calls begin with, and the calls with flat arguments that were seen lately.
_Prefixed: TypeAlias = "tuple[Fingerprint, bytes, dict[bytes, tuple[Key, bytes]]]"

#: How many calls of one function are remembered whose arguments are all numbers and short texts. Finding one again
#: takes 0.3 µs, hashing its arguments 0.9.
_MAX_KNOWN = 4096
_MAX_PACKED = 256


class Hasher:
    """Turns calls into requests.

    Parameters
    ----------
    ignore
        Names of parameters that do not affect the result, such as ``verbose``.
    key
        A function of the call's arguments whose result is hashed in their place.
    ordered
        Names of parameters whose dicts count with their order.
    name
        The function's name, if another than its own: it then keeps its results when it moves or is renamed.
    version
        Any value; another version is another request.
    on_change
        ``"recompute"``: the code is part of the key. ``"warn"`` and ``"ignore"``: it is not.
    depends
        What the result depends on besides the arguments and the code that can be seen.
    also_accept
        Old names of the function, or fingerprints of code that gives the same results: what was stored under them is
        served, after a rename or a refactoring that changes nothing.

    Raises
    ------
    TypeError, ValueError
        If an option makes no sense; parameters that do not exist are found when a function is first given.
    """

    def __init__(
        self,
        *,
        ignore: Iterable[str] = (),
        key: Callable[..., object] | None = None,
        ordered: Iterable[str] = (),
        name: str | None = None,
        version: object = None,
        on_change: OnChange = "recompute",
        depends: Iterable[object] = (),
        also_accept: Iterable[str] = (),
    ) -> None:
        if isinstance(also_accept, str):
            raise TypeError(f"also_accept={also_accept!r} is one string: give a list, also_accept=[{also_accept!r}]")
        self.also_accept = tuple(also_accept)
        for accepted in self.also_accept:
            if not isinstance(accepted, str) or not accepted.strip():
                raise TypeError(
                    f"also_accept={list(self.also_accept)!r} must hold names or fingerprints, not {accepted!r}"
                )
        self.ignore = _parameter_names("ignore", ignore)
        self.ordered = _parameter_names("ordered", ordered)
        if key is not None and not callable(key):
            raise TypeError(f"key={key!r} is not callable: give a function of the call's arguments")
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise ValueError(f"name={name!r} is no name: give a text such as 'weather.load_city'")
        if on_change not in ("recompute", "warn", "ignore"):
            raise ValueError(f"on_change={on_change!r} is not known: give 'recompute', 'warn' or 'ignore'")
        self.key = key
        self.name = name
        self.version = version
        self.on_change = on_change
        self.depends = tuple(depends)
        self._functions: dict[int, FunctionHasher] = {}

    def of(self, function: Callable[..., Any]) -> FunctionHasher:
        """Return the hasher of one function, with all that can be prepared before the first call."""
        return FunctionHasher(function, self)

    def hash(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Request:
        """Return the request of ``function(*args, **kwargs)``.

        Raises
        ------
        Unhashable
            If an argument has no stable content.
        """
        known = self._functions.get(id(function))
        if known is None or known.function is not function:
            known = self._functions[id(function)] = self.of(function)
        return known.hash(args, dict(kwargs)).describe()


def _parameter_names(option: str, names: Iterable[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        raise TypeError(f"{option}={names!r} is one string: give a list of parameter names, {option}=[{names!r}]")
    found = tuple(names)
    for name in found:
        if not isinstance(name, str):
            raise TypeError(f"{option}={list(found)!r} must hold names of parameters, not {name!r}")
    return found


class FunctionHasher:
    """Turns calls of one function into requests.

    Parameters
    ----------
    function
        The function as the user wrote it.
    hasher
        The options.
    """

    def __init__(self, function: Callable[..., Any], hasher: Hasher) -> None:
        self.function = function
        self.name = hasher.name or qualified.function_name(function)
        self.on_change = hasher.on_change
        self.version = None if hasher.version is None else summarize(hasher.version)
        self.depends = hasher.depends
        self.declared_version = hasher.version
        self._key_function = hasher.key
        self._old_prints = ("", *(one for one in hasher.also_accept if re.fullmatch(_FINGERPRINT, one)))
        self._old_names = ("", *(one for one in hasher.also_accept if not re.fullmatch(_FINGERPRINT, one)))
        self._home = self._find_home(hasher)
        self._version_digest = hashing.digest(hasher.version, path="version", code=code_digest)
        self._watcher: Watcher | _Frozen = Watcher(function, hasher.depends)
        self._ignored = frozenset(hasher.ignore)
        self._ordered = frozenset(hasher.ordered)
        self._bind_arguments()
        unknown = [name for name in hasher.ignore if name not in self._binding.names]
        if unknown and self._binding.var_keyword is None and hasher.key is None:
            raise ValueError(
                f"ignore={list(hasher.ignore)!r}: {self.name} has no parameter {unknown[0]!r}; "
                f"it has {', '.join(self._binding.names) or 'none'}"
            )
        misplaced = self._ordered.difference(self._binding.names)
        if misplaced:
            raise ValueError(f"ordered={list(hasher.ordered)!r}: {self.name} has no parameter {min(misplaced)!r}")
        self._prefixed: _Prefixed | None = None

    def _find_home(self, hasher: Hasher) -> str:
        """Return what tells functions of one name apart when their code does not."""
        if hasher.on_change == "recompute" or hasher.name is not None:
            return ""
        home = main_module.home(getattr(self.function, "__module__", "") or "")
        if not home:
            raise ValueError(
                f"on_change={hasher.on_change!r} leaves only its name to tell {self.name} from another function, and"
                " this notebook or console has no file name that could be part of it: give name='…' as well"
            )
        return home

    def _bind_arguments(self) -> None:
        self._binding = Binding(self.function)
        said = stands(self.function, self._binding.parameters)
        self._stands: tuple[Stand | None, ...] = tuple(
            Ordered if parameter.name in self._ordered else stand
            for parameter, stand in zip(self._binding.parameters, said, strict=True)
        )
        names = []
        self._kept: list[int] = []
        for index, parameter in enumerate(self._binding.parameters):
            stars = ""
            if parameter.kind == VAR_POSITIONAL:
                stars = "*"
            elif parameter.kind == VAR_KEYWORD:
                stars = "**"
            names.append(stars + parameter.name)
            if parameter.name not in self._ignored and self._stands[index] is not Ignored:
                self._kept.append(index)
        self._shown = tuple(names)
        self._paths = tuple(f"argument {name!r}" for name in names)
        # ignore= may also name a keyword that only **kwargs takes.
        self._inside_kwargs = self._ignored.difference(self._binding.names)
        self._plain = not self._inside_kwargs and not any(self._stands) and len(self._kept) == len(names)
        self._kept_names = tuple(self._shown[index] for index in self._kept)
        self._bind = self._binding.bind
        self._is_plain = self._plain and self._key_function is None

    @property
    def signature(self) -> Signature:
        """How the function is called."""
        return self._binding.signature

    def fingerprint(self) -> Fingerprint:
        """Return the fingerprint of the function's code as it is now."""
        return self._watcher.current()

    def hash(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        """Return the request of one call, its arguments not yet described.

        Raises
        ------
        Unhashable
            If an argument has no stable content.
        """
        return self.request(self.identify(args, kwargs))

    def request(self, identified: Identified) -> Request:
        """Return the request of a call that `identify` has looked at."""
        key, fingerprint, names, values, digests = identified
        return Request(self.name, key, fingerprint, self.version, names, values, digests)

    def identify(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Identified:
        """Return the key of a call first, and then what else its request is made of.

        A hit needs no more than the key, and making a request takes half a microsecond.

        Raises
        ------
        Unhashable
            If an argument has no stable content.
        """
        fingerprint = self._watcher.current()
        prefixed = self._prefixed
        if prefixed is None or prefixed[0] is not fingerprint:
            prefixed = self._prefixed = (fingerprint, self._prefix(fingerprint), {})
        if not self._is_plain:
            return self._identify(prefixed, args, kwargs)
        try:
            values = self._bind(*args, **kwargs)
        except TypeError:
            return self._identify(prefixed, args, kwargs)
        if not FLAT.issuperset(map(type, values)):
            return self._complete(prefixed, self._kept_names, values, self._paths)
        try:
            packed = dumps(values, MARSHAL)
        except ValueError:  # a text of more than 2 GiB
            return self._complete(prefixed, self._kept_names, values, self._paths)
        known = prefixed[2]
        found = known.get(packed)
        if found is not None:
            return found[0], fingerprint, self._kept_names, values, found[1]
        identified = self._complete(prefixed, self._kept_names, values, self._paths)
        if len(packed) <= _MAX_PACKED:
            if len(known) >= _MAX_KNOWN:
                known.clear()
            # Only texts and bytes, which the garbage collector does not have to look through again and again.
            known[packed] = identified[0], identified[4]
        return identified

    def _identify(self, prefixed: _Prefixed, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Identified:
        if self._key_function is not None:
            found = self._key_function(*args, **kwargs)
            code = _code_of_classes((*args, *kwargs.values()))
            return self._complete(prefixed, ("key", *code), (found, *code.values()), ("result of key", *code))
        return self._complete(prefixed, *self._arguments(args, kwargs))

    def _complete(
        self, prefixed: _Prefixed, names: tuple[str, ...], values: tuple[Any, ...], paths: tuple[str, ...]
    ) -> Identified:
        fingerprint, head, _ = prefixed
        code = documented_digest if fingerprint.reads_documentation else code_digest
        try:
            digests = b"".join([_digest(value, path, code) for value, path in zip(values, paths)])  # noqa: B905
        except Unhashable:
            digests = self._with_defaults(values, paths, code)
        if names != self._kept_names:
            head += hashing.encode(names)
        return xxh3_128_hexdigest(head + digests), fingerprint, names, values, digests  # type: ignore[return-value]

    def _with_defaults(self, values: tuple[Any, ...], paths: tuple[str, ...], code: CodeHook) -> bytes:
        """Digest arguments of which one has no content. A default is part of the code: described as far as it can be.

        Raises
        ------
        Unhashable
            If it is no default.
        """
        from memodisk._code.userland import is_user_class  # imported late: few defaults have no content

        defaults = [parameter.default for parameter in self._binding.parameters if parameter.default is not EMPTY]
        found = []
        for value, path in zip(values, paths, strict=True):
            is_default = any(value is default for default in defaults)
            found.append(_digest(value, path, code, Blind(is_user_class) if is_default else None))
        return b"".join(found)

    def _arguments(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[str, ...], tuple[Any, ...], tuple[str, ...]]:
        names, values = self._binding.arguments(args, kwargs)
        if names is not self._binding.names:  # a call that does not fit the signature
            kept = {name: value for name, value in kwargs.items() if name not in self._ignored}
            return names, (args, kept), ("argument '*args'", "argument '**kwargs'")
        if self._plain:
            return self._kept_names, values, self._paths
        chosen = []
        for index in self._kept:
            value, stand = values[index], self._stands[index]
            if stand is not None:
                value = stand(value)
            elif self._inside_kwargs and names[index] == self._binding.var_keyword:
                value = {name: item for name, item in value.items() if name not in self._inside_kwargs}
            chosen.append(value)
        kept_names, paths = self._kept_names, tuple(self._paths[index] for index in self._kept)
        if len(self._kept) < len(names):
            left_out = [value for index, value in enumerate(values) if index not in self._kept]
            # What an ignored object holds does not count; its methods are code that the function may call.
            if code := _code_of_classes(left_out):
                return (*kept_names, *code), (*chosen, *code.values()), (*paths, *code)
        return kept_names, tuple(chosen), paths

    def alternatives(self, request: Request) -> list[Request]:
        """Return what the request would be under each old name and fingerprint that is accepted as well."""
        if len(self._old_names) + len(self._old_prints) == 2:
            return []
        found = []
        for name in self._old_names:
            for code in self._old_prints:
                if name or code:
                    digest = code or (request.fingerprint.digest if request.fingerprint is not None else "")
                    head = self._head(name or self.name, digest)
                    if request.names != self._kept_names:
                        head += hashing.encode(request.names)
                    key = Key(xxh3_128_hexdigest(head + request.raw_digests))
                    found.append(Request(name or self.name, key, None, request.version, (), (), b""))
        return found

    def _prefix(self, fingerprint: Fingerprint) -> bytes:
        """Return what the keys of all calls begin with."""
        if self._prefixed is not None:
            self._bind_arguments()  # the code changed under our hands, perhaps its defaults as well
        return self._head(self.name, fingerprint.digest)

    def _head(self, name: str, fingerprint: str) -> bytes:
        code = fingerprint if self.on_change == "recompute" else ""
        identity = (_KEY_FORMAT, name, self._home, code, self._version_digest, self._kept_names)
        return hashing.encode(identity)

    def __getstate__(self) -> dict[str, Any]:
        # In a worker process the source may be out of reach: it goes on with the fingerprint found here.
        state = self.__dict__.copy()
        state["_watcher"] = _Frozen(self._watcher.current())
        state["_prefixed"] = None
        # There, ``__main__`` is another program; classes among the arguments say that they are of ``__main__``.
        state["_main"] = main_module.module_name("__main__"), texts_of_main()
        del state["_binding"], state["_stands"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        name, found = state.pop("_main")
        main_module.adopt_main(name)
        adopt(found)
        self.__dict__.update(state)
        self._bind_arguments()


def _code_of_classes(values: Iterable[object]) -> dict[str, str]:
    """Return what stands for the code of the user's classes among objects whose content does not count."""
    found = {}
    for value in values:
        kind = type(value)
        if kind not in FLAT and kind.__module__ not in ("builtins", "pathlib"):
            from memodisk._code.userland import is_user_class

            if is_user_class(kind):
                found[f"class {kind.__qualname__}"] = code_digest(kind).decode().rpartition(" ")[2]
    return found


class _Frozen:
    """A fingerprint that travelled here with its function."""

    def __init__(self, fingerprint: Fingerprint) -> None:
        self._fingerprint = fingerprint

    def current(self) -> Fingerprint:
        return self._fingerprint
