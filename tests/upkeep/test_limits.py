"""What a cache and a function are kept within: by itself after each put, and by hand."""

from __future__ import annotations

import glob
import os
import subprocess
import sys
import threading
import time

import pytest
from crowd import next_tick, run_at_once
from tools import need

import memodisk
from memodisk._cache import writing
from memodisk._store.listing import disk_usage
from memodisk._store.store import Store

DAY = 86400.0


def memoized(cache, name="compute", **options):
    def compute(x, size=0):
        os.makedirs(cache.directory, exist_ok=True)
        next_tick(cache.directory)  # so that the order of the puts shows in the files' times
        return f"{x}:" + "." * size

    return cache.memoize(name=name, key=lambda x, size=0: x, on_change="ignore", **options)(compute)


def names(directory, suffix=""):
    return glob.glob(f"{directory}/v1/*/?/*{suffix}")


def count(directory):
    return len(names(directory, ".record.json"))


def taken(directory):
    """Bytes really on disk of records and blobs."""
    return sum(disk_usage(os.stat(path)) for path in names(directory))


def stored(function, among):
    return [x for x in among if function.is_cached(x)]


def set_age(cache, seconds):
    """Set when all results were last used."""
    when = time.time() - seconds
    for record in cache.records():
        for path in names(cache.directory, f"{record.key}*") + names(cache.directory, f"{record.digest}*"):
            os.utime(path, (when, when))


def every_record_has_its_blob(cache):
    return all(names(cache.directory, f"{record.digest}.*") for record in cache.records())


# A count


def test_a_small_count_of_a_cache_is_exact_after_every_put(tmp_path):
    cache = memodisk.Cache(tmp_path, max_count=3)
    functions = [memoized(cache, name) for name in ("f", "g")]
    for x in range(12):
        functions[x % 2](x)
        assert count(tmp_path) == min(3, x + 1)
    assert (stored(functions[0], range(12)), stored(functions[1], range(12))) == ([10], [9, 11])
    assert cache.verify().is_ok


def test_a_small_count_of_a_function_is_exact_and_leaves_the_others_alone(cache):
    few, many = memoized(cache, "few", max_count=3), memoized(cache, "many")
    for x in range(12):
        few(x), many(x)
        assert few.cache_info().currsize == min(3, x + 1)
    assert many.cache_info().currsize == 12
    assert few.cache_info().maxsize == 3


def test_a_count_of_one_and_of_zero(tmp_path):
    one, none = memodisk.Cache(tmp_path / "one", max_count=1), memodisk.Cache(tmp_path / "none", max_count=0)
    for x in range(3):
        assert (memoized(one)(x), memoized(none)(x)) == (f"{x}:", f"{x}:")
        assert (count(tmp_path / "one"), count(tmp_path / "none")) == (1, 0)
    assert names(tmp_path / "none") == []


def test_threads_keep_a_small_count_exactly(tmp_path):
    cache = memodisk.Cache(tmp_path, max_count=3)
    function = memoized(cache)
    threads = [threading.Thread(target=lambda n=n: [function(100 * n + x) for x in range(20)]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert count(tmp_path) == 3
    assert every_record_has_its_blob(cache)


def test_the_least_recently_used_go_if_hits_are_written_down_at_once(tmp_path):
    cache = memodisk.Cache(tmp_path, max_count=3, freshen=0)
    function = memoized(cache)
    for x in range(3):
        function(x)
    next_tick(tmp_path)
    function(0)
    function(3)
    assert stored(function, range(4)) == [0, 2, 3]
    next_tick(tmp_path)
    memoized(memodisk.Cache(tmp_path, max_count=3, freshen=0))(2)  # another process, with nothing in memory
    function(4)
    assert stored(function, range(5)) == [2, 3, 4]


def test_a_hit_is_written_down_once_in_an_hour(tmp_path):
    from memodisk._store.freshener import freshener

    cache = memodisk.Cache(tmp_path)
    function = memoized(cache)
    function(1)
    for age, is_touched in ((1800, False), (4000, True)):
        set_age(cache, age)
        before = {path: os.stat(path).st_mtime_ns for path in names(tmp_path)}
        memoized(memodisk.Cache(tmp_path))(1)
        assert freshener.flush(30)
        after = {path: os.stat(path).st_mtime_ns for path in names(tmp_path)}
        assert all((after[path] > before[path]) == is_touched for path in before)


# Bytes


def test_bytes_are_those_that_files_take_on_disk(tmp_path):
    limit = 400_000
    cache = memodisk.Cache(tmp_path, max_bytes=limit)
    function = memoized(cache)
    most = 0
    for x in range(100):
        function(x, 10_000)
        most = max(most, taken(tmp_path))
    assert limit * 0.7 < most < limit * 1.1
    assert limit * 0.5 < taken(tmp_path) <= limit * 1.1
    assert stored(function, range(100))[-1] == 99
    assert every_record_has_its_blob(cache)


def test_eviction_frees_some_slack_so_that_the_next_put_does_not_evict_again(tmp_path, caplog):
    caplog.set_level("INFO", logger="memodisk.evict")
    function = memoized(memodisk.Cache(tmp_path, max_bytes=800_000))
    for x in range(120):
        function(x, 4000)
    assert 0 < len([record for record in caplog.records if "evicted" in record.getMessage()]) <= 6


def test_a_result_larger_than_the_limit_costs_no_other_result(tmp_path):
    function = memoized(memodisk.Cache(tmp_path, max_bytes=200_000))
    for x in range(10):
        function(x, 4000)
    assert function(99, 500_000).startswith("99:")
    assert len(stored(function, range(10))) >= 9
    assert taken(tmp_path) <= 200_000


def test_a_result_that_just_fits_stays(tmp_path):
    function = memoized(memodisk.Cache(tmp_path, max_bytes=200_000))
    for x in range(10):
        function(x, 4000)
    function(99, 180_000)
    assert function.is_cached(99)
    assert taken(tmp_path) <= 200_000


def test_limits_are_written_as_people_write_them(tmp_path):
    cache = memodisk.Cache(tmp_path, max_bytes="100kB", max_age="2d", max_count=7)
    assert (cache.limits.max_bytes, cache.limits.max_age, cache.limits.max_count) == (100_000, 2 * DAY, 7)
    for options in ({"max_bytes": "many"}, {"max_age": -1}, {"max_count": 1.5}):
        with pytest.raises(ValueError, match=next(iter(options))):
            memodisk.Cache(tmp_path, **options)
    with pytest.raises(ValueError, match="policy"):
        memodisk.Cache(tmp_path, policy="fifo")


def test_several_processes_overshoot_by_less_than_a_tenth(tmp_path):
    limit = 4_000_000

    def worker(number, barrier):
        function = memoized(memodisk.Cache(tmp_path, max_bytes=limit))
        most = 0
        barrier.wait(60)
        for x in range(150):
            function(1000 * number + x, 12_000)
            if x % 10 == 0:
                most = max(most, taken_now())
        return most

    def taken_now():
        total = 0
        for path in names(tmp_path):
            try:
                total += disk_usage(os.stat(path))
            except FileNotFoundError:
                continue
        return total

    assert max(run_at_once(4, worker)) < limit * 1.1
    cache = memodisk.Cache(tmp_path, max_bytes=limit)
    assert taken(tmp_path) < limit * 1.1
    assert every_record_has_its_blob(cache)
    cache.evict()
    assert taken(tmp_path) <= limit
    cache.verify(fix=True)
    assert cache.verify().is_ok


# Age


def test_age_is_time_without_use(tmp_path):
    cache = memodisk.Cache(tmp_path, max_age="30d")
    function = memoized(cache)
    for x in range(4):
        function(x)
    set_age(cache, 31 * DAY)
    function = memoized(memodisk.Cache(tmp_path, max_age="30d"))
    function(0)  # used again
    from memodisk._store.freshener import freshener

    assert freshener.flush(30)
    function(9)
    assert stored(function, range(10)) == [0, 9]
    assert cache.verify().is_ok


def test_the_age_of_one_function(cache):
    short, long = memoized(cache, "short", max_age=60), memoized(cache, "long")
    short(1), long(1)
    set_age(cache, 3600)
    memoized(memodisk.Cache(cache.directory), "short", max_age=60)(2)
    assert not short.is_cached(1)
    assert long.is_cached(1)


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_the_clock_is_that_of_the_file_system(tmp_path, offset):
    """A machine whose clock is an hour off deletes nothing alive, and a time to live is off by no more than that."""
    program = f"""
import memodisk
cache = memodisk.Cache({str(tmp_path)!r}, max_age="30min")
f = cache.memoize(name="f", key=lambda x: x, on_change="ignore", max_age=1800)(lambda x: x)
g = cache.memoize(name="g", key=lambda x: x, on_change="ignore", ttl=3 * 3600)(lambda x: x)
for x in range(5):
    f(x), g(x)
cache.evict(max_age="30min")
cache.verify(fix=True)
print(sum(map(f.is_cached, range(5))), sum(map(g.is_cached, range(5))))
"""
    environment = {**os.environ, "NO_FAKE_STAT": "1", "PYTHONPATH": os.path.dirname(os.path.dirname(memodisk.__file__))}
    here = memodisk.Cache(tmp_path)
    for name in ("f", "g"):
        function = memoized(here, name)
        for x in range(3):
            function(x)
    temporary = tmp_path / "v1" / "f" / f".ffffffff-1-{'0' * 16}.tmp"  # of another machine, which is at it
    temporary.write_bytes(b"")
    command = [need("faketime"), "-f", offset, sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("5 5\n", "")
    assert temporary.exists()
    served = here.memoize(name="g", key=lambda x: x, on_change="ignore", ttl=3 * 3600)(lambda x: x)
    assert stored(served, range(5)) == [0, 1, 2, 3, 4]


# By hand


def test_evicting_by_hand_tells_what_it_removed(cache):
    functions = [memoized(cache, name) for name in ("f", "g")]
    for x in range(4):
        for function in functions:
            function(x, 5000)
    before = taken(cache.directory)
    evicted = cache.evict(max_count=5)
    assert (evicted.count, evicted.bytes) == (3, before - taken(cache.directory))
    assert evicted.functions == ("f", "g")
    assert str(evicted).startswith("evicted 3 results, ")
    assert cache.verify().is_ok


def test_a_dry_run_tells_the_same_and_removes_nothing(cache):
    function = memoized(cache)
    for x in range(4):
        function(x)
    would = cache.evict(max_count=1, dry_run=True)
    assert count(cache.directory) == 4
    assert str(would).startswith("would evict 3 results")
    did = cache.evict(max_count=1)
    assert (would.count, would.bytes, would.functions) == (did.count, did.bytes, did.functions)


def test_evicting_one_function_leaves_the_others(cache):
    f, g = memoized(cache, "f"), memoized(cache, "g")
    for x in range(4):
        f(x), g(x)
    assert cache.evict("f", max_count=1).functions == ("f",)
    assert (stored(f, range(4)), stored(g, range(4))) == ([3], [0, 1, 2, 3])
    assert g.evict(max_count=0, dry_run=True).count == 4
    assert g.evict(max_bytes=0).count == 4
    assert stored(f, range(4)) == [3]


def test_a_function_is_evicted_down_to_its_own_limits(cache):
    f = memoized(cache, "f", max_age=60)
    for x in range(3):
        f(x)
    set_age(cache, 3600)
    assert f.evict().count == 3


def test_evicting_without_a_limit_is_an_error(cache):
    with pytest.raises(ValueError, match="needs a limit"):
        cache.evict()
    assert memodisk.Cache(cache.directory, max_count=1).evict().count == 0


def test_evicting_an_empty_cache_or_an_unknown_function_removes_nothing(cache):
    assert cache.evict(max_count=0).count == 0
    assert cache.evict("nobody", max_count=0, dry_run=True).count == 0


# Forgetting


def test_forgetting_frees_the_space_at_once(cache):
    function = memoized(cache)
    function(1, 50_000), function(2, 5000)
    before = taken(cache.directory)
    assert function.forget(1)
    assert before - taken(cache.directory) >= 50_000
    assert not function.forget(1)
    assert cache.verify().is_ok


def test_forgetting_leaves_a_blob_that_another_result_uses(cache):
    function = cache.memoize(name="same", key=lambda x: x, on_change="ignore")(lambda x: "." * 5000)
    function(1), function(2)
    function.forget(1)
    assert stored(function, (1, 2)) == [2]
    assert function.load(2).value == "." * 5000
    function.forget(2)
    assert names(cache.directory) == []


def test_of_many_results_a_tiny_one_is_forgotten_without_reading_the_others(cache, monkeypatch):
    function = memoized(cache)
    for x in range(60):
        function(x)
    function(60, 5000)
    read = []
    original = Store.read_record
    monkeypatch.setattr(Store, "read_record", lambda self, path: read.append(path) or original(self, path))
    monkeypatch.setattr(writing, "_MANY", 10)
    assert function.forget(3)
    assert len(read) == 1
    # Its blob goes with the next eviction that frees something, others' stay.
    assert len(names(cache.directory)) == 2 * 61 - 1
    assert cache.evict(max_count=50).count == 10
    assert len(names(cache.directory)) == 2 * 50
    # What takes more than a block is worth it.
    assert function.forget(60)
    assert len(names(cache.directory)) == 2 * 49


def test_clearing_frees_the_space_at_once(cache):
    f, g = memoized(cache, "f"), memoized(cache, "g")
    f(1), g(1)
    f.cache_clear()
    assert not os.path.exists(f"{cache.directory}/v1/f")
    assert g.is_cached(1)
    cache.clear()
    assert names(cache.directory) == []


# What is stored


def test_stats_count_results_bytes_and_computing_time(cache):
    f, g = memoized(cache, "f"), memoized(cache, "g")
    f(1, 1000), f(2, 1000), g(1, 500)
    stats = cache.stats()
    assert (stats["f"].count, stats["f"].bytes) == (2, sum(record.bytes for record in cache.records("f")))
    assert stats.total.count == 3
    assert stats.total.seconds == pytest.approx(sum(record.seconds for record in cache.records()))
    assert str(stats).startswith("function")
    assert str(stats).splitlines()[-1].startswith("total")
    assert cache.stats("g").total.count == 1
    with pytest.raises(KeyError):
        stats["h"]
    assert str(memodisk.Cache(f"{cache.directory}/empty").stats())
