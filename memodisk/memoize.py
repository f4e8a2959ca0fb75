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
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, cast, overload

from memodisk import codecs, switches
from memodisk.beacon import beacon
from memodisk.cache import ResultCache, parse_limits
from memodisk.errors import Miss, Reason, Undecodable, Unencodable, Unhashable
from memodisk.eviction import Limits
from memodisk.explain import Explanation
from memodisk.faults import warn_once
from memodisk.fingerprint import compare, parse_manifest
from memodisk.flights import Flight, flights, pause
from memodisk.layer import Result
from memodisk.locks import Lock
from memodisk.memory import Kept
from memodisk.record import Record
from memodisk.request import FunctionHasher, Hasher, Identified, OnChange, Request
from memodisk.store import default_directory
from memodisk.trimmer import Evicted
from memodisk.units import format_bytes, format_seconds, parse_seconds
from memodisk.waiting import POLL, Waiting

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

log = logging.getLogger("memodisk.memoize")

#: Most stored results that a miss is compared with for its line in the log: 2 ms here.
_MOST_COMPARED = 100

#: Reasons for a miss that mean something is wrong with the directory, not just that a result is not there.
_FAULTS = frozenset({Reason.DAMAGED, Reason.UNDECODABLE, Reason.UNREADABLE})


class CacheInfo(NamedTuple):
    """What `functools.lru_cache` tells of its cache. Hits and misses are of this process, currsize is of the
    directory."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


class Memoized(Protocol[P, R_co]):  # type: ignore[misc]  # mypy takes the `self` of `__get__` for an argument
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
    def __get__(
        self: Memoized[Concatenate[Any, Q], R_co], instance: None, owner: type
    ) -> MemoizedOfClass[P, Q, R_co]: ...
    @overload
    def __get__(self, instance: None, owner: type) -> Memoized[P, R_co]: ...
    @overload
    def __get__(
        self: Memoized[Concatenate[Any, Q], R_co], instance: object, owner: type | None = None
    ) -> BoundMemoized[P, Q, R_co]: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Callable[P, R_co]: ...

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

    def explain(self, *args: P.args, **kwargs: P.kwargs) -> Explanation:
        """Return whether this call hits, and if not, why, and how the nearest stored results differ.

        Never runs the function.

        Raises
        ------
        Unhashable
            If an argument has no stable content.
        """

    def evict(
        self,
        *,
        max_count: int | None = None,
        max_bytes: float | str | None = None,
        max_age: float | str | None = None,
        dry_run: bool = False,
    ) -> Evicted:
        """Remove the least recently used results of this function until limits hold, and return what was removed.

        Parameters
        ----------
        max_count, max_bytes, max_age
            What may stay, as for `memoize`. Without any, the function's own limits.
        dry_run
            Remove nothing, tell what would be removed.

        Raises
        ------
        ValueError
            If there is no limit, or one that makes no sense.
        """

    def cache_info(self) -> CacheInfo:
        """Return hits and misses in this process, and how many results are stored."""

    def cache_clear(self) -> None:
        """Remove all stored results of this function."""

    def cache_parameters(self) -> dict[str, Any]:
        """Return the options that the function was memoized with."""


# Type checkers do not say what a memoized function in a class is: a method takes one argument less than it was written
# with when it is reached through an instance, a classmethod always, a staticmethod never. So both are allowed.


class BoundMemoized(Protocol[P, Q, R_co]):
    """A memoized function reached through an instance. `P` are its parameters, `Q` are those without the first."""

    @overload
    def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...


class MemoizedOfClass(Memoized[P, R_co], Protocol[P, Q, R_co]):  # type: ignore[misc]  # as for Memoized
    """A memoized function reached through a class. `P` are its parameters, `Q` are those without the first."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: Q.args, **kwargs: Q.kwargs) -> R_co: ...


class Options(NamedTuple):
    """How results are kept; how calls are told apart is the `Hasher`'s business."""

    ttl: float | None = None
    codec: str = "auto"
    mmap: bool = False
    when: Callable[[Any], bool] | None = None
    limits: Limits = Limits()
    wait: float | None = None


class _Landing(NamedTuple):
    """A step: wait until a flight has landed, at most `timeout` seconds."""

    flight: Flight
    timeout: float | None


class _Run:
    """A step: run the function."""


class _Pause:
    """A step: let some time pass, `POLL` seconds."""


_RUN = _Run()
_PAUSE = _Pause()
_Steps = Generator["_Run | _Pause | _Landing", Any, Any]


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
        # A mapped array is not kept in memory, and whoever wants to be warned of changed code needs the record.
        self._may_recall = not options.mmap and hasher.on_change != "warn"
        self.hits = 0
        self.misses = 0

    # The way of a call

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
        """Return the stored result of a call, or run the function."""
        if switches.is_any_on and self._is_disabled():
            return self.function(*args, **kwargs)
        identified = self._identify(args, kwargs)
        if identified is None:
            return self.function(*args, **kwargs)
        kept = self._recall(identified[0])
        if kept is not None:
            try:
                return cast(R, kept.value())
            except Undecodable:
                pass  # the long way says why
        request = self.hasher.request(identified)
        found = self._look(request)
        if found is not None:
            return cast(R, found.value)
        if switches.is_any_on and switches.is_only_cached():
            return cast(R, self._load_or_refuse(request).value)
        return cast(R, self._drive(self.steps(request), args, kwargs))

    async def call_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As `call`, for an async function."""
        if switches.is_any_on and self._is_disabled():
            return await cast(Awaitable[Any], self.function(*args, **kwargs))
        request = self._request_or_none(args, kwargs)
        if request is None:
            return await cast(Awaitable[Any], self.function(*args, **kwargs))
        found = self._look(request)
        if found is not None:
            return found.value
        if switches.is_any_on and switches.is_only_cached():
            return self._load_or_refuse(request).value
        return await self._drive_async(self.steps(request), args, kwargs)

    def _is_disabled(self) -> bool:
        if not switches.is_disabled():
            return False
        self._check_may_run("the cache is disabled")
        return True

    def _check_may_run(self, why: str) -> None:
        """Within `only_cached`, raise a miss."""
        if switches.is_any_on and switches.is_only_cached():
            raise Miss(Reason.ABSENT, f"{self.hasher.name} would run, which only_cached() forbids: {why}")

    def _load_or_refuse(self, request: Request) -> Result:
        try:
            return self._load(request)
        except Miss as miss:
            arguments = ", ".join(f"{name}={text}" for name, text in request.describe().arguments.items())
            call = f"{request.function}({arguments}) would run, which only_cached() forbids"
            raise Miss(miss.reason, f"{call}: {miss.detail}" if miss.detail else call) from None

    def steps(self, request: Request, look: bool = True) -> _Steps:
        """Yield what has to be done for a request that missed; return the value.

        Yields a `_Landing` (answered with True if it has landed), `_PAUSE` (answered with True if time
        has passed) or `_RUN` (answered with the value).
        """
        limit = self.options.wait
        deadline = None if limit is None else time.monotonic() + limit
        # Where other processes see signs of life. Threads and tasks know a computation by it as well.
        sign = f"{self.cache.shared_directory or self.cache.directory}/locks/{request.key}.json"
        while True:
            flight, is_mine = flights.take(sign)
            if is_mine or limit == 0:
                break
            log.debug("%s: waiting for another thread or task, which computes this call", request.function)
            with self._told_to_wait(sign):
                has_landed = yield _Landing(flight, None if deadline is None else max(0.0, deadline - time.monotonic()))
            if not has_landed:
                break  # waited long enough, or in an event loop that we cannot wait in
            found = self._look(request) if look else None
            if found is not None:
                return found.value
        lock = None
        try:
            if is_mine and flight.is_shared and limit != 0 and self.cache.shared_directory is not None:
                lock = Lock(sign.removesuffix(".json") + ".lock")
                has_waited = yield from self._acquire(lock, request, sign, deadline)
                # Somebody else may have been quicker, before we had the lock. If it was free, a glance is enough.
                found = self._look(request) if look and (has_waited or self.cache.has_record(request)) else None
                if found is not None:
                    return found.value
                if lock.is_held:
                    beacon.light(sign)
            self.misses += 1
            # Before the function can change its arguments.
            request.describe()
            why = self._why(request) if look and log.isEnabledFor(logging.INFO) else ""
            started = time.perf_counter()
            value = yield _RUN
            self._keep(request, value, time.perf_counter() - started, why)
            return value
        finally:
            if lock is not None and lock.is_held:
                beacon.put_out(sign)
                lock.release()
            if is_mine:
                flights.land(flight)

    def _acquire(self, lock: Lock, request: Request, sign: str, deadline: float | None) -> Generator[_Pause, Any, bool]:
        """Wait for the lock as long as that makes sense; whoever does not get it computes all the same.

        Returns
        -------
        True if there was something to wait for.
        """
        if lock.try_acquire():
            return False
        mine = tuple(other for other in flights.owned_keys() if other != sign)
        limit = None if deadline is None else deadline - time.monotonic()
        waiting = Waiting(request.function, sign, mine, limit)
        with self._told_to_wait(sign):
            while waiting.goes_on():
                if not (yield _PAUSE):
                    break
                if lock.try_acquire():
                    beacon.clear(sign)  # if its owner was killed
                    break
        return True

    @contextmanager
    def _told_to_wait(self, sign: str) -> Iterator[None]:
        """Tell other processes that what is computed here waits for something, so that none waits in a circle."""
        mine = [other for other in flights.owned_keys() if other != sign]
        for other in mine:
            beacon.begin_wait(other, sign)
        try:
            yield
        finally:
            for other in mine:
                beacon.end_wait(other, sign)

    def _drive(self, steps: _Steps, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        answer: object = None
        try:
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as end:  # of the steps: one of the function's own passes through below
                    return end.value
                if isinstance(step, _Landing):
                    answer = flights.wait(step.flight, step.timeout)
                elif isinstance(step, _Pause):
                    time.sleep(POLL)
                    answer = True
                else:
                    answer = self.function(*args, **kwargs)
        finally:
            steps.close()

    async def _drive_async(self, steps: _Steps, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        answer: object = None
        try:
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as end:
                    return end.value
                if isinstance(step, _Landing):
                    answer = await flights.wait_async(step.flight, step.timeout)
                elif isinstance(step, _Pause):
                    answer = await pause(POLL)
                else:
                    answer = await cast(Awaitable[Any], self.function(*args, **kwargs))
        finally:
            steps.close()

    # What a call is made of

    @functools.cached_property
    def cache(self) -> ResultCache:
        """The cache that holds the results."""
        return self._find_cache()

    def _recall(self, key: str) -> Kept | None:
        """Return a result that is kept in memory and still is what lies on disk: the short way of a repeated hit."""
        kept = self.cache.recall(key) if self._may_recall else None
        if kept is None:
            return None
        ttl = self.options.ttl
        if ttl is not None and time.time() - kept.record.created > ttl:
            return None
        self.hits += 1
        if log.isEnabledFor(logging.DEBUG):
            self._log_hit(kept.record)
        return kept

    def _request_or_none(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
        """Return the request, or None if the call cannot be described: it is then computed and not stored."""
        identified = self._identify(args, kwargs)
        return None if identified is None else self.hasher.request(identified)

    def _identify(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Identified | None:
        """Return what a call is, or None if it cannot be described."""
        try:
            return self.hasher.identify(args, kwargs)
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
        self._check_may_run("its arguments cannot be hashed")
        return None

    def _request(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        """Return the request of a call that is asked about, and refuse one that could not be made."""
        if not hasattr(self.function, "__wrapped__"):
            try:
                self.hasher.signature.bind(*args, **kwargs)
            except TypeError as error:
                is_method = next(iter(self.hasher.signature.parameters), "") == "self"
                hint = "; for a method, go through the class and give the instance first" if is_method else ""
                raise TypeError(f"{self.hasher.name}: {error}{hint}") from None
        return self.hasher.hash(args, kwargs)

    def _load(self, request: Request) -> Result:
        return self.cache.load(request, ttl=self.options.ttl, mmap=self.options.mmap)

    def _look(self, request: Request) -> Result | None:
        """Return the stored result, or None."""
        try:
            result = self._load(request)
        except Miss as miss:
            if miss.reason in _FAULTS:
                if miss.reason is not Reason.UNREADABLE:
                    warn_once(
                        log,
                        (self.cache.directory, str(miss.reason), request.key),
                        "%s: a stored result is %s and is computed again (%s)",
                        request.function,
                        miss.reason,
                        miss.detail,
                    )
                elif self.cache.strict:
                    raise
                else:
                    self._warn_of_directory("stored results cannot be read", miss.detail, miss.__cause__)
            else:
                log.debug("%s: miss, %s", request.function, miss)
            accepted = self._accepted(request)
            if accepted is None:
                return None
            result = accepted
        self.hits += 1
        if log.isEnabledFor(logging.DEBUG):
            self._log_hit(result.record)
        if self.hasher.on_change == "warn":
            self._compare_code(request, result)
        return result

    @staticmethod
    def _log_hit(record: Record) -> None:
        log.debug("%s: hit, %s saved (%s)", record.function, format_seconds(record.seconds), record.key)

    def _accepted(self, request: Request) -> Result | None:
        """Return a result stored under an old name or fingerprint that is accepted as well, and store it anew."""
        for old in self.hasher.alternatives(request):
            try:
                result = self._load(old)
            except Miss:
                continue
            request.describe()
            self._keep(request, result.value, result.record.seconds)
            return result
        return None

    def _why(self, request: Request) -> str:
        """Return in a few words why a request misses, for the log."""
        try:
            self._load(request)
        except Miss as miss:
            return f" ({self.cache.explain_miss(request, miss, _MOST_COMPARED).summary})"
        return ""

    def _keep(self, request: Request, value: Any, seconds: float, why: str = "") -> None:
        """Store a fresh result, if it is wanted and can be stored."""
        name = request.function
        when = self.options.when
        if when is not None and not when(value):
            log.info("%s: computed in %s, not stored (when=)", name, format_seconds(seconds))
            return
        if self.cache.is_readonly:
            log.info("%s: computed in %s, not stored (the cache is read-only)", name, format_seconds(seconds))
            return
        options = self.options
        try:
            result = self.cache.save(request, value, seconds=seconds, codec=options.codec, limits=options.limits)
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
            self._warn_of_directory("the result is returned but not stored", str(error), error)
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
                    "%s(%s): computed in %s, stored %s as %s%s",
                    name,
                    ", ".join(f"{key}={text}" for key, text in request.arguments.items()),
                    format_seconds(seconds),
                    format_bytes(result.bytes),
                    result.record.codec,
                    why,
                )

    def _warn_of_directory(self, what: str, detail: str, cause: BaseException | None) -> None:
        """Warn that the directory cannot be used: once for each cause, whether it was met in reading or in writing."""
        warn_once(
            log,
            (self.cache.directory, "unusable", str(getattr(cause, "errno", None))),
            "%s: %s: %s. Check the space and the permissions of %s, or choose another directory with MEMODISK_DIR",
            self.hasher.name,
            what,
            detail,
            self.cache.directory,
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
        return self._request(args, kwargs).describe()

    def is_cached(self, *args: Any, **kwargs: Any) -> bool:
        """See `Memoized.is_cached`."""
        if switches.is_any_on and switches.is_disabled():
            return False
        try:
            request = self._request(args, kwargs)
        except Unhashable:
            return False
        return self.cache.contains(request, ttl=self.options.ttl)

    def load(self, *args: Any, **kwargs: Any) -> Result:
        """See `Memoized.load`."""
        return self._load(self._request(args, kwargs))

    def recompute(self, *args: Any, **kwargs: Any) -> Any:
        """See `Memoized.recompute`; awaitable for an async function."""
        if inspect.iscoroutinefunction(self.function):
            return self._recompute_async(args, kwargs)
        request = self._request_to_recompute(args, kwargs)
        if request is None:
            return self.function(*args, **kwargs)
        return self._drive(self.steps(request, look=False), args, kwargs)

    async def _recompute_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = self._request_to_recompute(args, kwargs)
        if request is None:
            return await cast(Awaitable[Any], self.function(*args, **kwargs))
        return await self._drive_async(self.steps(request, look=False), args, kwargs)

    def _request_to_recompute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
        if switches.is_any_on and self._is_disabled():
            return None
        self._check_may_run("it is to be computed anew")
        return self._request_or_none(args, kwargs)

    def evict(
        self,
        *,
        max_count: int | None = None,
        max_bytes: float | str | None = None,
        max_age: float | str | None = None,
        dry_run: bool = False,
    ) -> Evicted:
        """See `Memoized.evict`."""
        limits = self.options.limits
        if max_count is None and max_bytes is None and max_age is None:
            max_count, max_bytes, max_age = limits.max_count, limits.max_bytes, limits.max_age
        return self.cache.evict(
            self.hasher.name, max_count=max_count, max_bytes=max_bytes, max_age=max_age, dry_run=dry_run
        )

    def forget(self, *args: Any, **kwargs: Any) -> bool:
        """See `Memoized.forget`."""
        return self.cache.forget(self._request(args, kwargs))

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """See `Memoized.explain`."""
        return self.cache.explain(self.request(*args, **kwargs), ttl=self.options.ttl)

    def cache_info(self) -> CacheInfo:
        """See `Memoized.cache_info`."""
        most = self.options.limits.max_count
        return CacheInfo(self.hits, self.misses, most, self.cache.count(self.hasher.name))

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
