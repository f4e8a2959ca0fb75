"""A function's own code as text: the same for the same program, and only for the code that runs."""

# ruff: noqa: E501  (programs and tables read better in one line)
from __future__ import annotations

import argparse
import ast
import inspect
import json.decoder
import shutil
import textwrap
import types
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from memodisk._code import source
from memodisk._code.canonical import Canonical


def canonical(text: str) -> str:
    return Canonical(ast.parse(textwrap.dedent(text)).body[0]).text


SAME = [
    ("def f(x): return x + 1", "def f(x):\n    # why\n    return (x+1)", "comments and formatting"),
    ("def f(x): return 'a' 'b'", 'def f(x): return "ab"', "how a text is spelled"),
    ("def f(x): return 0x10, 1_000, 1e3", "def f(x): return 16, 1000, 1000.0", "how a number is spelled"),
    ("def f(x): 'Docs.'; return x", "def f(x): return x", "docstrings"),
    ("def f(x):\n  def g(): 'a'\n  return g", "def f(x):\n  def g(): pass\n  return g", "inner docstrings"),
    ("def f(x: int, *a: str, k: 'A' = 1, **b) -> int: return x", "def f(x, *a, k=1, **b): return x", "annotations"),
    ("def f(x):\n  y: int = x\n  z: int\n  return y", "def f(x):\n  y = x\n  return y", "annotated variables"),
    ("def f(x):\n  pass\n  ...\n  return x", "def f(x):\n  return x", "statements that do nothing"),
    ("def f(x): return x", "def g(x): return x", "the function's own name"),
    ("@a\ndef f(x=1): return x", "@b\ndef f(x=2): return x", "its decorators and defaults, which are objects"),
    ("def f(x): return f'a' f'{x}b' 'c'", "def f(x): return f'a{x}bc'", "pieces of an f-string"),
    ("def f(x): return u'a'", "def f(x): return 'a'", "prefixes without effect"),
]  # fmt: skip

DIFFERENT = [
    ("def f(x): return x + 1", "def f(x): return x + 1.0", "types of constants"),
    ("def f(x): return 1", "def f(x): return True", "types of constants"),
    ("def f(x): return 0.0", "def f(x): return -0.0", "the sign of zero"),
    ("def f(x): return 'a'", "def f(x): return b'a'", "text and bytes"),
    ("def f(x): return x", "async def f(x): return x", "async"),
    ("def f(x): return x", "def f(*x): return x", "kinds of parameters"),
    ("def f(x, y): return x", "def f(x, /, y): return x", "kinds of parameters"),
    ("def f(*, a, b=1): return a", "def f(a, *, b=1): return a", "kinds of parameters"),
    ("def f(x):\n  def g(a=1): return a\n  return g", "def f(x):\n  def g(a=2): return a\n  return g", "defaults of inner functions"),
    ("def f(x):\n  class A:\n    y: int\n  return A", "def f(x):\n  class A:\n    y: str\n  return A", "fields of inner classes"),
    ("def f(x):\n  if x: return 1\n  return 2", "def f(x):\n  if x: return 1\n  else: return 2", "structure"),
    ("def f(x): return f'{x}'", "def f(x): return f'{x!r}'", "conversions"),
    ("def f(x): return f'{x:>3}'", "def f(x): return f'{x:>4}'", "formats"),
    ("def f(x): return {**x, 1: 2}", "def f(x): return {1: 2, **x}", "order"),
    ("def f(x):\n  global y\n  y = 1", "def f(x):\n  y = 1", "scopes"),
    ("def f(x):\n  for _ in x: break", "def f(x):\n  for _ in x: continue", "jumps"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "why"), SAME)
def test_what_has_no_effect_does_not_show(one: str, other: str, why: str) -> None:
    assert canonical(one) == canonical(other), why


@pytest.mark.parametrize(("one", "other", "why"), DIFFERENT)
def test_what_may_have_an_effect_shows(one: str, other: str, why: str) -> None:
    assert canonical(one) != canonical(other), why


def test_names_that_only_annotations_use_are_known() -> None:
    node = ast.parse("def f(x):\n  def g(a: A, b: B): return B\n  return g").body[0]
    assert Canonical(node).only_annotations == {"A"}


def functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    classes = [
        value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == module.__name__
    ]
    for holder in (module, *classes):
        for value in vars(holder).values():
            value = getattr(value, "__func__", value)
            if isinstance(value, types.FunctionType) and value.__code__.co_filename == module.__file__:
                yield value


@pytest.mark.parametrize("module", [argparse, json.decoder, shutil, textwrap, inspect])
def test_the_source_of_real_modules_is_recognised(module: types.ModuleType) -> None:
    found = [source.own(function.__code__, function.__globals__).text for function in functions(module)]
    assert len(found) > 5
    assert not [text for text in found if text.startswith("bytecode")]


def test_warnings_of_the_source_are_not_repeated(tmp_path: Any) -> None:
    path = tmp_path / "old.py"
    path.write_text("def f(x):\n    return x is 1, '\\d'\n")
    space: dict[str, Any] = {"__name__": "old"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(path.read_text(), str(path), "exec"), space)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not source.own(space["f"].__code__, space).text.startswith("bytecode")


def test_byte_code_knows_jumps_and_constants() -> None:
    def code(text: str) -> str:
        return source.bytecode(compile(text, "<cell>", "exec"))

    assert code("while x:\n    y()") == code("\n\nwhile x:\n\n    y()")
    assert code("while x:\n    y()") != code("if x:\n    y()")
    assert code("x = 1") != code("x = True")
    assert code("x = (1, frozenset({1}))") != code("x = (1.0, frozenset({1}))")
