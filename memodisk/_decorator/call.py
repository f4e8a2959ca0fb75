"""What stands behind a memoized function: a call goes in, a stored or a fresh result comes out.

Plain and async functions share every step. What a call needs from the world outside (waiting for another computation,
running the function) is asked for by a generator, `Memo.steps`, and done by two short drivers, one that blocks and
one that awaits.
"""

from __future__ import annotations

import functools
import time
from collections import namedtuple
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

from memodisk._cache.cache import ResultCache
from memodisk._cache.layer import Result
from memodisk._code.fingerprint import compare, parse_manifest
from memodisk._code.signatures import is_async
from memodisk._decorator import switches
from memodisk._flight.flights import Flight, flights, pause
from memodisk._flight.locks import key_lock
from memodisk._flight.signs import beacon
from memodisk._request.request import FunctionHasher, Identified, Request
from memodisk._store.record import Record
from memodisk._upkeep.limits import Limits
from memodisk._util.log import DEBUG, INFO, logger
from memodisk._util.units import format_bytes, format_seconds
from memodisk._util.warn import warn_once
from memodisk.errors import Miss, Reason, Unencodable, Unhashable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from memodisk._cache.explain import Explanation
    from memodisk._decorator.protocol import CacheInfo
    from memodisk._flight.locks import Lock
    from memodisk._upkeep.evict import Evicted

log = logger("memodisk.memoize")

#: Most stored results that a miss is compared with for its line in the log: 2 ms here.
_MOST_COMPARED = 100

#: Reasons for a miss that mean something is wrong with the directory, not just that a result is not there.
_FAULTS = frozenset({Reason.DAMAGED, Reason.UNDECODABLE, Reason.UNREADABLE})


class Options(namedtuple("Options", ("ttl", "codec", "mmap", "when", "limits", "wait"))):
    """How results are kept; how calls are told apart is the `Hasher`'s business."""

    __slots__ = ()
    ttl: float | None
    codec: str
    mmap: bool
    when: Callable[[Any], bool] | None
    limits: Limits
    wait: float | None


class _Landing:
    """A step: wait until a flight has landed, at most `timeout` seconds."""

    def __init__(self, flight: Flight, timeout: float | None) -> None:
        self.flight = flight
        self.timeout = timeout


class _Run:
    """A step: run the function."""


class _Pause:
    """A step: let some time pass, in seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


_NOTHING: Any = object()
_RUN = _Run()
_Steps: TypeAlias = "Generator[_Run | _Pause | _Landing, Any, Any]"


class Memo:
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
        function: Callable[..., Any],
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
        self._warns = hasher.on_change == "warn"
        self._may_recall = not options.mmap and not self._warns
        self._ttl, self._mmap = options.ttl, options.mmap
        self.hits = 0
        self.misses = 0

    # The way of a call

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the stored result of a call, or run the function."""
        if switches.is_any_on and self._is_disabled():
            return self.function(*args, **kwargs)
        identified = self._identify(args, kwargs)
        if identified is None:
            return self.function(*args, **kwargs)
        value = self._recall(identified[0])
        if value is not _NOTHING:
            return value
        request = self.hasher.request(identified)
        found = self._find(request)
        return self._drive(self.steps(request), args, kwargs) if found is None else found.value

    async def call_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """As `call`, for an async function."""
        if switches.is_any_on and self._is_disabled():
            return await self.function(*args, **kwargs)
        identified = self._identify(args, kwargs)
        if identified is None:
            return await self.function(*args, **kwargs)
        value = self._recall(identified[0])
        if value is not _NOTHING:
            return value
        request = self.hasher.request(identified)
        found = self._find(request)
        return await self._drive_async(self.steps(request), args, kwargs) if found is None else found.value

    def _find(self, request: Request) -> Result | None:
        """Return the stored result, or None if the function is to run; within `only_cached` that is a miss."""
        found = self._look(request)
        if found is None and switches.is_any_on and switches.is_only_cached():
            return self._load_or_refuse(request)
        return found

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

        Yields a `_Landing` (answered with True if it has landed), a `_Pause` (answered with True if time has passed)
        or `_RUN` (answered with the value).
        """
        limit = self.options.wait
        deadline = None if limit is None else time.monotonic() + limit
        # Where other processes see signs of life. Threads and tasks know a computation by it as well.
        shared = self.cache.shared_directory
        sign = f"{shared or self.cache.directory}/locks/{request.key}.json"
        while True:
            flight, is_mine = flights.take(sign)
            if is_mine:
                break
            if limit == 0:
                flights.stop_waiting(flight)
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
            if is_mine and flight.is_shared and limit != 0 and shared is not None:
                lock = key_lock(shared, request.key)
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
            why = self._why(request) if look and log.isEnabledFor(INFO) else ""
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
        from memodisk._flight.waiting import POLL, Waiting

        mine = tuple(other for other in flights.owned_keys() if other != sign)
        limit = None if deadline is None else deadline - time.monotonic()
        waiting = Waiting(request.function, sign, mine, limit)
        with self._told_to_wait(sign):
            while waiting.goes_on():
                if not (yield _Pause(POLL)):
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
                    time.sleep(step.seconds)
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
                    answer = await pause(step.seconds)
                else:
                    answer = await self.function(*args, **kwargs)
        finally:
            steps.close()

    # What a call is made of

    @functools.cached_property
    def cache(self) -> ResultCache:
        """The cache that holds the results."""
        return self._find_cache()

    def _recall(self, key: str) -> Any:
        """Return a result that is kept in memory and still is what lies on disk: the short way of a repeated hit.

        `_NOTHING` if there is none.
        """
        kept = self.cache.recall(key) if self._may_recall else None
        if kept is None or (self._ttl is not None and time.time() - kept.record.created > self._ttl):
            return _NOTHING
        try:
            value = kept.value()
        # A user's codec may raise anything; the long way says what.
        except Exception:
            return _NOTHING
        self.hits += 1
        if log.isEnabledFor(DEBUG):
            self._log_hit(kept.record)
        return value

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
        return self.cache.load(request, ttl=self._ttl, mmap=self._mmap)

    def _look(self, request: Request) -> Result | None:
        """Return the stored result, or None."""
        try:
            result = self.cache.load(request, ttl=self._ttl, mmap=self._mmap)
        except Miss as miss:
            self._tell_miss(request, miss)
            accepted = self._accepted(request)
            if accepted is None:
                return None
            result = accepted
        self.hits += 1
        if log.isEnabledFor(DEBUG):
            self._log_hit(result.record)
        if self._warns:
            self._compare_code(request, result)
        return result

    def _tell_miss(self, request: Request, miss: Miss) -> None:
        """Warn if something is wrong with the directory; that a result is not there is no fault."""
        if miss.reason not in _FAULTS:
            log.debug("%s: miss, %s", request.function, miss)
        elif miss.reason is not Reason.UNREADABLE:
            warn_once(
                log,
                (self.cache.directory, str(miss.reason), request.key),
                "%s: a stored result is %s and is computed again (%s)",
                request.function,
                miss.reason,
                miss.detail,
            )
        elif self.cache.strict:
            raise miss
        else:
            self._warn_of_directory("stored results cannot be read", miss.detail, miss.__cause__)

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
            if log.isEnabledFor(INFO):
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
        if is_async(self.function):
            return self._recompute_async(args, kwargs)
        request = self._request_to_recompute(args, kwargs)
        if request is None:
            return self.function(*args, **kwargs)
        return self._drive(self.steps(request, look=False), args, kwargs)

    async def _recompute_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = self._request_to_recompute(args, kwargs)
        if request is None:
            return await self.function(*args, **kwargs)
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
        from memodisk._decorator.protocol import CacheInfo

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
        state["_find_cache"] = Fixed(self.cache)
        return state


class Fixed:
    """A cache that is already known."""

    def __init__(self, cache: ResultCache) -> None:
        self._cache = cache

    def __call__(self) -> ResultCache:
        """Return it."""
        return self._cache
