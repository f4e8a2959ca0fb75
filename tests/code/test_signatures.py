"""Parameters read off a function's code are those that `inspect` finds."""

from __future__ import annotations

import functools
import inspect

import pytest

from memodisk._code import signatures
from memodisk._code.signatures import EMPTY, is_async, makes_items, parameters


def nothing(): ...


def plain(a, b=2, *args, c, d: int = 4, **kwargs): ...


def positional(a, b, /, c: str = "c", *, d=None): ...


def only_keywords(*, a: int, b=EMPTY): ...


def only_stars(*args: int, **kwargs: str): ...


def with_locals(a):
    b, c = a, a
    return b + c


@functools.wraps(plain)
def wrapping(*args, **kwargs): ...


async def coroutine(a): ...


def generator(a):
    yield a


async def async_generator(a):
    yield a


def marked(a): ...


marked.note = "set by somebody"


class Model:
    def fit(self, data, /, *, steps=3): ...

    def __call__(self, x): ...


FUNCTIONS = [
    nothing,
    plain,
    positional,
    only_keywords,
    only_stars,
    with_locals,
    wrapping,
    coroutine,
    generator,
    async_generator,
    marked,
    Model.fit,
    Model().fit,
    Model(),
    lambda x, y=1: x,
    functools.partial(plain, 1, c=3),
    len,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: getattr(one, "__qualname__", type(one).__name__))
def test_they_are_those_of_inspect(function):
    expected = [
        (one.name, one.kind, *(EMPTY if x is one.empty else x for x in (one.default, one.annotation)))
        for one in inspect.signature(function).parameters.values()
    ]
    assert [(one.name, one.kind, one.default, one.annotation) for one in parameters(function)] == expected


def test_changed_defaults_count():
    def function(a, b): ...

    function.__defaults__ = (1,)
    assert [one.default for one in parameters(function)] == [EMPTY, 1]


def test_a_generator_expression_has_a_parameter_without_a_proper_name():
    code = (x for x in ()).gi_code
    function = type(nothing)(code, {})
    assert [one.name for one in parameters(function)] == list(inspect.signature(function).parameters)


def test_what_has_no_signature_is_refused():
    with pytest.raises(ValueError, match="no signature"):
        parameters(dict.fromkeys.__self__)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: getattr(one, "__qualname__", type(one).__name__))
def test_what_a_call_gives_is_as_inspect_says(function):
    assert is_async(function) == inspect.iscoroutinefunction(function)
    inner = inspect.unwrap(function)
    assert makes_items(function) == (inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner))


def test_a_decorated_generator_is_one():
    @functools.wraps(generator)
    def wrapper(*args):
        return generator(*args)

    assert makes_items(wrapper)
    assert signatures.unwrap(wrapper) is generator
