"""Pairs of arguments through the public decorator: is a call with one a call with the other?

The tables are in `arguments_stdlib`, `arguments_libraries` and `arguments_calls`, each row with its reason.
"""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import arguments_calls
import numpy
import pytest
from arguments_libraries import PAIRS as LIBRARIES
from arguments_stdlib import PAIRS as STDLIB
from keys import keys_of, take
from numpy.lib import NumpyVersion
from pairs import Pair, names
from processes import ROOT, environment

HERE = Path(__file__).parent
PAIRS = [*STDLIB, *LIBRARIES]
ROWS = pytest.mark.parametrize("pair", PAIRS, ids=names(PAIRS))
NUMBERS = pytest.mark.parametrize("number", range(len(PAIRS)), ids=names(PAIRS))
STDLIB_NUMBERS = pytest.mark.parametrize("number", range(len(STDLIB)), ids=names(STDLIB))


@ROWS
def test_a_call_hits_exactly_if_it_is_the_same_call(pair: Pair, cache):
    ran = []

    @cache.memoize
    def f(value):
        ran.append(1)

    assert (f.request(pair.left()).key == f.request(pair.right()).key) == pair.is_same
    f(pair.left())
    f(pair.left())
    assert len(ran) == 1
    f(pair.right())
    assert len(ran) == (1 if pair.is_same else 2)


@pytest.mark.parametrize(
    "calls",
    arguments_calls.PAIRS,
    ids=[f"{'same' if row.is_same else 'different'}: {row.reason}" for row in arguments_calls.PAIRS],
)
def test_two_calls_are_one_exactly_if_they_say_the_same(calls: arguments_calls.Calls, cache, tmp_path):
    made = calls.make(cache, tmp_path)
    left, args, kwargs = calls.left(made)
    expected = left(*args, **kwargs)
    right, args, kwargs = calls.right(made)
    before = len(list(cache.records()))
    found = right(*args, **kwargs)
    assert (len(list(cache.records())) == before) == calls.is_same
    assert found == underlying(right)(*args, **kwargs)
    assert found == expected or not calls.is_same


def underlying(function):
    """The function itself, which may be a method of an object or what makes an object callable."""
    owner = getattr(function, "__self__", None)
    inner = getattr(function, "__func__", function)
    plain = inner.__wrapped__ if hasattr(inner, "__wrapped__") else type(inner).__call__.__wrapped__.__get__(inner)
    return plain if owner is None else plain.__get__(owner)


#: What pickle itself does not keep: the copy is another value.
LOST = ["what a dict holds and does not show", "an attribute of a subclass"]
if NumpyVersion(numpy.__version__) < "2.0.0":  # a generator's seed, and so its children
    LOST += ["a generator of random numbers", "its seed", "how much was drawn", "its kind"]


@ROWS
def test_a_pickled_copy_is_the_same_argument(pair: Pair):
    value = pair.left()
    try:
        copy = pickle.loads(pickle.dumps(value))
    except (pickle.PicklingError, TypeError, AttributeError, ValueError, RecursionError):
        return  # cannot be pickled: nothing to compare with
    assert (take.request(copy).key == take.request(value).key) == (pair.reason not in LOST)


@pytest.fixture(scope="module")
def keys() -> list[list[str]]:
    return keys_of(PAIRS)


def found_by(python: str, table: str, **variables: str | None) -> list[list[str]]:
    command = [python, HERE / f"{table}.py"]
    given = environment(HERE, **{"PYTHONPATH": f"{HERE}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1", **variables})
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=["0", "1", "4242"])
def keys_of_another_seed(request) -> list[list[str]]:
    tables = "arguments_stdlib", "arguments_libraries"
    return [row for table in tables for row in found_by(sys.executable, table, PYTHONHASHSEED=request.param)]


@NUMBERS
def test_another_process_with_another_hash_seed_finds_the_same_keys(number: int, keys, keys_of_another_seed):
    assert keys_of_another_seed[number] == keys[number]


def interpreters() -> list[str]:
    """Versions of Python on this machine beside the one that runs the tests."""
    mine = "{}.{}".format(*sys.version_info)
    return [version for version in ("3.10", "3.11", "3.12", "3.13") if version != mine]


@pytest.fixture(scope="module", params=interpreters())
def keys_of_another_python(request) -> list[list[str]]:
    """Of an interpreter with memodisk's own dependencies, which are installed once and kept with pytest's cache."""
    version = request.param
    kept = Path(request.config.cache.mkdir("pythons")) / version
    python = kept / "bin/python"
    if not python.exists():
        places = [shutil.which(f"python{version}"), *Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
        found = next((str(place) for place in places if place and works(str(place))), None)
        if found is None:
            pytest.skip(f"Python {version} is not installed here")
        install = f"'{found}' -m venv '{kept}' && '{python}' -m pip install --quiet filelock xxhash cloudpickle"
        if subprocess.run(install, shell=True, capture_output=True).returncode:
            shutil.rmtree(kept, ignore_errors=True)
            pytest.skip(f"memodisk's dependencies cannot be installed for Python {version}")
    return found_by(str(python), "arguments_stdlib")


def works(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True).returncode == 0


#: Code without source is told by its byte code, which each version of Python writes in its own way.
BY_BYTECODE = ("code from exec", "the same code from exec", "globals of code from exec", "code of a function")


@pytest.mark.slow
@STDLIB_NUMBERS
def test_another_version_of_python_finds_the_same_keys(number: int, keys, keys_of_another_python):
    left, right = keys_of_another_python[number]
    if STDLIB[number].reason in BY_BYTECODE:
        assert (left == right) == STDLIB[number].is_same
    else:
        assert [left, right] == keys[number]
