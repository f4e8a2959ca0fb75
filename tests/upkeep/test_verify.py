"""Checking a whole directory: what is wrong is counted, put right, and what is in use is left alone."""

from __future__ import annotations

import glob
import os
import time

import pytest
from crowd import note, notes, run_at_once, running, until

import memodisk
from memodisk._flight.locks import KEYS, Lock, key_lock
from memodisk._store import temporary
from memodisk._upkeep import verify

NOBODY_S_PID = 2**22 + 1  # beyond the largest there is
HOUR = 3600


def memoized(cache, name="compute", **options):
    return cache.memoize(name=name, key=lambda x, size=0: x, on_change="ignore", **options)(
        lambda x, size=0: f"{x}:" + "." * size
    )


class Stored:
    """One result and its files."""

    def __init__(self, cache, x, size=0, name="compute"):
        memoized(cache, name)(x, size)
        result = memoized(cache, name).load(x)
        (self.record,) = glob.glob(f"{cache.directory}/v1/{name}/?/{result.record.key}.record.json")
        (self.blob,) = glob.glob(f"{cache.directory}/v1/{name}/?/{result.record.digest}.*")


def damage(path):
    with open(path, "r+b") as file:
        first = file.read(1)
        file.seek(0)
        file.write(bytes([first[0] ^ 1]))


def age(path, seconds):
    os.utime(path, (time.time() - seconds,) * 2)


def fresh(cache):
    """The same directory as another process sees it."""
    return memodisk.Cache(cache.directory)


def found(verification):
    return {step.name: step.found for step in verification.steps if step.found}


def check(cache, name, count=1, restored=0):
    """It is found, found again by another look, put right, and then not there any more."""
    assert found(cache.verify()) == {name: count}
    assert not cache.verify().is_ok
    fixed = cache.verify(fix=True)
    assert found(fixed) == {name: count}
    assert (fixed[name].removed, fixed[name].restored) == (count - restored, restored)
    assert cache.verify().is_ok


def test_a_sound_cache_is_sound(cache):
    for x in range(20):
        memoized(cache)(x, 100 * x)
    verification = cache.verify()
    assert verification.is_ok
    assert verification[verify.DAMAGED_RECORDS].checked == 20
    assert verification[verify.DAMAGED_BLOBS].checked == 20
    assert verification.steps[0].name == verify.ABANDONED
    assert f"{verify.DAMAGED_BLOBS}: 0 of 20" in str(verification)


def test_an_empty_cache_is_sound(cache):
    assert cache.verify().is_ok
    assert cache.verify(fix=True).is_ok


def test_a_damaged_blob_goes_with_its_record(cache):
    Stored(cache, 1, 3000)
    damage(Stored(cache, 2, 3000).blob)
    assert found(cache.verify())[verify.DAMAGED_BLOBS] == 1
    fixed = cache.verify(fix=True)
    assert found(fixed) == {verify.DAMAGED_BLOBS: 1, verify.DANGLING: 1}
    assert cache.verify().is_ok
    assert memoized(fresh(cache)).is_cached(1)
    assert not memoized(fresh(cache)).is_cached(2)


def test_a_damaged_blob_is_restored_from_the_copy_in_its_record(cache):
    stored = Stored(cache, 1)
    damage(stored.blob)
    fixed = cache.verify(fix=True)
    assert fixed[verify.DANGLING].restored == 1
    assert cache.verify().is_ok
    assert memoized(fresh(cache)).load(1).value == "1:"


def test_a_lost_blob_is_restored_from_the_copy_in_its_record(cache):
    stored = Stored(cache, 1)
    with open(stored.blob, "rb") as file:
        content = file.read()
    os.unlink(stored.blob)
    check(cache, verify.DANGLING, restored=1)
    with open(stored.blob, "rb") as file:
        assert file.read() == content


def test_a_record_without_a_blob_goes(cache):
    os.unlink(Stored(cache, 1, 3000).blob)
    check(cache, verify.DANGLING)


def test_a_damaged_record_goes_with_its_blob(cache):
    damage(Stored(cache, 1, 3000).record)
    fixed = cache.verify(fix=True)
    assert found(fixed) == {verify.DAMAGED_RECORDS: 1, verify.UNREFERENCED: 1}
    assert cache.verify().is_ok


def test_a_record_under_another_key_s_name_goes(cache):
    one, other = Stored(cache, 1), Stored(cache, 2)
    os.replace(one.record, other.record)
    fixed = cache.verify(fix=True)
    assert fixed[verify.DAMAGED_RECORDS].found == 1
    assert cache.verify().is_ok


def test_a_blob_without_a_record_goes(cache):
    os.unlink(Stored(cache, 1, 3000).record)
    Stored(cache, 2)
    check(cache, verify.UNREFERENCED)


def test_what_is_removed_is_counted_in_bytes_on_disk(cache):
    stored = Stored(cache, 1, 50_000)
    os.unlink(stored.record)
    blob = os.stat(stored.blob)
    assert cache.verify(fix=True)[verify.UNREFERENCED].bytes == blob.st_blocks * 512


def test_what_is_no_file_of_ours_is_left_alone(cache):
    Stored(cache, 1)
    strangers = ["v1/compute/3/notes.txt", "v1/compute/3/.nfs0001", "v1/notes.txt", "notes.txt"]
    for name in strangers:
        path = os.path.join(cache.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write("mine")
    assert cache.verify(fix=True).is_ok
    assert all(os.path.exists(os.path.join(cache.directory, name)) for name in strangers)


@pytest.mark.parametrize("part", ["v1/compute/3", "v1/compute", "v1/compute/code", ""])
def test_temporary_files_of_the_dead_go_and_those_of_the_living_stay(cache, part):
    Stored(cache, 1)
    directory = os.path.join(cache.directory, part)
    os.makedirs(directory, exist_ok=True)

    def left_behind(machine, pid, seconds):
        path = os.path.join(directory, f".{machine}-{pid}-{seconds:016d}.tmp")
        with open(path, "w"):
            pass
        age(path, seconds)
        return path

    here = temporary.machine()
    gone = [left_behind(here, NOBODY_S_PID, 0), left_behind("ffffffff", 1, HOUR + 60)]
    alive = [left_behind(here, os.getpid(), 60), left_behind("ffffffff", 1, HOUR - 60)]
    check(cache, verify.ABANDONED, 2)
    assert [os.path.exists(path) for path in gone + alive] == [False, False, True, True]


def test_manifests_that_no_record_needs_go(cache):
    @cache.memoize
    def f(x):
        return x

    f(1)
    assert len(glob.glob(f"{cache.directory}/v1/*/code/*.txt")) == 1
    assert cache.verify(fix=True).is_ok
    f.forget(1)
    assert cache.verify(fix=True).is_ok  # somebody may have written it just now for a record to come
    for path in glob.glob(f"{cache.directory}/v1/*/code/*.txt"):
        age(path, 120)
    check(cache, verify.MANIFESTS)


def test_the_manifest_of_a_record_that_goes_goes_at_once(cache):
    @cache.memoize
    def f(x):
        return "." * 3000

    f(1)
    for path in glob.glob(f"{cache.directory}/v1/*/code/*.txt"):
        age(path, 120)
    (blob,) = [p for p in glob.glob(f"{cache.directory}/v1/*/?/*") if not p.endswith(".record.json")]
    os.unlink(blob)
    assert found(cache.verify(fix=True)) == {verify.DANGLING: 1, verify.MANIFESTS: 1}
    assert cache.verify().is_ok


def test_locks_of_killed_processes_go_and_those_in_use_stay(cache, tmp_path):
    Stored(cache, 1)
    key = memoized(cache).load(1).record.key
    locks = os.path.join(cache.directory, "locks")

    def hold():
        by_file, by_key = Lock(os.path.join(locks, "evict.lock")), key_lock(cache.directory, key)
        assert by_file.try_acquire()
        assert by_key.try_acquire()
        with open(os.path.join(locks, f"{key}.json"), "w") as file:
            file.write("{}")
        note(tmp_path / "ready", "")
        time.sleep(600)

    with running(hold) as owner:
        until(lambda: notes(tmp_path / "ready"))
        assert cache.verify(fix=True).is_ok
        assert set(os.listdir(locks)) == {f"{key}.json", "evict.lock", KEYS}
        owner.kill()
        owner.join()
    check(cache, verify.LOCKS, 2)
    assert os.listdir(locks) == [KEYS]


def test_progress_is_told_for_each_step(cache):
    for x in range(10):
        memoized(cache)(x)
    told = []
    cache.verify(progress=lambda *what: told.append(what))
    assert {step for step, _, _ in told} >= {verify.DAMAGED_RECORDS, verify.DAMAGED_BLOBS, verify.DANGLING}
    assert (verify.DAMAGED_BLOBS, 10, 10) in told
    assert all(0 <= done <= total for _, done, total in told)


def test_layers_are_checked_together_and_a_readonly_one_is_not_touched(tmp_path):
    local, shared = memodisk.Cache(tmp_path / "local"), memodisk.Cache(tmp_path / "shared")
    for cache in (local, shared):
        os.unlink(Stored(cache, 1, 3000).blob)
    both = memodisk.Cache([local, memodisk.Cache(tmp_path / "shared", readonly=True)])
    fixed = both.verify(fix=True)
    assert (fixed[verify.DANGLING].found, fixed[verify.DANGLING].removed) == (2, 1)
    assert local.verify().is_ok
    assert not shared.verify().is_ok


def test_nothing_is_touched_that_others_are_storing_just_then(tmp_path):
    """Two store, recompute and read; one verifies all the while: whatever was stored is there in the end."""
    cache = memodisk.Cache(tmp_path / "cache")
    done = tmp_path / "done"

    def worker(number, barrier):
        mine = memodisk.Cache(cache.directory)
        function = memoized(mine)
        barrier.wait(60)
        if number == 0:
            reports = []
            while len(notes(done)) < 2:
                reports.append(mine.verify(fix=True))
            return [
                str(report) for report in reports if report[verify.DAMAGED_BLOBS].found or report[verify.DANGLING].found
            ]
        lost = []
        for x in range(150):
            key = 1000 * number + x
            function(key, 10 * x)
            if x % 3 == 0:
                function.recompute(key, 10 * x)
            if not function.is_cached(key):
                lost.append(key)
        lost += [1000 * number + x for x in range(150) if not function.is_cached(1000 * number + x)]
        note(done, number)
        return lost

    assert run_at_once(3, worker) == [[], [], []]
    assert cache.verify(fix=True).is_ok


def test_several_may_verify_at_once(cache):
    for x in range(30):
        os.unlink(Stored(cache, x, 3000).blob if x % 2 else Stored(cache, x, 3000).record)

    def worker(number, barrier):
        barrier.wait(60)
        memodisk.Cache(cache.directory).verify(fix=True)

    run_at_once(3, worker)
    assert cache.verify().is_ok
