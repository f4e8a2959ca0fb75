"""Locks between processes: who holds one, what is left of it, and what happens where there are none."""

from __future__ import annotations

import logging
import os
import signal
import threading

import pytest
from crowd import note, notes, run_at_once, running, until
from injection import run

from memodisk._flight import locks
from memodisk._flight.locks import KEYS, Lock, is_left_behind, key_lock
from memodisk._store import mounts

KEY, OTHER_KEY = "3fa9" * 8, "51d0" * 8


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "locks" / "a.lock")


@pytest.fixture(params=["a file of its own", "a byte of a shared file"])
def make(request, tmp_path):
    """Makes the same lock again and again."""
    if request.param == "a file of its own":
        return lambda: Lock(str(tmp_path / "locks" / "a.lock"))
    return lambda: key_lock(str(tmp_path), KEY)


def hold(make, ready):
    lock = make()
    assert lock.try_acquire()
    note(ready, os.getpid())
    signal.pause()


def try_in_another_process(make):
    def attempt(number, barrier):
        lock = make()
        found = lock.try_acquire()
        lock.release()
        return found

    return run_at_once(1, attempt)[0]


def test_one_at_a_time(make):
    lock = make()
    assert lock.try_acquire()
    assert lock.is_held
    assert not try_in_another_process(make)
    assert not make().try_acquire()
    lock.release()
    assert not lock.is_held
    assert try_in_another_process(make)


def test_a_lock_file_goes_with_the_lock(path):
    lock = Lock(path)
    assert lock.try_acquire()
    assert not is_left_behind(path)
    lock.release()
    assert os.listdir(os.path.dirname(path)) == []


def test_keys_do_not_wait_for_each_other_and_leave_one_file(tmp_path):
    directory = str(tmp_path)
    mine, other = key_lock(directory, KEY), key_lock(directory, OTHER_KEY)
    assert mine.try_acquire()
    assert other.try_acquire()
    assert other.is_held
    other.release()
    assert not try_in_another_process(lambda: key_lock(directory, KEY))
    assert try_in_another_process(lambda: key_lock(directory, OTHER_KEY))
    mine.release()
    assert os.listdir(tmp_path / "locks") == [KEYS]


@pytest.mark.parametrize(("mode", "expected"), [(0o700, 0o600), (0o770, 0o660), (0o755, 0o644), (0o777, 0o666)])
def test_whoever_may_write_to_the_directory_may_lock(tmp_path, mode, expected):
    os.mkdir(tmp_path / "locks")
    os.chmod(tmp_path / "locks", mode)
    lock = key_lock(str(tmp_path), KEY)
    assert lock.try_acquire()
    lock.release()
    assert os.stat(tmp_path / "locks" / KEYS).st_mode & 0o777 == expected


def test_giving_back_what_one_does_not_hold_does_nothing(make):
    mine, other = make(), make()
    assert mine.try_acquire()
    assert not other.try_acquire()
    other.release()
    assert not try_in_another_process(make)
    mine.release()
    mine.release()


def test_many_processes_never_hold_it_at_once(make, tmp_path):
    def worker(number, barrier):
        barrier.wait(60)
        for _ in range(100):
            lock = make()
            until(lock.try_acquire)
            descriptor = os.open(tmp_path / "inside", os.O_CREAT | os.O_EXCL)  # an error if somebody else is there
            os.close(descriptor)
            os.unlink(tmp_path / "inside")
            lock.release()

    run_at_once(4, worker)


def test_the_lock_of_a_killed_process_comes_free(make, path, tmp_path):
    with running(hold, make, tmp_path / "ready") as owner:
        until(lambda: notes(tmp_path / "ready"))
        assert not make().try_acquire()
        owner.kill()
        owner.join()
    lock = make()
    assert lock.try_acquire()
    lock.release()
    assert not os.path.exists(path)


def test_the_lock_file_of_a_killed_process_is_known_as_left_behind(path, tmp_path):
    with running(hold, lambda: Lock(path), tmp_path / "ready") as owner:
        until(lambda: notes(tmp_path / "ready"))
        owner.kill()
        owner.join()
    assert is_left_behind(path)


@pytest.mark.parametrize("moment", ["_keep", "_close"])
def test_a_child_of_fork_keeps_no_lock_that_a_thread_is_taking_or_giving_back(make, monkeypatch, tmp_path, moment):
    here, go_on = threading.Event(), threading.Event()
    original = getattr(Lock, moment)

    def slowly(self, *args):
        # As between two lines of it: the lock is held, and that is not yet noted, or not any more.
        locks._held.discard(self)
        here.set()
        assert go_on.wait(60)
        original(self, *args)

    monkeypatch.setattr(Lock, moment, slowly)
    thread = threading.Thread(target=take_and_give_back, args=(make,))
    thread.start()
    assert here.wait(60)
    child = os.fork()
    if child == 0:
        note(tmp_path / "ready", os.getpid())
        signal.pause()
    try:
        until(lambda: notes(tmp_path / "ready"))
        monkeypatch.undo()
        go_on.set()
        thread.join()
        lock = make()
        assert lock.try_acquire()
        assert lock.is_held
        lock.release()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_child_of_fork_does_not_give_back_its_parent_s_lock(make):
    lock = make()
    assert lock.try_acquire()

    def child(number, barrier):
        lock.release()

    run_at_once(1, child)
    assert not try_in_another_process(make)
    lock.release()


def test_the_lock_of_a_killed_process_comes_free_though_its_children_live(make, tmp_path):
    """As the workers of a pool do for a while."""

    def parent():
        lock = make()
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
            assert try_in_another_process(make)
        finally:
            os.kill(int(child), signal.SIGKILL)


@pytest.mark.parametrize("error", ["ENOLCK", "ENOSYS", "EOPNOTSUPP", "EINVAL"])
def test_where_files_cannot_be_locked_there_is_one_warning_and_at_most_one_file(make, path, tmp_path, error):
    take_and_give_back(make)  # what is imported late is imported here

    def action():
        told = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: told.append(record.getMessage())
        logging.getLogger("memodisk").addHandler(handler)
        return [take_and_give_back(make) for _ in range(3)], told

    which = "flock" if make().path == path else "fcntl"
    found, told = run(action, tmp_path, inject=f"{which}:error={error}").value
    assert found == [(True, False)] * 3  # waiting would be in vain
    assert len(told) == 1
    assert "files cannot be locked here" in told[0]
    assert set(os.listdir(os.path.dirname(path))) <= {KEYS}


def take_and_give_back(make):
    lock = make()
    found = lock.try_acquire(), lock.is_held
    lock.release()
    return found


def calls_of_a_lock(make, tmp_path):
    take_and_give_back(make)
    calls = run(lambda: take_and_give_back(make), tmp_path).calls
    return ["fstat" if name == "newfstatat" else name for name in calls[calls.index("openat") :]]


def test_a_lock_on_a_file_costs_five_system_calls(path, tmp_path):
    assert calls_of_a_lock(lambda: Lock(path), tmp_path) == ["openat", "flock", "fstat", "unlink", "close"]


def test_on_smb_the_server_is_asked_whether_a_file_was_removed_before_it_was_locked(path, tmp_path, monkeypatch):
    """What its client knows of a file is up to a second old, except after looking for the file's end."""
    monkeypatch.setitem(mounts._known, os.path.dirname(path), "cifs")
    assert calls_of_a_lock(lambda: Lock(path), tmp_path)[:5] == ["openat", "flock", "lseek", "fstat", "unlink"]


def test_on_smb_one_process_of_a_machine_has_a_lock_file_open(path, tmp_path, monkeypatch):
    """Others would share its handle, and give back its lock when they close theirs."""
    lock = Lock(path)
    monkeypatch.setitem(mounts._known, os.path.dirname(path), "cifs")
    assert lock.try_acquire()
    outcome = run(lambda: (Lock(path).try_acquire(), is_left_behind(path)), tmp_path)
    assert outcome.value == (False, False)
    assert not {"openat", "open"} & set(outcome.calls)
    lock.release()
    assert try_in_another_process(lambda: Lock(path))
    assert take_and_give_back(lambda: Lock(path)) == (True, True)


def test_on_smb_the_lock_of_a_killed_process_comes_free_though_its_children_live(path, tmp_path, monkeypatch):
    monkeypatch.setitem(mounts._known, os.path.dirname(path), "cifs")
    test_the_lock_of_a_killed_process_comes_free_though_its_children_live(lambda: Lock(path), tmp_path)


def test_on_smb_the_lock_of_a_key_is_a_file_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setitem(mounts._known, str(tmp_path), "cifs")
    assert key_lock(str(tmp_path), KEY).path == f"{tmp_path}/locks/{KEY}.lock"


@pytest.mark.parametrize("type_", ["cifs", "ext4"])
def test_on_smb_a_name_that_is_not_free_yet_is_a_lock_of_somebody_else(path, tmp_path, monkeypatch, type_):
    """A removed file keeps its name there until nobody has it open, and the name can be neither opened nor made."""
    take_and_give_back(lambda: Lock(path))
    monkeypatch.setitem(mounts._known, os.path.dirname(path), type_)
    outcome = run(lambda: take_and_give_back(lambda: Lock(path)), tmp_path, inject="openat:error=ENOENT:when=1+")
    assert outcome.value == (type_ == "ext4", False)  # elsewhere no lock will ever be had, and none is waited for


def test_a_lock_on_a_key_costs_three_system_calls(tmp_path):
    assert calls_of_a_lock(lambda: key_lock(str(tmp_path), KEY), tmp_path) == ["openat", "fcntl", "close"]


def test_a_directory_that_cannot_be_written_to_costs_no_warning(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    os.makedirs(tmp_path / "locked" / "locks")

    def action(number, barrier):
        os.setgid(65534)
        os.setuid(65534)
        lock = key_lock(str(tmp_path / "locked"), KEY)
        return lock.try_acquire(), lock.is_held

    os.chmod(tmp_path, 0o755)
    assert run_at_once(1, action) == [(True, False)]
    assert caplog.records == []
