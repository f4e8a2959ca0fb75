"""Damage: whatever happens to the files, a call returns the right value, says why it missed, and heals the cache."""

from __future__ import annotations

import glob
import logging
import os
import random
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest

import memodisk
from memodisk.errors import Miss, Reason

SMALL = {"name": "Bern", "years": [2019, 2020]}  # copied into its record
MEDIUM = b"".join(bytes([i % 251]) for i in range(1100))  # too large for that
LARGE = bytes(random.Random(1).randbytes(3_000_001))  # written and read in several pieces


class Entry:
    """One stored result of a function that counts how often it ran."""

    def __init__(self, directory, value, strict=False, **options):
        self.directory = directory
        self.strict = strict
        self.runs = []

        def compute(runs):
            runs.append(1)
            return value

        self.value = value
        self.options = {"ignore": ["runs"], "name": "compute", **options}
        self.function = compute
        self.call()
        (self.record,) = glob.glob(f"{directory}/v1/*/*/*.record.json")
        (self.blob,) = set(glob.glob(f"{directory}/v1/*/?/*")) - {self.record}

    def call(self):
        """Call as a new process would, with nothing in memory."""
        return self._memoized()(self.runs)

    def load(self):
        return self._memoized().load(self.runs)

    def _memoized(self):
        return memodisk.Cache(self.directory, strict=self.strict).memoize(**self.options)(self.function)

    def reason(self):
        """Why there is no usable result, or None if there is one."""
        try:
            found = self.load().value
        except Miss as miss:
            return miss.reason if miss.detail or miss.reason is Reason.ABSENT else "a reason without details"
        assert same(found, self.value)
        return None

    def heals(self):
        """A call returns the right value, and the one after that is a hit."""
        before = len(self.runs)
        assert same(self.call(), self.value)
        assert len(self.runs) == before + 1
        assert same(self.call(), self.value)
        assert len(self.runs) == before + 1
        return not leftovers(self.directory)


def same(one, other):
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


def leftovers(directory):
    return glob.glob(f"{directory}/**/.*.tmp", recursive=True)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    """Change a file in place, as a failing disk does."""
    with open(path, "r+b") as file:
        file.write(content)
        file.truncate()


def flipped(content, positions):
    for position in positions:
        for mask in (0x01, 0x20, 0x80, 0xFF):  # one bit, upper and lower case, no ASCII, all bits
            yield content[:position] + bytes([content[position] ^ mask]) + content[position + 1 :]


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture
def directory(tmp_path):
    return str(tmp_path / "cache")


# Records


@pytest.mark.parametrize("value", [SMALL, MEDIUM], ids=["with a copy of its result", "without"])
def test_a_record_with_a_flipped_byte_anywhere_is_a_miss_and_heals(directory, value):
    entry = Entry(directory, value)
    good = read(entry.record)
    for number, bad in enumerate(flipped(good, range(len(good)))):
        write(entry.record, bad)
        assert entry.reason() is Reason.DAMAGED
        if number % 7 == 0:
            assert entry.heals()


@pytest.mark.parametrize("value", [SMALL, MEDIUM], ids=["with a copy of its result", "without"])
def test_a_record_cut_off_at_any_length_is_a_miss_and_heals(directory, value):
    entry = Entry(directory, value)
    good = read(entry.record)
    for length in range(len(good)):
        write(entry.record, good[:length])
        assert entry.reason() is Reason.DAMAGED
        if length % 7 == 0:
            assert entry.heals()


@pytest.mark.parametrize(
    "bad",
    [
        lambda good: good + b"\n",
        lambda good: good + good,
        lambda good: bytes(len(good)),  # what some file systems leave after a power cut
        lambda good: good * 200,
        lambda good: b"[" * 60_000,
        lambda good: good.replace(b'"seconds": ', b'"seconds": 1'),
        lambda good: good.replace(b"\n", b"\r\n"),
    ],
    ids=["a line more", "twice", "zeros", "far too large", "nested deeply", "edited", "line ends changed"],
)
def test_a_record_that_is_not_as_it_was_written_is_a_miss_and_heals(directory, bad):
    entry = Entry(directory, SMALL)
    write(entry.record, bad(read(entry.record)))
    assert entry.reason() is Reason.DAMAGED
    assert entry.heals()


def test_a_record_of_another_key_is_not_believed(directory):
    entry = Entry(directory, SMALL)
    other = Entry(directory + "-other", MEDIUM, version=2)
    shutil.copy(other.record, entry.record)
    with pytest.raises(Miss, match="the record is of another key") as caught:
        entry.load()
    assert caught.value.reason is Reason.DAMAGED
    assert entry.heals()


def test_a_missing_record_is_an_ordinary_miss(directory, caplog):
    entry = Entry(directory, SMALL)
    os.unlink(entry.record)
    assert entry.reason() is Reason.ABSENT
    assert entry.heals()
    assert not warnings(caplog)


# Blobs


def test_a_blob_with_a_flipped_byte_anywhere_is_a_miss_and_heals(directory):
    entry = Entry(directory, MEDIUM)
    good = read(entry.blob)
    for number, bad in enumerate(flipped(good, range(len(good)))):
        write(entry.blob, bad)
        assert entry.reason() is Reason.DAMAGED
        if number % 7 == 0:
            assert entry.heals()


def test_a_blob_cut_off_at_any_length_is_a_miss_and_heals(directory):
    entry = Entry(directory, MEDIUM)
    good = read(entry.blob)
    for length in range(len(good)):
        write(entry.blob, good[:length])
        assert entry.reason() is Reason.DAMAGED
        if length % 7 == 0:
            assert entry.heals()


def test_a_damaged_blob_does_no_harm_as_long_as_its_record_holds_a_copy(directory):
    entry = Entry(directory, SMALL)
    good = read(entry.blob)
    cut = [good[:length] for length in range(len(good))]
    for bad in (*flipped(good, range(len(good))), *cut):
        write(entry.blob, bad)
        assert entry.reason() is None
    os.unlink(entry.blob)
    assert entry.reason() is None


def test_a_damaged_large_blob_is_a_miss_and_heals(directory):
    entry = Entry(directory, LARGE)
    good = read(entry.blob)
    piece = 1 << 20
    places = [0, 1, piece - 1, piece, 2 * piece, len(good) - 1]
    for bad in (
        *flipped(good, places),
        *(good[:length] for length in (*places, len(good) - piece)),
        good + b"x",
        bytes(len(good)),
        good[piece : 2 * piece] + good[:piece] + good[2 * piece :],  # two pieces exchanged
    ):
        write(entry.blob, bad)
        assert entry.reason() is Reason.DAMAGED
    assert entry.heals()


@pytest.mark.parametrize("value", [MEDIUM, LARGE], ids=["small", "large"])
def test_a_missing_blob_is_a_miss_with_that_reason_and_heals(directory, value):
    entry = Entry(directory, value)
    os.unlink(entry.blob)
    assert entry.reason() is Reason.BLOB_MISSING
    assert entry.heals()
    shutil.rmtree(os.path.dirname(entry.blob))
    assert entry.reason() in (Reason.BLOB_MISSING, Reason.ABSENT)  # both may lie in one shard
    assert entry.heals()


def test_the_blob_of_another_result_is_not_believed(directory):
    entry = Entry(directory, MEDIUM)
    other = Entry(directory + "-other", MEDIUM[::-1])
    shutil.copy(other.blob, entry.blob)
    assert entry.reason() is Reason.DAMAGED
    assert entry.heals()


# Things that are no ordinary files


def fifo(path):
    os.mkfifo(path)


def link_to_a_file(path):
    shutil.copy(path + ".good", path + ".elsewhere")
    os.symlink(path + ".elsewhere", path)


def link_to_nothing(path):
    os.symlink("/nonexistent/nowhere", path)


def link_to_itself(path):
    os.symlink(os.path.basename(path), path)


def listening_socket(path):
    here = os.getcwd()
    os.chdir(os.path.dirname(path))  # a socket's path may have 107 characters
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.basename(path))
    os.chdir(here)


def full_directory(path):
    os.makedirs(f"{path}/inside")
    write_new(f"{path}/inside/file")


def write_new(path):
    with open(path, "w") as file:
        file.write("x")


@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
@pytest.mark.parametrize("which", ["record", "blob"])
@pytest.mark.parametrize(
    "make", [fifo, os.mkdir, full_directory, link_to_a_file, link_to_nothing, link_to_itself, listening_socket]
)
def test_what_is_no_ordinary_file_neither_hangs_nor_is_believed_and_is_replaced(directory, make, which, strict):
    entry = Entry(directory, MEDIUM, strict=strict)
    path = getattr(entry, which)
    os.rename(path, path + ".good")
    make(path)
    assert entry.reason() is Reason.DAMAGED
    assert entry.heals()
    assert os.path.isfile(path)
    assert not os.path.islink(path)


@pytest.mark.parametrize("make", [fifo, full_directory, link_to_nothing])
def test_what_is_no_ordinary_file_can_be_forgotten(directory, make):
    entry = Entry(directory, MEDIUM)
    os.unlink(entry.record)
    make(entry.record)
    assert entry._memoized().forget(entry.runs)
    assert not os.path.lexists(entry.record)


@pytest.mark.parametrize("level", ["v1", "v1/compute", "shard"])
def test_a_file_in_place_of_a_directory_costs_one_warning_and_no_result(directory, level, caplog):
    entry = Entry(directory, MEDIUM)
    path = os.path.dirname(entry.record) if level == "shard" else f"{directory}/{level}"
    shutil.rmtree(path)
    write_new(path)
    for _ in range(3):
        assert entry.call() == MEDIUM
    (warning,) = warnings(caplog)
    assert path in warning
    assert "MEMODISK_DIR" in warning
    cache = memodisk.Cache(directory)
    assert list(cache.records()) == []
    assert cache.count("compute") == 0


# What a blob means


def test_a_result_whose_class_is_gone_is_undecodable_and_heals(directory, tmp_path, monkeypatch):
    (tmp_path / "shapes.py").write_text("class Circle:\n    radius = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    import shapes

    runs = []
    cache = memodisk.Cache(directory)

    @cache.memoize(ignore=["runs"], depends=[], name="draw")
    def draw(runs):
        runs.append(1)
        return sys.modules["shapes"].Circle()

    draw(runs)
    Circle = shapes.Circle
    del shapes.Circle
    with pytest.raises(Miss, match="Circle") as caught:
        draw.load(runs)
    assert caught.value.reason is Reason.UNDECODABLE
    shapes.Circle = Circle
    assert draw(runs).radius == 3
    assert len(runs) == 1


class Fussy:
    """A codec of a user's whose decode() fails in a way of its own."""

    name = "fussy"
    suffix = "fussy"

    def accepts(self, value):
        return True

    def encode(self, value, file):
        file.write(str(value).encode())

    def decode(self, blob):
        raise ZeroDivisionError("no luck")


def test_a_codec_that_fails_to_decode_costs_no_call(directory, caplog):
    memodisk.codecs.register(Fussy())
    entry = Entry(directory, 5, codec="fussy")
    with pytest.raises(Miss, match="ZeroDivisionError: no luck") as caught:
        entry.load()
    assert caught.value.reason is Reason.UNDECODABLE
    assert entry.call() == 5
    assert len(entry.runs) == 2


def test_a_codec_that_is_not_there_is_a_reason(directory):
    script = """
import sys, memodisk

class Plain:
    name = suffix = "plain-text"
    def accepts(self, value): return True
    def encode(self, value, file): file.write(value.encode())
    def decode(self, blob): return bytes(blob).decode()

memodisk.codecs.register(Plain())
@memodisk.Cache(sys.argv[1]).memoize(name="f", codec="plain-text")
def f(): return "text"
f()
"""
    subprocess.run([sys.executable, "-c", script, directory], check=True)
    cache = memodisk.Cache(directory)
    (record,) = cache.records()

    class Request(memodisk.Request):
        def __init__(self):
            super().__init__("f", record.key, None, None, (), (), [])

    with pytest.raises(Miss, match="there is no codec 'plain-text'") as caught:
        cache.load(Request())
    assert caught.value.reason is Reason.UNDECODABLE


# What a person reads


def test_damage_is_told_once_with_the_file_and_what_is_done_about_it(directory, caplog):
    entry = Entry(directory, MEDIUM)
    for _ in range(3):
        write(entry.blob, b"rubbish")
        assert entry.call() == MEDIUM
    (warning,) = warnings(caplog)
    assert warning.startswith("compute: a stored result is damaged and is computed again")
    assert entry.blob in warning


# Directories


def test_a_directory_deleted_under_a_running_program_is_made_anew(directory):
    runs = []
    cache = memodisk.Cache(directory)

    @cache.memoize(ignore=["runs"])
    def double(x, runs):
        runs.append(x)
        return x * 2

    double(1, runs)
    everything = sorted(os.path.relpath(path, directory) for path in glob.glob(f"{directory}/**/*", recursive=True))
    shutil.rmtree(directory)
    assert double(1, runs) == 2
    assert double(1, runs) == 2
    assert runs == [1, 1]
    # With the files that explain it, and the manifest of the code.
    assert everything == sorted(
        os.path.relpath(path, directory) for path in glob.glob(f"{directory}/**/*", recursive=True)
    )
    assert os.path.exists(f"{directory}/.gitignore")


@pytest.mark.parametrize("value", [SMALL, LARGE], ids=["small", "large"])
def test_a_directory_deleted_while_the_function_runs_is_made_anew(directory, value):
    cache = memodisk.Cache(directory)
    runs = []

    @cache.memoize(ignore=["runs"])
    def compute(runs):
        runs.append(1)
        shutil.rmtree(directory, ignore_errors=True)
        return value

    assert compute(runs) == value
    assert compute(runs) == value
    assert len(runs) == 1
    assert os.path.exists(f"{directory}/CACHEDIR.TAG")


@pytest.mark.parametrize("below", ["", "/sub/directory"])
def test_a_directory_that_is_a_file_is_an_error_at_construction(tmp_path, below):
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match="is a file"):
        memodisk.Cache(f"{tmp_path}/file{below}")


def test_a_directory_that_is_a_link_to_one_is_fine(tmp_path):
    os.mkdir(tmp_path / "disk")
    os.symlink(tmp_path / "disk", tmp_path / "link")
    entry = Entry(str(tmp_path / "link"), SMALL)
    assert entry.reason() is None
    assert os.path.isdir(tmp_path / "disk" / "v1")


# Mapped arrays

ARRAY = np.arange(400_000, dtype="f8").reshape(400, 1000)


@pytest.fixture
def mapped(directory):
    return Entry(directory, ARRAY, codec="npy", mmap=True)


def test_a_mapped_array_is_read_only_and_survives_what_happens_to_its_name(mapped):
    array = mapped.load().value
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 1
    mapped._memoized().recompute(mapped.runs)
    assert np.array_equal(array, ARRAY)
    mapped._memoized().forget(mapped.runs)
    assert np.array_equal(array, ARRAY)
    shutil.rmtree(mapped.directory)
    assert np.array_equal(array, ARRAY)


@pytest.mark.parametrize("length", [0, 5, 64, 128, 1000, ARRAY.nbytes])
def test_a_mapped_array_that_is_cut_off_is_a_miss_and_heals(mapped, length):
    write(mapped.blob, read(mapped.blob)[:length])
    assert mapped.reason() is Reason.DAMAGED
    assert mapped.heals()


def test_a_mapped_array_with_a_damaged_header_is_a_miss_or_as_it_was(mapped):
    good = read(mapped.blob)
    with open(mapped.blob, "r+b") as file:
        for position in range(128):
            file.seek(position)
            file.write(bytes([good[position] ^ 0xFF]))
            file.flush()
            assert mapped.reason() in (Reason.UNDECODABLE, Reason.DAMAGED, None)
            file.seek(position)
            file.write(good[position : position + 1])
            file.flush()
    write(mapped.blob, b"\0" + good[1:])
    assert mapped.heals()


@pytest.mark.parametrize("make", [fifo, os.mkdir, link_to_nothing, link_to_a_file])
def test_a_mapped_array_that_is_no_ordinary_file_is_a_miss_and_heals(mapped, make):
    os.rename(mapped.blob, mapped.blob + ".good")
    make(mapped.blob)
    assert mapped.reason() is Reason.DAMAGED
    assert mapped.heals()


def test_a_missing_mapped_array_is_a_miss_and_heals(mapped):
    os.unlink(mapped.blob)
    assert mapped.reason() is Reason.BLOB_MISSING
    assert mapped.heals()


@pytest.mark.parametrize("shape", [(0,), (), (3, 0, 2), (1,)])
def test_arrays_of_any_shape_can_be_mapped(directory, shape):
    entry = Entry(directory, np.ones(shape), codec="npy", mmap=True)
    found = entry.load().value
    assert found.shape == shape
    assert np.array_equal(found, np.ones(shape))


# The memory of a process: the disk remains the truth


@pytest.fixture
def two(directory):
    """One function in two caches on one directory, which know nothing of each other, as two processes do."""
    state = {"value": 0}

    class State:
        def __memo_key__(self):
            return "state"

        def next(self):
            state["value"] += 1
            return state["value"]

    counter = State()

    def compute():
        return counter.next()

    def memoized():
        return memodisk.Cache(directory).memoize(name="compute")(compute)

    return memoized(), memoized()


def test_what_another_process_forgets_is_forgotten_here(two):
    here, there = two
    assert [here(), here()] == [1, 1]
    assert there.forget()
    assert here() == 2
    there.cache_clear()
    assert here() == 3


def test_what_another_process_recomputes_is_seen_here(two):
    here, there = two
    assert [here(), here()] == [1, 1]
    for _ in range(200):
        # Twice, because a file system may give the second file the first one's inode and time.
        there.recompute()
        fresh = there.recompute()
        assert here() == fresh
        assert here() == fresh


@pytest.mark.parametrize("which", ["?/*.record.json", "?/*.pkl"])
def test_what_another_process_damages_never_shows(two, directory, which):
    here, _ = two
    assert [here(), here()] == [1, 1]
    for path in glob.glob(f"{directory}/v1/*/{which}"):
        write(path, b"rubbish")
    assert here() in (1, 2)
    assert here() == here()


def test_what_another_process_restores_is_seen_here(two, directory):
    here, there = two
    first = here()
    shutil.copytree(directory, directory + "-backup")
    assert there.recompute() == first + 1
    assert here() == first + 1
    shutil.rmtree(directory)
    shutil.copytree(directory + "-backup", directory)
    assert here() == first
