"""Many processes on one directory: no exception, no wrong value, nothing left over."""

from __future__ import annotations

import glob
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import threading
import time

import pytest
from processes import environment

import memodisk

# What each process begins with: it says that it is ready, waits for the others, and prints what it would warn of.
BEGIN = """
import json, logging, os, random, sys, time
import memodisk

class Handler(logging.Handler):
    def emit(self, record):
        print("warning:", record.getMessage())
logging.getLogger("memodisk").addHandler(Handler(logging.WARNING))
cache = memodisk.default_cache()

def ready():
    open(f"ready-{os.getpid()}", "x").close()
    while not os.path.exists("go"):
        time.sleep(0.001)
"""


class Crowd:
    """Processes that all run one script at once."""

    def __init__(self, tmp_path):
        self.path = tmp_path
        self.directory = str(tmp_path / "cache")
        self.members = []

    def start(self, script, count):
        (self.path / "script.py").write_text(BEGIN + script)
        for number in range(count):
            self.members.append(
                subprocess.Popen(
                    [sys.executable, "script.py", str(number)],
                    cwd=self.path,
                    env=environment(self.path),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
        while len(glob.glob(f"{self.path}/ready-*")) < count:
            assert all(member.poll() is None for member in self.members), self.members[0].communicate()[0]
            time.sleep(0.005)
        (self.path / "go").touch()

    def finish(self):
        """What each process printed; each has ended well."""
        printed = []
        for member in self.members:
            output, _ = member.communicate(timeout=60)
            assert member.returncode == 0, output
            printed.append(output.splitlines())
        return printed

    def leftovers(self):
        return glob.glob(f"{self.directory}/**/.*.tmp", recursive=True) + glob.glob(f"{self.directory}/locks/*.json")


@pytest.fixture
def crowd(tmp_path):
    crowd = Crowd(tmp_path)
    yield crowd
    for member in crowd.members:
        if member.poll() is None:
            member.kill()
            member.wait()
        member.stdout.close()


def test_eight_processes_that_call_200_keys_at_once(crowd):
    crowd.start(
        """
@cache.memoize
def square(x):
    return {"x": x, "square": x * x, "by": os.getpid()}

ready()
order = list(range(200)) * 2
random.Random(int(sys.argv[1])).shuffle(order)
by = {}
for x in order:
    value = square(x)
    assert value["square"] == x * x
    by[x] = value["by"]
print(json.dumps(square.cache_info()[:2]))
""",
        8,
    )
    printed = crowd.finish()
    assert [len(lines) for lines in printed] == [1] * 8, printed  # nobody was warned of anything
    hits, misses = (sum(column) for column in zip(*(json.loads(lines[0]) for lines in printed), strict=True))
    assert 200 <= misses <= 8 * 200
    assert hits + misses >= 8 * 400
    assert crowd.leftovers() == []
    cache = memodisk.Cache(crowd.directory)
    assert len(list(cache.records())) == 200
    assert {step.name for step in cache.verify().steps if step.found} <= {"blobs without a record"}


def test_processes_that_write_different_values_for_one_key_never_mix_them(crowd):
    crowd.start(
        """
me = int(sys.argv[1])

@cache.memoize(name="noise")
def noise(kind):
    size = 3000 if kind == "small" else 1_200_000
    return bytes([me]) * (size + random.randrange(1000))

ready()
for _ in range(30):
    for kind in ("small", "large"):
        noise.recompute(kind)
        for _ in range(3):
            value = noise(kind)
            assert value == value[:1] * len(value) and len(value) >= 3000
""",
        4,
    )
    assert crowd.finish() == [[], [], [], []]
    assert crowd.leftovers() == []
    for record in memodisk.Cache(crowd.directory).records():
        (path,) = glob.glob(f"{crowd.directory}/v1/noise/?/{record.digest}.bin")
        assert os.path.getsize(path) == record.bytes


def test_readers_are_never_disturbed_by_those_who_forget_and_clear(crowd):
    crowd.start(
        """
@cache.memoize(name="work")
def work(x):
    return b"%d," % x * 1000

ready()
me = int(sys.argv[1])
for turn in range(150):
    for x in range(5):
        assert work(x) == b"%d," % x * 1000
    if me == 0:
        work.cache_clear()
    elif me == 1:
        work.forget(turn % 5)
    elif me == 2:
        cache.evict(max_count=2)
""",
        4,
    )
    assert crowd.finish() == [[], [], [], []]
    assert crowd.leftovers() == []


def test_a_directory_deleted_again_and_again_disturbs_nobody(crowd):
    crowd.start(
        """
@cache.memoize(name="work")
def work(x):
    return b"%d," % x * (1000 if x % 2 else 300_000)

ready()
until = time.monotonic() + 2
while time.monotonic() < until:
    for x in range(6):
        assert work(x) == b"%d," % x * (1000 if x % 2 else 300_000)
print("fine")
""",
        3,
    )
    while any(member.poll() is None for member in crowd.members):
        shutil.rmtree(crowd.directory, ignore_errors=True)
        time.sleep(0.02)
    # A result whose directory vanished under it may be lost, with one warning, but the program goes on.
    for lines in crowd.finish():
        assert lines[-1] == "fine"
        assert len(lines) <= 2, "\n".join(lines)


def test_processes_killed_at_any_time_leave_only_right_results(crowd):
    crowd.start(
        """
@cache.memoize(name="work")
def work(x):
    return b"%d," % x * (1000 if x % 2 else 300_000)

ready()
while True:
    for x in range(20):
        work.recompute(x)
""",
        4,
    )
    generator = random.Random(1)
    for member in crowd.members:
        time.sleep(0.1 + generator.random() / 5)
        member.kill()
        member.wait()

    def work(x):
        return b"%d," % x * (1000 if x % 2 else 300_000)

    cache = memodisk.Cache(crowd.directory)
    for record in list(cache.records()):
        assert record.function == "work"
    assert cache.verify().steps
    cache.verify(fix=True)
    assert not glob.glob(f"{crowd.directory}/**/.*.tmp", recursive=True)
    found = {step.name for step in cache.verify().steps if step.found}
    assert found == set()
    blobs = {os.path.basename(path)[:32] for path in glob.glob(f"{crowd.directory}/v1/work/?/*.bin")}
    assert {record.digest for record in cache.records()} == blobs
    for path in glob.glob(f"{crowd.directory}/v1/work/?/*.bin"):
        with open(path, "rb") as file:
            content = file.read()
        assert content == work(int(content.split(b",")[0]))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_cache_travels_to_processes_however_they_are_started(tmp_path, method):
    context = multiprocessing.get_context(method)
    cache = memodisk.Cache(tmp_path / "cache")
    answers = context.Queue()
    process = context.Process(target=_records, args=(cache, answers))
    process.start()
    assert answers.get(timeout=30) == []
    process.join(30)
    assert process.exitcode == 0


def _records(cache, answers):
    answers.put([record.function for record in cache.records()])


def test_a_process_forked_while_threads_are_at_work_does_not_hang(tmp_path):
    cache = memodisk.Cache(tmp_path / "cache", freshen=0)

    @cache.memoize(name="work")
    def work(x):
        return x * 2

    # What is imported late is imported now: Python itself hangs if it is forked in the middle of an import.
    work.recompute(0)
    stop = threading.Event()

    def hammer():
        while not stop.is_set():
            for x in range(50):
                assert work(x) == x * 2
            work.recompute(1)

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(40):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    status = int(not all(work(x) == x * 2 for x in (1, 2, 60)))
                finally:
                    os._exit(status)
            assert ends_well(child)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def ends_well(child):
    """Wait for a child; one that hangs is killed."""
    for _ in range(2000):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status == 0
        time.sleep(0.005)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False
