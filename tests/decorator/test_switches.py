"""Nothing but the cache, or no cache at all, for a block of code or a whole program."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest
from processes import run_script

import memodisk
from memodisk.errors import Miss, Reason, Unhashable


@pytest.fixture
def ran():
    return []


@pytest.fixture
def double(cache, ran):
    @cache.memoize(name="double", on_change="ignore")
    def double(x):
        ran.append(x)
        return 2 * x

    return double


def files_of(cache):
    return sorted(os.path.join(parent, name) for parent, _, names in os.walk(cache.directory) for name in names)


def test_only_cached_serves_hits_and_runs_nothing(double, ran):
    double(1)
    with memodisk.only_cached():
        assert double(1) == 2
        with pytest.raises(Miss, match=r"double\(x=2\) would run, which only_cached\(\) forbids") as miss:
            double(2)
    assert miss.value.reason is Reason.ABSENT
    assert ran == [1]
    assert double(2) == 4


def test_only_cached_forbids_recomputing(double, ran):
    double(1)
    with memodisk.only_cached(), pytest.raises(Miss):
        double.recompute(1)
    assert ran == [1]


def test_only_cached_forbids_calls_that_cannot_be_cached(cache, ran):
    @cache.memoize(name="f", ignore=["ran"])
    def f(x, ran=ran):
        ran.append(x)

    with memodisk.only_cached(), pytest.raises((Miss, Unhashable)):
        f(threading.Lock())
    assert ran == []


def test_only_cached_holds_in_all_threads_and_tasks(cache, ran):
    async def compute(x):
        ran.append(x)

    function = cache.memoize(name="f", key=lambda x: x, on_change="ignore")(compute)
    caught = []

    def thread():
        try:
            asyncio.run(function(1))
        except Miss as miss:
            caught.append(miss)

    with memodisk.only_cached():
        other = threading.Thread(target=thread)
        other.start()
        other.join(30)
    assert len(caught) == 1
    assert ran == []


def test_only_cached_says_what_is_wrong_with_a_stored_result(cache):
    @cache.memoize(ttl=0)
    def f(x):
        return x

    f(1)
    with memodisk.only_cached(), pytest.raises(Miss) as miss:
        f(1)
    assert miss.value.reason is Reason.EXPIRED


def test_disabled_runs_and_neither_reads_nor_writes(double, ran, cache):
    double(1)
    before = files_of(cache)
    with memodisk.disabled():
        assert (double(1), double(2), double.recompute(3)) == (2, 4, 6)
        assert not double.is_cached(1)
    assert ran == [1, 1, 2, 3]
    assert files_of(cache) == before
    assert double.is_cached(1)


def test_disabled_is_for_async_functions_as_well(cache, ran):
    @cache.memoize(name="f", ignore=["ran"])
    async def f(x, ran=ran):
        ran.append(x)
        return x

    with memodisk.disabled():
        assert [asyncio.run(f(1)), asyncio.run(f.recompute(1))] == [1, 1]
    assert files_of(cache) == []


def test_switches_nest_and_end_with_an_exception(double, ran):
    with memodisk.disabled():
        with memodisk.disabled():
            double(1)
        with pytest.raises(ZeroDivisionError), memodisk.disabled():
            raise ZeroDivisionError
        double(1)
    double(1)
    double(1)
    assert ran == [1, 1, 1]


def test_both_at_once_run_nothing(double, ran):
    double(1)
    with memodisk.only_cached(), memodisk.disabled(), pytest.raises(Miss, match="the cache is disabled"):
        double(1)
    assert ran == [1]


@pytest.mark.parametrize(("value", "runs"), [("1", 2), ("true", 2), ("0", 1), ("", 1), ("no", 1), (None, 1)])
def test_the_environment_disables_a_whole_program(tmp_path, value, runs):
    (tmp_path / "program.py").write_text("""
import os, memodisk
@memodisk.memoize(ignore=["ran"])
def f(x, ran):
    ran.append(x)
    return x
ran = []
f(1, ran), f(1, ran)
print(len(ran), os.path.exists("cache"))
""")
    assert run_script(tmp_path / "program.py", MEMODISK_DISABLE=value) == [f"{runs} {runs == 1}"]
