"""Files and names: where things lie, and how they get there."""

from __future__ import annotations

import os
import stat
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from injection import run

from memodisk._store import lookup, mounts
from memodisk._store.layout import SHARDS, directory_name
from memodisk._store.location import default_directory
from memodisk._store.read import Damaged
from memodisk._store.store import Store
from memodisk.hashing import Digest, Key, digest_bytes

KEY = Key("3f" * 16)
OTHER_KEY = Key("51" * 16)


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "cache"))


def publish(store, content=b"result", key=KEY, function="weather.load"):
    directory = store.function_directory(function)
    digest = digest_bytes(content)
    writer = store.begin_blob(directory)
    writer.write(content)
    paths = Store.record_path(directory, key), Store.blob_path(directory, digest, "bin")
    store.publish(
        record_path=paths[0], record=b"{}", blob_path=paths[1], blob=content, digest=digest, size=len(content)
    )
    return paths


def everything_below(directory):
    return [os.path.join(parent, name) for parent, _, names in os.walk(directory) for name in names]


def test_a_file_is_where_the_format_says(store):
    record, blob = publish(store)
    digest = digest_bytes(b"result")
    assert record == f"{store.directory}/v1/weather.load/3/{'3f' * 16}.record.json"
    assert blob == f"{store.directory}/v1/weather.load/{digest[0]}/{digest}.bin"
    assert store.read_record(record)[0] == b"{}"
    assert bytes(store.read_blob(blob, digest, 6)) == b"result"


def test_the_directory_explains_itself(store):
    publish(store)
    with open(f"{store.directory}/CACHEDIR.TAG") as tag:
        assert tag.read().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    with open(f"{store.directory}/README.txt") as readme:
        assert "Everything here can be deleted at any time" in readme.read()
    with open(f"{store.directory}/.gitignore") as ignored:
        assert ignored.read() == "*\n"


def test_nothing_is_written_before_the_first_result(store):
    with pytest.raises(FileNotFoundError):
        store.read_record(Store.record_path(store.function_directory("f"), KEY))
    assert list(store.entries(store.function_directory("f"))) == []
    assert not os.path.exists(store.directory)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        ("weather.load_city", "weather.load_city"),
        ("a.B.method", "a.B.method"),
        ("my-script.f", "my-script.f"),
        ("aux.f", "_aux.f-"),
        ("städte.lade", "st_dte.lade-"),
        ("../../etc/passwd", "_.._etc_passwd-"),
        ("CON", "_CON-"),
        ("", "_-"),
        ("x" * 300, "x" * 71 + "-"),
    ],
)
def test_a_function_keeps_its_name_where_any_file_system_takes_it(function, name):
    result = directory_name(function)
    assert result == name or (name.endswith("-") and result.startswith(name) and len(result) == len(name) + 8)


@given(st.text())
def test_a_directory_name_is_safe_everywhere(function):
    name = directory_name(function)
    assert 0 < len(name) <= 80
    assert not name.startswith(".")
    assert not name.endswith(".")
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def test_the_longest_path_stays_below_150_characters(store):
    directory = store.function_directory("x" * 500)
    for path in (
        Store.record_path(directory, KEY),
        Store.blob_path(directory, Digest(KEY), "geo.parquet"),
        Store.manifest_path(directory, Digest(KEY)),
    ):
        assert len(path) - len(store.directory) < 150


def test_new_files_honour_the_umask(store):
    old = os.umask(0o002)
    try:
        record, blob = publish(store)
    finally:
        os.umask(old)
    assert stat.S_IMODE(os.stat(record).st_mode) == 0o664
    assert stat.S_IMODE(os.stat(blob).st_mode) == 0o664
    assert stat.S_IMODE(os.stat(os.path.dirname(blob)).st_mode) == 0o775


def test_new_directories_inherit_the_team_s_group(store):
    os.makedirs(store.directory)
    os.chown(store.directory, -1, 12345)
    os.chmod(store.directory, 0o2775)
    record, blob = publish(store)
    for path in (record, blob, os.path.dirname(blob), f"{store.directory}/v1"):
        assert os.stat(path).st_gid == 12345


def test_a_record_is_never_fresher_than_its_blob(store, tmp_path):
    for content in (b"small", b"large" * 1_000_000):
        directory = store.function_directory("f")
        writer = store.begin_blob(directory)
        writer.write(content)
        digest, data = writer.finish()
        record, blob = Store.record_path(directory, KEY), Store.blob_path(directory, digest, "bin")
        store.publish(
            record_path=record,
            record=b"{}",
            blob_path=blob,
            blob=data,
            digest=digest,
            size=len(content),
        )
        assert os.stat(record).st_mtime_ns <= os.stat(blob).st_mtime_ns
        os.utime(record, (0, 0))
        os.utime(blob, (0, 0))
        store.freshen(record, blob)
        assert 0 < os.stat(record).st_mtime_ns <= os.stat(blob).st_mtime_ns


def test_only_whole_blobs_are_believed(store):
    _, blob = publish(store)
    digest = digest_bytes(b"result")
    for content in (b"", b"resul", b"resulT", b"results"):
        with open(blob, "wb") as file:
            file.write(content)
        with pytest.raises(Damaged):
            store.read_blob(blob, digest, 6)


def test_large_blobs_are_verified_as_well_and_come_writable(store):
    content = bytes(range(256)) * 20_000
    _, blob = publish(store, content)
    data = store.read_blob(blob, digest_bytes(content), len(content))
    assert data == content
    assert not data.readonly
    with open(blob, "r+b") as file:
        file.seek(3_000_000)
        file.write(b"\xff\xff")
    with pytest.raises(Damaged):
        store.read_blob(blob, digest_bytes(content), len(content))


@pytest.mark.parametrize("kind", ["fifo", "directory", "link"])
def test_what_is_no_ordinary_file_neither_hangs_nor_is_believed(store, kind, tmp_path):
    record, blob = publish(store)
    for path in (record, blob):
        os.unlink(path)
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "directory":
            os.mkdir(path)
        else:
            (tmp_path / "elsewhere").write_bytes(b"result")
            os.symlink(tmp_path / "elsewhere", path)
    with pytest.raises((OSError, Damaged)):
        store.read_record(record)
    with pytest.raises((OSError, Damaged)):
        store.read_blob(blob, digest_bytes(b"result"), 6)


def test_an_unfinished_write_leaves_nothing(store, monkeypatch):
    publish(store)
    before = sorted(everything_below(store.directory))

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="No space"):
        publish(store, b"other", Key("4f" * 16))
    assert sorted(everything_below(store.directory)) == before


def test_a_refused_rename_is_a_success_if_the_right_file_is_there(store, monkeypatch):
    record, blob = publish(store)

    def refuse(*_):
        raise PermissionError(13, "somebody has it open")

    monkeypatch.setattr(os, "replace", refuse)
    publish(store)
    with open(blob, "wb") as file:
        file.write(b"damage")
    with pytest.raises(PermissionError):
        publish(store)
    assert not [path for path in everything_below(store.directory) if path.endswith(".tmp")]


def test_readers_never_see_a_half_written_file(store):
    content = os.urandom(3_000_000)
    digest = digest_bytes(content)
    directory = store.function_directory("f")
    path = Store.blob_path(directory, digest, "bin")
    stop = threading.Event()
    seen = []

    def read():
        while not stop.is_set():
            try:
                seen.append(len(store.read_blob(path, digest, len(content))))
            except FileNotFoundError:
                pass

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        publish(store, content, function="f")
    stop.set()
    reader.join()
    assert set(seen) <= {len(content)}


def test_a_listing_gives_sizes_on_disk_and_leaves_strangers_out(store):
    record, blob = publish(store)
    directory = store.function_directory("weather.load")
    for stranger in (f"{directory}/3/notes.txt", f"{directory}/3/.nfs0001", f"{directory}/3/.abc.tmp"):
        with open(stranger, "w") as file:
            file.write("x")
    entries = {entry.path: entry for entry in store.entries(directory)}
    assert set(entries) == {record, blob}
    assert entries[record].is_record
    assert not entries[blob].is_record
    assert entries[blob].size == os.stat(blob).st_blocks * 512


def test_removing_a_function_leaves_nothing_of_it(store):
    publish(store)
    publish(store, function="other.f")
    store.write_manifest(store.function_directory("weather.load"), Digest(KEY), "text")
    store.remove_function(store.function_directory("weather.load"))
    assert [os.path.basename(path) for path in store.functions()] == ["other.f"]


def test_the_default_directory_is_the_environment_s_or_the_platform_s(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMODISK_DIR", str(tmp_path))
    assert default_directory() == str(tmp_path)
    monkeypatch.delenv("MEMODISK_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_directory() == "/somewhere/memodisk"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert default_directory() == os.path.expanduser("~/.cache/memodisk")


@pytest.mark.parametrize(("type_", "expected"), [("nfs4", ["/nowhere/3"]), ("", ["/nowhere/3"]), ("ext4", [])])
def test_a_missing_name_is_asked_for_once_more_where_others_write(store, monkeypatch, type_, expected):
    monkeypatch.setitem(mounts._known, store.directory, type_)
    asked = []
    monkeypatch.setattr(lookup, "look_again", asked.append)
    with pytest.raises(FileNotFoundError):
        store.read_record("/nowhere/3/x.record.json")
    assert asked == expected


def test_asking_for_a_name_as_if_to_make_it_makes_nothing(tmp_path):
    """As on SMB, where nothing else makes this machine ask the server about a name that it believes missing."""
    (tmp_path / "file").write_bytes(b"1")
    (tmp_path / "link").symlink_to("nowhere")
    before = sorted(os.listdir(tmp_path))
    assert lookup.ask_for(str(tmp_path / "file"))
    assert lookup.ask_for(str(tmp_path / "link"))
    assert lookup.ask_for(str(tmp_path))
    assert not lookup.ask_for(str(tmp_path / "none"))
    assert not lookup.ask_for(str(tmp_path / "no" / "such" / "directory"))
    assert not lookup.ask_for(str(tmp_path / "file" / "below"))
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("error", ["EBUSY", "ETXTBSY"])
def test_a_name_that_another_process_renames_just_now_is_taken_a_moment_later(store, tmp_path, error):
    """So does Linux answer on NFS."""
    publish(store)
    outcome = run(lambda: publish(store, b"other", OTHER_KEY), tmp_path, inject=f"rename:error={error}:when=1")
    assert outcome.error is None
    assert all(os.path.exists(path) for path in outcome.value)
    assert not [path for path in everything_below(store.directory) if path.endswith(".tmp")]


def test_files_are_counted_by_their_names(store):
    directory = store.function_directory("weather.load")
    assert store.count(directory, "3") == (0, 0)
    publish(store)
    publish(store, b"other", OTHER_KEY)
    found = [store.count(directory, shard) for shard in SHARDS]
    assert (sum(files for files, _ in found), sum(records for _, records in found)) == (4, 2)
    assert store.count(directory, KEY[0])[1] == 1
