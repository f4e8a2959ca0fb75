"""Locks between processes: who holds one, what is left of it, and what happens where there are none."""

from __future__ import annotations

import logging
import os
import signal

import pytest
from crowd import note, notes, run_at_once, running, until
from injection import run

from memodisk import mounts
from memodisk.locks import Lock, is_left_behind


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "locks" / "a.lock")


def hold(path, ready):
    lock = Lock(path)
    assert lock.try_acquire()
    note(ready, os.getpid())
    signal.pause()


def try_in_another_process(path):
    def attempt(number, barrier):
        lock = Lock(path)
        found = lock.try_acquire()
        lock.release()
        return found

    return run_at_once(1, attempt)[0]


def test_one_at_a_time_and_the_file_goes_with_the_lock(path):
    lock = Lock(path)
    assert lock.try_acquire()
    assert lock.is_held
    assert not try_in_another_process(path)
    assert not Lock(path).try_acquire()
    assert not is_left_behind(path)
    lock.release()
    assert not lock.is_held
    assert os.listdir(os.path.dirname(path)) == []
    assert try_in_another_process(path)
    assert os.listdir(os.path.dirname(path)) == []


def test_giving_back_what_one_does_not_hold_does_nothing(path):
    mine, other = Lock(path), Lock(path)
    assert mine.try_acquire()
    assert not other.try_acquire()
    other.release()
    assert not try_in_another_process(path)
    mine.release()
    mine.release()


def test_many_processes_never_hold_it_at_once(path, tmp_path):
    def worker(number, barrier):
        barrier.wait(60)
        for _ in range(100):
            lock = Lock(path)
            until(lock.try_acquire)
            descriptor = os.open(tmp_path / "inside", os.O_CREAT | os.O_EXCL)  # an error if somebody else is there
            os.close(descriptor)
            os.unlink(tmp_path / "inside")
            lock.release()

    run_at_once(4, worker)
    assert os.listdir(os.path.dirname(path)) == []


def test_the_lock_of_a_killed_process_comes_free(path, tmp_path):
    with running(hold, path, tmp_path / "ready") as owner:
        until(lambda: notes(tmp_path / "ready"))
        assert not Lock(path).try_acquire()
        owner.kill()
        owner.join()
    assert is_left_behind(path)
    lock = Lock(path)
    assert lock.try_acquire()
    lock.release()
    assert not os.path.exists(path)


def test_a_child_of_fork_does_not_give_back_its_parent_s_lock(path):
    lock = Lock(path)
    assert lock.try_acquire()

    def child(number, barrier):
        lock.release()

    run_at_once(1, child)
    assert os.path.exists(path)
    assert not try_in_another_process(path)
    lock.release()


def test_the_lock_of_a_killed_process_comes_free_though_its_children_live(path, tmp_path):
    """As the workers of a pool do for a while."""

    def parent():
        lock = Lock(path)
        assert lock.try_acquire()
        child = os.fork()
        if child == 0:
            signal.pause()
        note(tmp_path / "ready", child)
        signal.pause()

    with running(parent) as owner:
        (child,) = until(lambda: notes(tmp_path / "ready"))
        owner.kill()
        owner.join()
        try:
            assert try_in_another_process(path)
        finally:
            os.kill(int(child), signal.SIGKILL)


@pytest.mark.parametrize("error", ["ENOLCK", "ENOSYS", "EOPNOTSUPP"])
def test_where_files_cannot_be_locked_there_is_one_warning_and_no_file_left(path, tmp_path, error):
    Lock(path).try_acquire()  # what is imported late is imported here
    os.unlink(path)

    def action():
        told = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: told.append(record.getMessage())
        logging.getLogger("memodisk").addHandler(handler)
        found = []
        for _ in range(3):
            lock = Lock(path)
            found.append((lock.try_acquire(), lock.is_held))
            lock.release()
        return found, told

    found, told = run(action, tmp_path, inject=f"flock:error={error}").value
    assert found == [(True, False)] * 3  # waiting would be in vain
    assert len(told) == 1
    assert "files cannot be locked here" in told[0]
    assert os.listdir(os.path.dirname(path)) == []


def take_and_give_back(path):
    lock = Lock(path)
    found = lock.try_acquire(), lock.is_held
    lock.release()
    return found


def calls_of_a_lock(path, tmp_path):
    calls = run(lambda: take_and_give_back(path), tmp_path).calls
    return ["fstat" if name == "newfstatat" else name for name in calls[calls.index("openat") :]]


def test_a_lock_costs_five_system_calls(path, tmp_path):
    take_and_give_back(path)
    assert calls_of_a_lock(path, tmp_path) == ["openat", "flock", "fstat", "unlink", "close"]


def test_on_smb_the_server_is_asked_whether_a_file_was_removed_before_it_was_locked(path, tmp_path, monkeypatch):
    """What its client knows of a file is up to a second old, except after looking for the file's end."""
    take_and_give_back(path)
    monkeypatch.setitem(mounts._known, os.path.dirname(path), True)
    assert calls_of_a_lock(path, tmp_path)[:5] == ["openat", "flock", "lseek", "fstat", "unlink"]


def test_on_smb_one_process_of_a_machine_has_a_lock_file_open(path, tmp_path, monkeypatch):
    """Others would share its handle, and give back its lock when they close theirs."""
    lock = Lock(path)
    monkeypatch.setitem(mounts._known, os.path.dirname(path), True)
    assert lock.try_acquire()
    outcome = run(lambda: (Lock(path).try_acquire(), is_left_behind(path)), tmp_path)
    assert outcome.value == (False, False)
    assert not {"openat", "open"} & set(outcome.calls)
    lock.release()
    assert try_in_another_process(path)
    assert take_and_give_back(path) == (True, True)


def test_on_smb_the_lock_of_a_killed_process_comes_free_though_its_children_live(path, tmp_path, monkeypatch):
    monkeypatch.setitem(mounts._known, os.path.dirname(path), True)
    test_the_lock_of_a_killed_process_comes_free_though_its_children_live(path, tmp_path)


@pytest.mark.parametrize("is_on_smb", [True, False])
def test_on_smb_a_name_that_is_not_free_yet_is_a_lock_of_somebody_else(path, tmp_path, monkeypatch, is_on_smb):
    """A removed file keeps its name there until nobody has it open, and the name can be neither opened nor made."""
    take_and_give_back(path)
    monkeypatch.setitem(mounts._known, os.path.dirname(path), is_on_smb)
    outcome = run(lambda: take_and_give_back(path), tmp_path, inject="openat:error=ENOENT:when=1+")
    assert outcome.value == (not is_on_smb, False)  # elsewhere no lock will ever be had, and none is waited for


def test_a_directory_that_cannot_be_written_to_costs_no_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    os.makedirs(tmp_path / "locked")

    def action(number, barrier):
        os.setgid(65534)
        os.setuid(65534)
        lock = Lock(str(tmp_path / "locked" / "a.lock"))
        return lock.try_acquire(), lock.is_held

    os.chmod(tmp_path, 0o755)
    assert run_at_once(1, action) == [(True, False)]
    assert caplog.records == []
