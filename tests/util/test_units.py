"""Sizes and times as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memodisk._util.units import format_bytes, format_seconds, parse_bytes, parse_count, parse_seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [(0, 0), (1500, 1500), ("1500", 1500), ("20GB", 20 * 10**9), ("4 GiB", 4 * 2**30), ("1.5 mb", 1_500_000)],
)
def test_sizes(text, expected):
    assert parse_bytes(text, "max_bytes") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [(90, 90), (0.5, 0.5), ("90s", 90), ("15min", 900), ("12h", 43200), ("7d", 604800), (timedelta(days=1), 86400)],
)
def test_times(text, expected):
    assert parse_seconds(text, "ttl") == expected


@pytest.mark.parametrize("text", ["soon", "", "7 days ago", "-3d", -1, None, True, float("nan"), float("inf"), "1e3s"])
def test_what_is_no_time_is_refused_by_name_and_value(text):
    with pytest.raises(ValueError, match="ttl=.*is not understood"):
        parse_seconds(text, "ttl")


@pytest.mark.parametrize("text", ["big", "20XB", -5, None, [1]])
def test_what_is_no_size_is_refused_by_name_and_value(text):
    with pytest.raises(ValueError, match="max_bytes=.*is not understood"):
        parse_bytes(text, "max_bytes")


@pytest.mark.parametrize("value", [-1, 1.0, "3", True, None])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(ValueError, match="max_count="):
        parse_count(value, "max_count")


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (12_345_678, "12.3 MB"), (999_900, "1 MB"), (5e15, "5e+03 TB")],
)
def test_sizes_for_people(size, text):
    assert format_bytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (4.2e-6, "4.2 µs"),
        (0.0123, "12.3 ms"),
        (3.4, "3.4 s"),
        (300, "5 min"),
        (9000, "2.5 h"),
        (3 * 86400, "3 d"),
    ],
)
def test_times_for_people(seconds, text):
    assert format_seconds(seconds) == text
