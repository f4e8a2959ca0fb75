"""Why a call hits or misses, told without running the function."""

from __future__ import annotations

import dataclasses
import logging

import numpy as np
import pandas as pd
import pytest

import memodisk
from memodisk import Reason


@pytest.fixture
def load(cache):
    @cache.memoize(name="weather.load", ttl="1h")
    def load(city, year=2020, table=None):
        return city

    return load


def test_a_hit_says_when_it_was_made_and_what_it_took(load):
    load("Bern")
    explanation = load.explain("Bern")
    assert explanation.is_hit
    assert explanation.reason is None
    assert explanation.record.function == "weather.load"
    assert explanation.summary.startswith("hit: made ")
    assert " as txt" in explanation.summary


def test_nothing_is_run(cache):
    f = cache.memoize(lambda x: pytest.fail("must not run"))
    assert not f.explain(1).is_hit


def test_without_any_result_there_is_nothing_to_compare_with(load):
    explanation = load.explain("Bern")
    assert explanation.reason is Reason.ABSENT
    assert "no result of this function is stored" in str(explanation)


def test_a_miss_names_the_argument_that_differs_from_the_nearest_call(load):
    load("Basel", 1990)
    load("Bern", 2019)
    explanation = load.explain("Bern", 2020)
    assert explanation.nearest[0].arguments == ("argument 'year' 2019 → 2020",)
    assert explanation.nearest[1].count == 2
    assert str(explanation).splitlines()[0] == "weather.load(city='Bern', year=2020, table=None)"


@dataclasses.dataclass
class Settings:
    steps: int
    rate: float


FRAME = pd.DataFrame({"price": [1.0, 2.0], "name": ["a", "b"]})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (FRAME, FRAME.astype({"price": "float32"}), "argument 'table' (column 'price' float64 → float32)"),
        (FRAME, FRAME.assign(price=[1.0, 3.0]), "argument 'table' (column 'price')"),
        (FRAME, FRAME.assign(extra=1), "argument 'table' (shape 2 × 2 → 2 × 3, column 'extra' is new)"),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, "argument 'table' (key 'b' 2 → 3)"),
        ([1, 2], [1, 2, 3], "argument 'table' (length 2 → 3, element 2 is new)"),
        (Settings(1, 0.5), Settings(1, 0.25), "argument 'table' (field 'rate' 0.5 → 0.25)"),
        (np.zeros(3), np.zeros(3, "f4"), "argument 'table' (dtype float64 → float32, values)"),
        (np.zeros(3), np.ones(3), "argument 'table' (values)"),
        ("x" * 200, "x" * 199 + "y", "argument 'table'"),
    ],
)
def test_arguments_with_parts_say_which_part_differs(load, old, new, words):
    load("Bern", table=old)
    assert load.explain("Bern", table=new).nearest[0].arguments == (words,)


def test_a_changed_version_is_named(cache):
    def f(x):
        return x

    cache.memoize(version=1, name="f")(f)(1)
    explanation = cache.memoize(version=2, name="f")(f).explain(1)
    assert explanation.nearest[0].version == "version 1 → 2"


def test_changed_code_says_what_was_edited(cache):
    def make(limit):
        def helper(x):
            return x + limit

        @cache.memoize(name="f")
        def f(x):
            return helper(x)

        return f

    make(3)(1)
    explanation = make(4).explain(1)
    assert explanation.reason is Reason.CODE_CHANGED
    assert explanation.nearest[0].arguments == ()
    assert "limit" in " ".join(explanation.nearest[0].code)
    assert "3 → 4" in str(explanation)


def test_an_expired_result_says_so(load, monkeypatch):
    import time

    load("Bern")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3 * 3600)
    explanation = load.explain("Bern")
    assert explanation.reason is Reason.EXPIRED
    assert "3 h ago" in str(explanation)


def test_an_evicted_result_says_so(load, cache):
    load("Bern")
    load("Basel")
    cache.evict(max_count=0)
    assert "evicted 20" in str(load.explain("Bern"))
    assert "no result of this function" in str(load.explain("Genf"))
    load("Bern")
    assert load.explain("Bern").is_hit


def test_a_damaged_result_says_so(load, cache):
    load("Bern")
    record = next(cache.records())
    path = f"{cache.directory}/v1/weather.load/{record.key[0]}/{record.key}.record.json"
    with open(path, "r+b") as file:
        file.write(b"damage")
    assert load.explain("Bern").reason is Reason.DAMAGED


def test_it_reads_well_in_a_notebook_and_is_safe_html(load):
    load("<b>")
    html = load.explain("<i>")._repr_html_()
    assert "<i>" not in html
    assert "&lt;i&gt;" in html
    assert "<li>differs from the call of" in html


def test_every_miss_leaves_one_line_in_the_log_with_its_reason(load, caplog):
    with caplog.at_level(logging.INFO, logger="memodisk"):
        load("Bern", 2019)
        load("Bern", 2020)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "(miss: absent, no result of this function is stored)" in lines[0]
    assert "in argument 'year' 2019 → 2020)" in lines[1]


def test_an_unhashable_argument_is_named(load):
    import threading

    with pytest.raises(memodisk.Unhashable, match="argument 'city'"):
        load.explain(threading.Lock())


# Old names and fingerprints


def test_results_stay_warm_through_a_rename(cache):
    runs = []

    def compute(x):
        runs.append(x)
        return [x]

    cache.memoize(name="old.name", depends=[])(compute)(1)
    renamed = cache.memoize(name="new.name", also_accept=["old.name"])(compute)
    runs.clear()
    assert renamed(1) == [1]
    assert runs == []
    assert next(cache.records("new.name")).function == "new.name"
    assert cache.memoize(name="new.name")(compute).is_cached(1)


def test_results_stay_warm_through_a_refactoring(cache):
    old = cache.memoize(name="f")(lambda x: x + 1)
    assert old(1) == 2
    print_of_old = old.request(1).fingerprint.digest

    def refactored(x):
        return pytest.fail("must not run")

    assert cache.memoize(name="f", also_accept=[print_of_old])(refactored)(1) == 2


@pytest.mark.parametrize("value", ["old.name", [3], [""]])
def test_what_is_no_list_of_names_fails_at_decoration(cache, value):
    with pytest.raises(TypeError, match="also_accept"):
        cache.memoize(also_accept=value)
