"""The record: written for people and jq, and never believed when it is damaged."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import need

from memodisk._store.record import DamagedRecord, Record
from memodisk.hashing import Digest, Key

KEY = Key("3f" * 16)
DIGEST = Digest("a0" * 16)


def record(**changes):
    fields = {
        "function": "weather.load_city",
        "key": KEY,
        "digest": DIGEST,
        "codec": "parquet",
        "bytes": 12345,
        "seconds": 2.5,
        "created": 1_790_000_000.125,
        "arguments": {"name": "'Zürich'", "year": "2020"},
        "argument_digests": {"name": "01" * 16, "year": "02" * 16},
        "fingerprint": Digest("b1" * 16),
        "version": None,
        "made_by": {"host": "alpha", "user": "ada", "pid": 7, "python": "3.12.1", "memodisk": "0.1.0"},
    }
    return Record(**{**fields, **changes})


def test_what_is_written_is_read():
    assert Record.from_json(record().to_json()) == record()


def test_an_embedded_blob_comes_back():
    assert Record.from_json(record(data=b"\x00\xffabc").to_json()).data == b"\x00\xffabc"


def test_a_record_is_an_ordinary_json_object_one_field_a_line():
    text = record().to_json().decode()
    fields = json.loads(text)
    assert fields["function"] == "weather.load_city"
    assert fields["arguments"] == {"name": "'Zürich'", "year": "2020"}
    assert fields["created"] == "2026-09-21T14:13:20.125+00:00"
    assert len(text.splitlines()) == len(fields) + 2


def test_a_record_is_a_few_hundred_bytes():
    assert len(record().to_json()) < 1000


def test_jq_answers_who_what_when(tmp_path):
    jq = need("jq")
    path = tmp_path / "x.record.json"
    path.write_bytes(record().to_json())
    query = "[.function, .arguments.name, .seconds, .bytes, .made_by.user] | @tsv"
    answer = subprocess.run([jq, "-r", query, path], capture_output=True, text=True, check=True).stdout
    assert answer == "weather.load_city\t'Zürich'\t2.5\t12345\tada\n"


def test_every_flipped_bit_is_noticed():
    raw = record(data=b"result").to_json()
    for position in range(len(raw)):
        for bit in range(8):
            damaged = bytearray(raw)
            damaged[position] ^= 1 << bit
            with pytest.raises(DamagedRecord):
                Record.from_json(bytes(damaged))


def test_every_truncation_is_noticed():
    raw = record().to_json()
    for length in range(len(raw)):
        with pytest.raises(DamagedRecord):
            Record.from_json(raw[:length])


@given(st.binary(max_size=200))
def test_garbage_is_damaged_and_nothing_else(raw):
    with pytest.raises(DamagedRecord):
        Record.from_json(raw)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"format": 1,', '{"format": 2,\n', '{"format": 1, "created": 3,'])
def test_a_well_checked_record_of_another_make_is_damaged(body):
    from memodisk.hashing import digest_bytes

    raw = body.encode()
    with pytest.raises(DamagedRecord):
        Record.from_json(raw + b'"check": "' + digest_bytes(raw).encode() + b'"\n}\n')


@settings(max_examples=50)
@given(st.integers(0, 4_000_000_000_000))
def test_a_record_that_was_read_is_written_as_it_was(milliseconds):
    raw = record(created=milliseconds / 1000).to_json()
    assert record(created=Record.from_json(raw).created).to_json() == raw


@given(
    function=st.text(min_size=1),
    arguments=st.dictionaries(st.text(), st.text()),
    data=st.none() | st.binary(max_size=50),
    seconds=st.floats(0, 1e9).map(lambda x: float(f"{x:.6g}")),
)
def test_any_text_survives(function, arguments, data, seconds):
    one = record(function=function, arguments=arguments, data=data, seconds=seconds)
    assert Record.from_json(one.to_json()) == one
