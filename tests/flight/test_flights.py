"""One computation of a key in a process, for threads and tasks."""

from __future__ import annotations

import asyncio
import os
import threading
from contextvars import ContextVar

import pytest

from memodisk._flight.flights import Flights, flights, pause


@pytest.fixture
def air(monkeypatch):
    """The flights of a thread that owns none, whatever a test leaves in the air."""
    monkeypatch.setattr("memodisk._flight.flights._owned", ContextVar("owned", default=()))
    return Flights()


def in_thread(action):
    """Run in a thread, which owns no flights, and return what it returned."""
    found = []
    thread = threading.Thread(target=lambda: found.append(action()))
    thread.start()
    thread.join(30)
    return found[0]


def test_the_first_owns_it_and_the_others_wait_until_it_lands(air):
    flight, is_mine = air.take("a")
    assert is_mine
    assert in_thread(lambda: air.take("a")) == (flight, False)
    waiters = [threading.Thread(target=air.wait, args=(flight, None)) for _ in range(4)]
    for waiter in waiters:
        waiter.start()
    air.land(flight)
    for waiter in waiters:
        waiter.join(30)
        assert not waiter.is_alive()
    assert flight.is_done
    again, is_mine = air.take("a")
    assert is_mine
    assert again is not flight


def test_waiting_may_be_bounded(air):
    flight, _ = air.take("a")
    assert in_thread(lambda: air.wait(flight, 0.01)) is False
    air.land(flight)
    assert air.wait(flight, 0) is True


def test_keys_do_not_wait_for_each_other(air):
    assert air.take("a")[1]
    assert in_thread(lambda: air.take("b")[1])


def test_nobody_waits_for_itself(air):
    outer, _ = air.take("a")
    inner, is_mine = air.take("a")
    assert is_mine
    assert inner is not outer
    assert not inner.is_shared
    air.land(inner)
    assert not outer.is_done
    assert in_thread(lambda: air.take("a")) == (outer, False)


def test_nobody_waits_in_a_circle_of_threads(air):
    mine, _ = air.take("a")
    ready, go = threading.Event(), threading.Event()

    def other():
        b, _ = air.take("b")
        ready.set()
        go.wait(30)
        found, is_mine = air.take("a")  # waits for us
        assert not is_mine
        ready.set()
        air.wait(found, 30)
        air.land(b)

    thread = threading.Thread(target=other)
    thread.start()
    assert ready.wait(30)
    ready.clear()
    go.set()
    assert ready.wait(30)
    assert air.take("b")[1]
    air.land(mine)
    thread.join(30)
    assert not thread.is_alive()


def test_who_does_not_wait_after_all_is_in_no_circle(air):
    theirs, _ = air.take("a")

    def other():
        mine, _ = air.take("b")
        assert air.take("a") == (theirs, False)
        assert mine.waits_for == {theirs}
        air.stop_waiting(theirs)
        return mine

    mine = in_thread(other)
    assert mine.waits_for == set()
    assert air.take("b") == (mine, False)  # may be waited for: it waits for nobody


def test_owned_keys_are_those_of_this_thread(air):
    outer, _ = air.take("a")
    inner, _ = air.take("b")
    assert air.owned_keys() == ["a", "b"]
    assert in_thread(air.owned_keys) == []
    air.land(inner)
    assert air.owned_keys() == ["a"]
    air.land(outer)
    assert air.owned_keys() == []


def test_tasks_of_two_event_loops_wait_for_one_flight(air):
    flight, _ = air.take("a")
    waiting = threading.Semaphore(0)

    async def wait():
        waiting.release()
        return await air.wait_async(flight, None)

    found = []
    threads = [threading.Thread(target=lambda: found.append(asyncio.run(wait()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        waiting.acquire(timeout=30)
    air.land(flight)
    for thread in threads:
        thread.join(30)
    assert found == [True, True]


def test_a_loop_that_was_closed_meanwhile_does_no_harm(air):
    flight, _ = air.take("a")
    assert asyncio.run(air.wait_async(flight, 0.01)) is False
    air.land(flight)


def test_trio_waits_as_well(air):
    import trio

    flight, _ = air.take("a")

    async def main():
        assert await air.wait_async(flight, 0.01) is False
        async with trio.open_nursery() as nursery:
            nursery.start_soon(air.wait_async, flight, None)
            assert await pause(0.01)
            air.land(flight)
        assert await air.wait_async(flight, 0) is True

    trio.run(main)


def test_an_unknown_event_loop_does_not_wait(air):
    flight, _ = air.take("a")

    def drive(coroutine):
        with pytest.raises(StopIteration) as end:
            coroutine.send(None)
        return end.value.value

    assert drive(air.wait_async(flight, None)) is False
    assert drive(pause(1)) is False


def test_flights_of_the_parent_do_not_exist_in_a_child_of_fork():
    """The threads that own them are not there."""
    flight, _ = flights.take("parent's")
    try:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            _, is_mine = flights.take("parent's")
            os.write(write, b"mine" if is_mine else b"waits")
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(read, 10) == b"mine"
    finally:
        flights.land(flight)
