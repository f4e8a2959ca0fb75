"""The decorator, and the cache with it: options are checked here, once, and the function is wrapped."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable

from memodisk import codecs
from memodisk._cache.cache import ResultCache, parse_limits
from memodisk._code.signatures import is_async, makes_items
from memodisk._decorator.call import Fixed, Memo, Options
from memodisk._request.request import Hasher, OnChange
from memodisk._store.store import default_directory
from memodisk._util.units import parse_seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

    from memodisk._decorator.protocol import Decorator, Memoized, P, R


def _memoize(
    find_cache: Callable[[], ResultCache],
    function: Callable[..., Any] | None,
    *,
    ignore: Iterable[str] = (),
    key: Callable[..., object] | None = None,
    name: str | None = None,
    version: object = None,
    ttl: float | str | None = None,
    codec: str = "auto",
    mmap: bool = False,
    when: Callable[[Any], bool] | None = None,
    on_change: OnChange = "recompute",
    depends: Iterable[object] = (),
    also_accept: Iterable[str] = (),
    max_count: int | None = None,
    max_bytes: float | str | None = None,
    max_age: float | str | None = None,
    wait: float | str | None = None,
) -> Any:
    """Return the memoized function, or a decorator if there is no function yet."""
    if isinstance(ignore, str):
        ignore = (ignore,)
    hasher = Hasher(
        ignore=ignore,
        key=key,
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
    options = Options(
        ttl=None if ttl is None else parse_seconds(ttl, "ttl"),
        codec=codec,
        mmap=bool(mmap),
        when=when,
        limits=parse_limits(max_bytes, max_count, max_age),
        wait=None if wait is None else parse_seconds(wait, "wait"),
    )
    parameters = {
        "ignore": hasher.ignore,
        "key": key,
        "name": name,
        "version": version,
        "on_change": on_change,
        "depends": hasher.depends,
        "also_accept": hasher.also_accept,
        "ttl": options.ttl,
        "codec": codec,
        "mmap": options.mmap,
        "when": when,
        "max_count": options.limits.max_count,
        "max_bytes": options.limits.max_bytes,
        "max_age": options.limits.max_age,
        "wait": options.wait,
    }

    def decorate(function: Any) -> Any:
        if isinstance(function, (classmethod, staticmethod)):
            return type(function)(decorate(function.__func__))
        _check_function(function)
        memo = Memo(function, hasher.of(function), options, find_cache, parameters)
        return _wrap(memo)

    if function is None:
        return decorate
    return decorate(function)


def _check_function(function: Any) -> None:
    """Refuse at decoration time what can never work."""
    if isinstance(function, str):
        raise TypeError(f"memoize({function!r}): options are given by name, as in @memoize(name={function!r})")
    if isinstance(function, property):
        raise TypeError("memoize goes below @property: write @property above @memodisk.memoize")
    if isinstance(function, type):
        raise TypeError(
            f"memoize({function.__name__}): a class is no function; memoize a function that returns an instance"
        )
    if not callable(function):
        raise TypeError(f"memoize({function!r}): give a function")
    if makes_items(function):
        raise TypeError(
            f"memoize({function.__qualname__}): a generator's items cannot be kept; return a list instead of yielding"
        )


def _wrap(memo: Memo) -> Any:
    """Return the function that the user gets: a plain function, so that it binds, pickles and reads as before."""
    function = memo.function
    if is_async(function):
        call_async = memo.call_async

        async def memoized_async(*args: Any, **kwargs: Any) -> Any:
            return await call_async(args, kwargs)

        wrapper: Any = memoized_async
    else:
        call = memo.call

        def memoized(*args: Any, **kwargs: Any) -> Any:
            return call(args, kwargs)

        wrapper = memoized
    if isinstance(function, functools.partial):
        functools.update_wrapper(wrapper, _innermost(function))
        wrapper.__wrapped__ = function
    else:
        functools.update_wrapper(wrapper, function)
    # For the fingerprints of functions that call this one.
    version = memo.hasher.declared_version
    wrapper.__memodisk_depends__ = (*memo.hasher.depends, *(() if version is None else (version,)))
    for method in (
        memo.request,
        memo.is_cached,
        memo.load,
        memo.recompute,
        memo.forget,
        memo.evict,
        memo.explain,
        memo.cache_info,
        memo.cache_clear,
        memo.cache_parameters,
    ):
        setattr(wrapper, method.__name__, method)
    return wrapper


def _innermost(function: Any) -> Any:
    while isinstance(function, functools.partial):
        function = function.func
    return function


class Cache(ResultCache):
    """A directory of results, with the decorator that fills it. See `ResultCache` for the parameters.

    Examples
    --------
    >>> cache = memodisk.Cache("results")
    >>> @cache.memoize(ignore=["verbose"])
    ... def load_city(name, year, verbose=False): ...
    """

    if TYPE_CHECKING:

        @overload
        def memoize(self, function: Callable[P, R], /) -> Memoized[P, R]: ...
        @overload
        def memoize(
            self,
            /,
            *,
            ignore: Iterable[str] = ...,
            key: Callable[..., object] | None = ...,
            name: str | None = ...,
            version: object = ...,
            ttl: float | str | None = ...,
            codec: str = ...,
            mmap: bool = ...,
            when: Callable[[Any], bool] | None = ...,
            on_change: OnChange = ...,
            depends: Iterable[object] = ...,
            also_accept: Iterable[str] = ...,
            max_count: int | None = ...,
            max_bytes: float | str | None = ...,
            max_age: float | str | None = ...,
            wait: float | str | None = ...,
        ) -> Decorator: ...

    def memoize(self, function: Any = None, /, **options: Any) -> Any:
        """Keep a function's results in this cache. See `memodisk.memoize` for the options."""
        return _memoize(Fixed(self), function, **options)


if TYPE_CHECKING:

    @overload
    def memoize(function: Callable[P, R], /) -> Memoized[P, R]: ...
    @overload
    def memoize(
        *,
        ignore: Iterable[str] = ...,
        key: Callable[..., object] | None = ...,
        name: str | None = ...,
        version: object = ...,
        ttl: float | str | None = ...,
        codec: str = ...,
        mmap: bool = ...,
        when: Callable[[Any], bool] | None = ...,
        on_change: OnChange = ...,
        depends: Iterable[object] = ...,
        also_accept: Iterable[str] = ...,
        max_count: int | None = ...,
        max_bytes: float | str | None = ...,
        max_age: float | str | None = ...,
        wait: float | str | None = ...,
    ) -> Decorator: ...


def memoize(function: Any = None, /, **options: Any) -> Any:
    """Keep a function's results on disk, in the default directory.

    The default directory is ``$MEMODISK_DIR``, else the user's cache directory; `Cache.memoize` takes any other.

    Parameters
    ----------
    ignore
        Names of parameters that do not affect the result, such as ``["verbose"]``.
    key
        A function of the call's arguments whose result is hashed in their place.
    name
        A name for the function that it keeps when it is moved or renamed, with its results.
    version
        Any value; another version is another request.
    ttl
        How long a result may be served after it was made: seconds, or a string such as ``"7d"``.
    codec
        Name of the codec for the result, such as ``"npy"``; ``"auto"`` goes by the value's type.
    mmap
        Load arrays mapped into memory, read-only, in constant time. For ``codec="npy"``.
    when
        A function of the result that returns True if it is to be stored.
    on_change
        What happens when the code changed: ``"recompute"`` (and find the old results again when the change is undone),
        ``"warn"`` (serve the stored result, and say once what changed) or ``"ignore"``.
    depends
        What the result depends on that cannot be seen in the code: functions, modules, values, `File`, `env`.
    also_accept
        Old names of the function, or fingerprints of code that gives the same results (`f.request(…).fingerprint`):
        what was stored under them is served.
    max_count, max_bytes, max_age
        What this function's results are kept within: their number, their bytes on disk (or ``"2GB"``), their time
        without use in seconds (or ``"30d"``).
    wait
        How long to wait if another process or machine computes the same call: seconds, or a string such as ``"10min"``.
        Default: as long as it lives. 0: never, compute as well.

    Raises
    ------
    TypeError, ValueError
        If an option makes no sense.
    """
    return _memoize(default_cache, function, **options)


_default_caches: dict[str, Cache] = {}
_default_lock = threading.Lock()


def default_cache() -> Cache:
    """Return the cache of the default directory as the environment names it now."""
    directory = default_directory()
    with _default_lock:
        if directory not in _default_caches:
            _default_caches[directory] = Cache()
        return _default_caches[directory]
