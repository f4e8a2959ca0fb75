"""What a memoized function is to a type checker: the function as before, and what its cache can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from memodisk._cache.explain import Explanation
    from memodisk._cache.reading import Result
    from memodisk._request.request import Request
    from memodisk._upkeep.evict import Evicted

P = ParamSpec("P")
Q = ParamSpec("Q")
O = ParamSpec("O")  # noqa: E741
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


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


class Decorator(Protocol):
    """What `memoize(…)` with options returns: a decorator that leaves the function's type as it is."""

    def __call__(self, function: Callable[P, R], /) -> Memoized[P, R]:
        """Return the memoized function."""


class Memoize(Protocol[O]):
    """`memoize` itself: a decorator, bare or with options. `O` are the options."""

    @overload
    def __call__(  # type: ignore[overload-overlap]  # no option is a function alone
        self, function: Callable[P, R], /
    ) -> Memoized[P, R]: ...
    @overload
    def __call__(self, *none: O.args, **options: O.kwargs) -> Decorator: ...
