"""Edits of real files, each with the reason why it does or does not change what the function computes.

Two processes import each project: one before the edit, one after it.
"""

# ruff: noqa: E501  (programs and tables read better in one line)
from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = {
    "main": '''
        """A module's docstring."""
        import dataclasses, enum, functools, logging, math, threading
        from collections import namedtuple
        from contextlib import contextmanager
        from math import sqrt
        import helpers
        import tools as kit
        from helpers import clean, Settings, apply
        from package import inner
        from package.other import same as first
        from package.third import same as second

        log = logging.getLogger(__name__)
        LIMIT = 3
        UNUSED = 1
        TABLE = {"a": [1, 2], "b": (3,)}
        WEIGHTS = (0.5, 1.5)
        lock = threading.Lock()
        SEEN = []
        HANDLERS = {"one": lambda x: x + 1, "two": clean}
        FUNCTIONS = {abs, clean, inner.deep}
        pair = lambda x: x * 2, lambda x: x * 3
        Point = namedtuple("Point", "x y")

        class Base:
            rate = 0.5
            def scale(self, x):
                return x * self.rate

        class Meta(type):
            factor = 3

        @dataclasses.dataclass
        class City(Base, metaclass=Meta):
            name: str
            size: int = 4
            tags: list = dataclasses.field(default_factory=lambda: ["old"])
            @property
            def area(self):
                return self.scale(self.size)
            @classmethod
            def make(cls):
                return cls("x")
            @staticmethod
            def pi():
                return 3
            def unused(self):
                return 1

        class Limits:
            low = 1
            high = 9

        class Color(enum.Enum):
            RED = 1
            BLUE = 2

        class Model:
            def __init__(self, k):
                self.k = k
            def predict(self, x):
                return x * self.k

        model = Model(3)

        def timed(function):
            @functools.wraps(function)
            def wrapper(*args):
                return function(*args)
            return wrapper

        @timed
        def slow(x, power=2):
            return x ** power

        @functools.lru_cache(maxsize=None)
        def cached(x):
            return x + 10

        @functools.singledispatch
        def area(x):
            return 0

        @area.register
        def _(x: int):
            return 1

        @contextmanager
        def opened():
            yield 5

        class Counted:
            def __init__(self, function):
                self.function = function
            def __call__(self, *args):
                return self.function(*args)

        @Counted
        def counted(x):
            return x - 1

        double = functools.partial(slow, power=7)
        alias = helpers.tidy

        def adder(k):
            def add(x):
                return x + k
            return add

        plus = adder(5)

        def even(n):
            return n == 0 or odd(n - 1)

        def odd(n):
            return n != 0 and even(n - 1)

        async def fetched(x):
            return x

        def local_import(x):
            import late
            from package import lazy
            return late.run(x) + lazy.value

        def f(x: int, mode="fast") -> int:
            """What it does."""
            total: int = 0
            # a comment
            SEEN.append(x)
            with lock, opened() as k:
                log.info("working")
                total += k
            def nested(y: int = 1) -> int:
                """Nested docstring."""
                return y + LIMIT
            total += nested() + sqrt(x) + math.pi + helpers.tidy(x) + clean(x) + kit.polish(x)
            total += TABLE["a"][0] + WEIGHTS[0] + HANDLERS["one"](1) + pair[0](1) + len(FUNCTIONS)
            total += City.make().area + City.pi() + Limits.low + Color.RED.value + model.predict(2) + Point(1, 2).x
            total += slow(x) + cached(x) + area(x) + counted(x) + double(x) + alias(x) + plus(x) + even(4)
            total += inner.deep(x) + first(x) + second(x) * 2 + Settings.depth + apply(lambda z: z + 4, x)
            total += sum(v * LIMIT for v in [1, 2]) + local_import(x)
            fetched
            if total > 1e9:
                total = f(x - 1)
            return total
        ''',
    "helpers": '''
        import json
        DEPTH = 3
        class Settings:
            depth = 7
            other = 8
        def strip(x):
            return json.loads(json.dumps(x))
        def clean(x):
            """Clean."""
            return strip(x)
        def tidy(x, base=10):
            return strip(x) * DEPTH + base
        def apply(function, x):
            return function(x)
        def unused():
            return 1
        ''',
    "tools": """
        def polish(x):
            return round(x, 2)
        """,
    "late": '''
        """Imported when the function runs."""
        import later
        def run(x):
            return later.walk(x)  # comment
        ''',
    "later": """
        def walk(x):
            return x
        """,
    "package/__init__": "",
    "package/inner": """
        from .other import STEP
        def deep(x):
            return x + STEP
        """,
    "package/other": """
        STEP = 1
        def same(x):
            return x + 100
        """,
    "package/third": """
        def same(x):
            return x + 200
        """,
    "package/lazy": "value = 1",
}


@dataclass
class Edit:
    file: str
    old: str
    new: str
    why: str
    says: str = ""  # part of what compare() says; empty: the edit has no effect


def no_effect(file: str, old: str, new: str, why: str) -> Edit:
    return Edit(file, old, new, why)


EDITS = [
    no_effect("main", "# a comment", "# another", "comments are not run"),
    no_effect("main", "            # a comment\n", "", "comments are not run"),
    no_effect("main", "total += k", "total  +=  (k)", "formatting"),
    no_effect("main", "log = logging", "\n\n\nlog = logging", "line numbers"),
    no_effect("main", '"""What it does."""', '"""Something else."""', "docstrings are not results"),
    no_effect("main", '    """What it does."""\n', "\n", "docstrings are not results"),
    no_effect("main", '"""Nested docstring."""', '"""Other."""', "of nested functions, too"),
    no_effect("main", "A module's docstring.", "Changed.", "of modules, too"),
    no_effect("main", "x: int, mode", "x: float, mode", "annotations of parameters"),
    no_effect("main", "-> int:\n            \"\"\"What", "-> float:\n            \"\"\"What", "annotations of results"),
    no_effect("main", "total: int = 0", "total = 0", "annotations of variables"),
    no_effect("main", "y: int = 1", "y: Model = 1", "annotations of nested functions, even of names used nowhere else"),
    no_effect("main", "UNUSED = 1", "UNUSED = 2", "a constant that is not read"),
    no_effect("main", "class Base:", "def g(): pass\n\n        class Base:", "a function that is not called"),
    no_effect("main", "high = 9", "high = 10", "an attribute of a class of constants that is not read"),
    no_effect("main", "SEEN = []", "SEEN = [1]", "a list that is appended to and never read"),
    no_effect("main", "def wrapper(*args):", "def wrapper(*args):\n                # why", "a comment in a decorator"),
    no_effect("main", '"fast"', "'fast'", "quotes"),
    no_effect("main", "1e9", "1_000_000_000.0", "the spelling of a number"),
    no_effect("main", "yield 5", "pass\n            yield 5", "pass does nothing"),
    no_effect("main", "getLogger(__name__)", "getLogger('other')", "logging has no part in the result"),
    no_effect("helpers", "def tidy(x, base=10):", 'def tidy(x, base=10):\n            """Tidy."""', "a helper's docstring"),
    no_effect("helpers", "return 1", "return 2", "a function that is not called"),
    no_effect("helpers", "other = 8", "other = 9", "an attribute that is not read"),
    no_effect("helpers", "def tidy(x, base=10)", "def tidy(\n            x,\n            base=10,\n        )", "formatting"),
    no_effect("late", "  # comment", "", "comments in a module imported by the function"),
    no_effect("late", "Imported when", "Loaded when", "docstrings in a module imported by the function"),
    no_effect("main", "class Model:", "class Model:\n            \"\"\"A model.\"\"\"", "docstrings of classes"),
    Edit("main", "total > 1e9", "total > 1e8", "the function's own code", "the function itself edited"),
    Edit("main", "y + LIMIT", "y - LIMIT", "code of a nested function", "the function itself edited"),
    Edit("main", "z + 4", "z + 5", "code of a lambda", "the function itself edited"),
    Edit("main", "LIMIT = 3", "LIMIT = 4", "a constant", "constant LIMIT 3 → 4"),
    Edit("main", "LIMIT = 3", "LIMIT = 3.0", "another type is another value", "constant LIMIT 3 → 3.0"),
    Edit("main", '"a": [1, 2]', '"a": [1, 3]', "inside of a constant", "constant TABLE"),
    Edit("main", "(0.5, 1.5)", "(0.5, 1.25)", "a tuple", "constant WEIGHTS (0.5, 1.5) → (0.5, 1.25)"),
    Edit("main", 'mode="fast"', 'mode="slow"', "a default value", "default mode 'fast' → 'slow'"),
    Edit("main", "power=2", "power=3", "a helper's default value", "default power of slow 2 → 3"),
    Edit("main", "x ** power", "x * power", "a decorated helper", "helper slow edited"),
    Edit("main", "return function(*args)\n            return", "return -function(*args)\n            return", "a decorator",
         "helper wrapper of slow edited"),
    Edit("main", "        @timed\n", "", "a decorator that is gone", "no longer uses helper wrapper of slow"),
    Edit("main", "x + 10", "x + 11", "behind lru_cache", "helper cached edited"),
    Edit("main", "(x: int):\n            return 1", "(x: int):\n            return 2", "an implementation of a generic function",
         "helper area[int] edited"),
    Edit("main", "@area.register", "@area.register(str)", "registered for another type", "area[str]"),
    Edit("main", "yield 5", "yield 6", "a context manager", "helper opened edited"),
    Edit("main", "x - 1\n\n        double", "x - 2\n\n        double", "behind a decorator that is a class", "counted edited"),
    Edit("main", "return self.function(*args)", "return self.function(*args) + 1", "the decorator that is a class",
         "method Counted.__call__ edited"),
    Edit("main", "power=7", "power=8", "an argument of partial", "constant double"),
    Edit("main", "adder(5)", "adder(6)", "what a closure holds", "closure k of plus 5 → 6"),
    Edit("main", "return x + k", "return x - k", "the code of a closure", "helper plus edited"),
    Edit("main", "n == 0 or", "n == 1 or", "helpers that call each other", "helper even edited"),
    Edit("main", "n != 0 and", "n != 1 and", "helpers that call each other", "helper odd edited"),
    Edit("main", "lambda x: x + 1", "lambda x: x + 2", "a lambda in a dict", "helper <lambda>"),
    Edit("main", "lambda x: x * 2, lambda x: x * 3", "lambda x: x * 2, lambda x: x * 4", "the second lambda on a line", "<lambda>"),
    Edit("main", '"two": clean', '"three": clean', "a key in a dict of functions", "constant HANDLERS changed"),
    Edit("main", "FUNCTIONS = {abs, clean,", "FUNCTIONS = {max, clean,", "a set of functions", "constant FUNCTIONS changed"),
    Edit("main", "rate = 0.5", "rate = 0.6", "an attribute of a base class", "constant Base.rate 0.5 → 0.6"),
    Edit("main", "x * self.rate", "x + self.rate", "a method of a base class", "method Base.scale edited"),
    Edit("main", "City(Base, ", "City(", "the bases of a class", "class City edited"),
    Edit("main", "factor = 3", "factor = 4", "a metaclass", "constant Meta.factor 3 → 4"),
    Edit("main", "size: int = 4", "size: int = 5", "a default of a dataclass", "constant City.size 4 → 5"),
    Edit("main", "name: str", "title: str", "a field of a dataclass", "class City edited"),
    Edit("main", "@dataclasses.dataclass\n", "@dataclasses.dataclass(eq=False)\n", "an option of a dataclass", "class City edited"),
    Edit("main", '["old"]', '["new"]', "a default factory", "City.tags.default_factory edited"),
    Edit("main", "self.scale(self.size)", "self.scale(self.size) + 1", "a property", "method City.area edited"),
    Edit("main", 'cls("x")', 'cls("y")', "a class method", "City.make edited"),
    Edit("main", "def pi():\n                return 3", "def pi():\n                return 4", "a static method", "City.pi edited"),
    Edit("main", "low = 1", "low = 2", "an attribute of a class", "constant Limits.low 1 → 2"),
    Edit("main", "RED = 1", "RED = 3", "a member of an enumeration", "constant Color.RED 1 → 3"),
    Edit("main", "Model(3)", "Model(4)", "the state of a global object", "constant model changed"),
    Edit("main", "x * self.k", "x / self.k", "a method of a global object's class", "method Model.predict edited"),
    Edit("main", '"x y"', '"y x"', "the fields of a named tuple", "constant Point._fields"),
    Edit("main", "from math import sqrt", "from cmath import sqrt", "another function of the same name",
         "name sqrt math.sqrt → cmath.sqrt"),
    Edit("main", "import helpers\n", "import helpers\n        from operator import neg as len\n", "a built-in function shadowed",
         "operator.neg as len"),
    Edit("main", "alias = helpers.tidy", "alias = helpers.apply", "another function under an alias", "alias"),
    Edit("main", "async def fetched", "def fetched", "async or not", "helper fetched edited"),
    Edit("main", "same as first\n        from package.third import same as second",
         "same as second\n        from package.third import same as first", "two imports exchanged", "helper first edited"),
    Edit("helpers", "return strip(x)\n", "return strip(x) + 1\n", "a helper in another module", "helper clean edited"),
    Edit("helpers", "json.loads(json.dumps(x))", "json.dumps(x)", "a helper's helper", "helper strip edited"),
    Edit("helpers", "DEPTH = 3", "DEPTH = 4", "a constant that a helper reads", "constant DEPTH 3 → 4"),
    Edit("helpers", "base=10", "base=11", "a default value in another module", "default base of"),
    Edit("helpers", "depth = 7", "depth = 8", "an attribute of a class in another module", "constant Settings.depth 7 → 8"),
    Edit("helpers", "return function(x)", "return function(x) + 1", "what a lambda is given to", "helper apply edited"),
    Edit("tools", "round(x, 2)", "round(x, 3)", "through a module's alias", "helper kit.polish edited"),
    Edit("package/other", "STEP = 1", "STEP = 2", "through a relative import", "constant STEP 1 → 2"),
    Edit("package/inner", "x + STEP", "x - STEP", "in a package", "helper inner.deep edited"),
    Edit("helpers", "Clean.", "Tidied.", "the docstring of a function in a table: who gets it can read it", "docstring of clean edited"),
    Edit("late", "later.walk(x)", "-later.walk(x)", "a module imported by the function", "module late edited"),
    Edit("later", "return x", "return -x", "a module imported by a module imported by the function", "module later edited"),
    Edit("package/lazy", "value = 1", "value = 2", "a submodule imported by the function", "module package.lazy edited"),
]  # fmt: skip

READ = """
import json, sys
from memodisk._code.fingerprint import Watcher
texts = []
for directory in json.load(sys.stdin):
    sys.path.insert(0, directory)
    before = set(sys.modules)
    import main
    texts.append(Watcher(main.f).current().text)
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) is None or sys.modules[name].__file__.startswith(directory):
            del sys.modules[name]
    sys.path.remove(directory)
    sys.path_importer_cache.clear()
json.dump(texts, sys.stdout)
"""


def dedent(text: str) -> str:
    return ("\n" + text).replace("\n        ", "\n")[1:]


def write(directory: Path, project: dict[str, str]) -> None:
    for name, text in project.items():
        path = directory / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def manifests(directories: list[Path]) -> list[str]:
    asked = json.dumps([str(directory) for directory in directories])
    done = subprocess.run([sys.executable, "-c", READ], input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[str]]:
    root = tmp_path_factory.mktemp("edits")
    project = {name: dedent(text) for name, text in PROJECT.items()}
    write(root / "before", project)
    directories = []
    for number, edit in enumerate(EDITS):
        original, old, new = (dedent(text) for text in (PROJECT[edit.file], edit.old, edit.new))
        assert old in original, edit
        directories.append(root / f"after{number}")
        write(directories[-1], project | {edit.file: original.replace(old, new, 1)})
    (before,) = manifests([root / "before"])
    return before, manifests(directories)


@pytest.mark.parametrize("number", range(len(EDITS)), ids=[edit.why for edit in EDITS])
def test_an_edit_counts_exactly_if_it_can_change_the_result(
    number: int, before_and_after: tuple[str, list[str]]
) -> None:
    from memodisk._code.fingerprint import compare, parse_manifest

    before, after = before_and_after
    changes = compare(parse_manifest(before), parse_manifest(after[number]))
    if EDITS[number].says:
        assert before != after[number]
        assert EDITS[number].says in "; ".join(changes)
    else:
        assert changes == []
        assert before == after[number]
