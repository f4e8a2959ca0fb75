"""The choice of victims, as a pure function."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from memodisk._store.entries import Batch, Entry
from memodisk._upkeep import choose
from memodisk._upkeep.choose import Limits

SECOND = 10**9


def record(name, mtime, size=1):
    return Entry(f"f/0/{name.ljust(32, '0')}.record.json", True, size, mtime * SECOND)


def blob(name, mtime, size=1):
    return Entry(f"f/0/{name.ljust(32, '0')}.pkl", False, size, mtime * SECOND)


def names(victims):
    return [victim.path[4:].split(".")[0].rstrip("0") for victim in victims]


def choose_victims(entries, limits, now_ns):
    batch = Batch(
        "f/0",
        [entry.path[4:] for entry in entries],
        [entry.is_record for entry in entries],
        [entry.size for entry in entries],
        [entry.mtime_ns for entry in entries],
    )
    return choose.choose_victims([batch], limits, now_ns)


def test_within_the_limits_nothing_goes():
    entries = [record("a", 1), blob("aa", 1), record("b", 2), blob("bb", 2)]
    assert choose_victims(entries, Limits(max_count=2, max_bytes=4, max_age=10), now_ns=5 * SECOND) == []


def test_the_least_recently_used_go_first_with_their_blobs():
    entries = [record("b", 2), blob("bb", 2), record("c", 3), blob("cc", 3), record("a", 1), blob("aa", 1)]
    assert names(choose_victims(entries, Limits(max_count=1), now_ns=0)) == ["a", "aa", "b", "bb"]


def test_max_bytes_counts_records_and_blobs():
    entries = [record("a", 1, 10), blob("aa", 1, 90), record("b", 2, 10), blob("bb", 2, 90)]
    assert names(choose_victims(entries, Limits(max_bytes=199), now_ns=0)) == ["a", "aa"]
    assert choose_victims(entries, Limits(max_bytes=200), now_ns=0) == []


def test_max_age_is_time_without_use():
    entries = [record("a", 1), blob("aa", 1), record("b", 9), blob("bb", 9)]
    assert names(choose_victims(entries, Limits(max_age=5), now_ns=10 * SECOND)) == ["a", "aa"]


def test_a_blob_that_a_fresher_record_shares_stays():
    entries = [record("a", 1), record("b", 9), blob("5a", 9)]
    assert names(choose_victims(entries, Limits(max_count=1), now_ns=0)) == ["a"]


def test_blobs_that_no_record_uses_any_more_go_with_the_first_eviction():
    entries = [record("a", 1), blob("aa", 3), blob("0f", 2), record("b", 5), blob("bb", 5)]
    assert names(choose_victims(entries, Limits(max_count=1), now_ns=0)) == ["a", "0f", "aa"]


def test_equal_times_are_told_apart_by_name_and_never_take_everything():
    entries = [record(name, 2) for name in "abcdef"]
    assert names(choose_victims(entries, Limits(max_count=4), now_ns=0)) == ["a", "b"]


def test_max_count_zero_empties():
    assert len(choose_victims([record("a", 1), blob("aa", 1)], Limits(max_count=0), now_ns=0)) == 2


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


def age(entry):
    """The order in which files go."""
    return entry.mtime_ns, not entry.is_record, entry.path


def by_definition(entries, limits, now_ns):
    """The cutoff, taken literally: the newest files that hold the limits stay, down to the oldest record of them."""
    kept = []
    for entry in sorted(entries, key=age, reverse=True):
        files = [*kept, entry]
        if (
            (limits.max_count is not None and sum(e.is_record for e in files) > limits.max_count)
            or (limits.max_bytes is not None and sum(e.size for e in files) > limits.max_bytes)
            or (limits.max_age is not None and entry.mtime_ns < now_ns - limits.max_age * SECOND)
        ):
            break
        kept = files
    else:
        return []
    border = min(map(age, filter(lambda e: e.is_record, kept)), default=(1 << 62,))
    return sorted(filter(lambda e: age(e) < border, entries), key=age)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 9)), max_size=15),
    st.builds(Limits, *[st.none() | st.integers(0, most) for most in (9, 60, 6)]),
)
def test_the_cutoff_is_the_newest_that_holds_the_limits(files, limits):
    entries = [(record if is_record else blob)(f"{n + 1:x}", *of) for n, (is_record, *of) in enumerate(files)]
    assert choose_victims(entries, limits, 5 * SECOND) == by_definition(entries, limits, 5 * SECOND)
