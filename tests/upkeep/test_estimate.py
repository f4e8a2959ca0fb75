"""When to look whether a limit is passed, as a pure function."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from memodisk._upkeep.choose import Limits
from memodisk._upkeep.estimate import SAMPLE, Estimate, Look, Tally

BIG = 10**6


SHARDS = "0123456789abcdef"


def tally(count, size, shards=SHARDS, files=None):
    """So many records and bytes in each of some shards."""
    found = Tally()
    for shard in shards:
        found.add(shard, count // len(shards), size // len(shards))
    found.files = 2 * count if files is None else files
    return found


def new(limits):
    return Estimate(limits, len(SHARDS))


def known(limits, count, size):
    estimate = new(limits)
    estimate.scanned(tally(count, size), 0.0)
    return estimate


def test_a_small_count_is_looked_at_after_every_put():
    estimate = new(Limits(max_count=3))
    for _ in range(5):
        assert estimate.put(4096, 0.0) is Look.SCAN
        estimate.scanned(tally(3, 3 * 4096), 0.0)


def test_the_first_put_of_a_process_looks():
    assert new(Limits(max_count=10_000)).put(4096, 0.0) is Look.COUNT
    assert new(Limits(max_bytes=10**9)).put(4096, 0.0) is Look.MEASURE


def test_a_first_sample_of_few_files_is_not_trusted():
    for limits in (Limits(max_bytes=10**9), Limits(max_count=10**6)):
        assert new(limits).sampled(tally(250, BIG, "3"), has_sizes=True) is Look.SCAN
        assert new(limits).sampled(tally(2500, BIG, "3"), has_sizes=True) is Look.NONE


def test_a_first_sample_stands_for_all_shards():
    assert new(Limits(max_count=50_000)).sampled(tally(3100, 0, "3"), has_sizes=False) is Look.SCAN
    assert new(Limits(max_bytes=10**9)).sampled(tally(3100, 62 * BIG, "3"), has_sizes=True) is Look.SCAN


def test_far_below_the_limit_puts_cost_nothing():
    estimate = known(Limits(max_bytes=10**9), 100, 10**6)
    assert {estimate.put(8192, 0.0) for _ in range(1000)} == {Look.NONE}


def test_after_a_hundredth_of_the_limit_a_sample_is_taken():
    estimate = known(Limits(max_count=10_000), 1000, 10**6)
    looks = [estimate.put(8192, 0.0) for _ in range(100)]
    assert looks.index(Look.COUNT) == 99
    estimate = known(Limits(max_bytes=10**8), 1000, 10**6)
    looks = [estimate.put(10**5, 0.0) for _ in range(10)]
    assert looks.index(Look.COUNT) == 9


def test_the_estimate_passing_the_limit_scans():
    estimate = known(Limits(max_bytes=10**9), 50, 999_990_000)
    assert estimate.put(8192, 0.0) is Look.NONE
    assert estimate.put(8192, 0.0) is Look.SCAN


def test_with_many_results_eviction_begins_a_little_early():
    estimate = known(Limits(max_bytes=10**9), 1000, 949_990_000)
    assert estimate.put(8192, 0.0) is Look.NONE
    assert estimate.put(8192, 0.0) is Look.SCAN


def put(estimate, count, size=8192):
    """Put so many results, and return what was to do at last."""
    return [estimate.put(size, 0.0) for _ in range(count)][-1]


def test_a_sample_that_shows_what_others_put_scans():
    estimate = known(Limits(max_count=100_000), 64_000, 0)
    assert put(estimate, 1000) is Look.COUNT
    assert estimate.sampled(tally(4000 + 1800, 0, "3"), has_sizes=False) is Look.NONE
    assert put(estimate, 1000) is Look.COUNT
    assert estimate.sampled(tally(4000 + 2000, 0, "4"), has_sizes=False) is Look.SCAN


def test_what_a_shard_has_more_by_chance_is_taken_for_chance():
    """Of 10,000 results put, 625 belong in each shard, give or take 25: two of these stand for 800 in all."""
    estimate = known(Limits(max_count=100_000), 84_800, 0)
    assert put(estimate, 10_000) is Look.COUNT
    assert estimate.sampled(tally(5300 + 625 + 49, 0, "3"), has_sizes=False) is Look.NONE
    assert estimate.sampled(tally(5300 + 625 - 49, 0, "3"), has_sizes=False) is Look.NONE
    assert estimate.sampled(tally(5300 + 625 + 52, 0, "3"), has_sizes=False) is Look.SCAN


def test_that_others_evicted_is_seen_in_the_count():
    estimate = known(Limits(max_count=100_000), 94_400, 0)
    assert put(estimate, 600) is Look.NONE
    assert estimate.sampled(tally(5900 - 1250, 0, "3"), has_sizes=False) is Look.NONE
    assert put(estimate, 19_000) is not Look.SCAN


def test_of_few_results_all_shards_are_counted_and_then_believed():
    estimate = known(Limits(max_count=1000), 800, 0)
    assert put(estimate, 10) is Look.COUNT
    assert estimate.sampled(tally(944, 0), has_sizes=False) is Look.NONE
    assert put(estimate, 6) is Look.NONE
    assert put(estimate, 1) is Look.SCAN


def test_sizes_are_asked_for_if_others_put_something_and_only_then():
    estimate = known(Limits(max_bytes=10**9), 16_000, 800_000_000)
    assert put(estimate, 100, 100_000) is Look.COUNT
    assert estimate.sampled(tally(1000 + 6, 0, "3"), has_sizes=False) is Look.NONE
    assert estimate.sampled(tally(1000 + 60, 0, "3"), has_sizes=False) is Look.MEASURE
    assert estimate.sampled(tally(1000 + 60, 58_700_000, "3"), has_sizes=True) is Look.NONE
    assert estimate.sampled(tally(1000 + 60, 60_000_000, "3"), has_sizes=True) is Look.SCAN


def test_a_sample_is_not_believed_against_what_is_known():
    """A few huge files are in one shard or in another."""
    estimate = known(Limits(max_bytes=10**9), 16_000, 940_000_000)
    estimate.put(9_000_000, 0.0)
    assert estimate.sampled(tally(1000 + 60, 0, "3"), has_sizes=True) is Look.NONE
    assert estimate.put(2_000_000, 0.0) is Look.SCAN


def test_age_is_looked_at_once_in_a_tenth_of_it_and_once_an_hour_at_least():
    estimate = new(Limits(max_age=100.0))
    assert estimate.put(1, 0.0) is Look.SCAN
    estimate.scanned(tally(16, 16), 0.0)
    assert [estimate.put(1, now) for now in (1.0, 9.9, 10.0)] == [Look.NONE, Look.NONE, Look.SCAN]
    estimate = new(Limits(max_age=90 * 86400.0))
    estimate.scanned(tally(16, 16), 0.0)
    assert [estimate.put(1, now) for now in (3599.0, 3600.0)] == [Look.NONE, Look.SCAN]


def test_who_leaves_it_to_others_looks_again_at_the_next_put():
    estimate = known(Limits(max_bytes=10**9), 10, 10**9)
    assert estimate.put(1, 0.0) is Look.SCAN
    estimate.left_to_others()
    assert estimate.put(1, 0.0) is not Look.NONE


@settings(max_examples=50)
@given(st.integers(2, 8), st.sampled_from([300, 3000, 30_000]), st.booleans(), st.integers(0, 10**6))
def test_several_writers_overshoot_by_less_than_a_tenth(writers, results, is_count, seed):
    """Each knows its own puts, and sees what the shards hold."""
    random = Random(seed)
    mean = 100_000
    limits = Limits(max_count=results) if is_count else Limits(max_bytes=results * mean)
    held = Tally()
    for _ in range(results // 2):
        held.add(random.choice(SHARDS), 1, mean)
    estimates = [new(limits) for _ in range(writers)]
    for estimate in estimates:
        estimate.scanned(copy(held), 0.0)
    passed = 0.0
    for number in range(results):
        estimate = random.choice(estimates)
        size = random.randrange(4096, 2 * mean - 4096)
        held.add(random.choice(SHARDS), 1, size)
        passed = max(passed, held.count / results if is_count else held.size / (results * mean))
        look = estimate.put(size, 0.0)
        while look in (Look.COUNT, Look.MEASURE):
            look = estimate.sampled(sampled(held, number, look), has_sizes=look is Look.MEASURE)
        if look is Look.SCAN:
            if passed > 0.95:
                break
            estimate.scanned(copy(held), 0.0)
    assert 0.949 < passed < 1.1


def copy(held):
    found = Tally()
    for shard in SHARDS:
        found.add(shard, held.counts.get(shard, 0), held.sizes.get(shard, 0))
    return found


def sampled(held, number, look):
    """As many shards as it takes to see so many files."""
    found = Tally()
    for shard in SHARDS[number % 16 :] + SHARDS[: number % 16]:
        found.add(shard, held.counts.get(shard, 0), held.sizes.get(shard, 0) if look is Look.MEASURE else 0)
        found.files += 2 * held.counts.get(shard, 0)
        if found.files >= SAMPLE:
            break
    return found
