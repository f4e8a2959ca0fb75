"""How long to wait for somebody else's computation; time is a number that the tests set."""

from __future__ import annotations

import json
import logging
import os

import pytest

from memodisk._flight import signs
from memodisk._flight.waiting import Waiting
from memodisk._store.temporary import machine

HOUR = 3600.0


class Clock:
    """Time stands still until somebody lets it pass."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def locks(tmp_path):
    return tmp_path


def sign(path, *, pid=1, host="elsewhere", waits_for=(), where="ffffffff", mtime=1.0):
    fields = {"host": host, "pid": pid, "since": 0.0, "machine": where, "waits_for": list(waits_for)}
    path.write_text(json.dumps(fields))
    os.utime(path, (mtime, mtime))


def waiting(locks, clock, limit=None, mine=()):
    return Waiting("weather.load", str(locks / "a.json"), tuple(str(locks / one) for one in mine), limit, clock)


def passes(wait, clock, seconds):
    """Let time pass in steps of a tenth of a second; True if waiting goes on all the while."""
    for _ in range(round(seconds * 10)):
        clock.now += 0.1
        if not wait.goes_on():
            return False
    return True


def messages(caplog, level):
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def test_without_a_limit_it_goes_on_as_long_as_the_owner_gives_signs(locks, clock):
    wait = waiting(locks, clock)
    for minute in range(60):
        sign(locks / "a.json", mtime=1.0 + minute)
        assert passes(wait, clock, 60)


def test_a_limit_bounds_it(locks, clock):
    wait = waiting(locks, clock, limit=5.0)
    assert passes(wait, clock, 4.8)
    assert not passes(wait, clock, 0.4)


def test_who_gives_no_sign_of_life_is_given_up_with_one_warning(locks, clock, caplog):
    sign(locks / "a.json", pid=77, host="node7")
    wait = waiting(locks, clock)
    assert passes(wait, clock, signs.PATIENCE)
    assert not passes(wait, clock, 2)
    (warning,) = messages(caplog, logging.WARNING)
    assert "process 77 on node7" in warning
    assert "2 min" in warning


def test_who_never_gave_one_is_given_up_as_well(locks, clock, caplog):
    wait = waiting(locks, clock)
    assert passes(wait, clock, signs.PATIENCE)
    assert not passes(wait, clock, 2)
    assert "whoever holds the lock" in messages(caplog, logging.WARNING)[0]


def test_a_process_of_this_machine_that_is_there_needs_no_signs(locks, clock):
    """A library can keep its threads from running for minutes."""
    sign(locks / "a.json", pid=os.getpid(), where=machine())
    assert passes(waiting(locks, clock), clock, 2 * signs.PATIENCE)


def test_clocks_of_other_machines_do_not_matter(locks, clock):
    """Signs from the past and from the future are signs, as long as they change."""
    wait = waiting(locks, clock)
    for mtime in (10.0, 5.0, 4e9, 3e9):
        sign(locks / "a.json", mtime=mtime)
        assert passes(wait, clock, 100)


def test_it_says_once_whom_it_waits_for(locks, clock, caplog):
    caplog.set_level(logging.INFO, logger="memodisk")
    sign(locks / "a.json", pid=77, host="node7")
    wait = waiting(locks, clock)
    assert passes(wait, clock, 10)
    (message,) = messages(caplog, logging.INFO)
    assert message.startswith("weather.load: waiting for process 77 on node7, since ")
    sign(locks / "a.json", pid=78, host="node7")  # somebody else took over
    assert passes(wait, clock, 10)
    assert "process 78" in messages(caplog, logging.INFO)[1]


def test_a_circle_of_two_is_not_waited_in(locks, clock):
    sign(locks / "a.json", waits_for=["b.json"])
    assert not passes(waiting(locks, clock, mine=["b.json"]), clock, 2)
    assert passes(waiting(locks, clock, mine=["c.json"]), clock, 2)


def test_a_circle_of_many_is_not_waited_in(locks, clock):
    sign(locks / "a.json", waits_for=["x.json", "b.json"])
    sign(locks / "b.json", waits_for=["c.json"])
    sign(locks / "c.json", waits_for=["d.json"])
    assert not passes(waiting(locks, clock, mine=["d.json"]), clock, 2)


def test_a_circle_through_another_cache_is_not_waited_in(locks, clock):
    other = locks / "other"
    other.mkdir()
    sign(locks / "a.json", waits_for=[str(other / "b.json")])
    sign(other / "b.json", waits_for=[str(locks / "c.json")])
    assert not passes(waiting(locks, clock, mine=["c.json"]), clock, 2)


def test_a_circle_among_others_does_not_hang(locks, clock):
    sign(locks / "a.json", waits_for=["b.json"])
    sign(locks / "b.json", waits_for=["a.json"])
    assert passes(waiting(locks, clock, mine=["z.json"]), clock, 2)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"host": 1}', "[" * 10_000, "\x00\xff"])
def test_a_damaged_sign_is_no_sign(locks, clock, text):
    (locks / "a.json").write_text(text, encoding="latin-1")
    assert passes(waiting(locks, clock, mine=["b.json"]), clock, 10)
