"""str becomes .txt, bytes become .bin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memodisk import codecs
from memodisk.errors import Undecodable


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_comes_back_and_the_file_is_plain_utf8(there_and_back, text):
    trip = there_and_back(text)
    assert (trip.codec, trip.value) == ("txt", text)
    assert trip.blob.decode("utf-8") == text


@pytest.mark.parametrize("text", ["", "a\r\nb\rc\n", "\ufeffBOM", "\x00", "\u2028", "Zürich 🏔"])
def test_newlines_and_marks_stay_as_they_are(there_and_back, text):
    assert there_and_back(text).value == text


def test_lone_surrogates_have_no_utf8_and_go_to_pickle(there_and_back):
    trip = there_and_back("file\udcff")
    assert (trip.codec, trip.value) == ("pickle", "file\udcff")


@given(st.binary())
def test_bytes_come_back_and_are_the_file(there_and_back, data):
    trip = there_and_back(data)
    assert (trip.codec, trip.blob, trip.value) == ("bin", data, data)
    assert type(trip.value) is bytes


def test_bytearray_stays_a_bytearray(there_and_back):
    assert type(there_and_back(bytearray(b"x")).value) is bytearray


def test_bytes_that_are_no_text_are_undecodable():
    with pytest.raises(Undecodable, match="no UTF-8"):
        codecs.get("txt").decode(memoryview(b"\xff\xfe"))
