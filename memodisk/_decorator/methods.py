"""What a memoized function can be asked, and told to do: the methods that it has besides being called."""

from __future__ import annotations

from memodisk._cache.reading import Result
from memodisk._code.signatures import is_async
from memodisk._decorator import switches
from memodisk._decorator.call import Caller
from memodisk._request.request import Request
from memodisk.errors import Unhashable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from memodisk._cache.explain import Explanation
    from memodisk._decorator.protocol import CacheInfo
    from memodisk._upkeep.evict import Evicted


class Methods(Caller):
    """A function's calls with all that can be asked of them: what stands behind a memoized function."""

    #: What a memoized function is given of it.
    NAMES = (
        "request",
        "is_cached",
        "load",
        "recompute",
        "forget",
        "explain",
        "evict",
        "cache_info",
        "cache_clear",
        "cache_parameters",
    )

    def request(self, *args: Any, **kwargs: Any) -> Request:
        """Return the request that a call is, with the same arguments as the call.

        Raises
        ------
        Unhashable
            If an argument has no stable content.
        """
        return self._request(args, kwargs).describe()

    def is_cached(self, *args: Any, **kwargs: Any) -> bool:
        """Return True if a call would not run the function. Reads the record, not the result."""
        if switches.is_any_on and switches.is_disabled():
            return False
        try:
            request = self._request(args, kwargs)
        except Unhashable:
            return False
        return self.cache.contains(request, ttl=self.options.ttl)

    def load(self, *args: Any, **kwargs: Any) -> Result:
        """Return the stored result of a call, with its record; never runs the function.

        Raises
        ------
        Miss
            With its reason, if there is no usable result.
        Unhashable
            If an argument has no stable content.
        """
        return self.load_stored(self._request(args, kwargs))

    def recompute(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function and store what it returns, whatever is stored. To be awaited if the function is async."""
        if is_async(self.function):
            return self._recompute_async(args, kwargs)
        request = self._request_to_recompute(args, kwargs)
        if request is None:
            return self.function(*args, **kwargs)
        return self.compute(request, args, kwargs, look=False)

    async def _recompute_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        request = self._request_to_recompute(args, kwargs)
        if request is None:
            return await self.function(*args, **kwargs)
        return await self.compute_async(request, args, kwargs, look=False)

    def _request_to_recompute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
        if switches.is_any_on and self._is_disabled():
            return None
        self._check_may_run("it is to be computed anew")
        return self._request_or_none(args, kwargs)

    def forget(self, *args: Any, **kwargs: Any) -> bool:
        """Remove the stored result of a call; True if there was one.

        Raises
        ------
        Unhashable
            If an argument has no stable content.
        """
        return self.cache.forget(self._request(args, kwargs))

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """Return whether a call hits, and if not, why, and how the nearest stored results differ.

        Never runs the function.

        Raises
        ------
        Unhashable
            If an argument has no stable content.
        """
        return self.cache.explain(self.request(*args, **kwargs), ttl=self.options.ttl)

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
        limits = self.options.limits
        if max_count is None and max_bytes is None and max_age is None:
            max_count, max_bytes, max_age = limits.max_count, limits.max_bytes, limits.max_age
        return self.cache.evict(
            self.hasher.name, max_count=max_count, max_bytes=max_bytes, max_age=max_age, dry_run=dry_run
        )

    def cache_info(self) -> CacheInfo:
        """Return hits and misses in this process, and how many results are stored, as `functools.lru_cache` does."""
        from memodisk._decorator.protocol import CacheInfo

        most = self.options.limits.max_count
        return CacheInfo(self.hits, self.misses, most, self.cache.count(self.hasher.name))

    def cache_clear(self) -> None:
        """Remove all stored results of this function."""
        self.cache.clear(self.hasher.name)
        self.hits = self.misses = 0

    def cache_parameters(self) -> dict[str, Any]:
        """Return the options that the function was memoized with."""
        return dict(self.options.given)
