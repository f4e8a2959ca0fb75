"""Pairs of calls: the spelling of arguments, methods, and what says how an argument counts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import memodisk

Cache = memodisk.Cache


class Calls(NamedTuple):
    """Two calls of functions, which `make` memoizes in a cache, and whether they are the same call."""

    reason: str
    make: Callable[[Cache, Path], Any]
    left: Callable[[Any], tuple[Any, ...]]
    right: Callable[[Any], tuple[Any, ...]]
    is_same: bool


def call(function: Any, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    return function, args, kwargs


def same(reason, make, left, right):
    return Calls(reason, make, left, right, is_same=True)


def different(reason, make, left, right):
    return Calls(reason, make, left, right, is_same=False)


def plain(cache, _directory):
    @cache.memoize
    def f(a, b=2, *args, c=3, **kwargs):
        return repr((a, b, args, c, sorted(kwargs.items())))

    return f


def positional(cache, _directory):
    @cache.memoize
    def f(a, /, b=None, **kwargs):
        return repr((a, b, kwargs))

    return f


def anything(cache, _directory):
    @cache.memoize
    def f(*args, **kwargs):
        return repr((args, sorted(kwargs.items())))

    return f


def odd_names(cache, _directory):
    @cache.memoize
    def f(self, args, kwargs, function=None, request=None, key=None):
        return repr((self, args, kwargs, function, request, key))

    return f


def model(cache, _directory):
    class Model:
        offset = 0

        def __init__(self, k):
            self.k = k

        @cache.memoize
        def go(self, x, step=1):
            return (self.k + self.offset + x) * step

        @classmethod
        @cache.memoize
        def make(cls, x):
            return cls.__name__, x

        @staticmethod
        @cache.memoize
        def help(x):
            return x

        @property
        @cache.memoize
        def size(self):
            return self.k

        @cache.memoize
        def __call__(self, x):
            return self.k + x

    class Other(Model):
        offset = 100

    Model.Other = Other
    return Model


def ignoring(cache, _directory):
    @cache.memoize(ignore=["verbose", "retries"])
    def f(x, verbose=False, **kwargs):
        return repr((x, sorted((name, value) for name, value in kwargs.items() if name != "retries")))

    return f


def keyed(cache, _directory):
    @cache.memoize(key=lambda x, unit="m": (round(x, 1), unit))
    def f(x, unit="m"):
        return f"{x:.1f} {unit}"

    return f


def annotated(cache, _directory):
    @cache.memoize
    def f(
        rows: Annotated[list, memodisk.by(len)],
        verbose: Annotated[bool, memodisk.Ignored] = False,
        *more: Annotated[str, memodisk.by(str.lower)],
    ):
        return repr((len(rows), [one.lower() for one in more]))

    return f


def of_files(cache, directory):
    for name, text in (("a", "one"), ("b", "one"), ("c", "two")):
        (directory / name).write_text(text)

    @cache.memoize
    def f(path: Annotated[Path | None, memodisk.FileContent] = None):
        return None if path is None else (directory / path).read_text()

    f.at = lambda name: directory / name
    return f


def closures(cache, _directory):
    def make(k):
        @cache.memoize
        def f(x):
            return x + k

        return f

    return make


def lambdas(cache, _directory):
    return {1: cache.memoize(lambda x: x + 1), 2: cache.memoize(lambda x: x + 2)}


def partials(cache, _directory):
    def f(a, b):
        return a - b

    return lambda *args, **kwargs: cache.memoize(functools.partial(f, *args, **kwargs))


def versions(cache, _directory):
    def f(x):
        return x

    return lambda version: cache.memoize(version=version)(f)


def named(cache, _directory):
    def make(name, sign=1):
        @cache.memoize(name=name)
        def f(x):
            return x * sign

        return f

    return make


def mutable_default(cache, _directory):
    @cache.memoize
    def f(x=[1]):  # noqa: B006
        return list(x)

    return f


PAIRS: list[Calls] = [
    same("by position or by name", plain, lambda f: call(f, 1), lambda f: call(f, a=1)),
    same("a default given", plain, lambda f: call(f, 1), lambda f: call(f, 1, 2)),
    same("all defaults given", plain, lambda f: call(f, 1), lambda f: call(f, c=3, b=2, a=1)),
    same("order of names", plain, lambda f: call(f, 1, y=1, z=2), lambda f: call(f, 1, z=2, y=1)),
    different("arguments exchanged", plain, lambda f: call(f, 1, 2), lambda f: call(f, 2, 1)),
    different("another default", plain, lambda f: call(f, 1), lambda f: call(f, 1, 2.0)),
    different("None given for a default", plain, lambda f: call(f, 1), lambda f: call(f, 1, None)),
    different("more arguments or a tuple", plain, lambda f: call(f, 1, 2, 3, 4), lambda f: call(f, 1, 2, (3, 4))),
    different("one more argument", plain, lambda f: call(f, 1, 2, None), lambda f: call(f, 1, 2)),
    different("an argument or a name", plain, lambda f: call(f, 1, 2, 5), lambda f: call(f, 1, 2, c=5)),
    different("names of keywords", plain, lambda f: call(f, 1, x=1), lambda f: call(f, 1, y=1)),
    different("values of keywords exchanged", plain, lambda f: call(f, 1, x=1, y=2), lambda f: call(f, 1, x=2, y=1)),
    different("a keyword and a dict", plain, lambda f: call(f, 1, x=1), lambda f: call(f, 1, kwargs={"x": 1})),
    different("text that looks like two arguments", plain, lambda f: call(f, "1, 2"), lambda f: call(f, "1", "2")),
    different("text that looks like a keyword", plain, lambda f: call(f, "a", "b=1"), lambda f: call(f, "a", b=1)),
    same(
        "a keyword of a positional parameter's name", positional, lambda f: call(f, 1, a=2), lambda f: call(f, 1, a=2)
    ),
    different("it is not that parameter", positional, lambda f: call(f, 1, a=2), lambda f: call(f, 2, a=1)),
    different("nothing and None", anything, lambda f: call(f), lambda f: call(f, None)),
    different("nothing and an empty tuple", anything, lambda f: call(f), lambda f: call(f, ())),
    different("position and name", anything, lambda f: call(f, 1), lambda f: call(f, x=1)),
    different("a dict and keywords", anything, lambda f: call(f, {"x": 1}), lambda f: call(f, x=1)),
    different("keywords called args and kwargs", anything, lambda f: call(f, args=(1,)), lambda f: call(f, 1)),
    different("number of arguments", anything, lambda f: call(f, 1, 1), lambda f: call(f, 1, 1, 1)),
    same("parameters of odd names", odd_names, lambda f: call(f, 1, 2, 3), lambda f: call(f, kwargs=3, args=2, self=1)),
    different(
        "values of odd names", odd_names, lambda f: call(f, 1, 2, 3, key=1), lambda f: call(f, 1, 2, 3, request=1)
    ),
    same("methods of equal objects", model, lambda m: call(m(1).go, 2), lambda m: call(m(1).go, 2)),
    same("a method through its class", model, lambda m: call(m(1).go, 2), lambda m: call(m.go, m(1), x=2)),
    different("methods of different objects", model, lambda m: call(m(1).go, 2), lambda m: call(m(2).go, 2)),
    different("object and argument exchanged", model, lambda m: call(m(1).go, 2), lambda m: call(m(2).go, 1)),
    different("an inherited method", model, lambda m: call(m(1).go, 2), lambda m: call(m.Other(1).go, 2)),
    different("a class method of a subclass", model, lambda m: call(m.make, 1), lambda m: call(m.Other.make, 1)),
    same("a class method through an instance", model, lambda m: call(m.make, 1), lambda m: call(m(5).make, 1)),
    same("a static method from anywhere", model, lambda m: call(m.help, 1), lambda m: call(m.Other(2).help, 1)),
    different("two methods", model, lambda m: call(m.go, m(1), 2), lambda m: call(m(1), 2)),
    different("objects that are called", model, lambda m: call(m(1), 2), lambda m: call(m(2), 2)),
    same("an ignored argument", ignoring, lambda f: call(f, 1), lambda f: call(f, 1, verbose=True)),
    same("an ignored keyword", ignoring, lambda f: call(f, 1), lambda f: call(f, 1, retries=3)),
    different("a keyword that is not ignored", ignoring, lambda f: call(f, 1), lambda f: call(f, 1, other=3)),
    same("what key= says", keyed, lambda f: call(f, 1.01), lambda f: call(f, 1.02)),
    different("what key= says differs", keyed, lambda f: call(f, 1.0), lambda f: call(f, 1.1)),
    different("what key= says of another argument", keyed, lambda f: call(f, 1.0), lambda f: call(f, 1.0, "km")),
    same("by(len)", annotated, lambda f: call(f, [1, 2]), lambda f: call(f, [3, 4])),
    different("by(len), another length", annotated, lambda f: call(f, [1, 2]), lambda f: call(f, [1])),
    same("Ignored", annotated, lambda f: call(f, []), lambda f: call(f, [], True)),
    same("by() for each of many", annotated, lambda f: call(f, [], True, "A"), lambda f: call(f, [], True, "a")),
    different(
        "by() for each of many differs", annotated, lambda f: call(f, [], True, "A"), lambda f: call(f, [], True, "b")
    ),
    same("files of equal content", of_files, lambda f: call(f, f.at("a")), lambda f: call(f, f.at("b"))),
    different("files of different content", of_files, lambda f: call(f, f.at("a")), lambda f: call(f, f.at("c"))),
    different("no file", of_files, lambda f: call(f, f.at("a")), lambda f: call(f)),
    same("functions made twice", closures, lambda make: call(make(1), 1), lambda make: call(make(1), 1)),
    different(
        "functions that close over other values", closures, lambda make: call(make(1), 1), lambda make: call(make(2), 1)
    ),
    different("lambdas", lambdas, lambda made: call(made[1], 1), lambda made: call(made[2], 1)),
    different("what a partial holds", partials, lambda make: call(make(5), 1), lambda make: call(make(6), 1)),
    different("how a partial holds it", partials, lambda make: call(make(5), 1), lambda make: call(make(b=5), 1)),
    different("versions", versions, lambda make: call(make(1), 1), lambda make: call(make(2), 1)),
    different("versions of two types", versions, lambda make: call(make(1), 1), lambda make: call(make("1"), 1)),
    same("a version given twice", versions, lambda make: call(make((1, "a")), 1), lambda make: call(make((1, "a")), 1)),
    different("names", named, lambda make: call(make("a"), 1), lambda make: call(make("b"), 1)),
    different(
        "two functions given one name", named, lambda make: call(make("a"), 1), lambda make: call(make("a", -1), 1)
    ),
    same("a mutable default", mutable_default, lambda f: call(f), lambda f: call(f, [1])),
    different("another list than the default", mutable_default, lambda f: call(f), lambda f: call(f, [2])),
]
