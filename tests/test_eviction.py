"""The choice of victims, as a pure function."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memodisk.eviction import Entry, Limits, choose_victims

SECOND = 10**9


def record(name, mtime, size=1):
    return Entry(f"{name.ljust(32, '0')}.record.json", True, size, mtime * SECOND)


def blob(name, mtime, size=1):
    return Entry(f"{name.ljust(32, '0')}.pkl", False, size, mtime * SECOND)


def names(victims):
    return [victim.path.split(".")[0].rstrip("0") for victim in victims]


def test_within_the_limits_nothing_goes():
    entries = [record("a", 1), blob("A", 1), record("b", 2), blob("B", 2)]
    assert choose_victims(entries, Limits(max_count=2, max_bytes=4, max_age=10), now_ns=5 * SECOND) == []


def test_the_least_recently_used_go_first_with_their_blobs():
    entries = [record("b", 2), blob("B", 2), record("c", 3), blob("C", 3), record("a", 1), blob("A", 1)]
    assert names(choose_victims(entries, Limits(max_count=1), now_ns=0)) == ["a", "A", "b", "B"]


def test_max_bytes_counts_records_and_blobs():
    entries = [record("a", 1, 10), blob("A", 1, 90), record("b", 2, 10), blob("B", 2, 90)]
    assert names(choose_victims(entries, Limits(max_bytes=199), now_ns=0)) == ["a", "A"]
    assert choose_victims(entries, Limits(max_bytes=200), now_ns=0) == []


def test_max_age_is_time_without_use():
    entries = [record("a", 1), blob("A", 1), record("b", 9), blob("B", 9)]
    assert names(choose_victims(entries, Limits(max_age=5), now_ns=10 * SECOND)) == ["a", "A"]


def test_a_blob_that_a_fresher_record_shares_stays():
    entries = [record("a", 1), record("b", 9), blob("5a", 9)]
    assert names(choose_victims(entries, Limits(max_count=1), now_ns=0)) == ["a"]


def test_blobs_that_no_record_uses_any_more_go_with_the_first_eviction():
    entries = [record("a", 1), blob("A", 3), blob("0f", 2), record("b", 5), blob("B", 5)]
    assert names(choose_victims(entries, Limits(max_count=1), now_ns=0)) == ["a", "0f", "A"]


def test_equal_times_are_told_apart_by_name_and_never_take_everything():
    entries = [record(name, 2) for name in "abcdef"]
    assert names(choose_victims(entries, Limits(max_count=4), now_ns=0)) == ["a", "b"]


def test_max_count_zero_empties():
    assert len(choose_victims([record("a", 1), blob("A", 1)], Limits(max_count=0), now_ns=0)) == 2


@st.composite
def stores(draw):
    """Files as a store leaves them: a blob is as fresh as the freshest record that uses it."""
    users = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=12))
    entries = [record(f"{i + 1:x}", mtime) for i, (_, mtime) in enumerate(users)]
    for which in {which for which, _ in users}:
        entries.append(blob(f"b{which + 1}", max(mtime for one, mtime in users if one == which)))
    return users, draw(st.permutations(entries))


@given(stores(), st.integers(0, 12))
def test_a_record_that_stays_keeps_its_blob(store, max_count):
    users, entries = store
    gone = {victim.path for victim in choose_victims(entries, Limits(max_count=max_count), now_ns=0)}
    kept = [i for i in range(len(users)) if record(f"{i + 1:x}", 0).path not in gone]
    assert len(kept) == min(max_count, len(users))
    assert all(blob(f"b{users[i][0] + 1}", 0).path not in gone for i in kept)
    if len(kept) < len(users) and kept:
        oldest = min(users[i][1] for i in kept) * SECOND
        assert {e.path for e in entries if not e.is_record and e.mtime_ns < oldest} <= gone
