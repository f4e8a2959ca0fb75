"""One computation for each call, among real processes: whoever comes later waits, whoever is killed is replaced."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import socket
import time

import pytest
from crowd import note, notes, run_at_once, running, until
from injection import run

import memodisk
from memodisk._flight.locks import KEYS, key_lock
from memodisk._flight.signs import DELAY
from memodisk._flight.waiting import POLL

#: Loosely: taking over takes a tenth of a second and starting nothing, but the machine may be busy.
SOON = 5.0


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def ran(tmp_path):
    """A file with a line for each computation."""
    return tmp_path / "ran.txt"


def in_locks(directory):
    """What a computation leaves there; the file whose bytes are locks stays."""
    return sorted(name for name in os.listdir(directory / "locks") if name != KEYS)


def memoized(directory, compute, **options):
    return memodisk.Cache(directory).memoize(name="compute", key=lambda x: x, on_change="ignore", **options)(compute)


def race(number, barrier, directory, ran, rounds):
    def compute(x):
        note(ran, x)
        time.sleep(0.01)
        return x * x

    function = memoized(directory, compute)
    for x in range(rounds):
        barrier.wait(60)
        assert function(x) == x * x


def check_race(directory, ran, rounds):
    run_at_once(8, race, directory, ran, rounds)
    assert sorted(map(int, notes(ran))) == list(range(rounds))
    assert in_locks(directory) == []


def test_eight_processes_compute_each_call_once(directory, ran):
    check_race(directory, ran, 20)


@pytest.mark.slow
def test_eight_processes_compute_each_call_once_two_hundred_times(directory, ran):
    check_race(directory, ran, 200)


def test_if_the_owner_raises_one_of_the_waiters_computes(directory, ran, tmp_path):
    def worker(number, barrier):
        def compute(x):
            note(ran, x)
            time.sleep(0.2)
            if len(notes(ran)) == 1:
                raise RuntimeError("the first fails")
            return x * x

        function = memoized(directory, compute)
        barrier.wait(60)
        try:
            return function(3)
        except RuntimeError:
            return "raised"

    assert sorted(run_at_once(4, worker), key=str) == [9, 9, 9, "raised"]
    assert len(notes(ran)) == 2
    assert in_locks(directory) == []


def hang(directory, ran):
    def compute(x):
        note(ran, os.getpid())
        time.sleep(600)
        return "the owner's"

    memoized(directory, compute)(1)


def wait_and_compute(directory, done, **options):
    function = memoized(directory, lambda x: "the waiter's", **options)
    note(done, json.dumps(function(1)))


def check_kill(directory, ran, done, after):
    """Kill the owner some time after it began; whoever waits takes over."""
    with running(hang, directory, ran) as owner:
        until(lambda: notes(ran))
        with running(wait_and_compute, directory, done) as waiter:
            time.sleep(after)
            owner.kill()
            owner.join()
            killed = time.time()
            waiter.join(60)
            assert waiter.exitcode == 0
    assert notes(done) == ['"the waiter\'s"']
    assert os.stat(done).st_mtime - killed < SOON
    assert memoized(directory, lambda x: "nobody's")(1) == "the waiter's"


def test_a_waiter_takes_over_from_a_killed_owner(tmp_path):
    for number, after in enumerate((0.0, 0.01, 0.1, 0.3)):
        check_kill(tmp_path / f"{number}", tmp_path / f"ran{number}", tmp_path / f"done{number}", after)
        assert in_locks(tmp_path / f"{number}") == []


@pytest.mark.slow
def test_a_waiter_takes_over_from_an_owner_killed_at_any_time(tmp_path):
    chance = random.Random(4)
    for number in range(40):
        check_kill(tmp_path / f"{number}", tmp_path / f"ran{number}", tmp_path / f"done{number}", chance.random())


def test_nothing_of_a_killed_owner_stays_once_somebody_took_over(directory, ran, tmp_path):
    with running(hang, directory, ran) as owner:
        until(lambda: len(in_locks(directory)) == 1 if notes(ran) else False)  # with its sign of life
        with running(wait_and_compute, directory, tmp_path / "done") as waiter:
            time.sleep(0.2)
            assert not notes(tmp_path / "done")
            owner.kill()
            waiter.join(60)
    assert notes(tmp_path / "done")
    assert in_locks(directory) == []


def test_an_owner_killed_while_it_stores_leaves_a_miss_or_the_right_value(directory, tmp_path):
    """At each of the system calls of a put in turn."""

    def action():
        return memoized(directory, lambda x: list(range(500)))(1)

    calls = run(action, tmp_path).each_call()
    memodisk.Cache(directory).clear()
    for name, number in calls[:: max(1, len(calls) // 25)]:
        outcome = run(action, tmp_path, inject=f"{name}:signal=KILL:when={number}")
        assert outcome.killed or outcome.value == list(range(500))
        assert memoized(directory, lambda x: list(range(500)))(1) == list(range(500))
        memodisk.Cache(directory).verify(fix=True)
        assert memodisk.Cache(directory).verify().is_ok
        assert in_locks(directory) == []
        memodisk.Cache(directory).clear()


def test_a_bounded_wait_ends_in_computing(directory, ran, tmp_path):
    with running(hang, directory, ran) as owner:
        until(lambda: notes(ran))
        wait_and_compute(directory, tmp_path / "done", wait=0.2)
        assert owner.is_alive()
        assert notes(tmp_path / "done") == ['"the waiter\'s"']
        key = memoized(directory, lambda x: x).request(1).key
        assert not key_lock(str(directory), key).try_acquire()  # still the owner's


def test_who_gave_up_waiting_leaves_the_owner_s_sign_of_life(directory, ran, tmp_path):
    with running(hang, directory, ran) as owner:
        (sign,) = until(lambda: [name for name in in_locks(directory) if name.endswith(".json")] if notes(ran) else [])
        function = memoized(directory, lambda x: time.sleep(2.5 * DELAY), wait=0.1)
        function(1)
        assert json.loads((directory / "locks" / sign).read_text())["pid"] == owner.pid


def test_wait_zero_computes_at_once(directory, ran):
    with running(hang, directory, ran):
        until(lambda: notes(ran))
        function = memoized(directory, lambda x: x, wait=0)
        assert (function(1), function(2)) == (1, 2)


def test_wait_zero_takes_no_lock(directory):
    assert memoized(directory, lambda x: x, wait=0)(1) == 1
    assert not os.path.exists(directory / "locks")


def test_threads_share_a_bounded_wait(directory):
    """However many owners there are in turn."""
    from concurrent.futures import ThreadPoolExecutor

    def compute(x):
        time.sleep(0.3)
        raise RuntimeError("never")

    function = memoized(directory, compute, wait=0.4)
    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(function, 1) for _ in range(4)]
        assert all(isinstance(one.exception(60), RuntimeError) for one in started)


def test_a_waiter_says_whom_it_waits_for(directory, ran, tmp_path, caplog):
    caplog.set_level(logging.INFO, logger="memodisk")
    with running(hang, directory, ran) as owner:
        until(lambda: [name for name in in_locks(directory) if name.endswith(".json")] if notes(ran) else [])
        wait_and_compute(directory, tmp_path / "done", wait=1.2)
        told = [record.getMessage() for record in caplog.records if "waiting for" in record.getMessage()]
        assert len(told) == 1
        assert f"compute: waiting for process {owner.pid} on {socket.gethostname()}, since " in told[0]


def test_a_waiter_looks_no_more_often_than_needed(directory, ran, tmp_path):
    with running(hang, directory, ran):
        until(lambda: notes(ran))
        outcome = run(lambda: memoized(directory, lambda x: "mine", wait=2.0)(1), tmp_path)
    assert outcome.value == "mine"
    assert outcome.calls.count("flock") <= 2.0 / POLL + 2
    assert sum(call in ("stat", "newfstatat", "statx") for call in outcome.calls) < 400


@pytest.mark.parametrize("caches", [1, 2], ids=["in one cache", "in two caches"])
def test_functions_of_two_processes_that_call_each_other_do_not_wait_in_a_circle(tmp_path, caches):
    """One computes f, which calls g; the other computes g, which calls f."""

    def worker(number, barrier):
        is_outermost = [True]
        first = memodisk.Cache(tmp_path / "first")
        second = first if caches == 1 else memodisk.Cache(tmp_path / "second")

        def body(own, other):
            if is_outermost[0]:
                is_outermost[0] = False
                barrier.wait(60)
                other(1)
            return own

        def f(x):
            return body("f", g)

        def g(x):
            return body("g", f)

        options = {"key": lambda x: x, "on_change": "ignore"}
        f = first.memoize(name="f", **options)(f)
        g = second.memoize(name="g", **options)(g)
        return (f, g)[number](1)

    assert run_at_once(2, worker) == ["f", "g"]
    assert in_locks(tmp_path / "first") == []


def test_nested_calls_of_many_processes(directory, ran):
    def worker(number, barrier):
        cache = memodisk.Cache(directory)
        options = {"key": lambda x: x, "on_change": "ignore"}

        def fibonacci(n):
            note(ran, n)
            return n if n < 2 else function(n - 1) + function(n - 2)

        function = cache.memoize(name="fibonacci", **options)(fibonacci)
        barrier.wait(60)
        return function(20 - number % 2)

    assert run_at_once(4, worker) == [6765, 4181, 6765, 4181]
    assert sorted(map(int, notes(ran))) == list(range(21))
    assert in_locks(directory) == []


@pytest.mark.parametrize("error", ["ENOLCK", "ENOSYS"])
def test_where_locks_are_refused_values_stay_right_with_one_warning(directory, tmp_path, error):
    memoized(directory, lambda x: x)(0)

    def action():
        told = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: told.append(record.getMessage())
        logging.getLogger("memodisk").addHandler(handler)
        function = memoized(directory, lambda x: x * x)
        return [function(x) for x in (2, 3, 2)], told

    values, told = run(action, tmp_path, inject=f"fcntl:error={error}").value
    assert values == [4, 9, 4]
    assert len(told) == 1
    assert in_locks(directory) == []


def async_worker(number, barrier, directory, ran, library):
    ticks = []

    async def main(sleep):
        async def compute(x):
            note(ran, x)
            await sleep(0.5)
            return x * x

        async def tick():
            for _ in range(10):
                await sleep(0.02)
                ticks.append(1)

        function = memodisk.Cache(directory).memoize(name="compute", key=lambda x: x, on_change="ignore")(compute)
        barrier.wait(60)
        if library == "asyncio":
            return (await asyncio.gather(function(3), function(3), tick()))[:2]
        import trio

        found = []

        async def keep():
            found.append(await function(3))

        async with trio.open_nursery() as nursery:
            for task in (keep, keep, tick):
                nursery.start_soon(task)
        return found

    if library == "asyncio":
        values = asyncio.run(main(asyncio.sleep))
    else:
        import trio

        values = trio.run(main, trio.sleep)
    assert len(ticks) == 10  # who waits lets others run
    return list(values)


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_async_functions_of_several_processes_compute_once(directory, ran, library):
    assert run_at_once(3, async_worker, directory, ran, library) == [[9, 9]] * 3
    assert len(notes(ran)) == 1
    assert in_locks(directory) == []


def test_a_cancelled_waiter_leaves_nothing_behind(directory, ran):
    async def main():
        async def compute(x):
            return "mine"

        function = memodisk.Cache(directory).memoize(name="compute", key=lambda x: x, on_change="ignore")(compute)
        task = asyncio.create_task(function(1))
        await asyncio.sleep(0.3)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with running(hang, directory, ran):
        until(lambda: notes(ran))
        asyncio.run(main())
    assert memoized(directory, lambda x: "after")(1) == "after"
