"""What a call asks of the file system, counted exactly: on a network drive each path is a round trip."""

from __future__ import annotations

import pytest
from injection import run

import memodisk
from memodisk._store import mounts

#: Calls that look up a path. The others work on a file that is open.
BY_PATH = {"open", "openat", "stat", "newfstatat", "lstat", "mkdir", "rename", "unlink", "utimensat", "access"}


def compute(x):
    return x


@pytest.fixture
def function(tmp_path):
    cache = memodisk.Cache(tmp_path / "cache")
    function = cache.memoize(name="f", key=lambda x: x)(compute)
    for x in range(200):  # so that each shard exists and everything is imported
        function(x)
    return function


def fresh(tmp_path, **options):
    """The same function as a new process would have it: with nothing in memory, but its code already looked at."""
    function = memodisk.Cache(tmp_path / "cache").memoize(name="f", key=lambda x: x, **options)(compute)
    function.request(1)
    return function


def calls_of(action, scratch):
    outcome = run(action, scratch)
    assert outcome.error is None
    return list(outcome.calls)


def calls_of_the_last(function, arguments, others, scratch):
    """What the last of several calls asks for, where `others` are like all but the last.

    A child of fork() has a few things to do first.
    """
    before = calls_of(lambda: [function(x) for x in others] and 0, scratch)
    return calls_of(lambda: [function(x) for x in arguments] and 0, scratch)[len(before) :]


def test_a_repeated_hit_is_one_stat(function, tmp_path):
    assert calls_of_the_last(function, [1, 1, 1], [1, 1], tmp_path) in (["newfstatat"], ["stat"])


def test_a_first_hit_of_a_small_result_opens_one_file(function, tmp_path):
    again = fresh(tmp_path)
    calls = calls_of(lambda: again(2), tmp_path)
    assert calls in (["openat", "newfstatat", "read", "close"], ["openat", "fstat", "read", "close"])


def test_a_hit_writes_nothing_and_takes_no_lock(function, tmp_path):
    again = fresh(tmp_path)
    calls = set(calls_of(lambda: [again(x) for x in range(5)] and 0, tmp_path))
    assert calls <= {"openat", "newfstatat", "fstat", "stat", "read", "close"}


def test_a_call_that_misses_asks_for_seven_paths(function, tmp_path):
    """The record, the lock, the record again, the two files and their names."""
    calls = calls_of_the_last(function, [1000, 1001, 1002], [1010, 1011], tmp_path)
    by_path = [name for name in calls if name in BY_PATH]
    assert by_path.count("openat") == 4  # record; lock; record and blob in progress
    assert by_path.count("rename") == 2
    assert len(by_path) == 7
    assert calls.count("fcntl") == 1
    assert calls.count("fsync") == calls.count("fdatasync") == 0
    assert len(calls) == 13


def test_where_others_write_a_missing_name_is_asked_for_again(function, tmp_path, monkeypatch):
    """On a network drive: the directory is opened, so that its client forgets which names it believes missing."""
    monkeypatch.setitem(mounts._known, str(tmp_path / "cache"), "nfs4")
    calls = calls_of_the_last(function, [3000, 3001, 3002], [3010, 3011], tmp_path)
    assert [name for name in calls if name in BY_PATH].count("openat") == 4 + 2


def test_without_waiting_for_others_there_is_no_lock(function, tmp_path):
    alone = fresh(tmp_path, wait=0)
    calls = calls_of_the_last(alone, [2000, 2001, 2002], [2010, 2011], tmp_path)
    assert "fcntl" not in calls
    assert calls.count("openat") == 3
