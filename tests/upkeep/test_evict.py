"""Evicting from real files: who goes, what stays whole, and who does it."""

from __future__ import annotations

import os
import random
import time

import pytest
from crowd import note, notes, run_at_once, running, until

from memodisk._flight.locks import Lock
from memodisk._store import temporary
from memodisk._store.listing import disk_usage
from memodisk._store.record import Record
from memodisk._store.store import Store
from memodisk._upkeep.choose import Limits
from memodisk._upkeep.evict import Evicted, Evictor
from memodisk.hashing import digest_bytes

HOUR = 3600
NOBODY_S_PID = 2**22 + 1  # beyond the largest there is


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "cache"))


def put(store, name, *, size=2000, seconds=1.0, age=0.0, blob=None, function="f"):
    """Store a result, last used some seconds ago."""
    directory = store.function_directory(function)
    content = digest_bytes((blob or name).encode()).encode() * (size // 32)
    key, digest = digest_bytes(f"key {name}".encode()), digest_bytes(content)
    record = Record(
        function=function,
        key=key,
        digest=digest,
        codec="bytes",
        bytes=len(content),
        seconds=seconds,
        created=time.time(),
    )
    paths = store.record_path(directory, key), store.blob_path(directory, digest, "bin")
    store.publish(
        record_path=paths[0],
        record=record.to_json(),
        blob_path=paths[1],
        blob=content,
        digest=digest,
        size=len(content),
    )
    if age:
        for path in paths:
            os.utime(path, (time.time() - age,) * 2)
    return paths


def kept(store, function="f"):
    return [entry for entry in store.entries(store.function_directory(function)) if entry.is_record]


def taken(store):
    return sum(entry.size for directory in store.functions() for entry in store.entries(directory))


def evict(store, policy="lru", **limits):
    return Evictor(store, Limits(), policy).evict(store.functions(), Limits(**limits), dry_run=False)


def record_of(entry):
    with open(entry.path, "rb") as file:
        return Record.from_json(file.read())


def every_record_has_its_blob(store, function="f"):
    directory = store.function_directory(function)
    return all(store.has_blob(directory, record_of(entry).digest) for entry in kept(store, function))


def test_the_oldest_record_that_stays_still_has_its_blob(store):
    chance = random.Random(1)
    for number in range(60):
        put(store, f"{number}", age=chance.randrange(1000), blob=f"{chance.randrange(30)}")
    # A blob is as fresh as its freshest user.
    for entry in kept(store):
        blob = store.blob_path(store.function_directory("f"), record_of(entry).digest, "bin")
        newest = max(e.mtime_ns for e in kept(store) if record_of(e).digest == record_of(entry).digest)
        os.utime(blob, ns=(newest, newest))
    for count in (50, 30, 7, 1):
        evict(store, max_count=count)
        assert len(kept(store)) == count
        assert every_record_has_its_blob(store)


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("limits", [{"max_count": 20}, {"max_bytes": 20 * 8192}], ids=["count", "bytes"])
def test_times_that_step_by_seconds_neither_evict_everything_nor_loop(store, step, limits):
    now = int(time.time())
    for number in range(40):
        for path in put(store, f"{number}"):
            when = (now - number // 8) // step * step
            os.utime(path, (when, when))
    evict(store, **limits)
    assert 10 <= len(kept(store)) <= 20
    assert every_record_has_its_blob(store)
    assert evict(store, **limits).count == 0


@pytest.mark.parametrize("limits", [{"max_count": 20}, {"max_bytes": 20 * 8192}], ids=["count", "bytes"])
def test_files_that_all_have_one_time_are_not_all_evicted(store, limits):
    for number in range(40):
        for path in put(store, f"{number}"):
            os.utime(path, (10**9, 10**9))
    evict(store, **limits)
    assert len(kept(store)) == 20
    assert every_record_has_its_blob(store)


def test_bytes_on_disk_are_counted_and_not_lengths(store):
    path = put(store, "sparse", age=100)[1]
    os.truncate(path, 10**8)  # takes no more than before
    put(store, "other")
    assert disk_usage(os.stat(path)) < 10**5
    assert evict(store, max_bytes=10**6).count == 0


def test_what_is_used_while_eviction_looks_stays(store, monkeypatch):
    old = put(store, "old", age=100)
    for number in range(5):
        put(store, f"{number}", age=50 - number)
    original = Store.batches

    def batches(self, directory, shards="0123456789abcdef"):
        yield from original(self, directory, shards)
        store.freshen(*old)

    monkeypatch.setattr(Store, "batches", batches)
    evict(store, max_count=3)
    assert all(map(os.path.exists, old))
    assert every_record_has_its_blob(store)


def test_a_file_that_cannot_be_removed_does_not_keep_the_others(store, monkeypatch, caplog):
    stubborn = put(store, "stubborn", age=100)[0]
    for number in range(5):
        put(store, f"{number}", age=50)
    original = os.unlink

    def unlink(path, *args, **kwargs):
        if path == stubborn:
            raise PermissionError(13, "Permission denied", path)
        original(path, *args, **kwargs)

    monkeypatch.setattr(os, "unlink", unlink)
    assert evict(store, max_count=1).count == 4
    evict(store, max_count=0)
    assert len(kept(store)) == 1
    assert len([one for one in caplog.records if "cannot be evicted" in one.getMessage()]) == 1


def test_who_does_not_get_the_lock_goes_on(store):
    limited = Evictor(store, Limits(max_count=3), "lru")
    lock = Lock(os.path.join(store.lock_directory(), "evict.lock"))
    assert lock.try_acquire()
    for number in range(6):
        put(store, f"{number}")
        limited.after_put(store.function_directory("f"), 8192, Limits())
    assert len(kept(store)) == 6
    lock.release()
    put(store, "7")
    limited.after_put(store.function_directory("f"), 8192, Limits())
    assert len(kept(store)) == 3
    assert os.listdir(store.lock_directory()) == []


def test_two_processes_may_evict_at_once(store):
    for number in range(200):
        put(store, f"{number}", age=1000 - number)

    def worker(number, barrier):
        barrier.wait(60)
        return evict(store, max_count=20).count

    assert sum(run_at_once(3, worker)) == 180
    assert len(kept(store)) == 20
    assert every_record_has_its_blob(store)


def test_a_child_of_fork_evicts_though_a_thread_of_its_parent_did_just_now(tmp_path):
    import memodisk

    cache = memodisk.Cache(tmp_path / "cache", max_count=3)
    function = cache.memoize(name="f", key=lambda x: x, on_change="ignore")(lambda x: x)
    (layer,) = cache._layers
    with layer.writing.evictor._here, layer.memory._lock:

        def child(number, barrier):
            return [function(x) for x in range(10)]

        assert run_at_once(1, child) == [list(range(10))]
    assert cache.count("f") == 3


# What the dead leave behind


def left_behind(store, machine, pid, age, function="f"):
    path = f"{store.function_directory(function)}/3/.{machine}-{pid}-{'0' * 16}.tmp"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"half")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_temporary_files_of_the_dead_go_with_an_eviction(store):
    put(store, "1")
    here = temporary.machine()
    gone = [left_behind(store, here, NOBODY_S_PID, 0), left_behind(store, "ffffffff", 1, HOUR + 60)]
    alive = [left_behind(store, here, os.getpid(), 60), left_behind(store, "eeeeeeee", 1, HOUR - 60)]
    evict(store, max_count=10)
    assert [os.path.exists(path) for path in gone + alive] == [False, False, True, True]


def test_a_killed_writer_leaves_nothing_after_the_next_eviction(store, tmp_path):
    def write():
        file = temporary.Temporary(store.function_directory("f"))
        file.write(b"half")
        note(tmp_path / "ready", file.path)
        time.sleep(600)

    with running(write) as writer:
        (path,) = until(lambda: notes(tmp_path / "ready"))
        evict(store, max_count=10)
        assert os.path.exists(path)
        writer.kill()
        writer.join()
    evict(store, max_count=10)
    assert not os.path.exists(path)


def test_unreferenced_blobs_and_dangling_records_go_in_the_order_of_their_age(store):
    os.unlink(put(store, "unreferenced", age=300)[0])
    os.unlink(put(store, "dangling", age=200)[1])
    put(store, "good", age=100)
    evict(store, max_count=1)
    assert len(list(store.entries(store.function_directory("f")))) == 2
    assert every_record_has_its_blob(store)


# The cost policy


def test_cost_keeps_what_took_long_and_is_small(store):
    for number in range(10):
        put(store, f"cheap {number}", size=50_000, seconds=0.01, age=100 - number)
    for number in range(5):
        put(store, f"dear {number}", size=2000, seconds=100.0, age=1000 + number)
    evict(store, "cost", max_bytes=200_000)
    assert sum(record_of(entry).seconds == 100.0 for entry in kept(store)) == 5
    assert taken(store) <= 200_000
    assert every_record_has_its_blob(store)


def test_cost_lets_go_in_the_end_of_what_nobody_uses(store):
    put(store, "dear once", seconds=2.0, age=100_000)
    for number in range(20):
        put(store, f"{number}", seconds=1.0, age=20 - number)
    evict(store, "cost", max_count=10)
    assert 2.0 not in [record_of(entry).seconds for entry in kept(store)]


def test_cost_counts_a_shared_blob_once_and_never_takes_it_from_another(store):
    for number in range(10):
        put(store, f"{number}", blob="shared", size=100_000, age=number)
    assert evict(store, "cost", max_bytes=200_000).count == 0
    evict(store, "cost", max_count=4)
    assert len(kept(store)) == 4
    assert every_record_has_its_blob(store)
    evict(store, "cost", max_count=0)
    assert taken(store) == 0


def test_cost_holds_the_age_as_well(store):
    put(store, "old and dear", seconds=1e6, age=1000)
    put(store, "new", seconds=0.1, age=10)
    evict(store, "cost", max_age=100.0)
    assert [record_of(entry).seconds for entry in kept(store)] == [0.1]


def test_cost_reclaims_what_is_damaged_dangling_or_unreferenced(store):
    directory = store.function_directory("f")
    record = put(store, "damaged", age=50)[0]
    with open(record, "r+b") as file:
        file.write(b"xx")
    os.unlink(put(store, "dangling", seconds=1e6, age=50)[1])
    os.unlink(put(store, "unreferenced", size=100_000, age=2 * HOUR)[0])
    put(store, "good")
    evict(store, "cost", max_count=1, max_bytes=50_000)
    assert every_record_has_its_blob(store)
    assert len(kept(store)) == 1
    assert not any(entry.size > 50_000 for entry in store.entries(directory))


def test_cost_of_results_of_one_time_goes_by_cost(store):
    for number in range(10):
        for path in put(store, f"{number}", seconds=float(number)):
            os.utime(path, (10**9, 10**9))
    evict(store, "cost", max_count=3)
    assert sorted(record_of(entry).seconds for entry in kept(store)) == [7.0, 8.0, 9.0]


def test_evicted_adds_up():
    one = Evicted(1, 1000, ("f",))
    both = one + Evicted(2, 500, ("f", "g"))
    assert both == Evicted(3, 1500, ("f", "g"))
    assert str(both) == "evicted 3 results, 1.5 kB of f, g"
