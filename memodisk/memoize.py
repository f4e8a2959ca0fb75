"""The decorator: a call goes in, a stored or a fresh result comes out.

Plain and async functions share every step. What a call needs from the world outside (waiting for another
computation, running the function) is asked for by a generator, `Memo.steps`, and done by two short drivers, one
that blocks and one that awaits.
"""

from __future__ import annotations

import functools
import inspect
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterable
from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, cast, overload

from memodisk import codecs
from memodisk.cache import Result, ResultCache
from memodisk.errors import Miss, Reason, Unencodable, Unhashable
from memodisk.faults import warn_once
from memodisk.fingerprint import compare, parse_manifest
from memodisk.flights import Flight, flights
from memodisk.request import FunctionHasher, Hasher, OnChange, Request
from memodisk.store import default_directory
from memodisk.units import format_bytes, format_seconds, parse_seconds

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

log = logging.getLogger("memodisk.memoize")

#: Reasons for a miss that mean something is wrong with the directory, not just that a result is not there.
_FAULTS = frozenset({Reason.DAMAGED, Reason.UNDECODABLE, Reason.UNREADABLE})


class CacheInfo(NamedTuple):
    """What `functools.lru_cache` tells of its cache. Hits and misses are of this process, currsize is of the
    directory."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


class Memoized(Protocol[P, R_co]):
    """A memoized function: the function as before, and what its cache can tell.

    The methods take the arguments of a call. For a method of a class they are reached through the class, and the
    instance comes first: ``Model.fit.is_cached(model, data)``.
    """

    __name__: str
    __qualname__: str

    @property
    def __wrapped__(self) -> Callable[P, R_co]:
        """The function as the user wrote it."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Return the stored result of this call, or run the function and store what it returns."""

    @overload
    def __get__(self, instance: None, owner: type) -> Memoized[P, R_co]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., R_co]: ...

    def request(self, *args: P.args, **kwargs: P.kwargs) -> Request:
        """Return the request that this call is.

        Raises
        ------
        Unhashable
            If an argument has no stable content.
        """

    def is_cached(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Return True if this call would not run the function. Reads the record, not the result."""

    def load(self, *args: P.args, **kwargs: P.kwargs) -> Result:
        """Return the stored result of this call with its record; never runs the function.

        Raises
        ------
        Miss
            With its reason, if there is no usable result.
        """

    def recompute(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Run the function and store what it returns, whatever is stored."""

    def forget(self, *args: P.args, **kwargs: P.kwargs) -> bool:
        """Remove the stored result of this call; True if there was one."""

    def cache_info(self) -> CacheInfo:
        """Return hits and misses in this process, and how many results are stored."""

    def cache_clear(self) -> None:
        """Remove all stored results of this function."""

    def cache_parameters(self) -> dict[str, Any]:
        """Return the options that the function was memoized with."""


class Options(NamedTuple):
    """How results are kept; how calls are told apart is the `Hasher`'s business."""

    ttl: float | None = None
    codec: str = "auto"
    mmap: bool = False
    when: Callable[[Any], bool] | None = None


class _Run:
    """A step: run the function."""


_RUN = _Run()
_Steps = Generator["_Run | Flight", Any, Any]


class Memo(Generic[P, R]):
    """One function, memoized: all that stands behind the decorated function.

    Parameters
    ----------
    function
        The function as the user wrote it.
    hasher
        How its calls are told apart.
    options
        How its results are kept.
    cache
        Returns the cache; asked at the first call, so that the default directory can still be chosen after the import.
    parameters
        The options as they were given.
    """

    def __init__(
        self,
        function: Callable[P, R],
        hasher: FunctionHasher,
        options: Options,
        cache: Callable[[], ResultCache],
        parameters: dict[str, Any],
    ) -> None:
        self.function = function
        self.hasher = hasher
        self.options = options
        self._find_cache = cache
        self._parameters = parameters
        self.hits = 0
        self.misses = 0

    # The way of a call

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        """Return the stored result of a call, or run the function."""
        request = self._request_or_none(args, kwargs)
        if request is None:
            return self.function(*args, **kwargs)
        found = self._look(request)
        if found is not None:
            return cast(R, found.value)
        return cast(R, self._drive(self.steps(request), args, kwargs))

    async def call_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As `call`, for an async function."""
        request = self._request_or_none(args, kwargs)
        if request is None:
            return await cast(Awaitable[Any], self.function(*args, **kwargs))
        found = self._look(request)
        if found is not None:
            return found.value
        return await self._drive_async(self.steps(request), args, kwargs)

    def steps(self, request: Request, look: bool = True) -> _Steps:
        """Yield what has to be done for a request that missed; return the value.

        Yields a `Flight` to be waited for (answered with True if it has landed) or `_RUN` (answered with the value).
        """
        key = (self.cache.directory, request.key)
        while True:
            flight, is_mine = flights.take(key)
            if is_mine:
                break
            log.debug("%s: waiting for another computation of this call", request.function)
            if not (yield flight):
                break  # an event loop that we cannot wait in
            found = self._look(request) if look else None
            if found is not None:
                return found.value
        try:
            self.misses += 1
            # Before the function can change its arguments.
            request.describe()
            started = time.perf_counter()
            value = yield _RUN
            self._keep(request, value, time.perf_counter() - started)
            return value
        finally:
            if is_mine:
                flights.land(flight)

    def _drive(self, steps: _Steps, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            step = next(steps)
            while True:
                answer: object
                if isinstance(step, Flight):
                    flights.wait(step)
                    answer = True
                else:
                    answer = self.function(*args, **kwargs)
                try:
                    step = steps.send(answer)
                except StopIteration as end:  # of the steps: one of the function's own has passed through above
                    return end.value
        finally:
            steps.close()

    async def _drive_async(self, steps: _Steps, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            step = next(steps)
            while True:
                answer: object
                if isinstance(step, Flight):
                    answer = await flights.wait_async(step)
                else:
                    answer = await cast(Awaitable[Any], self.function(*args, **kwargs))
                try:
                    step = steps.send(answer)
                except StopIteration as end:
                    return end.value
        finally:
            steps.close()

    # What a call is made of

    @functools.cached_property
    def cache(self) -> ResultCache:
        """The cache that holds the results."""
        return self._find_cache()

    def _request_or_none(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
        """Return the request, or None if the call cannot be described: it is then computed and not stored."""
        try:
            return self.hasher.hash(args, kwargs)
        except Unhashable as error:
            if self.cache.strict:
                raise
            warn_once(
                log, (self.hasher.name, "unhashable", error.path), "%s is not cached: %s", self.hasher.name, error
            )
        # A key function, a `__memo_key__` or a `__getstate__` of the user's may raise anything; the call goes on.
        except Exception as error:
            if self.cache.strict:
                raise
            warn_once(
                log,
                (self.hasher.name, "unhashable", type(error).__name__),
                "%s is not cached: hashing its arguments failed with %s: %s",
                self.hasher.name,
                type(error).__name__,
                error,
            )
        return None

    def _look(self, request: Request) -> Result | None:
        """Return the stored result, or None."""
        try:
            result = self.cache.load(request, ttl=self.options.ttl, mmap=self.options.mmap)
        except Miss as miss:
            if miss.reason in _FAULTS:
                if self.cache.strict and miss.reason is Reason.UNREADABLE:
                    raise
                warn_once(
                    log,
                    (request.function, str(miss.reason), request.key),
                    "%s: a stored result is %s and is computed again (%s)",
                    request.function,
                    miss.reason,
                    miss.detail,
                )
            else:
                log.debug("%s: miss, %s", request.function, miss)
            return None
        self.hits += 1
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s: hit, %s saved (%s)", request.function, format_seconds(result.record.seconds), request.key)
        if self.hasher.on_change == "warn":
            self._compare_code(request, result)
        return result

    def _keep(self, request: Request, value: Any, seconds: float) -> None:
        """Store a fresh result, if it is wanted and can be stored."""
        name = request.function
        when = self.options.when
        if when is not None and not when(value):
            log.info("%s: computed in %s, not stored (when=)", name, format_seconds(seconds))
            return
        try:
            result = self.cache.save(request, value, seconds=seconds, codec=self.options.codec)
        except Unencodable as error:
            if self.cache.strict:
                raise
            warn_once(
                log,
                (name, "unencodable", error.path),
                "%s: the result is returned but not stored: %s. Return plain data, or register a codec for it",
                name,
                error,
            )
        except OSError as error:
            if self.cache.strict:
                raise
            warn_once(
                log,
                (self.cache.directory, "write", str(error.errno)),
                "%s: the result is returned but not stored: %s. Check the space and the permissions of %s, or choose"
                " another directory with MEMODISK_DIR",
                name,
                error,
                self.cache.directory,
            )
        # A codec or a result's own pickling code may raise anything; the caller gets the value all the same.
        except Exception as error:
            if self.cache.strict:
                raise
            warn_once(
                log,
                (name, "unencodable", type(error).__name__),
                "%s: the result is returned but not stored: encoding it failed with %s: %s",
                name,
                type(error).__name__,
                error,
            )
        else:
            if log.isEnabledFor(logging.INFO):
                log.info(
                    "%s(%s): computed in %s, stored %s as %s",
                    name,
                    ", ".join(f"{key}={text}" for key, text in request.arguments.items()),
                    format_seconds(seconds),
                    format_bytes(result.bytes),
                    result.record.codec,
                )

    def _compare_code(self, request: Request, result: Result) -> None:
        """Warn once if a stored result was made by other code than there is now."""
        old = result.record.fingerprint
        new = request.fingerprint
        if old is None or new is None or old == new.digest:
            return
        manifest = self.cache.manifest(request.function, old)
        changes = compare(parse_manifest(manifest), new.lines) if manifest is not None else []
        warn_once(
            log,
            (request.function, "code changed", old, new.digest),
            "%s: a stored result is served although the code changed since: %s",
            request.function,
            "; ".join(changes) or "the list of what it was made with is gone",
        )

    # What the decorated function can tell

    def request(self, *args: Any, **kwargs: Any) -> Request:
        """See `Memoized.request`."""
        return self.hasher.hash(args, kwargs).describe()

    def is_cached(self, *args: Any, **kwargs: Any) -> bool:
        """See `Memoized.is_cached`."""
        try:
            request = self.hasher.hash(args, kwargs)
        except Unhashable:
            return False
        return self.cache.contains(request, ttl=self.options.ttl)

    def load(self, *args: Any, **kwargs: Any) -> Result:
        """See `Memoized.load`."""
        return self.cache.load(self.hasher.hash(args, kwargs), ttl=self.options.ttl, mmap=self.options.mmap)

    def recompute(self, *args: Any, **kwargs: Any) -> Any:
        """See `Memoized.recompute`; awaitable for an async function."""
        if inspect.iscoroutinefunction(self.function):
            return self._recompute_async(args, kwargs)
        request = self._request_or_none(args, kwargs)
        if request is None:
            return self.function(*args, **kwargs)
        return self._drive(self.steps(request, look=False), args, kwargs)

    async def _recompute_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = self._request_or_none(args, kwargs)
        if request is None:
            return await cast(Awaitable[Any], self.function(*args, **kwargs))
        return await self._drive_async(self.steps(request, look=False), args, kwargs)

    def forget(self, *args: Any, **kwargs: Any) -> bool:
        """See `Memoized.forget`."""
        return self.cache.forget(self.hasher.hash(args, kwargs))

    def cache_info(self) -> CacheInfo:
        """See `Memoized.cache_info`."""
        return CacheInfo(self.hits, self.misses, None, self.cache.count(self.hasher.name))

    def cache_clear(self) -> None:
        """See `Memoized.cache_clear`."""
        self.cache.clear(self.hasher.name)
        self.hits = self.misses = 0

    def cache_parameters(self) -> dict[str, Any]:
        """See `Memoized.cache_parameters`."""
        return dict(self._parameters)

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state["_find_cache"] = _Fixed(self.cache)
        return state


class _Fixed:
    """A cache that is already known."""

    def __init__(self, cache: ResultCache) -> None:
        self._cache = cache

    def __call__(self) -> ResultCache:
        return self._cache


class Decorator(Protocol):
    """What `memoize(…)` with options returns: a decorator that leaves the function's type as it is."""

    def __call__(self, function: Callable[P, R], /) -> Memoized[P, R]:
        """Return the memoized function."""


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
) -> Any:
    """Return the memoized function, or a decorator if there is no function yet."""
    if isinstance(ignore, str):
        ignore = (ignore,)
    hasher = Hasher(ignore=ignore, key=key, name=name, version=version, on_change=on_change, depends=depends)
    if when is not None and not callable(when):
        raise TypeError(f"when={when!r} is not callable: give a function of the result that returns True to store it")
    if codec != "auto":
        known = codecs.get(codec)
        if mmap and not hasattr(known, "map"):
            raise ValueError(f"mmap=True: codec {codec!r} cannot be mapped into memory, give codec='npy'")
    options = Options(ttl=None if ttl is None else parse_seconds(ttl, "ttl"), codec=codec, mmap=bool(mmap), when=when)
    parameters = {
        "ignore": hasher.ignore,
        "key": key,
        "name": name,
        "version": version,
        "on_change": on_change,
        "depends": hasher.depends,
        **options._asdict(),
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
    inner = inspect.unwrap(function)
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        raise TypeError(
            f"memoize({function.__qualname__}): a generator's items cannot be kept; return a list instead of yielding"
        )


def _wrap(memo: Memo[Any, Any]) -> Any:
    """Return the function that the user gets: a plain function, so that it binds, pickles and reads as before."""
    function = memo.function
    if inspect.iscoroutinefunction(function):
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
    for method in (
        memo.request,
        memo.is_cached,
        memo.load,
        memo.recompute,
        memo.forget,
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
    ) -> Decorator: ...
    def memoize(self, function: Any = None, /, **options: Any) -> Any:
        """Keep a function's results in this cache. See `memodisk.memoize` for the options."""
        return _memoize(_Fixed(self), function, **options)


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
            _default_caches[directory] = Cache(directory)
        return _default_caches[directory]
