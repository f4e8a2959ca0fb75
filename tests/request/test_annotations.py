"""What annotations and options say of an argument: that the order of a dict counts."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

import memodisk


def is_same(cache, function, one, other):
    return function.request(*one[0], **one[1]).key == function.request(*other[0], **other[1]).key


def calls(*args, **kwargs):
    return args, kwargs


def test_the_order_of_a_dict_counts_where_it_is_said(cache):
    @cache.memoize
    def f(options: Annotated[dict[str, Any], memodisk.Ordered]) -> list[str]:
        return list(options)

    assert not is_same(cache, f, calls({"a": 1, "b": 2}), calls({"b": 2, "a": 1}))
    assert not is_same(cache, f, calls({"x": [{"a": 1, "b": 2}]}), calls({"x": [{"b": 2, "a": 1}]}))
    assert is_same(cache, f, calls({"a": 1, "b": 2}), calls({"a": 1, "b": 2}))
    assert not is_same(cache, f, calls({"a": [1]}), calls({"a": (1,)}))
    assert (f({"a": 1, "b": 2}), f({"b": 2, "a": 1})) == (["a", "b"], ["b", "a"])


def test_it_means_nothing_otherwise(cache):
    @cache.memoize
    def f(options: dict[str, Any]) -> None: ...

    assert is_same(cache, f, calls({"a": 1, "b": 2}), calls({"b": 2, "a": 1}))


def test_the_order_of_keywords_counts_where_it_is_said(cache):
    @cache.memoize(ordered=["options"])
    def f(x, **options):
        return list(options)

    @cache.memoize
    def g(x, **options: Annotated[Any, memodisk.Ordered]):
        return list(options)

    @cache.memoize
    def h(x, **options):
        return None

    for function, expected in ((f, False), (g, False), (h, True)):
        assert is_same(cache, function, calls(1, a=1, b=2), calls(1, b=2, a=1)) is expected
        assert is_same(cache, function, calls(1, a=1, b=2), calls(x=1, a=1, b=2))


def test_what_cannot_be_ordered_is_refused_when_the_function_is_decorated(cache):
    with pytest.raises(TypeError, match=r"ordered='options' is one string: give a list"):
        cache.memoize(ordered="options")
    with pytest.raises(ValueError, match=r"ordered=\['option'\]: .*f has no parameter 'option'"):

        @cache.memoize(ordered=["option"])
        def f(**options): ...


def test_a_computation_that_changes_its_arguments_is_told_once(cache, caplog):
    caplog.set_level("INFO", "memodisk")

    @cache.memoize
    def f(x, seen, table):
        seen.append(x)
        return x

    f(1, [], {})
    f(2, [], {})
    told = [record.getMessage() for record in caplog.records if "changed its argument" in record.getMessage()]
    assert len(told) == 1
    assert told[0].endswith(
        "changed its argument seen while it ran: a hit does not. Return what is changed, or pass a copy"
    )
