"""The README, executed: every example, every shell line, every row of its tables."""

from __future__ import annotations

import inspect
import math
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from processes import ROOT, environment, run_script
from tools import need

import memodisk

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def example(text):
    """The one example that contains a text."""
    [found] = [block for block in BLOCKS if text in block]
    return found


def table(title):
    """The rows of the table with this first column, as lists of cells, code without its backticks."""
    lines = README.partition(f"\n| {title} |")[2].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split(" | ")])
    assert rows
    return rows


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# Commands


def test_it_opens_with_the_two_commands():
    demo, tests = re.findall(r"^ *(python3 -m venv .*)$", README, re.MULTILINE)
    assert demo == 'python3 -m venv .venv && .venv/bin/pip install -q ".[demo]" && .venv/bin/memodisk demo'
    assert tests == 'python3 -m venv .venv && .venv/bin/pip install -q -e ".[test]" && .venv/bin/python -m pytest'
    assert README.index(tests) < README.index("## ")
    # `.ci/run` finds it so, and runs it.
    assert re.findall(r"^python3 -m venv .*pytest$", README, re.MULTILINE) == [tests]


def test_it_names_the_distribution_as_it_is_called():
    assert not re.search(r"pip install [-\w ]*\bmemodisk\b", README)


# Examples

PRINTED = {
    "# weather.py": ["{'city': 'Bern', 'year': 2020, 'mean': 10.0}"],
    "get_gdf": ["EPSG:4326"],
    'Cache("results"': [
        "CacheInfo(hits=1, misses=1, maxsize=None, currsize=1)",
        "True",
        r"\[1, 8, 27\] \d+ program.fit",
    ],
    "class Model": ["6 15 6", "True"],
    "async def fetch": [r"\[b'a', b'a', b'b'\]", "2"],
    "FileContent": ["1", "2 2 2"],
    "mean.explain": [
        r"program.mean(values=\[9, 11\], digits=2)",
        "  hit: made .* in .*, 21 B as pickle",
        r"program.mean(values=\[9, 11, 12\], digits=2)",
        "  miss: absent",
        "  differs from the call of .* in argument 'values' (length 2 → 3, element 2 is new)",
        "(\"argument 'digits' 2 → 3\",)",
    ],
    "class ReadingsCodec": [r"\[1.5, 2.5\] 1 readings"],
    'Cache("shared"': [
        r"\['.*/local', '.*/shared'\] function .*",
        "program.simulate +1 .*",
        "total +1 .*",
        "would evict 0 results, 0 B",
        "True",
    ],
    "only_cached": ["-1", "absent", "-1 1"],
    "# stations.py": ["9515.*|9.*"],
}


def test_each_example_is_tried_here():
    assert len(PRINTED) == len(BLOCKS)


@pytest.mark.parametrize("text", PRINTED)
def test_an_example_prints_what_it_should(tmp_path, text):
    write(tmp_path / "README.md", "")
    printed = run_script(write(tmp_path / "program.py", example(text)))
    for line, expected in zip(printed, PRINTED[text], strict=True):
        assert re.fullmatch(expected.replace("{", r"\{").replace("(", r"\(").replace(")", r"\)"), line)


def test_the_first_example_hits_notices_a_changed_helper_and_finds_the_old_result(tmp_path):
    script = tmp_path / "weather.py"
    original = example("# weather.py").replace("time.sleep(1)", "print('computes')")
    edited = original.replace("value < 60", "value < 10")
    outputs = [run_script(write(script, text)) for text in (original, original, edited, original)]
    assert [len(lines) for lines in outputs] == [2, 1, 2, 1]


def test_options_are_those_that_there_are():
    from memodisk._decorator.options import memoize

    known = [p.name for p in inspect.signature(memoize).parameters.values() if p.kind is p.KEYWORD_ONLY]
    assert sorted(row[0].partition("=")[0] for row in table("option of `memoize`")) == sorted(known)


@pytest.mark.parametrize("option", [row[0] for row in table("option of `memoize`")])
def test_an_option_is_written_as_it_works(option, tmp_path):
    values = {"function": lambda *args, **kwargs: True, "…": "memodisk.env('MODE')"}
    if option == "mmap=True":
        option += ", codec='npy'"
    memoize = memodisk.Cache(tmp_path).memoize
    f = eval(f"memoize({option.replace('…', values['…'])})", {"memoize": memoize, "memodisk": memodisk, **values})(
        load_city
    )
    assert f("Bern") == "Bern"


def load_city(name, verbose=False):
    return name


# What counts as the same call


@dataclass
class City:
    name: str
    inhabitants: int


@memodisk.memoize(ignore=["verbose"])
def f(x=None, y=2, *args, verbose=False, **options): ...


@pytest.mark.parametrize(("one", "other", "verdict"), [row[:3] for row in table("this call")])
def test_what_counts_as_the_same_call(one, other, verdict):
    names = {"f": f.request, "np": np, "pd": pd, "math": math, "Path": Path, "City": City}
    assert verdict in ("the same", "different")
    assert (eval(one, names).key == eval(other, names).key) == (verdict == "the same")


def test_the_function_of_that_table_is_the_one_that_it_says():
    assert f"`def f{inspect.signature(f)}`".replace("ignore=", "") in README


# What counts as the same code


@pytest.fixture(scope="module")
def stations(tmp_path_factory):
    """A directory in which the program has run."""
    directory = tmp_path_factory.mktemp("stations")
    run_script(write(directory / "stations.py", program()))
    return directory


def program():
    return example("# stations.py").replace(
        "    values = clean(values)\n", "    print('computes')\n    values = clean(values)\n"
    )


@pytest.mark.parametrize(("old", "new", "verdict"), [row[:3] for row in table("this, in `stations.py`")])
def test_what_counts_as_the_same_code(stations, old, new, verdict):
    assert verdict in ("hits", "computes")
    assert program().count(old) == 1
    output = run_script(write(stations / "stations.py", program().replace(old, new)))
    assert (output[0] == "computes") == (verdict == "computes")


def test_what_cannot_be_seen_goes_stale_unless_it_is_named(tmp_path):
    text = (
        "import os, sys\nimport memodisk\n"
        "def hidden(): return 1\n"
        "@memodisk.memoize(depends=DEPENDS)\n"
        "def f():\n"
        "    found = getattr(sys.modules['__main__'], 'hid' + 'den')\n"
        "    return found(), os.environ['MODE'], open('a.csv').read()\n"
        "print(f())\n"
    )
    everything = "[hidden, memodisk.env('MODE'), memodisk.File('a.csv')]"
    for depends, expected in (("[]", "(1, 'x', 'a')"), (everything, "(2, 'y', 'b')")):
        script = tmp_path / "unseen.py"
        write(tmp_path / "a.csv", "a")
        run_script(write(script, text.replace("DEPENDS", depends)), MODE="x")
        write(tmp_path / "a.csv", "b")
        edited = text.replace("DEPENDS", depends).replace("return 1", "return 2")
        assert run_script(write(script, edited), MODE="y") == [expected]


# How to look inside


def shell_lines():
    [block] = re.findall(r"^```sh\n(ls .*?)^```$", README, re.MULTILINE | re.DOTALL)
    return block.splitlines()


def test_the_shell_lines_work_on_a_real_cache(tmp_path):
    script = tmp_path / "weather.py"
    original = example("# weather.py").replace("time.sleep(1)", "pass")
    run_script(write(script, original))
    run_script(write(script, original.replace("value < 60", "value < 50")))
    printed = {}
    for line in shell_lines():
        need(line.split()[0])
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=60
        )
        assert done.stderr == ""
        assert done.returncode == (1 if line.startswith("diff") else 0)  # there is a difference
        printed[line.split()[0] + " " + line.split()[1]] = done.stdout
    assert printed["ls $MEMODISK_DIR/v1"] == "weather.load_city\n"
    assert "weather.load_city" in printed["du -sh"]
    first, second = printed["jq -r"].splitlines()
    assert first.split("\t")[0] == "weather.load_city"
    assert first.split("\t")[3] == """{"name":"'Bern'","year":"2020"}"""
    assert float(printed["jq -s"]) > 0
    assert [line[0] for line in printed["diff $MEMODISK_DIR/v1/weather.load_city/code/*.txt"].splitlines()[1:]] == list(
        "<->"
    )
    assert "helper clean" in printed["diff $MEMODISK_DIR/v1/weather.load_city/code/*.txt"]
    assert printed["rm -r"] == ""
    assert list((tmp_path / "cache" / "v1").iterdir()) == []


def test_it_says_where_the_results_are(tmp_path):
    [command] = re.findall(r"`python -c \"(.*?)\"`", README)
    [printed] = run_script(write(tmp_path / "where.py", command))
    assert printed == str(tmp_path / "cache")


def test_what_is_deleted_is_computed_again(tmp_path):
    script = write(tmp_path / "weather.py", example("# weather.py").replace("time.sleep(1)", "print('computes')"))
    run_script(script)
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(files) >= 6
    for path in files:
        path.unlink()
        assert run_script(script)[-1] == "{'city': 'Bern', 'year': 2020, 'mean': 10.0}"


def test_a_directory_that_was_moved_still_hits(tmp_path):
    script = write(tmp_path / "weather.py", example("# weather.py").replace("time.sleep(1)", "print('computes')"))
    assert len(run_script(script)) == 2
    (tmp_path / "cache").rename(tmp_path / "moved")
    assert len(run_script(script, MEMODISK_DIR=str(tmp_path / "moved"))) == 1


# When something goes wrong


@pytest.mark.parametrize("fault", ["argument", "result", "directory"])
def test_one_warning_and_the_function_s_value(tmp_path, fault):
    text = {
        "argument": "import threading\ng = lambda: f(threading.Lock())\n",
        "result": "g = lambda: f(1) and 1\n",
        "directory": "g = lambda: f(2)\n",
    }[fault]
    result = "open(__file__)" if fault == "result" else "1"
    script = write(
        tmp_path / "p.py",
        f"import memodisk\n@memodisk.memoize\ndef f(x):\n    return {result}\n{text}print(g(), g(), g())\n",
    )
    if fault == "directory":
        (tmp_path / "cache").mkdir()
        write(tmp_path / "cache" / "v1", "a file where a directory should be")
    value, warning = sorted(run_script(script))
    assert value == "1 1 1"
    assert warning.startswith("p.f")
