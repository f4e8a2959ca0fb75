"""CONTRIBUTING.md: its examples work as they stand, and what it names is there."""

from __future__ import annotations

import io
import re
import sys
import textwrap
from array import array
from pathlib import Path
from types import ModuleType

import pytest
from processes import ROOT

from memodisk import Undecodable, codecs, hashing
from memodisk.hashing import dispatch

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CODEC, ENCODER = (textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```$", TEXT, re.DOTALL | re.M))


def load(text, name, monkeypatch):
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(text, name, "exec"), vars(module))
    return module


def there_and_back(codec, value):
    file = io.BytesIO()
    codec.encode(value, file)
    return codec.decode(memoryview(file.getvalue()))


def test_the_codec_brings_arrays_back_and_refuses_anything_else(monkeypatch):
    codec = load(CODEC, "memodisk.codecs.arrays_of_numbers", monkeypatch).ArrayCodec()
    for value in (array("d", [1.5, -2]), array("B"), array("q", [2**62])):
        assert codec.accepts(value)
        assert there_and_back(codec, value) == value
    assert not codec.accepts([1.5])
    for blob in (b"", b"?<", b"d<123"):
        with pytest.raises(Undecodable, match="this is no array"):
            codec.decode(memoryview(blob))


def test_the_encoder_tells_maps_apart_by_their_numbers(monkeypatch):
    fields = "[(name, float) for name in 'abcdefghi']"
    load(f"import typing\nclass Affine(typing.NamedTuple('A', {fields})): pass", "affine", monkeypatch)
    load(ENCODER, "memodisk.hashing.types.affine_maps", monkeypatch)
    monkeypatch.setitem(dispatch.LIBRARIES, "affine", "affine_maps")
    affine = sys.modules["affine"].Affine
    affine.__module__ = "affine"
    one, same, other = affine(*range(9)), affine(*map(float, range(9))), affine(9, *range(1, 9))
    assert hashing.digest(one) == hashing.digest(same) != hashing.digest(other)


def test_every_file_and_directory_that_it_names_is_there():
    named = re.findall(r"`((?:memodisk|tests|benchmarks|docs|_[a-z]+|cli|demo|hashing|codecs|\.ci)/?[\w./-]*)`", TEXT)
    assert len(named) > 20
    new = {"arrays_of_numbers.py", "affine_maps.py", "test_codecs_arrays_of_numbers.py"}
    for name in named:
        if name.rpartition("/")[2] not in new and name != "memodisk":
            assert any((base / name).exists() for base in (ROOT, ROOT / "memodisk")), name
    for room in (ROOT / "memodisk").iterdir():
        if room.is_dir() and not room.name.startswith("__pycache__"):
            assert f"`{room.name}/`" in TEXT, room.name


def test_the_tables_that_it_sends_to_are_there():
    assert {"pickle", "npy"} <= codecs._BUILT_IN.keys()
    assert "pkl" in codecs._SUFFIXES
    assert codecs._TYPES
    assert "NAMES" in (ROOT / "benchmarks" / "case.py").read_text()
    assert Path(ROOT / "benchmarks" / "cases" / "puts.py").is_file()
