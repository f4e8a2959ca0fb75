"""Whoever changes an argument or a result changes only what is theirs: the cache goes on telling the truth."""

from __future__ import annotations

import collections
import copy
import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import memodisk


@dataclasses.dataclass
class Box:
    items: list[Any]


def set_item(value, key, content):
    value[key] = content


def frame():
    return pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})


#: What is made, and how it is changed.
CHANGES = {
    "list": (lambda: [1, 2], lambda v: v.append(3)),
    "nested list": (lambda: [[1], [2]], lambda v: v[0].append(3)),
    "dict": (lambda: {"a": 1}, lambda v: v.update(b=2)),
    "nested dict": (lambda: {"a": {"b": [1]}}, lambda v: v["a"]["b"].clear()),
    "set": (lambda: {1, 2}, lambda v: v.add(3)),
    "deque": (lambda: collections.deque([1, 2]), lambda v: v.rotate()),
    "defaultdict": (lambda: collections.defaultdict(list, a=[1]), lambda v: v["b"]),
    "bytearray": (lambda: bytearray(b"abc"), lambda v: set_item(v, 0, 0)),
    "object": (lambda: Box([1]), lambda v: v.items.append(2)),
    "attribute": (lambda: Box([1]), lambda v: setattr(v, "items", None)),
    "list in a tuple": (lambda: ([1], 2), lambda v: v[0].append(2)),
    "array": (lambda: np.arange(4), lambda v: set_item(v, 0, 9)),
    "large array": (lambda: np.arange(100_000), lambda v: set_item(v, 0, 9)),
    "array, sorted in place": (lambda: np.array([2, 1]), lambda v: v.sort()),
    "array in a dict": (lambda: {"a": np.zeros(3)}, lambda v: set_item(v["a"], 0, 9)),
    "array of objects": (lambda: np.array([[1], [2, 3]], object), lambda v: v[0].append(2)),
    "frame": (frame, lambda v: set_item(v, "a", 0)),
    "frame, one cell": (frame, lambda v: v.iloc.__setitem__((0, 0), 9)),
    "frame, its index": (frame, lambda v: setattr(v, "index", [5, 6])),
    "frame, its attrs": (frame, lambda v: v.attrs.update(unit="m")),
    "frame, a column taken away": (frame, lambda v: v.drop(columns="a", inplace=True, errors="ignore")),
    "series": (lambda: pd.Series([1, 2]), lambda v: v.iloc.__setitem__(0, 9)),
    "polars frame": (lambda: pl.DataFrame({"a": [1, 2]}), lambda v: v.extend(pl.DataFrame({"a": [3]}))),
}
CASES = pytest.mark.parametrize(("make", "change"), CHANGES.values(), ids=CHANGES)


def same(one, other):
    """Whether two values are the same to the last bit: a hash of both tells."""
    return memodisk.hashing.digest(one) == memodisk.hashing.digest(other)


@CASES
def test_a_function_that_changes_its_argument_is_remembered_for_what_it_was_given(make, change, cache):
    ran = []

    @cache.memoize
    def f(value):
        ran.append(1)
        change(value)
        return copy.deepcopy(value)

    changed = make()
    change(changed)
    given = make()
    assert same(f(given), changed)
    assert same(given, changed)  # the function has done its work on the caller's object
    assert same(f(make()), changed)  # what it was given then
    assert len(ran) == 1
    f(given)  # what it is now was never asked for
    assert len(ran) == 2


@CASES
def test_a_result_that_is_changed_by_the_caller_is_not_changed_in_the_cache(make, change, cache):
    ran = []

    @cache.memoize
    def f():
        ran.append(1)
        return make()

    for _ in range(4):  # computed, read from disk, and read from memory twice
        found = f()
        assert same(found, make())
        change(found)
    assert len(ran) == 1


@CASES
def test_a_result_that_is_changed_is_not_changed_for_others_who_have_it(make, change, cache):
    @cache.memoize
    def f():
        return make()

    f()
    mine, yours = f(), f()
    change(mine)
    assert same(yours, make())
    assert not same(mine, yours)


@CASES
def test_an_argument_that_is_the_result_may_be_changed_later(make, change, cache):
    @cache.memoize
    def f(value):
        return value

    given = make()
    found = f(given)
    assert found is given  # as without the cache
    change(given)
    assert same(f(make()), make())


@CASES
def test_an_argument_changed_between_two_calls_is_another_argument(make, change, cache):
    ran = []

    @cache.memoize
    def f(value):
        ran.append(1)
        return copy.deepcopy(value)

    value = make()
    f(value)
    change(value)
    assert same(f(value), value)
    assert len(ran) == 2


def test_a_result_kept_by_the_function_itself_may_be_changed_later(cache):
    kept = [1]

    @cache.memoize
    def f():
        return kept

    first = f()
    kept.append(2)
    assert f() == [1, 2]  # the list that it reads is another now
    kept.pop()
    assert f() == [1]
    assert first is kept


def test_a_default_value_that_the_function_changes_counts_as_it_is_at_each_call(cache):
    @cache.memoize
    def f(x, seen=[]):  # noqa: B006
        seen.append(x)
        return list(seen)

    assert f(1) == [1]
    assert f(1) == [1, 1]  # what the function itself would say


def test_a_mapped_array_cannot_be_changed(cache):
    @cache.memoize(codec="npy", mmap=True)
    def f():
        return np.arange(50_000)

    f()
    found = f()
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 9
    with pytest.raises(ValueError, match="read-only|WRITEABLE"):
        found.sort()
    with pytest.raises(ValueError, match="WRITEABLE"):
        found.flags.writeable = True
    assert same(np.array(f()), np.arange(50_000))


def test_a_mapped_array_stays_what_it_was_when_the_call_is_computed_again(cache):
    state = [1]

    @cache.memoize(codec="npy", mmap=True, key=lambda: None, depends=[], name="mapped", on_change="ignore")
    def f():
        return np.full(50_000, state[0])

    f()
    before = f()
    state[0] = 2
    f.recompute()
    assert before[0] == 1
    assert f()[0] == 2


def test_a_changed_result_given_to_another_call_is_another_argument(cache):
    ran = []

    @cache.memoize
    def load():
        return {"rows": [1, 2]}

    @cache.memoize
    def total(data):
        ran.append(1)
        return sum(data["rows"])

    for _ in range(2):
        data = load()
        assert total(data) == 3
        data["rows"].append(4)
        assert total(data) == 7
    assert len(ran) == 2


def test_a_value_of_numpy_that_shares_memory_with_an_argument_is_kept_on_its_own(cache):
    @cache.memoize
    def f(values):
        return values[:2]

    values = np.arange(4)
    view = f(values)
    values[0] = 9
    assert view[0] == 9  # as without the cache
    assert list(f(np.arange(4))) == [0, 1]
