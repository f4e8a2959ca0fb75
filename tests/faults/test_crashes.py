"""Crashes and refusals: a kill or a failing system call at every point of a call leaves a cache that is right.

Each test runs an action once to see which system calls it makes, and then once for each of them, with a fresh
directory and that very call killed or refused.
"""

from __future__ import annotations

import errno
import glob
import logging
import os
import random
import shutil
import subprocess
import sys

import injection
import pytest
from processes import environment
from tools import need

import memodisk
from memodisk._util.warn import forget_warnings
from memodisk.errors import Miss, Reason

LARGE = 1_100_000  # bytes: so many are written before the blob's name is known

# If these are refused, something may be left over.
REMOVING = ("unlink", "unlinkat", "rmdir")


class World:
    """What the function sees, and is not part of its code: another time it returns something else."""

    content = b"1"

    def __memo_key__(self):
        return "world"


def value(content=b"1", large=False):
    return content + random.Random(1).randbytes(LARGE if large else 10)


class Scene:
    """A directory in a known state, and a function whose results go there."""

    def __init__(self, tmp_path):
        self.directory = str(tmp_path / "cache")
        self.scratch = str(tmp_path)
        self.world = World()
        cache = memodisk.Cache(tmp_path / "warm")
        for function in (self.function(cache), self.function(cache, large=True)):
            # Whatever is imported late is imported now, so that only the store's own system calls are counted.
            function()
            function.recompute()
            function.load()
            function.forget()
            cache.clear()
        self.start = os.path.join(self.scratch, "start")
        os.mkdir(self.start)

    def function(self, cache=None, large=False, **options):
        """The function, as a process has it that was just started."""
        world = self.world

        def compute(large):
            return value(world.content, large)

        cache = memodisk.Cache(self.directory, **options) if cache is None else cache
        return Call(cache.memoize(name="compute")(compute), large)

    def begins_with(self, prepare):
        """Keep what `prepare` leaves in the directory, for each run to begin with."""
        prepare()
        shutil.rmtree(self.start)
        if os.path.exists(self.directory):
            shutil.copytree(self.directory, self.start, copy_function=shutil.copy2)
        else:
            os.mkdir(self.start)

    def reset(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        if os.listdir(self.start):
            shutil.copytree(self.start, self.directory, copy_function=shutil.copy2)
        forget_warnings()

    def run(self, action, inject=None):
        self.reset()

        def checked_action():
            found = action()
            return checked(found) if isinstance(found, bytes) else found

        return injection.run(checked_action, self.scratch, inject)

    def kill(self, action, name, number):
        """Run the action until it makes a system call for the n-th time."""
        outcome = self.run(action, f"{name}:signal=KILL:when={number}")
        # Now and then it makes one less: whether a source file has changed is not asked at every call.
        assert outcome.killed or outcome.calls.count(name) < number

    def each_call(self, action):
        """Each system call that the action makes, as its name and its number."""
        outcome = self.run(action)
        assert outcome.error is None
        assert outcome.calls
        return outcome.each_call()

    def leftovers(self):
        return glob.glob(f"{self.directory}/**/.*.tmp", recursive=True)


class Call:
    """A memoized function with its one argument."""

    def __init__(self, function, large):
        self.function, self.large = function, large

    def __call__(self):
        return self.function(self.large)

    def recompute(self):
        return self.function.recompute(self.large)

    def load(self):
        return self.function.load(self.large)

    def forget(self):
        return self.function.forget(self.large)


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.setenv("LOGNAME", "tester")  # else the user's name is looked up in files that are not ours
    return Scene(tmp_path)


def result(function):
    """How what is stored begins, or why nothing is."""
    try:
        return checked(function.load().value)
    except Miss as miss:
        return miss.reason


def checked(found):
    """How a value begins that is right from its first to its last byte."""
    assert found[:1] in (b"1", b"2")
    is_whole = found == value(found[:1], large=len(found) > 1000)
    assert is_whole
    return found[:1]


# Kill -9


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_killed_anywhere_while_storing_the_first_result(scene, large):
    function = scene.function(large=large)
    for name, number in scene.each_call(function):
        scene.kill(function, name, number)
        again = scene.function(large=large)
        assert result(again) in (Reason.ABSENT, b"1")
        assert checked(again()) == b"1"
        assert result(again) == b"1"
        # What the killed process left behind is known for that at once.
        assert len(scene.leftovers()) <= 2
        cache = memodisk.Cache(scene.directory)
        cache.verify(fix=True)
        assert scene.leftovers() == []
        assert cache.verify().is_ok
        assert result(again) == b"1"


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_killed_anywhere_while_replacing_a_result_the_old_or_the_new_one_is_there(scene, large):
    scene.begins_with(scene.function(large=large))
    scene.world.content = b"2"
    recompute = scene.function(large=large).recompute
    seen = set()
    for name, number in scene.each_call(recompute):
        scene.kill(recompute, name, number)
        found = result(scene.function(large=large))
        assert found in (b"1", b"2")
        seen.add(found)
    assert seen == {b"1", b"2"}


@pytest.mark.parametrize("what", ["forget", "clear", "evict"])
def test_killed_anywhere_while_removing_a_result_leaves_it_whole_or_gone(scene, what):
    scene.begins_with(scene.function(large=True))

    def remove():
        cache = memodisk.Cache(scene.directory)
        if what == "forget":
            scene.function(cache, large=True).forget()
        elif what == "clear":
            cache.clear()
        else:
            cache.evict(max_count=0)

    remove()  # what it imports late
    for name, number in scene.each_call(remove):
        scene.kill(remove, name, number)
        function = scene.function(large=True)
        assert result(function) in (Reason.ABSENT, b"1")
        remove()
        assert result(function) is Reason.ABSENT
        assert list(memodisk.Cache(scene.directory).records()) == []


def test_killed_anywhere_while_reading_nothing_changes(scene):
    scene.begins_with(scene.function(large=True))
    action = scene.function(large=True, freshen=0)
    for name, number in scene.each_call(action):
        scene.kill(action, name, number)
        assert result(scene.function(large=True)) == b"1"
        assert scene.leftovers() == []


# Refusals

REFUSED = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EIO", "ESTALE"]


class Warnings(logging.Handler):
    """Collects what a child would tell its user."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())

    def of(self, action):
        logger = logging.getLogger("memodisk")
        logger.addHandler(self)
        try:
            return checked(action()), self.messages
        finally:
            logger.removeHandler(self)


def check_refusals(scene, make, errors, which="{number}"):
    """With each call refused the function's value comes back, with one warning at most, and nothing half-written."""

    def action():
        return Warnings().of(make())

    calls = scene.each_call(action)
    if which == "1+":
        calls = sorted({(name, 1) for name, _ in calls})
    for error in errors:
        for name, number in calls:
            # Closing or looking at something fails on some file systems, but never for these reasons.
            if error in ("EROFS", "EACCES") and name in ("close", "read", "write", "fstat", "lseek"):
                continue
            outcome = scene.run(action, f"{name}:error={error}:when={which.format(number=number)}")
            case = (error, name, number, outcome)
            assert outcome.error is None, case
            begins, messages = outcome.value
            assert begins == b"1", case
            assert len(messages) <= 1, case
            for message in messages:
                assert scene.directory in message, case
                assert "locked" in message or "MEMODISK_DIR" in message, case
            if name not in REMOVING:
                assert scene.leftovers() == [], case
            # The next program finds a cache that works.
            function = make()
            assert checked(function()) == b"1", case
            assert result(function) == b"1", case


@pytest.mark.parametrize("error", ["ENOSPC", "EACCES", "EIO"])
def test_a_refused_call_while_storing_a_result_costs_at_most_the_result(scene, error):
    check_refusals(scene, scene.function, [error])


@pytest.mark.slow
@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_a_call_refused_for_any_reason_while_storing_a_result_costs_at_most_the_result(scene, large):
    check_refusals(scene, lambda: scene.function(large=large), REFUSED)


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_a_refused_call_while_reading_costs_at_most_a_computation(scene, large):
    scene.begins_with(scene.function(large=large))
    check_refusals(scene, lambda: scene.function(large=large, freshen=0), ["EACCES", "EIO", "ESTALE"])


def test_a_drive_that_refuses_everything_costs_one_warning(scene):
    scene.begins_with(scene.function())
    check_refusals(scene, scene.function, REFUSED, which="{number}+")


@pytest.mark.parametrize("error", ["ENOSPC", "EROFS", "EIO"])
def test_strict_raises_what_would_be_a_warning(scene, error):
    function = scene.function(strict=True)
    outcome = scene.run(function, f"openat:error={error}:when=1+")
    assert outcome.error is not None
    assert os.strerror(getattr(errno, error)) in outcome.error
    assert scene.leftovers() == []


def test_a_refused_rename_over_a_damaged_record_is_told(scene):
    """Some systems refuse to replace a file that is open; a right file of that name would be as good."""
    scene.begins_with(scene.function())
    (record,) = glob.glob(f"{scene.start}/v1/*/*/*.record.json")
    with open(record, "r+b") as file:
        file.write(b"rubbish")
    outcome = scene.run(lambda: Warnings().of(scene.function()), "rename:error=EACCES:when=1+")
    begins, messages = outcome.value
    assert begins == b"1"
    assert [("damaged" in message, "not stored" in message) for message in messages] == [(True, False), (False, True)]


def test_a_refused_rename_is_a_success_if_a_right_record_is_there(scene):
    scene.begins_with(scene.function())
    outcome = scene.run(lambda: Warnings().of(scene.function().recompute), "rename:error=EACCES:when=1+")
    assert outcome.value == (b"1", [])
    assert scene.leftovers() == []


# A file system that is really full

FULL_SCRIPT = """
import glob, logging, os, sys
import memodisk

directory = os.environ["MEMODISK_DIR"]
messages = []
class Handler(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())
logging.getLogger("memodisk").addHandler(Handler(logging.WARNING))

@memodisk.memoize
def compute(size):
    return os.urandom(16) * (size // 16)

for size in SIZES:
    assert len(compute(size)) == size
print(len(messages), "warnings")
print(messages[0])
print(glob.glob(directory + "/**/.*.tmp", recursive=True), "left over")
print(all(record.bytes for record in memodisk.default_cache().records()), "records are whole")
for size in SIZES:
    try:
        compute.load(size)
    except memodisk.Miss as miss:
        assert miss.reason is memodisk.Reason.ABSENT
os.system("rm -rf " + directory + "/v1")
print("works again" if compute(160) == compute(160) else "is too small")
"""


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [
        ("size=1M", "[3_000_000, 900_000, 900_000 + 16, 160]"),
        ("size=1M", "[16 * n for n in range(1, 600)]"),
        ("size=16k", "[160, 3200, 32000]"),
        ("size=1M,nr_inodes=12", "[16 * n for n in range(1, 20)]"),
        ("size=1M,nr_inodes=3", "[160]"),
    ],
    ids=["one large result", "many small ones", "hardly any space", "no more files", "no files at all"],
)
def test_a_full_disk_costs_one_warning_and_leaves_nothing_half_written(tmp_path, limit, sizes):
    disk = tmp_path / "disk"
    disk.mkdir()
    (tmp_path / "script.py").write_text(FULL_SCRIPT.replace("SIZES", sizes))
    # In a user and mount name space of its own, so that it needs no rights and is gone with the process.
    lines = in_own_mounts(f"mount -t tmpfs -o {limit} tmpfs {disk}", tmp_path, MEMODISK_DIR=str(disk / "cache"))
    assert lines[0] == "1 warnings"
    assert "No space left on device" in lines[1]
    assert "MEMODISK_DIR" in lines[1]
    assert lines[2:4] == ["[] left over", "True records are whole"]
    if limit == "size=1M":  # elsewhere there is no room for even one result
        assert lines[4] == "works again"


def in_own_mounts(mount, tmp_path, **changes):
    return run(
        [need("unshare"), "--user", "--map-root-user", "--mount", "sh", "-ec", f'{mount}; exec "$@"', "sh"],
        tmp_path,
        **changes,
    )


def run(prefix, tmp_path, **changes):
    done = subprocess.run(
        [*prefix, sys.executable, "script.py"],
        cwd=tmp_path,
        env=environment(tmp_path, **changes),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# Permissions

PERMISSION_SCRIPT = """
import logging, os, sys
import memodisk

messages = []
class Handler(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())
logging.getLogger("memodisk").addHandler(Handler(logging.WARNING))

def compute(x):
    return x * 2

for x in range(5):
    assert memodisk.memoize(compute)(x) == x * 2
    assert memodisk.Cache().memoize(compute)(x) == x * 2
strict = memodisk.Cache(strict=True).memoize(compute)
try:
    strict(0)
    print("strict: a hit")
except (OSError, memodisk.Miss) as error:
    print("strict:", error)
try:
    strict(7)
    print("strict: stored")
except (OSError, memodisk.Miss) as error:
    print("strict:", error)
print(*messages, sep="\\n")
"""


@pytest.fixture
def without_rights():
    """What to put before a command so that even root has no more rights than a file's mode gives its owner."""
    return [need("setpriv"), "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


@pytest.fixture
def shared(tmp_path):
    """A directory in which another user has stored the first results."""
    (tmp_path / "script.py").write_text(PERMISSION_SCRIPT)
    (tmp_path / "first.py").write_text(PERMISSION_SCRIPT.split("for x in")[0] + "memodisk.memoize(compute)(0)\n")
    directory = tmp_path / "cache"
    # The same script's name, so that it is the same function.
    shutil.copy(tmp_path / "script.py", tmp_path / "keep.py")
    shutil.copy(tmp_path / "first.py", tmp_path / "script.py")
    run([], tmp_path)
    shutil.copy(tmp_path / "keep.py", tmp_path / "script.py")
    assert len(list(memodisk.Cache(directory).records())) == 1
    yield directory
    subprocess.run(["chmod", "-R", "u+rwX", str(directory)], check=True)


def chmod(directory, mode):
    subprocess.run(["chmod", "-R", mode, str(directory)], check=True)


def test_a_directory_that_may_only_be_read_still_serves_hits(tmp_path, shared, without_rights):
    chmod(shared, "a-w")
    before = sorted(os.walk(shared))
    lines = run(without_rights, tmp_path)
    assert lines[0] == "strict: a hit"
    assert lines[1].startswith("strict: [Errno 13] Permission denied")
    (warning,) = lines[2:]
    assert "the result is returned but not stored: [Errno 13] Permission denied" in warning
    assert f"Check the space and the permissions of {shared}" in warning
    assert sorted(os.walk(shared)) == before


def test_a_directory_on_a_read_only_mount_still_serves_hits(tmp_path, shared):
    lines = in_own_mounts(f"mount --bind {shared} {shared}; mount -o remount,bind,ro {shared}", tmp_path)
    assert lines[0] == "strict: a hit"
    assert lines[1].startswith("strict: [Errno 30] Read-only file system")
    (warning,) = lines[2:]
    assert "Read-only file system" in warning


@pytest.mark.parametrize("where", ["", "v1", "v1/*"], ids=["all", "v1", "one function"])
def test_a_directory_that_may_not_even_be_read_costs_one_warning(tmp_path, shared, without_rights, where):
    for path in glob.glob(f"{shared}/{where}"):
        os.chmod(path, 0)
    lines = run(without_rights, tmp_path)
    for line in lines[:2]:
        assert line.startswith("strict: ")
        assert "Permission denied" in line
    (warning,) = lines[2:]
    assert "Permission denied" in warning
    assert "MEMODISK_DIR" in warning


def test_a_record_that_may_not_be_read_is_computed_and_replaced(tmp_path, shared, without_rights):
    (record,) = glob.glob(f"{shared}/v1/*/*/*.record.json")
    os.chmod(record, 0)
    lines = run(without_rights, tmp_path)
    assert lines[:2] == ["strict: a hit", "strict: stored"]
    (warning,) = lines[2:]
    assert "stored results cannot be read" in warning


def test_a_directory_that_cannot_be_made_costs_one_warning(tmp_path, without_rights):
    (tmp_path / "script.py").write_text(PERMISSION_SCRIPT)
    (tmp_path / "closed").mkdir(mode=0o555)
    lines = run(without_rights, tmp_path, MEMODISK_DIR=str(tmp_path / "closed" / "cache"))
    (warning,) = lines[2:]
    assert "Permission denied" in warning
