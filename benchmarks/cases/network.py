"""A network drive on which every request takes 2 ms: sshfs, through a relay on the loopback interface.

The unit is the round trip: seconds divided by the delay.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median

from benchmarks import relay, work
from benchmarks.case import ALL_PEERS, Case, Measured, Size, by_level, subject
from benchmarks.figures import ABSOLUTE, Goal, Row

DELAY = 0.002


class Network(Case):
    name = "network"
    title = "Network drive, in round trips of 2 ms"
    waits = True
    contenders = (*ALL_PEERS, "one open", "two files", "one stat")
    needs = ("sshfs", "fusermount3")
    sizes = by_level(
        {
            "full": {"calls": 20},
            "quick": {"calls": 4},
            "tiny": {"calls": 2},
        }
    )
    rounds = by_level({"quick": 2})

    def rows(self, size: Size) -> list[Row]:
        unit, floor = "round trips", "one open"
        return [
            Row(
                "first",
                "first hit after mounting, opening the cache included",
                unit,
                floor=floor,
                goals=(Goal(ABSOLUTE, 5.5),),
            ),
            Row("again", "hit again", unit, floor=floor, goals=(Goal(ABSOLUTE, 2.5),)),
            Row("other", "first hit of another call", unit, floor=floor),
            Row("put", "a call that misses", unit, floor="two files", goals=(Goal("joblib", 1.0),)),
            Row("stat", "asking for a name that is not there", unit),
        ]

    def prepare(self, contender: str, directory: str, size: Size) -> None:
        if contender == "one stat":
            return
        memoized = subject(contender, directory).memoize(work.small)
        for number in range(size["calls"] + 1):
            memoized(number)

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        calls: int = size["calls"]
        if contender == "one stat":
            return {"stat": _trips(lambda n: os.path.exists(f"{directory}/nothing-{n}"), range(calls))}
        # What is loaded late is loaded beforehand, on the local disk.
        with _local(contender) as local:
            warm = subject(contender, local).memoize(work.small)
            warm(1), warm(1)
        started = time.perf_counter()
        memoized = subject(contender, directory).memoize(work.small)
        memoized(0)
        first = (time.perf_counter() - started) / DELAY
        new = time.time_ns()
        return {
            "first": first,
            "again": _trips(lambda _: memoized(0), range(calls)),
            "other": _trips(memoized, range(1, calls + 1)),
            "put": _trips(lambda number: memoized(new + number), range(calls)),
        }

    @contextlib.contextmanager
    def around(self, directory: str) -> Iterator[str]:
        """Mount the directory's own contents anew, so that this machine remembers nothing of it."""
        point = directory + "-mounted"
        os.makedirs(point, exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(relay.__file__))}
        server = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.relay", str(DELAY * 1000)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd="/",
        )
        assert server.stdout is not None
        try:
            port = server.stdout.readline().strip()
            mount = ["sshfs", "-o", f"directport={port}", f"127.0.0.1:{directory}", point]
            done = subprocess.run(mount, capture_output=True, text=True, check=False, timeout=30)
            if done.returncode:
                raise OSError(f"sshfs: {done.stderr.strip()}")
            try:
                yield point
            finally:
                for _ in range(10):
                    if subprocess.run(["fusermount3", "-u", point], capture_output=True, check=False).returncode == 0:
                        break
                    time.sleep(0.1)
                else:
                    subprocess.run(["fusermount3", "-uz", point], capture_output=True, check=False)
        finally:
            server.communicate(timeout=30)


@contextlib.contextmanager
def _local(contender: str) -> Iterator[str]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix=contender.replace(" ", "-"), ignore_cleanup_errors=True) as directory:
        yield directory


def _trips(call: Callable[[int], object], numbers: range) -> float:
    times = []
    for number in numbers:
        started = time.perf_counter()
        call(number)
        times.append(time.perf_counter() - started)
    return median(times) / DELAY


CASE = Network()
