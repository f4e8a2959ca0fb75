"""What a type checker knows about memoized functions. Checked by `test_typing.py`, never run."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, TypeVar

from typing_extensions import assert_type

import memodisk

T = TypeVar("T")
cache = memodisk.Cache(Path("results"))


@memodisk.memoize
def bare(a: int, b: str = "x", *, c: float = 1.0) -> list[int]:
    return [a, len(b), int(c)]


@memodisk.memoize(ignore=["verbose"], ttl="7d", version=2, when=lambda result: result is not None)
def with_options(a: int, verbose: bool = False) -> str | None:
    return str(a)


@cache.memoize
def of_a_cache(a: int) -> bytes:
    return bytes(a)


@cache.memoize(codec="npy", mmap=True, depends=[bare, memodisk.env("MODE"), memodisk.File("cities.csv")])
def of_a_cache_with_options(*values: int, **named: str) -> dict[str, int]:
    return dict.fromkeys(named, sum(values))


@memodisk.memoize
async def fetch(url: str, retries: int = 3) -> bytes:
    return url.encode() * retries


@cache.memoize(ttl=60)
async def fetch_with_options(url: str) -> bytes:
    return url.encode()


@memodisk.memoize
def annotated(
    path: Annotated[Path, memodisk.FileContent],
    size: Annotated[list[int], memodisk.by(len)],
    verbose: Annotated[bool, memodisk.Ignored] = False,
) -> int:
    return path.stat().st_size + len(size)


class Model:
    @memodisk.memoize
    def fit(self, x: int, deep: bool = False) -> str:
        return str(x)

    @cache.memoize(ignore=["self"])
    def fit_with_options(self, x: int) -> float:
        return x / 2

    @memodisk.memoize
    async def fit_async(self, x: int) -> float:
        return x / 2

    @classmethod
    @memodisk.memoize
    def make(cls, x: int) -> Model:
        return cls()

    @staticmethod
    @memodisk.memoize
    def double(x: int) -> int:
        return 2 * x

    @memodisk.memoize
    @staticmethod
    def double_below(x: int) -> int:
        return 2 * x

    @property
    @memodisk.memoize
    def size(self) -> int:
        return 3

    def use(self) -> str:
        return self.fit(1, deep=True) + str(self.double(2)) + str(self.make(3))


class Child(Model):
    pass


# Calls

assert_type(bare(1), list[int])
assert_type(bare(a=1, b="y", c=2), list[int])
assert_type(with_options(1, verbose=True), "str | None")
assert_type(of_a_cache(1), bytes)
assert_type(of_a_cache_with_options(1, 2, key="x"), dict[str, int])
assert_type(annotated(Path("x"), [1]), int)
assert_type(Model().fit(1), str)
assert_type(Model().fit(1, deep=True), str)
assert_type(Model.fit(Model(), 1), str)
assert_type(Model().fit_with_options(1), float)
assert_type(Child().fit(1), str)
assert_type(Model.make(1), Model)
assert_type(Model().make(1), Model)
assert_type(Model.double(1), int)
assert_type(Model().double(1), int)
assert_type(Model.double_below(1), int)
assert_type(Model().size, int)


async def awaiting() -> None:
    assert_type(await fetch("x"), bytes)
    assert_type(await fetch_with_options(url="x"), bytes)
    assert_type(await Model().fit_async(1), float)
    assert_type(await fetch.recompute("x", retries=1), bytes)
    assert_type(fetch.is_cached("x"), bool)


# What a memoized function can tell

assert_type(bare.request(1, c=2.0), memodisk.Request)
assert_type(bare.is_cached(1), bool)
assert_type(bare.load(1), memodisk.Result)
assert_type(bare.load(1).record.seconds, float)
assert_type(bare.recompute(1, b="y"), list[int])
assert_type(bare.forget(1), bool)
assert_type(bare.cache_info(), memodisk.CacheInfo)
assert_type(bare.cache_info().hits, int)
assert_type(bare.cache_parameters(), dict[str, Any])
assert_type(bare.__wrapped__(1), list[int])
assert_type(bare.__name__, str)
assert_type(Model.fit.is_cached(Model(), 1), bool)
assert_type(Model.fit.load(Model(), 1, deep=True), memodisk.Result)

# It goes wherever the function goes

plain: Callable[[int], list[int]] = bare
kept: memodisk.Memoized[[int], bytes] = of_a_cache
coroutine: Callable[[str], Coroutine[Any, Any, bytes]] = fetch
awaitable: Callable[[str], Awaitable[bytes]] = fetch
method: Callable[[int], str] = Model().fit
assert_type(list(map(of_a_cache, [1, 2])), list[bytes])
assert_type(functools.partial(with_options, verbose=True)(1), "str | None")
assert_type(sorted([1, 2], key=of_a_cache), list[int])
with ThreadPoolExecutor() as pool:
    assert_type(pool.submit(of_a_cache, 1).result(), bytes)
    assert_type(list(pool.map(of_a_cache, [1, 2])), list[bytes])


def apply(function: Callable[[int], T]) -> T:
    return function(1)


assert_type(apply(bare), list[int])
assert_type(apply(memodisk.memoize(str)), str)
assert_type(memodisk.memoize(lambda: 1)(), int)

# The lower interface

request = memodisk.Hasher(ignore=["b"]).hash(bare, (1,), {"b": "y"})
assert_type(request, memodisk.Request)
assert_type(cache.save(request, [1], seconds=2.0), memodisk.Result)
assert_type(cache.load(request), memodisk.Result)
assert_type(cache.evict(max_count=10), memodisk.Evicted)
