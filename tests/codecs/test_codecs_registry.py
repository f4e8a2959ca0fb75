"""Codecs are chosen by type, found by name, and users add their own."""

from __future__ import annotations

import fractions
import subprocess
import sys
from typing import BinaryIO

import numpy as np
import pandas as pd
import pytest

from memodisk import codecs


class FractionCodec:
    name = "fraction"
    suffix = "fraction"

    def accepts(self, value: object) -> bool:
        return type(value) is fractions.Fraction

    def encode(self, value: object, file: BinaryIO) -> None:
        file.write(str(value).encode())

    def decode(self, blob: memoryview) -> object:
        return fractions.Fraction(bytes(blob).decode())


@pytest.fixture(autouse=True)
def registry_as_it_was(monkeypatch):
    monkeypatch.setattr(codecs, "_loaded", dict(codecs._loaded))
    monkeypatch.setattr(codecs, "_suffixes", dict(codecs._suffixes))
    monkeypatch.setattr(codecs, "_types", codecs._types)


def codec(**changes):
    """A new kind of codec, different from FractionCodec in what is given."""
    return type("Other", (FractionCodec,), {"name": "other", "suffix": "other", **changes})()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Bern", "txt"),
        (b"\x00", "bin"),
        (np.arange(3), "npy"),
        (np.float64(1), "pickle"),
        (pd.DataFrame({"a": [1]}), "parquet"),
        (pd.Series([1.5]), "parquet"),
        (None, "pickle"),
        ({"a": [1, 2]}, "pickle"),
        (bytearray(b"x"), "pickle"),
    ],
)
def test_a_codec_is_chosen_by_the_values_type(value, name):
    assert codecs.choose(value).name == name


@pytest.mark.parametrize("base", [str, bytes, pd.DataFrame, pd.Series])
def test_a_subclass_goes_to_pickle_because_it_may_hold_more(base):
    assert codecs.choose(type("Mine", (base,), {})()).name == "pickle"


@pytest.mark.parametrize("name", ["pickle", "txt", "bin", "npy", "parquet", "geoparquet"])
def test_every_built_in_codec_is_what_the_protocol_says(name):
    assert isinstance(codecs.get(name), codecs.Codec)
    assert codecs.get(name).name == name
    assert codecs.get(name) is codecs.get(name)


def test_the_suffixes_that_are_reserved_are_those_of_the_codecs():
    assert {codecs.get(name).suffix: name for name in codecs.names()} == codecs._SUFFIXES


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="no codec 'parket'; known codecs are bin, geoparquet, npy, parquet"):
        codecs.get("parket")


def test_choosing_imports_no_library():
    program = (
        "import sys; from memodisk import codecs\n"
        "for value in (1, 'x', b'x', [1.5], {'a': None}): codecs.choose(value)\n"
        "heavy = {'numpy', 'pandas', 'polars', 'pyarrow', 'geopandas', 'cloudpickle'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_codec_of_ones_own_is_used_for_its_type_and_found_by_name():
    mine = FractionCodec()
    codecs.register(mine, fractions.Fraction)
    assert codecs.choose(fractions.Fraction(1, 3)) is mine
    assert codecs.get("fraction") is mine
    assert "fraction" in codecs.names()


def test_a_type_can_be_named_before_it_is_imported():
    mine = FractionCodec()
    codecs.register(mine, "fractions.Fraction", "not_imported_yet.Thing")
    assert codecs.choose(fractions.Fraction(1, 3)) is mine
    assert codecs.choose(2).name == "pickle"


def test_a_codec_of_ones_own_wins_over_a_built_in_one_but_only_for_what_it_accepts():
    class Small(FractionCodec):
        def accepts(self, value: object) -> bool:
            return isinstance(value, np.ndarray) and value.size < 3

    mine = Small()
    codecs.register(mine, np.ndarray)
    assert codecs.choose(np.arange(2)) is mine
    assert codecs.choose(np.arange(4)).name == "npy"


def test_a_codec_for_a_class_is_asked_for_its_subclasses_too():
    class Any(FractionCodec):
        def accepts(self, value: object) -> bool:
            return isinstance(value, fractions.Fraction)

    class Third(fractions.Fraction):
        pass

    mine = Any()
    codecs.register(mine, fractions.Fraction)
    assert codecs.choose(Third(1, 3)) is mine


def test_a_codec_without_types_is_used_by_name_alone():
    codecs.register(FractionCodec())
    assert codecs.choose(fractions.Fraction(1, 3)).name == "pickle"
    assert codecs.get("fraction").suffix == "fraction"


def test_a_notebook_cell_that_registers_can_be_run_twice():
    codecs.register(FractionCodec(), fractions.Fraction)
    again = type("FractionCodec", (FractionCodec,), {"__module__": __name__, "suffix": "frac"})()
    codecs.register(again, fractions.Fraction)
    assert codecs.choose(fractions.Fraction(1, 3)) is again
    codecs.register(codec(suffix="fraction"))  # the older suffix is free again


@pytest.mark.parametrize("missing", ["name", "suffix", "accepts", "encode", "decode"])
def test_a_codec_must_be_complete(missing):
    with pytest.raises(TypeError, match=f"Other is no codec: it needs a .*{missing!r}"):
        codecs.register(codec(**{missing: None}))


def test_a_class_is_not_a_codec():
    with pytest.raises(TypeError, match=r"register FractionCodec\(\)"):
        codecs.register(FractionCodec)


@pytest.mark.parametrize("suffix", ["", ".frac", "Frac", "a/b", "a b", "frac.", "a..b", "x" * 25])
def test_a_suffix_must_suit_every_file_system(suffix):
    with pytest.raises(ValueError, match="cannot be a codec's suffix"):
        codecs.register(codec(suffix=suffix))


@pytest.mark.parametrize("suffix", ["record.json", "x.record.json"])
def test_a_suffix_must_not_look_like_a_record(suffix):
    with pytest.raises(ValueError, match="is a record"):
        codecs.register(codec(suffix=suffix))


@pytest.mark.parametrize("name", ["", "Frac", "a.b", "auto", "a b"])
def test_a_name_must_be_a_plain_word(name):
    with pytest.raises(ValueError, match="cannot be a codec's name"):
        codecs.register(codec(name=name))


def test_names_and_suffixes_are_unique():
    with pytest.raises(ValueError, match="the name 'npy' belongs to another codec"):
        codecs.register(codec(name="npy"))
    with pytest.raises(ValueError, match="the suffix 'pkl' belongs to the codec 'pickle'"):
        codecs.register(codec(suffix="pkl"))
    codecs.register(FractionCodec())
    with pytest.raises(ValueError, match="the suffix 'fraction' belongs to the codec 'fraction'"):
        codecs.register(codec(suffix="fraction"))


@pytest.mark.parametrize("known", ["Fraction", 3, None])
def test_types_are_classes_or_full_names(known):
    with pytest.raises(TypeError, match="is for classes or 'package.module.Class' strings"):
        codecs.register(FractionCodec(), known)
