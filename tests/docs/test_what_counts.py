"""docs/what-counts.md: every row of its tables is tried."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pydantic
import pytest
from blocks import example, read_page, table, write
from processes import run_script

import memodisk

PAGE = read_page("docs/what-counts.md")


# What counts as the same call


@dataclass
class City:
    name: str
    inhabitants: int


class Model(pydantic.BaseModel):
    degree: int = 3


@memodisk.memoize(ignore=["verbose"])
def f(x=None, y=2, *args, verbose=False, **options): ...


@pytest.mark.parametrize(("one", "other", "verdict"), [row[:3] for row in table(PAGE, "this call")])
def test_what_counts_as_the_same_call(one, other, verdict):
    names = {"f": f.request, "np": np, "pd": pd, "math": math, "Path": Path, "City": City, "Model": Model}
    assert verdict in ("the same", "different")
    assert (eval(one, names).key == eval(other, names).key) == (verdict == "the same")


def test_the_function_of_that_table_is_the_one_that_it_says():
    assert f"`def f{inspect.signature(f)}`".replace("ignore=", "") in PAGE


# What counts as the same code


@pytest.fixture(scope="module")
def stations(tmp_path_factory):
    """A directory in which the program has run."""
    directory = tmp_path_factory.mktemp("stations")
    run_script(write(directory / "stations.py", program()))
    return directory


def program():
    return example(PAGE, "# stations.py").replace(
        "    values = clean(values)\n", "    print('computes')\n    values = clean(values)\n"
    )


@pytest.mark.parametrize(("old", "new", "verdict"), [row[:3] for row in table(PAGE, "this, in `stations.py`")])
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
        "    return found(), os.environ['MO' + 'DE'], open('a.csv').read()\n"
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
