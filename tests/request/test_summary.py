"""An argument in one short line."""

from __future__ import annotations

import dataclasses
import enum
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memodisk._request.summary import MAX_ARGUMENTS, MAX_TEXT, summarize, summarize_arguments


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class City:
    name: str
    year: int


class Secretive:
    def __repr__(self):
        raise AssertionError("the user's own code must not be run for a text")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (None, "None"),
        ("Bern", "'Bern'"),
        (b"ab", "b'ab'"),
        ([1, "x"], "[1, 'x']"),
        ((1,), "(1,)"),
        ({"a": [1, 2]}, "{'a': [1, 2]}"),
        ({}, "{}"),
        (set(), "set()"),
        (list(range(100)), "list of 100: [0, 1, 2, 3, 4, 5, …]"),
        (Colour.RED, "Colour.RED"),
        (City("Bern", 2020), "City(name='Bern', year=2020)"),
        (PurePosixPath("/data"), "PurePosixPath('/data')"),
        (np.zeros((3, 4)), "ndarray float64 3 × 4"),
        (pd.DataFrame({"a": [1]}), "DataFrame 1 × 1"),
        (Secretive(), "<tests.test_summary.Secretive>"),
        (len, "len"),
        (10**1000, "int of 3322 bits"),
        ("line\nbreak", "'line\\nbreak'"),
    ],
)
def test_values(value, text):
    assert summarize(value).replace("<test_summary", "<tests.test_summary") == text


@given(st.recursive(st.text() | st.integers() | st.binary(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_a_text_is_one_short_line(value):
    text = summarize(value)
    assert len(text) <= MAX_TEXT
    assert "\n" not in text


def test_a_list_that_holds_itself():
    loop: list = []
    loop.append(loop)
    assert len(summarize(loop)) < MAX_TEXT


def test_many_arguments_are_counted():
    texts = summarize_arguments({f"a{i}": i for i in range(100)})
    assert len(texts) == MAX_ARGUMENTS + 1
    assert texts["…"] == f"and {100 - MAX_ARGUMENTS} more"
