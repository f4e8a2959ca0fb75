"""Signs of life: files that appear, are touched and vanish; time is a number that the tests set."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from memodisk._flight.owner import read_owner
from memodisk._flight.signs import DELAY, PERIOD, Beacon


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Alight:
    """A beacon without its thread: the tests say when it is time."""

    def __init__(self, directory):
        self.clock = Clock()
        self.beacon = Beacon(self.clock)
        self.path = str(directory / "a.json")

    def after(self, seconds):
        self.clock.now += seconds
        self.beacon.give_signs()

    def owner(self):
        return read_owner(self.path)[0]


@pytest.fixture
def alight(tmp_path, monkeypatch):
    monkeypatch.setattr("threading.Thread.start", lambda thread: None)
    return Alight(tmp_path)


def test_a_short_computation_gets_no_file(alight):
    alight.beacon.light(alight.path)
    alight.after(DELAY * 0.9)
    assert not os.path.exists(alight.path)
    alight.beacon.put_out(alight.path)
    alight.after(PERIOD)
    assert not os.path.exists(alight.path)


def test_a_long_one_says_who_it_is(alight):
    alight.beacon.light(alight.path)
    alight.after(DELAY)
    owner = alight.owner()
    assert (owner.host, owner.pid, owner.waits_for) == (socket.gethostname(), os.getpid(), ())
    assert owner.is_alive_here
    assert f"process {os.getpid()} on {socket.gethostname()}, since " in str(owner)
    alight.beacon.put_out(alight.path)
    assert not os.path.exists(alight.path)


def test_it_is_touched_from_time_to_time(alight):
    alight.beacon.light(alight.path)
    alight.after(DELAY)
    os.utime(alight.path, (1, 1))
    alight.after(PERIOD * 0.9)
    assert os.stat(alight.path).st_mtime == 1
    alight.after(PERIOD * 0.2)
    assert os.stat(alight.path).st_mtime > 1


def test_it_says_within_a_second_what_it_waits_for_itself(alight, tmp_path):
    elsewhere = str(tmp_path / "other" / "c.json")
    alight.beacon.light(alight.path)
    alight.after(DELAY)
    for other in (str(tmp_path / "b.json"), elsewhere):
        alight.beacon.begin_wait(alight.path, other)
    alight.after(DELAY)
    assert alight.owner().waits_for == ("b.json", elsewhere)
    alight.beacon.end_wait(alight.path, elsewhere)
    alight.after(DELAY)
    assert alight.owner().waits_for == ("b.json",)


def test_one_task_that_stops_waiting_leaves_what_another_waits_for(alight, tmp_path):
    alight.beacon.light(alight.path)
    for _ in range(2):
        alight.beacon.begin_wait(alight.path, str(tmp_path / "b.json"))
    alight.beacon.end_wait(alight.path, str(tmp_path / "b.json"))
    alight.after(DELAY)
    assert alight.owner().waits_for == ("b.json",)


def test_a_directory_that_takes_no_file_does_no_harm(alight, tmp_path):
    path = str(tmp_path / "nowhere" / "a.json")
    alight.beacon.light(path)
    alight.after(DELAY)
    alight.beacon.put_out(path)


def test_the_sign_of_the_dead_can_be_removed_but_not_one_s_own(alight, tmp_path):
    dead = tmp_path / "dead.json"
    dead.write_text("{}")
    alight.beacon.clear(str(dead))
    assert not dead.exists()
    alight.beacon.light(alight.path)
    alight.after(DELAY)
    alight.beacon.clear(alight.path)
    assert alight.owner() is not None


def test_a_child_of_fork_leaves_its_parent_s_sign_alone(tmp_path):
    program = f"""
import os, time
from memodisk._flight.signs import beacon
from memodisk._flight.owner import read_owner
path = {str(tmp_path / "a.json")!r}
beacon.light(path)
while not os.path.exists(path):
    time.sleep(0.05)
child = os.fork()
if child == 0:
    beacon.put_out(path)
    own = path + ".child"
    beacon.light(own)  # with a thread of its own
    while not os.path.exists(own):
        time.sleep(0.05)
    beacon.put_out(own)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert read_owner(path)[0].pid == os.getpid()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_at_the_end_of_a_program_there_are_no_more_threads_and_no_error(tmp_path):
    """Python 3.12 and later start none then; earlier ones do."""
    program = """
import atexit, memodisk
@memodisk.memoize(name="f")
def f(x): return x
f(1)
@atexit.register
def last():
    assert (f(1), f(2)) == (1, 2)
    print("right")
"""
    environment = {**os.environ, "MEMODISK_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("right\n", "")
