"""What is kept of small results in memory: the least recently used go first."""

from __future__ import annotations

import gc
import os
import time

import pytest

from memodisk._store import memory
from memodisk._store.memory import Kept, Memory
from memodisk._store.record import Record
from memodisk.hashing import Digest, Key


@pytest.fixture
def file(tmp_path):
    """A record file."""
    path = tmp_path / "record"
    path.write_bytes(b"{}")
    return path


def keep(kept, key, file, blob=b"I5\n.", value=5, codec="pickle"):
    record = Record(
        function="f",
        key=Key("3f" * 16),
        digest=Digest("a0" * 16),
        codec=codec,
        bytes=len(blob),
        seconds=0.0,
        created=time.time(),
    )
    kept.put(key, str(file), os.stat(file), record.to_json(), codec, blob, value)


def test_what_was_put_is_found_with_its_record(file):
    kept = Memory()
    keep(kept, "a", file)
    found = kept.get("a")
    assert (found.value(), found.path, found.record.function) == (5, str(file), "f")
    assert found.is_of(os.stat(file))
    assert kept.get("a") is found
    assert kept.get("b") is None


def test_another_file_of_the_name_is_noticed(file):
    kept = Memory()
    keep(kept, "a", file)
    file.write_bytes(b"{} ")
    assert not kept.get("a").is_of(os.stat(file))


def test_values_that_can_be_changed_are_decoded_anew(file):
    kept = Memory()
    keep(kept, "a", file, b"(lp0\nI1\na.", [1])
    one, two = kept.get("a").value(), kept.get("a").value()
    assert one == two == [1]
    assert one is not two


def test_the_least_recently_used_go_first(file, monkeypatch):
    monkeypatch.setattr(memory, "MAX_TOTAL", 10 * (memory._OVERHEAD + 5))
    kept = Memory()
    for number in range(10):
        keep(kept, f"{number}", file, b".....")
    kept.get("0"), kept.get("3")
    for number in range(10, 14):
        keep(kept, f"{number}", file, b".....")
    assert [number for number in range(14) if f"{number}" in kept] == [0, 3, *range(6, 14)]
    for key in ("3", "nobody"):
        kept.drop(key)
    keep(kept, "14", file, b".....")
    assert "6" in kept
    keep(kept, "15", file, b".....")
    assert "6" not in kept
    assert "0" in kept


def test_large_blobs_are_not_kept(file):
    kept = Memory()
    keep(kept, "a", file, b"." * (memory.MAX_BLOB + 1))
    assert kept.get("a") is None


def test_what_has_lost_its_codec_is_let_go(file):
    kept = Memory()
    keep(kept, "a", file, codec="nobody-s")
    assert kept.get("a") is None
    assert "a" not in kept


def test_the_garbage_collector_looks_through_nothing_that_is_not_asked_for_again(file):
    kept = Memory()
    for number in range(100):
        keep(kept, f"{number}", file)
    kept.get("1")
    gc.collect()
    assert sum(gc.is_tracked(one) for one in kept._kept.values()) == 1
    assert isinstance(kept.get("1"), Kept)
