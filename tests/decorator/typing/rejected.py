"""Mistakes that a type checker finds. Checked by `test_typing.py`, never run: comments name the error of their line."""

from __future__ import annotations

from collections.abc import Callable

import memodisk

cache = memodisk.Cache("results")


@memodisk.memoize
def load(name: str, year: int = 2020) -> list[int]:
    return [len(name), year]


@cache.memoize(ttl="1h")
async def fetch(url: str) -> bytes:
    return url.encode()


class Model:
    @memodisk.memoize
    def fit(self, x: int) -> str:
        return str(x)

    @classmethod
    @memodisk.memoize
    def make(cls, x: int) -> str:
        return str(x)

    @staticmethod
    @memodisk.memoize
    def double(x: int) -> int:
        return 2 * x


# Calls

load(1)  # error: arg-type
load()  # error: call-arg
load("Bern", month=1)  # error: call-arg
load("Bern", year="2020")  # error: arg-type
load("Bern").lower()  # error: attr-defined
fetch("x").decode()  # error: attr-defined
Model().fit("x")  # error: call-overload
Model().fit(1, 2)  # error: call-overload
Model().fit(1).bit_count()  # error: attr-defined
Model.make("x")  # error: call-overload
Model().make("x")  # error: call-overload
Model.double("x")  # error: call-overload

# What a memoized function can tell

load.request(1)  # error: arg-type
load.is_cached("Bern", month=1)  # error: call-arg
load.load()  # error: call-arg
load.recompute("Bern", "2020")  # error: arg-type
load.forget(name=3)  # error: arg-type
load.cached("Bern")  # error: attr-defined
load.load("Bern").cached()  # error: attr-defined
Model.fit.is_cached(Model(), "x")  # error: arg-type

# Where it does not fit

other: Callable[[bytes], list[int]] = load  # error: assignment
method: Callable[[bytes], str] = Model().fit  # error: assignment

# Options

memodisk.memoize(ignored=["name"])  # error: call-overload
memodisk.memoize(ignore=3)  # error: call-overload
memodisk.memoize(on_change="panic")  # error: call-overload
memodisk.memoize("name")  # error: call-overload
cache.memoize(ttl=["1h"])  # error: call-overload
memodisk.Cache(3)  # error: arg-type
cache.load("key")  # error: arg-type
