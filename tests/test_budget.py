"""When to look whether a limit is passed, as a pure function."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memodisk.budget import Budget, Look
from memodisk.eviction import Limits

BIG = 10**6


def known(limits, count, size):
    budget = Budget(limits)
    budget.scanned(count, size, 0.0)
    return budget


def test_a_small_count_is_looked_at_after_every_put():
    budget = Budget(Limits(max_count=3))
    for _ in range(5):
        assert budget.put(4096, 0.0) is Look.SCAN
        budget.scanned(3, 3 * 4096, 0.0)


@pytest.mark.parametrize("limits", [Limits(max_count=10_000), Limits(max_bytes=10**9)])
def test_the_first_put_of_a_process_looks(limits):
    assert Budget(limits).put(4096, 0.0) is Look.SAMPLE


def test_a_first_sample_of_few_files_is_not_trusted():
    assert Budget(Limits(max_bytes=10**9)).sampled(500, 4000, BIG) is Look.SCAN
    assert Budget(Limits(max_bytes=10**9)).sampled(5000, 40_000, BIG) is Look.NONE


def test_far_below_the_limit_puts_cost_nothing():
    budget = known(Limits(max_bytes=10**9), 100, 10**6)
    assert {budget.put(8192, 0.0) for _ in range(1000)} == {Look.NONE}


def test_after_a_hundredth_of_the_limit_a_sample_is_taken():
    budget = known(Limits(max_count=10_000), 1000, 10**6)
    looks = [budget.put(8192, 0.0) for _ in range(100)]
    assert looks.index(Look.SAMPLE) == 99
    budget = known(Limits(max_bytes=10**8), 1000, 10**6)
    looks = [budget.put(10**5, 0.0) for _ in range(10)]
    assert looks.index(Look.SAMPLE) == 9


def test_the_estimate_passing_the_limit_scans():
    budget = known(Limits(max_bytes=10**9), 50, 999_990_000)
    assert budget.put(8192, 0.0) is Look.NONE
    assert budget.put(8192, 0.0) is Look.SCAN


def test_with_many_results_eviction_begins_a_little_early():
    budget = known(Limits(max_bytes=10**9), 1000, 949_990_000)
    assert budget.put(8192, 0.0) is Look.NONE
    assert budget.put(8192, 0.0) is Look.SCAN


def test_a_sample_that_shows_what_others_put_scans():
    budget = known(Limits(max_count=10_000), 9000, BIG)
    assert budget.sampled(1300, 10_400, BIG) is Look.SCAN


def test_a_sample_is_not_believed_against_what_is_known():
    """A few huge files are in one shard or in another."""
    budget = known(Limits(max_bytes=10**9), 5000, 940_000_000)
    budget.put(9_000_000, 0.0)
    assert budget.sampled(600, 5000, 0) is Look.NONE
    assert budget.put(2_000_000, 0.0) is Look.SCAN


def test_age_is_looked_at_once_in_a_tenth_of_it_and_once_an_hour_at_least():
    budget = Budget(Limits(max_age=100.0))
    assert budget.put(1, 0.0) is Look.SCAN
    budget.scanned(1, 1, 0.0)
    assert [budget.put(1, now) for now in (1.0, 9.9, 10.0)] == [Look.NONE, Look.NONE, Look.SCAN]
    budget = Budget(Limits(max_age=90 * 86400.0))
    budget.scanned(1, 1, 0.0)
    assert [budget.put(1, now) for now in (3599.0, 3600.0)] == [Look.NONE, Look.SCAN]


def test_who_leaves_it_to_others_looks_again_at_the_next_put():
    budget = known(Limits(max_bytes=10**9), 10, 10**9)
    assert budget.put(1, 0.0) is Look.SCAN
    budget.left_to_others()
    assert budget.put(1, 0.0) is not Look.NONE


@settings(max_examples=50)
@given(st.integers(2, 8), st.integers(0, 10**6))
def test_several_writers_overshoot_by_less_than_a_tenth(writers, seed):
    """Each knows its own puts, and sees those of the others in samples that are right on average."""
    limit, random = 10**8, Random(seed)
    budgets = [known(Limits(max_bytes=limit), 5000, limit // 2) for _ in range(writers)]
    total = most = limit // 2
    for _ in range(3000):
        budget = budgets[random.randrange(writers)]
        size = random.randrange(4096, 200_000)
        total += size
        most = max(most, total)
        look = budget.put(size, 0.0)
        if look is Look.SAMPLE:
            look = budget.sampled(1000, 8000, total)
        if look is Look.SCAN:
            total = min(total, int(limit * 0.8)) if total > limit else total
            budget.scanned(5000, total, 0.0)
    assert limit * 0.95 < most < limit * 1.1
