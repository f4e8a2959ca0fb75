"""Every spelling of a call is the same call."""

from __future__ import annotations

import functools
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memodisk._request.binding import Binding


def spell(function, *args, **kwargs):
    return Binding(function).arguments(args, kwargs)


def test_positional_keyword_and_default_are_one():
    def function(a, b=2, *, c=3):
        pass

    expected = (("a", "b", "c"), (1, 2, 3))
    assert spell(function, 1) == spell(function, a=1) == spell(function, 1, 2) == expected
    assert spell(function, c=3, b=2, a=1) == expected


def test_star_arguments_and_keywords_are_not_confused():
    def function(*args, **kwargs):
        pass

    assert spell(function, 1, x=2) == (("args", "kwargs"), ((1,), {"x": 2}))
    assert spell(function, {"x": 2}) != spell(function, x=2)
    assert spell(function, (1,)) != spell(function, 1)


def test_positional_only_parameters_and_keywords_of_the_same_name():
    def function(a, /, b, **kwargs):
        pass

    assert spell(function, 1, 2, a=3) == (("a", "b", "kwargs"), (1, 2, {"a": 3}))


def test_a_default_is_the_object_itself():
    marker = object()

    def function(x=marker):
        pass

    assert spell(function)[1][0] is marker


def test_a_call_that_does_not_fit_is_kept_as_it_is():
    def function(a):
        pass

    assert spell(function, 1, 2, z=3) == (("*args", "**kwargs"), ((1, 2), {"z": 3}))


def test_partial_and_bound_methods():
    class Model:
        def fit(self, data, steps=3):
            pass

    assert spell(Model().fit, "d") == (("data", "steps"), ("d", 3))
    assert spell(functools.partial(Model.fit, steps=5), 1, 2)[1] == (1, 2, 5)


def test_builtins_without_a_signature():
    assert spell(max, 1, 2) == (("args", "kwargs"), ((1, 2), {}))


def test_names_that_could_collide_with_the_binder():
    def function(bind, defaults, __memodisk_default_0=1, *, namespace=2):
        pass

    assert spell(function, "b", "d")[1] == ("b", "d", 1, 2)


@pytest.mark.parametrize(
    "function",
    [
        lambda: 0,
        lambda a, b=1, *args, c, d=2, **kw: 0,
        lambda a, /, b, *, c: 0,
        lambda a=1, /: 0,
        lambda *, a: 0,
        lambda *a: 0,
    ],
)
@given(args=st.lists(st.integers(), max_size=4), kwargs=st.dictionaries(st.sampled_from("abcde"), st.integers()))
def test_binding_agrees_with_inspect(function, args, kwargs):
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError:
        assert spell(function, *args, **kwargs) == (("*args", "**kwargs"), (tuple(args), kwargs))
    else:
        bound.apply_defaults()
        assert spell(function, *args, **kwargs) == (tuple(bound.arguments), tuple(bound.arguments.values()))
