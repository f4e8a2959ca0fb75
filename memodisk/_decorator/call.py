"""One call of a memoized function, from arguments to value: looked up, or handed on to `computing`."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable

from memodisk._cache.cache import ResultCache
from memodisk._cache.reading import Result
from memodisk._decorator import switches, telling
from memodisk._decorator.options import Options
from memodisk._request.hasher import Identified
from memodisk._request.request import Request
from memodisk._util.log import DEBUG
from memodisk._util.main_module import MAINS, loads_for
from memodisk.errors import Miss, Reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

log = telling.log

_NOTHING: Any = object()


class Caller:
    """One function's calls: arguments go in, a stored or a fresh result comes out.

    Parameters
    ----------
    function
        The function as the user wrote it.
    options
        How its calls are told apart and its results kept.
    cache
        Returns the cache; asked at the first call, so that the default directory can still be chosen after the import.
    """

    def __init__(self, function: Callable[..., Any], options: Options, cache: Callable[[], ResultCache]) -> None:
        self.function = function
        self.hasher = options.hasher.of(function)
        self.options = options
        self._find_cache = cache
        # A mapped array is not kept in memory, and whoever wants to be warned of changed code needs the record.
        self._warns = self.hasher.on_change == "warn"
        self._may_recall = not options.mmap and not self._warns
        self._ttl, self._mmap = options.ttl, options.mmap
        #: Where results of a script's function find the script's own classes.
        self.function_space = _space_of(function)
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
        return self.compute(request, args, kwargs) if found is None else found.value

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
        return await self.compute_async(request, args, kwargs) if found is None else found.value

    def compute(self, request: Request, args: tuple[Any, ...], kwargs: dict[str, Any], *, look: bool = True) -> Any:
        """Return the value of a call that missed: run the function, unless somebody else does.

        Parameters
        ----------
        look
            Whether a result that somebody else stores meanwhile will do.
        """
        from memodisk._decorator.computing import (  # imported late: a program that only hits computes nothing
            drive,
            steps,
        )

        return drive(self.function, steps(self, request, look), args, kwargs)

    async def compute_async(
        self, request: Request, args: tuple[Any, ...], kwargs: dict[str, Any], *, look: bool = True
    ) -> Any:
        """As `compute`, for an async function."""
        from memodisk._decorator.computing import drive_async, steps

        return await drive_async(self.function, steps(self, request, look), args, kwargs)

    def _find(self, request: Request) -> Result | None:
        """Return the stored result, or None if the function is to run; within `only_cached` that is a miss."""
        found = self.look(request)
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
            return self.load_stored(request)
        except Miss as miss:
            arguments = ", ".join(f"{name}={text}" for name, text in request.describe().arguments.items())
            call = f"{request.function}({arguments}) would run, which only_cached() forbids"
            raise Miss(miss.reason, f"{call}: {miss.detail}" if miss.detail else call) from None

    # What a call is made of

    @functools.cached_property
    def cache(self) -> ResultCache:
        """The cache that holds the results."""
        return self._find_cache()

    @loads_for
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
            telling.tell_hit(kept.record)
        return value

    def _request_or_none(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
        """Return the request, or None if the call cannot be described: it is then computed and not stored."""
        identified = self._identify(args, kwargs)
        return None if identified is None else self.hasher.request(identified)

    def _identify(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Identified | None:
        """Return what a call is, or None if it cannot be described."""
        try:
            return self.hasher.identify(args, kwargs)
        # A key function, a `__memo_key__` or a `__getstate__` of the user's may raise anything; the call goes on.
        except Exception as error:
            if self.cache.strict:
                raise
            telling.warn_not_hashed(self.hasher.name, error)
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

    @loads_for
    def load_stored(self, request: Request) -> Result:
        return self.cache.load(request, ttl=self._ttl, mmap=self._mmap)

    @loads_for
    def look(self, request: Request) -> Result | None:
        """Return the stored result, or None."""
        try:
            result = self.cache.load(request, ttl=self._ttl, mmap=self._mmap)
        except Miss as miss:
            telling.tell_miss(self.cache, request, miss)
            accepted = self._accepted(request)
            if accepted is None:
                return None
            result = accepted
        self.hits += 1
        if log.isEnabledFor(DEBUG):
            telling.tell_hit(result.record)
        if self._warns:
            telling.warn_of_changed_code(self.cache, request, result)
        return result

    def _accepted(self, request: Request) -> Result | None:
        """Return a result stored under an old name or fingerprint that is accepted as well, and store it anew."""
        for old in self.hasher.alternatives(request):
            try:
                result = self.load_stored(old)
            except Miss:
                continue
            request.describe()
            self.keep(request, result.value, result.record.seconds)
            return result
        return None

    def keep(self, request: Request, value: Any, seconds: float, why: str = "") -> Any:
        """Store a fresh result, if it is wanted and can be stored, and return what the call returns."""
        options = self.options
        if options.when is not None and not options.when(value):
            telling.tell_computed(request.function, seconds, "when=")
            return value
        if self.cache.is_readonly:
            telling.tell_computed(request.function, seconds, "the cache is read-only")
            return value
        try:
            result = self.cache.save(request, value, seconds=seconds, codec=options.codec, limits=options.limits)
        # A codec or a result's own pickling code may raise anything; the caller gets the value all the same.
        except Exception as error:
            if self.cache.strict:
                raise
            telling.warn_not_stored(self.cache, request.function, error)
            return value
        telling.tell_stored(request, result, seconds, why)
        if options.mmap:
            # What later calls return: a program that writes into the array finds out at once, not at its next run.
            try:
                return self.load_stored(request).value
            except Miss:
                return value
        return value

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state["_find_cache"] = Fixed(self.cache)
        del state["function_space"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.function_space = _space_of(self.function)


def _space_of(function: Any) -> dict[str, Any] | None:
    """Return where results of a script's function find the script's classes: its own globals."""
    while isinstance(function, functools.partial):
        function = function.func
    space = getattr(getattr(function, "__func__", function), "__globals__", {})
    return space if space.get("__name__") in MAINS else None


class Fixed:
    """A cache that is already known."""

    def __init__(self, cache: ResultCache) -> None:
        self._cache = cache

    def __call__(self) -> ResultCache:
        """Return it."""
        return self._cache
