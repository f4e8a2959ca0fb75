"""The command ``memodisk``, run as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import memodisk

WEATHER = """
import memodisk

@memodisk.memoize
def load_city(city, year=2020):
    return f"{city} {year}"
"""


@pytest.fixture
def shell(tmp_path):
    """Run ``memodisk`` in a directory with a module ``weather`` and a cache of two results."""
    (tmp_path / "weather.py").write_text(WEATHER)
    environment = {**os.environ, "MEMODISK_DIR": str(tmp_path / "results")}
    calls = "import weather; weather.load_city('Bern'); weather.load_city('Bern', 2019)"
    subprocess.run([sys.executable, "-c", calls], cwd=tmp_path, env=environment, check=True)

    def run(*arguments, status=0):
        command = [sys.executable, "-m", "memodisk", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == status, done.stderr
        return done.stdout if status != 2 else done.stderr

    run.cache = memodisk.Cache(tmp_path / "results")
    return run


def test_ls_lists_the_latest_first(shell):
    lines = shell("ls").splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("weather.load_city(city='Bern', year=2019)")
    assert shell("ls", "-n", "1").splitlines()[-1] == "and 1 more"
    assert shell("ls", "other.function") == ""


def test_show_prints_a_record_in_full(shell):
    key = shell("ls").split()[0]
    assert json.loads(shell("show", key))["key"].startswith(key)
    assert "is no key" in shell("show", "weather", status=2)
    assert "is the beginning of no keys" in shell("show", "0000000000", status=2)


def test_explain_tells_hit_from_miss_without_running(shell):
    assert "hit: made" in shell("explain", "weather:load_city", "Bern")
    assert "hit: made" in shell("explain", "weather:load_city", "city=Bern", "year=2019")
    assert "argument 'year' 20" in shell("explain", "weather:load_city", "Bern", "1990", status=1)
    assert "is not memoized" in shell("explain", "json:dumps", status=2)
    assert "cannot be imported" in shell("explain", "nowhere:f", status=2)
    assert "has no 'g'" in shell("explain", "weather:g", status=2)


def test_explain_compares_a_stored_result_with_its_nearest(shell):
    key = shell("ls").split()[0]
    assert "differs from the call of" in shell("explain", key)


def test_stats_count_by_function(shell):
    text = shell("stats")
    assert "weather.load_city" in text
    assert "2" in text


def test_evict_and_clear(shell):
    assert shell("evict", "--max-count", "1", "--dry-run").startswith("would evict 1 result,")
    assert shell("evict", "--max-count", "1").startswith("evicted 1 result,")
    assert "needs a limit" in shell("evict", status=2)
    assert shell("clear") == "removed 1 results\n"
    assert list(shell.cache.records()) == []


def test_verify_tells_what_is_damaged_and_fixes_it(shell):
    assert "damaged records: 0 of 2" in shell("verify")
    record = next(shell.cache.records())
    path = f"{shell.cache.directory}/v1/weather.load_city/{record.key[0]}/{record.key}.record.json"
    with open(path, "ab") as file:
        file.write(b"x")
    assert "damaged records: 1 of 2" in shell("verify", status=1)
    assert "removed 1" in shell("verify", "--fix")
    shell("verify")


def test_a_directory_that_does_not_exist_is_named(shell, tmp_path):
    assert "does not exist" in shell("ls", "--directory", str(tmp_path / "nowhere"), status=2)


def test_help_and_version(shell):
    assert "explain" in shell("--help")
    assert shell("--version") == f"memodisk {memodisk.__version__}\n"
