"""The options of `memoize`: each one written down once, and checked when a function is decorated.

The signature, the types and the documentation of `memodisk.memoize` and of `Cache.memoize` are those of `memoize` here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from memodisk import codecs
from memodisk._request.hasher import Hasher, OnChange
from memodisk._upkeep.limits import Limits, parse_limits
from memodisk._util.units import parse_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Options:
    """The options of one decorator, checked.

    Parameters
    ----------
    hasher
        How calls are told apart.
    ttl, codec, mmap, when, wait
        As `memoize` takes them; times in seconds.
    limits
        What the function's results are kept within.
    given
        All options by name, for `cache_parameters`.
    """

    __slots__ = ("codec", "given", "hasher", "limits", "mmap", "ttl", "wait", "when")

    def __init__(
        self,
        hasher: Hasher,
        ttl: float | None,
        codec: str,
        mmap: bool,
        when: Callable[[Any], bool] | None,
        limits: Limits,
        wait: float | None,
        given: dict[str, Any],
    ) -> None:
        self.hasher = hasher
        self.ttl = ttl
        self.codec = codec
        self.mmap = mmap
        self.when = when
        self.limits = limits
        self.wait = wait
        self.given = given


def memoize(
    function: None = None,  # noqa: ARG001 - for the signature
    /,
    *,
    ignore: Iterable[str] = (),
    ttl: float | str | None = None,
    version: object = None,
    depends: Iterable[object] = (),
    max_count: int | None = None,
    max_bytes: float | str | None = None,
    max_age: float | str | None = None,
    key: Callable[..., object] | None = None,
    ordered: Iterable[str] = (),
    name: str | None = None,
    codec: str = "auto",
    mmap: bool = False,
    when: Callable[[Any], bool] | None = None,
    on_change: OnChange = "recompute",
    also_accept: Iterable[str] = (),
    wait: float | str | None = None,
) -> Options:
    """Keep a function's results on disk.

    Bare, ``@memodisk.memoize``, or with options, ``@memodisk.memoize(ttl="7d")``. `memodisk.memoize` keeps results in
    the default directory: ``$MEMODISK_DIR``, else the user's cache directory. `Cache.memoize` keeps them in that cache.

    Parameters
    ----------
    function
        The function, where the decorator is used bare.
    ignore
        Names of parameters that do not affect the result, such as ``["verbose"]``.
    ttl
        How long a result may be served after it was made: seconds, or a string such as ``"7d"``.
    version
        Any value; another version is another request.
    depends
        What the result depends on that cannot be seen in the code: functions, modules, values, `File`, `env`.
    max_count, max_bytes, max_age
        What this function's results are kept within: their number, their bytes on disk (or ``"2GB"``), their time
        without use in seconds (or ``"30d"``).
    key
        A function of the call's arguments whose result is hashed in their place.
    ordered
        Names of parameters whose dicts count with their order, such as ``["options"]`` for ``**options``.
    name
        A name for the function that it keeps when it is moved or renamed, with its results.
    codec
        Name of the codec for the result, such as ``"npy"``; ``"auto"`` goes by the value's type.
    mmap
        Load arrays mapped into memory, read-only, in constant time. For ``codec="npy"``.
    when
        A function of the result that returns True if it is to be stored.
    on_change
        What happens when the code changed: ``"recompute"`` (and find the old results again when the change is undone),
        ``"warn"`` (serve the stored result, and say once what changed) or ``"ignore"``.
    also_accept
        Old names of the function, or fingerprints of code that gives the same results
        (`f.request(…).fingerprint.digest`): what was stored under them is served.
    wait
        How long to wait if another process or machine computes the same call: seconds, or a string such as ``"10min"``.
        Default: as long as it lives. 0: never, compute as well.

    Raises
    ------
    TypeError, ValueError
        If an option makes no sense.
    """
    if isinstance(ignore, str):
        ignore = (ignore,)
    hasher = Hasher(
        ignore=ignore,
        key=key,
        ordered=ordered,
        name=name,
        version=version,
        on_change=on_change,
        depends=depends,
        also_accept=also_accept,
    )
    if when is not None and not callable(when):
        raise TypeError(f"when={when!r} is not callable: give a function of the result that returns True to store it")
    if codec != "auto":
        known = codecs.get(codec)
        if mmap and not hasattr(known, "map"):
            raise ValueError(f"mmap=True: codec {codec!r} cannot be mapped into memory, give codec='npy'")
    limits = parse_limits(max_bytes, max_count, max_age)
    ttl = None if ttl is None else parse_seconds(ttl, "ttl")
    wait = None if wait is None else parse_seconds(wait, "wait")
    given = {
        "ignore": hasher.ignore,
        "ttl": ttl,
        "version": version,
        "depends": hasher.depends,
        "max_count": limits.max_count,
        "max_bytes": limits.max_bytes,
        "max_age": limits.max_age,
        "key": key,
        "ordered": hasher.ordered,
        "name": name,
        "codec": codec,
        "mmap": bool(mmap),
        "when": when,
        "on_change": on_change,
        "also_accept": hasher.also_accept,
        "wait": wait,
    }
    return Options(hasher, ttl, codec, bool(mmap), when, limits, wait, given)
