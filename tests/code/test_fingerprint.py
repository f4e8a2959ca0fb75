"""Fingerprints while a program runs: what is noticed, what is ignored, and where code without a file stands."""

# ruff: noqa: E501  (programs and tables read better in one line)
from __future__ import annotations

import functools
import gc
import importlib
import importlib.util
import linecache
import math
import os
import subprocess
import sys
import textwrap
import threading
import weakref
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from memodisk._code.depends import File, env
from memodisk._code.fingerprint import Fingerprint, Line, Watcher, code_digest, compare, parse_manifest
from memodisk.errors import Unhashable

Load = Callable[..., ModuleType]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Write a module to a file and import it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loaded = []

    def load(text: str, name: str = "project") -> ModuleType:
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        importlib.invalidate_caches()
        sys.modules.pop(name, None)
        linecache.clearcache()
        module = importlib.import_module(name)
        loaded.append(name)
        return module

    yield load
    for name in loaded:
        sys.modules.pop(name, None)


def digest(function: Any, *depends: object) -> str:
    return Watcher(function, depends).current().digest


def lines(function: Any, *depends: object) -> list[str]:
    return [line.what for line in Watcher(function, depends).current().lines]


def run(text: str, name: str = "__main__", filename: str = "<string>", **names: Any) -> dict[str, Any]:
    """Run code that has no source, as exec and consoles do."""
    space: dict[str, Any] = {"__name__": name, **names}
    exec(compile(textwrap.dedent(text), filename, "exec", dont_inherit=True), space)
    return space


PROGRAM = """
    import math
    LIMIT = 3

    def helper(x, k=LIMIT):
        return x * k

    class City:
        rate = 0.5
        def area(self, x):
            return helper(x) * self.rate

    def f(x):
        return [v + math.pi for v in City().area(x)], (lambda y: y + LIMIT)(x), f"{x!r:>{LIMIT}}"
"""


# The digest itself


def test_the_same_source_has_the_same_fingerprint_on_every_python_version(load: Load) -> None:
    assert digest(load(PROGRAM).f) == "650e891c71928f1a4e8a6a9d34f9a12c"


def test_a_script_and_the_module_that_it_is_have_the_same_fingerprint(tmp_path: Path) -> None:
    show = "\nif __name__ == '__main__':\n    from memodisk._code.fingerprint import Watcher\n    print(Watcher(f).current().digest)\n"
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "weather.py").write_text(textwrap.dedent(PROGRAM) + show)
    use = "from memodisk._code.fingerprint import Watcher; import weather; print(Watcher(weather.f).current().digest)"
    found = [
        subprocess.run(
            [sys.executable, *command], cwd=tmp_path / place, capture_output=True, text=True, check=True
        ).stdout
        for command in (["weather.py"], ["-m", "weather"], ["-c", use])
        for place in ("here", "there")
    ]
    assert len(set(found)) == 1


def test_a_zipped_module_has_the_fingerprint_of_the_module(load: Load, tmp_path: Path) -> None:
    expected = digest(load(PROGRAM).f)
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("zipped.py", textwrap.dedent(PROGRAM))
    sys.path.insert(0, str(tmp_path / "app.zip"))
    try:
        assert digest(importlib.import_module("zipped").f) == expected
    finally:
        sys.path.pop(0)
        del sys.modules["zipped"]


def test_a_manifest_reads_line_by_line(load: Load) -> None:
    assert lines(load(PROGRAM).f) == [
        "class City",
        "constant City.rate = 0.5",
        "constant LIMIT = 3",
        "default k of helper = 3",
        "function itself",
        "helper helper",
        "method City.area",
    ]


def test_a_manifest_can_be_read_back(load: Load) -> None:
    fingerprint = Watcher(load(PROGRAM).f).current()
    assert parse_manifest(fingerprint.text) == fingerprint.lines
    assert Fingerprint(reversed(fingerprint.lines)).digest == fingerprint.digest


# Where the source is not what runs, or is not there


def test_a_file_edited_after_its_import_does_not_speak_for_the_code_that_runs(load: Load, tmp_path: Path) -> None:
    old = load("def f(x):\n    return x + 1\n")
    before = digest(old.f)
    (tmp_path / "project.py").write_text("def f(x):\n    return x + 2\n")
    os.utime(tmp_path / "project.py", (1, 1))
    linecache.checkcache()
    assert digest(old.f) == before, "the text was remembered"
    new = load("def f(x):\n    return x + 2\n")
    assert digest(new.f) != before
    assert digest(old.f) == before


def test_a_file_edited_before_anybody_looked_is_not_believed(load: Load, tmp_path: Path) -> None:
    old = load("def f(x):\n    return x + 1\n", "unseen")
    (tmp_path / "unseen.py").write_text("def f(x):\n    return x + 2\n")
    stale = digest(old.f)
    assert stale != digest(load("def f(x):\n    return x + 2\n", "unseen").f)


def test_code_without_source_is_told_by_its_byte_code() -> None:
    assert digest(run(PROGRAM)["f"]) == digest(run(PROGRAM)["f"])
    assert digest(run(PROGRAM)["f"]) != digest(run(PROGRAM.replace("y + LIMIT", "y - LIMIT"))["f"])
    assert digest(run(PROGRAM)["f"]) != digest(run(PROGRAM.replace("x * k", "x + k"))["f"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def f(x):", "\n\n\n    def f(x):"),
        ("def f(x):", "def f(x):  # why"),
        ("def f(x):", 'def f(x):\n        """Docstring."""'),
        ("def f(x):", "def f(x: int) -> float:"),
        ("def area(self, x):", 'def area(self, x):\n            "Docstring."'),
    ],
)
def test_byte_code_is_blind_to_what_has_no_effect(old: str, new: str) -> None:
    assert digest(run(PROGRAM)["f"]) == digest(run(PROGRAM.replace(old, new))["f"])


def test_functions_on_one_line_are_told_apart(load: Load) -> None:
    text = "a, b, c = lambda x: x + 1, lambda x: x + 2, [lambda x: x + y for y in [3]][0]"
    module, edited = load(text), load(text.replace("x + 2", "x - 2"))
    assert len({digest(module.a), digest(module.b), digest(module.c)}) == 3
    assert digest(module.a) == digest(edited.a)
    assert digest(module.b) != digest(edited.b)
    assert not any("bytecode" in line for line in lines(module.a))


def test_two_definitions_of_one_name_are_told_apart(load: Load) -> None:
    module = load(
        "def f(): return 1\nold = f\ndef f(): return 2\nif True:\n    def g(): return 1\nelse:\n    def g(): return 2\n"
    )
    assert digest(module.old) != digest(module.f)
    assert digest(module.old) == digest(module.g)


def test_private_names_and_super_in_methods(load: Load) -> None:
    text = """
    class A:
        def run(self): return 1
    class B(A):
        def __secret(self): return 2
        def run(self): return super().run() + self.__secret()
    """
    before = digest(load(text).B.run)
    assert before != digest(load(text.replace("return 1", "return 3")).B.run)
    assert before != digest(load(text.replace("return 2", "return 3")).B.run)
    assert before == digest(load(text.replace("return 2", "return 2  # two")).B.run)


# Notebooks

CELLS = """
import IPython
from memodisk._code.fingerprint import Watcher
shell = IPython.core.interactiveshell.InteractiveShell.instance()
def cell(text):
    shell.run_cell(text, store_history=True).raise_error()
"""


def notebook(*cells: str) -> list[str]:
    text = CELLS + "".join(f"cell({textwrap.dedent(text)!r})\n" for text in cells)
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.split("\n") if line.startswith("digest ")]


def test_a_cell_run_again_or_in_another_kernel_is_the_same_code() -> None:
    pytest.importorskip("IPython")
    define = """
        %time import math
        LIMIT = 3
        def helper(x): return x * LIMIT
        class City:
            def area(self, x): return helper(x)
        def f(x):
            '''Docs.'''
            return City().area(x)  # comment
    """
    watch = "w = __import__('memodisk._code.fingerprint')._code.fingerprint.Watcher(f)"
    show = "print('digest', w.current().digest, 'bytecode' in w.current().text)"
    first = notebook(define, watch, show, define, show, "1", define.replace("# comment", ""), watch, show)
    other = notebook("'another'", define.replace("Docs", "Text").replace("LIMIT = 3", "LIMIT  =  3"), watch, show)
    edited = notebook(define, watch, show, define.replace("x * LIMIT", "x + LIMIT"), show)
    assert set(first) == set(other) == {edited[0]}
    assert edited[1] != edited[0]


# What is noticed while the program runs


@pytest.fixture
def project(load: Load) -> ModuleType:
    return load(
        """
        import functools, sys
        LIMIT = 3
        TABLE = {"a": [1]}
        def helper(x, k=2): return x * k
        class City:
            rate = 1
            def area(self): return self.rate
        @functools.singledispatch
        def size(x): return 0
        def make(k):
            def inner(x): return x + k
            return inner
        plus = make(5)
        def f(x): return helper(x) + LIMIT + TABLE["a"][0] + City().area() + size(x) + plus(x) + later(x)
        """
    )


def test_nothing_changes_by_itself(project: ModuleType) -> None:
    watcher = Watcher(project.f)
    fingerprint = watcher.current()
    assert all(watcher.current() is fingerprint for _ in range(3))


CHANGES: dict[str, Callable[[Any], object]] = {
    "constant LIMIT 3 → 4": lambda m: setattr(m, "LIMIT", 4),
    "constant LIMIT 3 → True": lambda m: setattr(m, "LIMIT", True),
    "LIMIT is not defined": lambda m: delattr(m, "LIMIT"),
    "later is now defined": lambda m: setattr(m, "later", abs),
    "constant TABLE": lambda m: m.TABLE["a"].append(2),
    "default k of helper 2 → 3": lambda m: setattr(m.helper, "__defaults__", (3,)),
    "helper helper edited": lambda m: setattr(m.helper, "__code__", (lambda x, k: x + k).__code__),
    "constant City.rate 1 → 2": lambda m: setattr(m.City, "rate", 2),
    "now also uses constant City.more = 1": lambda m: setattr(m.City, "more", 1),
    "method City.area edited": lambda m: setattr(m.City, "area", lambda self: 7),
    "now also uses helper size[int]": lambda m: m.size.register(int)(lambda x: 1),
    "closure k of plus 5 → 6": lambda m: setattr(m.plus.__closure__[0], "cell_contents", 6),
}


@pytest.mark.parametrize("says", CHANGES)
def test_a_change_is_noticed_at_the_next_call(project: ModuleType, says: str) -> None:
    watcher = Watcher(project.f)
    before = watcher.current()
    CHANGES[says](project)
    after = watcher.current()
    assert says in "; ".join(compare(before.lines, after.lines))


def test_a_built_in_function_that_gets_shadowed_is_noticed(load: Load) -> None:
    module = load("def f(x): return len(x)")
    watcher = Watcher(module.f)
    before = watcher.current()
    module.len = lambda x: 0
    assert compare(before.lines, watcher.current().lines) == ["now also uses helper len"]


def test_a_helper_defined_again_with_the_same_code_changes_nothing(load: Load) -> None:
    module = load("def helper(x): return x\ndef f(x): return helper(x)")
    watcher = Watcher(module.f)
    before = watcher.current()
    again = load("# moved\ndef helper(x): return x", "again")
    module.helper = again.helper
    assert watcher.current() is before


def test_reverting_a_change_gives_the_old_fingerprint(project: ModuleType) -> None:
    watcher = Watcher(project.f)
    before = watcher.current().digest
    project.LIMIT = 4
    assert watcher.current().digest != before
    project.LIMIT = 3
    assert watcher.current().digest == before


def test_many_threads_see_one_fingerprint(project: ModuleType) -> None:
    watcher = Watcher(project.f)
    found: list[str] = []
    start = threading.Barrier(8)

    def look() -> None:
        start.wait()
        for number in range(50):
            project.LIMIT = 3
            found.append(watcher.current().digest)
            if number % 10 == 0:
                project.helper = lambda x, k=2: x * k

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 400
    assert len(set(found)) <= 2  # with the helper of the file, and with the one from here
    assert watcher.current().digest == digest(project.f)


# What a function does to its own surroundings

SELF_CHANGES = [
    "calls.append(x)",
    "global count; count += 1",
    "global count; count = count + 1",
    "RESULTS[x] = x",
    "COUNTS[x] += 1",
    "if x not in RESULTS: RESULTS[x] = x * 2\n    y = RESULTS[x]",
    "global lazy\n    if lazy is None: lazy = [1, 2]\n    y = lazy[0]",
    "State.count += 1",
    "State.bump()",
    "state.hits += 1",
    "state.hit()",
    "f.calls = 1",
    "log.append(x); log.sort()",
    "helper(x)",
    "counter()",
]


@pytest.mark.parametrize("statement", SELF_CHANGES)
def test_what_the_function_changes_itself_does_not_make_a_new_fingerprint(load: Load, statement: str) -> None:
    module = load(
        "from collections import defaultdict\n"
        "calls, log, RESULTS, COUNTS, count, lazy = [], [], {}, defaultdict(int), 0, None\n"
        "class State:\n"
        "    count = 0\n"
        "    def __init__(self): self.hits = 0\n"
        "    def hit(self): self.add()\n"
        "    def add(self): self.hits += 1\n"
        "    @classmethod\n"
        "    def bump(cls): cls.count += 1\n"
        "state = State()\n"
        "def helper(x): calls.append(x)\n"
        "def make():\n"
        "    n = 0\n"
        "    def counter():\n"
        "        nonlocal n\n"
        "        n += 1\n"
        "    return counter\n"
        "counter = make()\n"
        f"def f(x):\n    {statement}\n    return x\n"
    )
    watcher = Watcher(module.f)
    before = watcher.current()
    for x in range(3):
        module.f(x)
        assert watcher.current() is before


def test_a_list_that_is_read_counts_as_it_is_at_each_call(load: Load) -> None:
    module = load("PLUGINS = []\ndef register(p): PLUGINS.append(p)\ndef f(x): return [p(x) for p in PLUGINS]")
    watcher = Watcher(module.f)
    before = watcher.current()
    module.register(load("def twice(x): return 2 * x", "plugin").twice)
    assert compare(before.lines, watcher.current().lines) == [
        "constant PLUGINS [] → list of 1",
        "now also uses helper twice",
    ]


def test_a_cache_in_a_dict_counts_as_it_is_written_in_the_file(load: Load) -> None:
    text = "KNOWN = {1: 2}\ndef f(x):\n    if x not in KNOWN: KNOWN[x] = 0\n    return KNOWN[x]"
    assert digest(load(text).f) != digest(load(text.replace("1: 2", "1: 3")).f)


def test_what_has_no_content_is_named_by_its_type(load: Load) -> None:
    module = load(
        "import threading\nlock, sentinel = threading.Lock(), object()\ndef f(x):\n    with lock: return x is sentinel"
    )
    assert "constant lock = thread.lock" in lines(module.f)
    watcher = Watcher(module.f)
    assert watcher.current() is watcher.current()


def test_places_and_loggers_do_not_count(load: Load) -> None:
    text = "import logging, os\nlog = logging.getLogger('{}')\ndef f(x):\n    log.info(x)\n    return os.path.dirname(__file__)"
    assert digest(load(text.format("a"), "one").f) == digest(load(text.format("b"), "two").f)


# Which code belongs to whom


def test_installed_packages_count_by_their_version(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / ".venv" / "lib" / "site-packages"
    for name, distribution, version in (("plain", "plain", "1.2"), ("cv9", "opencv-nine", "4.0"), ("bare", "", "")):
        (site / name).mkdir(parents=True)
        (site / name / "__init__.py").write_text("def run(x): return x\n__version__ = '0.9'\n")
        if distribution:
            information = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
            information.mkdir()
            (information / "RECORD").write_text(f"{name}/__init__.py,sha256=0,0\n")
    (site / "google" / "deep").mkdir(parents=True)
    (site / "google" / "deep" / "__init__.py").write_text("")
    (site / "google_deep-7.dist-info").mkdir()
    (site / "google_deep-7.dist-info" / "RECORD").write_text("google/deep/__init__.py,,\n")
    monkeypatch.syspath_prepend(str(site))
    module = load(
        "import plain, bare as b\nfrom cv9 import run\n"
        "def f(x):\n    from google import deep\n    return plain.run(x) + run(x) + b.run(x)"
    )
    assert [line for line in lines(module.f) if line.startswith("package")] == [
        "package bare 0.9",
        "package google-deep 7",
        "package opencv-nine 4.0",
        "package plain 1.2",
    ]
    for name in ("plain", "cv9", "bare"):
        del sys.modules[name]


def test_the_standard_library_is_named_only_where_a_name_could_mean_something_else(load: Load) -> None:
    module = load("import math, json as j\nfrom math import floor\ndef f(x): return math.pi, j.dumps(x), floor(x)")
    assert lines(module.f) == ["function itself", "name floor: math.floor", "name j: module json"]


def test_state_that_belongs_to_a_library_is_its_own_affair(load: Load) -> None:
    module = load(
        "from random import random, randint\nfrom os import environ\ndef f(x): return random(), randint(1, 2), environ"
    )
    watcher = Watcher(module.f)
    before = watcher.current()
    module.f(1)
    assert watcher.current() is before


def test_a_module_used_as_a_whole_counts_as_a_whole(load: Load) -> None:
    text = "def a(x): return x\ndef b(x): return x\n"
    use = "import plugins\ndef f(name, x): return getattr(plugins, name)(x)"
    load(text, "plugins")
    before = Watcher(load(use).f).current()
    load(text.replace("b(x): return x", "b(x): return -x"), "plugins")
    after = Watcher(load(use).f).current()
    assert compare(before.lines, after.lines) == ["helper plugins.b edited"]


def test_a_module_imported_by_the_function_is_not_imported_by_looking_at_it(load: Load, tmp_path: Path) -> None:
    (tmp_path / "heavy.py").write_text("raise SystemExit\n")
    watcher = Watcher(load("def f(x):\n    import heavy\n    return heavy").f)
    before = watcher.current()
    assert "module heavy" in before.text
    assert "heavy" not in sys.modules
    (tmp_path / "heavy.py").write_text("raise SystemExit(1)\n")
    assert compare(before.lines, watcher.current().lines) == ["module heavy edited"]


# Classes of libraries


@pytest.mark.parametrize(
    ("library", "text"),
    [
        ("attrs", "import attrs\n@attrs.define\nclass City:\n    name: str\n    size: int = attrs.field(default=4, converter=lambda x: x + 1)"),
        ("attr", "import attr\n@attr.s(frozen=True)\nclass City:\n    name = attr.ib()\n    size = attr.ib(default=4, validator=lambda s, a, x: x + 1)"),
        ("pydantic", "from pydantic import BaseModel, Field, field_validator\nclass City(BaseModel):\n    name: str\n    size: int = Field(4, gt=1)\n"
         "    @field_validator('name')\n    @classmethod\n    def check(cls, x): return x + 1"),
        ("abc", "import abc\nclass Shape(abc.ABC):\n    @abc.abstractmethod\n    def area(self): ...\nclass City(Shape):\n    size = 4\n    def area(self, x=1): return x + 1"),
        ("typing", "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass City(Generic[T]):\n    size = 4\n    def area(self, x=1): return x + 1"),
        ("collections", "from collections import namedtuple\nclass City(namedtuple('Base', 'name size', defaults=[4])):\n    def area(self, x=1): return x + 1"),
        ("enum", "import enum\nclass City(str, enum.Enum):\n    size = '4'\n    @property\n    def area(self, x=1): return x + 1"),
        ("functools", "import functools\nclass City:\n    size = 4\n    @functools.cached_property\n    def area(self): return x + 1"),
        ("partialmethod", "import functools\nclass City:\n    def _a(self, x, y): return x + 1\n    area = functools.partialmethod(_a, 4)"),
        ("singledispatchmethod", "import functools\nclass City:\n    size = 4\n    @functools.singledispatchmethod\n    def a(self, x): return x\n"
         "    @a.register\n    def _(self, x: int): return x + 1"),
        ("slots", "class City:\n    __slots__ = ('size4',)\n    def area(self, x=4): return x + 1"),
    ],
)  # fmt: skip
def test_classes_made_by_libraries_are_stable_and_their_edits_are_seen(load: Load, library: str, text: str) -> None:
    if library in ("attrs", "attr", "pydantic"):
        pytest.importorskip(library)
    use = "\ndef f(x): return City(x)\n"
    before = digest(load(text + use).f)
    assert digest(load(text + "  # comment" + use).f) == before
    assert digest(load(text.replace("x + 1", "x + 2") + use).f) != before
    assert digest(load(text.replace("4", "5") + use).f) != before


# Memoized functions, decorators


def test_memodisks_own_wrapper_is_looked_through(load: Load) -> None:
    module = load("def helper(x): return x\ndef f(x): return helper(x) + f(x - 1)")
    plain = digest(module.f)
    space = {"__name__": "memodisk._decorator.memoize", "functools": functools}
    exec("def wrap(f):\n    @functools.wraps(f)\n    def memoized(*a): return f(*a)\n    return memoized", space)
    raw = module.f
    module.f, module.helper = space["wrap"](module.f), space["wrap"](module.helper)
    assert digest(raw) == digest(module.f) == plain


def test_a_decorator_below_is_part_of_the_function(load: Load) -> None:
    text = """
    import functools
    def twice(function):
        @functools.wraps(function)
        def wrapper(x): return function(x) * 2
        return wrapper
    @twice
    def f(x): return x
    """
    before = Watcher(load(text).f).current()
    assert compare(before.lines, Watcher(load(text.replace("* 2", "* 3")).f).current().lines) == [
        "helper wrapper of itself edited"
    ]
    assert compare(
        before.lines, Watcher(load(text.replace("x): return x\n", "x): return -x\n")).f).current().lines
    ) == ["the function itself edited"]


# depends=


def test_an_environment_variable(monkeypatch: pytest.MonkeyPatch, load: Load) -> None:
    watcher = Watcher(load("def f(x): return x").f, [env("MEMODISK_TEST_MODE")])
    monkeypatch.delenv("MEMODISK_TEST_MODE", raising=False)
    unset = watcher.current()
    monkeypatch.setenv("MEMODISK_TEST_MODE", "fast")
    fast = watcher.current()
    monkeypatch.setenv("MEMODISK_TEST_MODE", "slow")
    assert compare(unset.lines, fast.lines) == ["env MEMODISK_TEST_MODE unset → fast"]
    assert compare(fast.lines, watcher.current().lines) == ["env MEMODISK_TEST_MODE fast → slow"]


def test_secrets_are_not_written_into_manifests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2")
    assert "hunter2" not in env("API_TOKEN").describe()[1]


def test_a_file(tmp_path: Path, load: Load) -> None:
    path = tmp_path / "config.toml"
    watcher = Watcher(load("def f(x): return x").f, [File(path)])
    missing = watcher.current()
    path.write_text("a = 1")
    first = watcher.current()
    path.write_text("a = 2")
    second = watcher.current()
    os.utime(path, (1, 1))
    assert watcher.current() is second
    assert compare(missing.lines, first.lines) == ["file config.toml changed"]
    assert compare(first.lines, second.lines) == ["file config.toml changed"]


def test_a_function_a_class_a_module_and_values(load: Load) -> None:
    text = "def g(x): return x\nclass City:\n    def area(self): return 1\ndef f(x): return x"
    module = load(text)
    found = lines(module.f, module.g, module.City, math, "v2", [1, 2])
    assert "helper g" in found
    assert "method City.area" in found
    assert "depends 4 = 'v2'" in found
    assert "depends 5 = [1, 2]" in found


@pytest.mark.parametrize(
    ("depends", "message"),
    [
        ("config.toml", "not a list"),
        (3, "not a list"),
        ([Path("config.toml")], r"File\('config.toml'\)"),
        ([threading.Lock()], "cannot be depended on"),
        ([open(os.devnull)], "cannot be depended on"),
    ],
)
def test_what_cannot_be_depended_on_is_refused_at_once(depends: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Watcher(print, depends)
    with pytest.raises(TypeError):
        File(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="directory"):
        File(os.curdir)
    with pytest.raises(TypeError):
        env(None)  # type: ignore[arg-type]


# Code among the arguments


def test_functions_as_arguments_are_told_by_all_they_depend_on(load: Load) -> None:
    text = "K = 1\ndef helper(x): return x + K\ndef make(n): return lambda x: helper(x) * n\na, b = make(2), make(3)\ndef g(x): return x\ndef h(x): return x"
    module = load(text)
    assert code_digest(module.a) == code_digest(module.make(2))
    assert code_digest(module.a) != code_digest(module.b)
    assert code_digest(module.g) != code_digest(module.h), "a function's name may name a column"
    before = code_digest(module.a)
    module.K = 2
    assert code_digest(module.a) != before
    module.K = 1
    assert code_digest(module.a) == before


def test_classes_as_arguments_are_told_by_name_and_code(load: Load) -> None:
    text = "class Base:\n    def run(self): return 1\nclass City(Base):\n    pass\n"
    before = code_digest(load(text).City)
    assert before == code_digest(load(text + "# comment").City)
    assert before != code_digest(load(text.replace("return 1", "return 2")).City)
    assert before != code_digest(load(text, "elsewhere").City)


@pytest.mark.parametrize(
    "thing", [len, math.sin, dict, str.upper, functools.partial, Path, os.path.join, threading.Lock]
)
def test_code_of_libraries_is_told_by_name(thing: Any) -> None:
    assert code_digest(thing) == code_digest(thing)
    assert len({code_digest(each) for each in (len, math.sin, dict, str.upper, Path, os.path.join)}) == 6


def test_a_local_function_that_was_an_argument_is_let_go(load: Load) -> None:
    local = load("def make(n): return lambda x: x * n").make([0])
    alive = weakref.ref(local)
    code_digest(local)
    del local
    gc.collect()
    assert alive() is None


# Words


def test_two_manifests_are_compared_in_words() -> None:
    old = [
        Line("1", "function itself"),
        Line("1", "helper clean"),
        Line("1", "constant LIMIT = 3"),
        Line("1", "constant TABLE = list of 9"),
        Line("1", "package pandas 2.1"),
        Line("1", "name sqrt: math.sqrt"),
        Line("1", "helper gone"),
    ]
    new = [
        Line("2", "function itself"),
        Line("2", "helper clean"),
        Line("2", "constant LIMIT = 4"),
        Line("2", "constant TABLE = list of 9"),
        Line("2", "package pandas 2.2"),
        Line("2", "name sqrt: cmath.sqrt"),
        Line("2", "name np: module numpy"),
    ]
    assert compare(old, new) == [
        "constant LIMIT 3 → 4",
        "constant TABLE changed",
        "the function itself edited",
        "helper clean edited",
        "name sqrt math.sqrt → cmath.sqrt",
        "package pandas 2.1 → 2.2",
        "now also uses module numpy as np",
        "no longer uses helper gone",
    ]
    assert compare(old, old) == []


def test_unhashable_is_not_raised_for_code(load: Load) -> None:
    module = load("import threading\nlock = threading.Lock()\ndef f(x, lock=lock): return lock")
    try:
        code_digest(module.f)
    except Unhashable as error:  # pragma: no cover
        pytest.fail(str(error))
