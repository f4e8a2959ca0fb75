"""Random nested values through the public decorator: equal ones are one call, different ones are two."""

from __future__ import annotations

import copy
import datetime as dt
import json
import math
import pickle
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keys import take
from processes import ROOT, environment

HERE = Path(__file__).parent

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=8)
    | st.binary(max_size=8)
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(dt.timezone.utc))
    | st.timedeltas()
    | st.uuids()
)
hashable = (
    st.integers() | st.text(max_size=5) | st.booleans() | st.none() | st.tuples(st.integers(), st.text(max_size=3))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
        | st.frozensets(hashable, max_size=4)
        | st.lists(st.floats() | st.integers(-(2**40), 2**40), min_size=1, max_size=4).map(np.array)
    ),
    max_leaves=12,
)


def exact(value) -> object:
    """Something that is equal exactly for equal types and values, made without any help of memodisk."""
    kind = type(value)
    if kind in (list, tuple):
        return kind.__name__, tuple(map(exact, value))
    if kind is dict:
        return "dict", frozenset((exact(key), exact(item)) for key, item in value.items())
    if kind in (set, frozenset):
        return kind.__name__, frozenset(map(exact, value))
    if kind is float:
        return "float", "nan" if math.isnan(value) else value.hex()
    if kind is complex:
        return "complex", exact(value.real), exact(value.imag)
    if kind is np.ndarray:
        return "array", value.dtype.str, value.shape, tuple(map(exact, value.tolist()))
    if kind in (Decimal, Fraction):
        return kind.__name__, str(value)
    if kind is dt.datetime:
        return "datetime", value.isoformat(), value.fold
    return kind.__name__, value


def turned(value):
    """An equal value, with everything that has no order put in another."""
    if type(value) is dict:
        return {key: turned(item) for key, item in reversed(value.items())}
    if type(value) in (list, tuple):
        return type(value)(map(turned, value))
    if type(value) in (set, frozenset):
        return type(value)(sorted(value, key=repr, reverse=True))
    if type(value) is np.ndarray:
        return np.repeat(value, 2)[::2]
    return value


@given(values)
@settings(max_examples=150, deadline=None)
def test_a_copy_in_another_order_is_the_same_call(value):
    key = take.request(value).key
    assert take.request(copy.deepcopy(value)).key == key
    assert take.request(pickle.loads(pickle.dumps(value))).key == key
    assert take.request(turned(value)).key == key


@given(values, values)
@settings(max_examples=150, deadline=None)
def test_two_values_are_one_call_exactly_if_they_are_the_same(one, other):
    # NaNs of other bits are other values; they compare as one here, and so say nothing.
    if "nan" not in f"{one}{other}".lower():
        assert (take.request(one).key == take.request(other).key) == (exact(one) == exact(other))


@given(st.lists(values, min_size=2, max_size=6), st.data())
@settings(max_examples=100, deadline=None)
def test_one_part_exchanged_makes_another_call(parts, data):
    place = data.draw(st.integers(0, len(parts) - 1))
    changed = [*parts]
    changed[place] = data.draw(values)
    if exact(changed[place]) != exact(parts[place]):
        assert take.request(changed).key != take.request(parts).key
        assert take.request({"a": changed}).key != take.request({"a": parts}).key


@given(st.dictionaries(st.sampled_from("abcdef"), values, max_size=5))
@settings(max_examples=60, deadline=None)
def test_keywords_are_one_call_in_any_order_and_no_other(given_values):
    def f(**kwargs):
        return None

    from memodisk import memoize

    memoized = memoize(f)
    key = memoized.request(**given_values).key
    assert memoized.request(**dict(reversed(given_values.items()))).key == key
    for name in given_values:
        rest = {other: value for other, value in given_values.items() if other != name}
        assert memoized.request(**rest).key != key
        assert memoized.request(**rest, **{name + "_": given_values[name]}).key != key


ASK = """
import json, pickle, sys
from keys import take
json.dump([take.request(value).key for value in pickle.load(sys.stdin.buffer)], sys.stdout)
"""


@pytest.mark.parametrize("seed", ["0", "7", "random"])
def test_another_process_with_another_hash_seed_finds_the_same_keys(seed):
    drawn = []

    @given(values)
    @settings(max_examples=100, deadline=None, database=None)
    def draw(value):
        drawn.append(value)

    draw()
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=pickle.dumps(drawn),
        env=environment(HERE, PYTHONPATH=f"{HERE}:{ROOT}", PYTHONHASHSEED=seed),
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == [take.request(value).key for value in drawn]
