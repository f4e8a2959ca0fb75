"""Which names byte code reads, writes and imports: the same on every Python version."""

from __future__ import annotations

import textwrap
from types import FunctionType
from typing import Any

import pytest

from memodisk._code.names import Import, Names, of_code


def of(body: str, before: str = "") -> Names:
    space: dict[str, Any] = {}
    text = f"{before}\ndef f(x, y=None):\n" + textwrap.indent(textwrap.dedent(body), "    ")
    exec(compile(text, "<test>", "exec", dont_inherit=True), space)
    function = space["f"]
    assert isinstance(function, FunctionType)
    return of_code(function.__code__)


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        ("return a + b", [("a",), ("b",)]),
        ("return a.b.c(x)", [("a", "b", "c")]),
        ("return a(x).b", [("a",)]),
        ("return [a.b for _ in x]", [("a", "b")]),
        ("return lambda: (yield a)", [("a",)]),
        ("def g(z=a): return b\nreturn g", [("a",), ("b",)]),
        ("a = 1\nreturn a", []),
        ("if a < b < c: return d", [("a",), ("b",), ("c",), ("d",)]),
        ("try:\n    a()\nexcept b.E:\n    pass", [("a",), ("b", "E")]),
        ("with a.b() as c: return c", [("a", "b")]),
        ("return f'{a:{b}}'", [("a",), ("b",)]),
        ("match x:\n    case a.B: return 1", [("a", "B")]),
    ],
)
def test_reads(body: str, reads: list[tuple[str, ...]]) -> None:
    assert list(of(body).reads) == reads


@pytest.mark.parametrize(
    ("body", "writes", "reads"),
    [
        ("a[x] = 1", [("a",)], []),
        ("a[x:y] = 1", [("a",)], []),
        ("a[x] += 1", [("a",)], []),
        ("a[len(x)] = 1", [("a",)], [("len",)]),
        ("del a[x]", [("a",)], []),
        ("a.b[x] = 1", [("a", "b")], []),
        ("a.b = 1", [("a", "b")], []),
        ("a.b += 1", [("a", "b")], []),
        ("a.b.c += 1", [("a", "b", "c")], []),
        ("del a.b", [("a", "b")], []),
        ("a[x] = a[y]", [("a",)], [("a",)]),
    ],
)
def test_changes_in_place(body: str, writes: list[tuple[str, ...]], reads: list[tuple[str, ...]]) -> None:
    found = of(body)
    assert sorted(found.writes) == writes
    assert list(found.reads) == reads


def test_assignments_to_globals_and_counters() -> None:
    assert of("global n; n = 1").rebinds == {"n"}
    counted = of("global n; n += 1")
    assert (counted.rebinds, counted.reads) == ({"n"}, ())
    assert of("global n; n = n * m").reads == (("m",), ("n",))


def test_variables_of_enclosing_functions() -> None:
    def make() -> FunctionType:
        n, helper = 0, len

        def inner(x: Any) -> Any:
            nonlocal n
            n += 1
            return helper.__name__, x

        return inner  # type: ignore[return-value]

    found = of_code(make().__code__)
    assert found.free == (("helper", "__name__"),)
    assert found.free_rebinds == {"n"}


def test_the_first_parameter() -> None:
    found = of("x.total += 1\nreturn x.area(y) + [x.rate for _ in y][0]")
    assert found.own_reads == (("area",), ("rate",))
    assert found.own_writes == {("total",)}


def test_imports() -> None:
    found = of("import a.b\nfrom c import d, e\nfrom . import g\nfrom ..h import i")
    assert set(found.imports) == {
        Import("a.b", 0, ()),
        Import("c", 0, ("d", "e")),
        Import("", 1, ("g",)),
        Import("h", 2, ("i",)),
    }
