"""The encoding of basic types can be decoded, and thus no two values share one; equal values always do."""

from __future__ import annotations

import io
import marshal
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memodisk.hashing import digest, encode


class Decoder:
    """Reads the whole encoding of basic types."""

    def __init__(self, raw: bytes) -> None:
        self.file = io.BytesIO(raw)

    def number(self) -> int:
        return int.from_bytes(self.file.read(8), "little")

    def several(self) -> list:
        return [self.value() for _ in range(self.number())]

    def value(self):
        tag = self.file.read(1)
        if tag == b"L":
            return self.several()
        if tag == b"P":
            return tuple(self.several())
        if tag in (b"S", b"Z"):
            elements = self.value() if self.file.read(1) == b"=" else self.several()
            return set(elements) if tag == b"S" else frozenset(elements)
        if tag == b"D":
            return self.mapping()
        if tag == b"B":
            return self.file.read(self.number())
        self.file.seek(-1, os.SEEK_CUR)
        return marshal.load(self.file)

    def mapping(self) -> dict:
        if self.file.read(1) == b"?":
            parts = self.several()
            return dict(zip(parts[::2], parts[1::2], strict=True))
        self.file.seek(-1, os.SEEK_CUR)
        keys = self.value()
        values = self.value() if self.file.read(1) == b"=" else self.several()
        return dict(zip(keys, values, strict=True))


def decode(raw: bytes):
    decoder = Decoder(raw)
    value = decoder.value()
    assert decoder.file.read() == b"", "something is left over"
    return value


def exact(value):
    """A value in a form that == compares by type and bits, too."""
    kind = type(value).__name__
    if isinstance(value, float):
        return kind, value.hex() if value == value else marshal.dumps(value, 2)
    if isinstance(value, complex):
        return kind, exact(value.real), exact(value.imag)
    if isinstance(value, dict):
        return kind, frozenset((exact(key), exact(part)) for key, part in value.items())
    if isinstance(value, (set, frozenset)):
        return kind, frozenset(map(exact, value))
    if isinstance(value, (list, tuple)):
        return kind, tuple(map(exact, value))
    return kind, value


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(codec=None))
    | st.binary()
    | st.just(...)
)
keys = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4)
values = st.recursive(
    scalars | st.binary(min_size=4090, max_size=4100),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(keys, inner)
        | st.dictionaries(st.text(), inner)
        | st.dictionaries(st.integers(), inner)
        | st.sets(keys)
        | st.frozensets(keys)
    ),
    max_leaves=12,
)


@given(values)
@settings(max_examples=120, deadline=None)
def test_the_encoding_can_be_decoded(value):
    assert exact(decode(encode(value))) == exact(value)


@given(values, values)
@settings(max_examples=80, deadline=None)
def test_different_values_have_different_digests(one, other):
    assert (digest(one) == digest(other)) == (exact(one) == exact(other))


def shuffled(value):
    """An equal value that shares nothing with the first and was put together in another order."""
    if isinstance(value, dict):
        return {shuffled(key): shuffled(value[key]) for key in reversed(list(value))}
    if isinstance(value, (set, frozenset)):
        return type(value)(reversed([shuffled(element) for element in value]))
    if isinstance(value, (list, tuple)):
        return type(value)(map(shuffled, value))
    return pickle.loads(pickle.dumps(value))


@given(values)
@settings(max_examples=80, deadline=None)
def test_equal_values_have_equal_digests(value):
    expected = digest(value)
    assert digest(pickle.loads(pickle.dumps(value))) == expected
    assert digest(shuffled(value)) == expected
    assert encode(shuffled(value)) == encode(value)


@given(values)
@settings(max_examples=40, deadline=None)
def test_a_part_is_the_same_wherever_it_stands(value):
    shared = [value, value, [value]]
    assert digest(shared) == digest([shuffled(value), shuffled(value), [shuffled(value)]])


@pytest.mark.parametrize("seed", ["0", "1", "123"])
def test_another_process_with_another_hash_seed_gives_the_same_digests(seed):
    program = (
        "from memodisk.hashing import digest\n"
        "words = [f'word {i}' for i in range(50)]\n"
        "v = [set(words), {w: {w[::-1]} for w in words},\n"
        "     frozenset((w, 1) for w in words), {(w, 2.0): w for w in words}]\n"
        "print(digest(v).hex())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    words = [f"word {i}" for i in range(50)]
    value = [
        set(words),
        {word: {word[::-1]} for word in words},
        frozenset((word, 1) for word in words),
        {(word, 2.0): word for word in words},
    ]
    assert run.stdout.strip() == digest(value).hex()
