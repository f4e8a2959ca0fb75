"""Projects and edits of their files, each with the reason why the next call hits or computes."""

from __future__ import annotations

from projects import COMPUTES, COMPUTES_IN_VAIN, HITS, Edit

PLAIN = """
@memoize
def f(x):
    return x + 1
"""


def row(
    reason: str, expected: str, main: str, old: str, new: str, *, says: str = "", file: str = "main", **files: str
) -> Edit:
    """A project of a main module and helpers, and one replacement in one of its files."""
    before = {"main": main, **files}
    assert before[file].count(old) == 1, (reason, before[file].count(old))
    return Edit(reason, expected, before, {file: before[file].replace(old, new)}, says)


def hits(reason: str, main: str, old: str, new: str, **more: str) -> Edit:
    return row(reason, HITS, main, old, new, **more)


def computes(reason: str, main: str, old: str, new: str, **more: str) -> Edit:
    return row(reason, COMPUTES, main, old, new, **more)


def in_vain(reason: str, main: str, old: str, new: str, **more: str) -> Edit:
    return row(reason, COMPUTES_IN_VAIN, main, old, new, **more)


def memoized(body: str, above: str = "") -> str:
    """A main module whose memoized function is ``f(x)`` with one line for a body."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return f"{above}\n\n@memoize\ndef f(x):\n{lines}"


USES_HELPERS = memoized("return helpers.clean(x)", "import helpers")

ITSELF = [
    computes("its own code", PLAIN, "x + 1", "x + 2", says="function itself edited"),
    computes("a constant of another type", PLAIN, "x + 1", "x + 1.0"),
    computes("an operator", PLAIN, "x + 1", "x - 1"),
    computes("a default value", memoized("return x + y").replace("(x)", "(x, y=1)"), "y=1", "y=2", says="1 → 2"),
    computes("a keyword default", memoized("return x + y").replace("(x)", "(x, *, y=1)"), "y=1", "y=2"),
    computes("a nested function", memoized("def g(): return x\nreturn g()"), "return x\n", "return -x\n"),
    computes("a nested class", memoized("class A:\n    k = 1\nreturn A.k + x"), "k = 1", "k = 2"),
    computes("a lambda inside", memoized("return (lambda y: y + 1)(x)"), "y + 1", "y + 2"),
    computes("a comprehension inside", memoized("return [y for y in range(x)]"), "[y for", "[-y for"),
    computes("a condition of a comprehension", memoized("return [y for y in range(x) if y]"), "if y", "if not y"),
    computes("a generator expression", memoized("return sum(y for y in range(x))"), "(y for", "(-y for"),
    computes("an f-string", memoized('return f"{x:.1f}"'), ".1f", ".2f"),
    computes("the conversion of an f-string", memoized('return f"{str(x)!r}"'), "!r", "!s"),
    computes("a text that looks like a comment", memoized('return "# a"'), "# a", "# b"),
    computes("a text of several lines", memoized('return """\na\n"""'), "    a\n", "     a\n"),
    computes(
        "an exception that is caught",
        memoized("try: return 1 / (x - 3)\nexcept ZeroDivisionError: return 1"),
        ": return 1\n",
        ": return 2\n",
    ),
    computes("an early return", memoized("if x > 2: return 1\nreturn 2"), "> 2", "> 3"),
    computes("a deleted statement", memoized("x += 1\nreturn x"), "    x += 1\n", ""),
    computes(
        "two statements exchanged", memoized("x += 1\nx *= 2\nreturn x"), "x += 1\n    x *= 2", "x *= 2\n    x += 1"
    ),
    computes(
        "indentation that means something",
        memoized("for i in range(2):\n    x += 1\n    x *= 2\nreturn x"),
        "        x *= 2",
        "    x *= 2",
    ),
    computes("the sign of a zero", memoized("return x * 0.0"), "0.0", "-0.0"),
    computes("a default argument of a nested function", memoized("def g(y=1): return y\nreturn g()"), "y=1", "y=2"),
    computes("match", memoized("match x:\n    case 3: return 1\n    case _: return 2"), "case 3", "case 4"),
    computes(
        "an annotation that is read", memoized("return str(f.__annotations__)").replace("(x)", "(x: 'a')"), "'a'", "'b'"
    ),
    computes("its own docstring, where it is read", memoized('"""One."""\nreturn f.__doc__'), "One", "Two"),
    computes("an attribute of its own", memoized("return x + f.step") + "\nf.step = 1", "step = 1", "step = 2"),
    computes(
        "a helper's docstring, where it is read",
        memoized("return g.__doc__", 'def g(x):\n    """One."""'),
        "One",
        "Two",
    ),
    computes(
        "a module's docstring, where it is read",
        memoized("return helpers.__doc__", "import helpers"),
        "One",
        "Two",
        file="helpers",
        helpers='"""One."""',
    ),
    computes(
        "a class's docstring, where it is read", memoized("return A.__doc__", 'class A:\n    """One."""'), "One", "Two"
    ),
    computes(
        "a helper's name, where it is read",
        memoized("return g.__name__", "def one(): pass\ndef two(): pass\ng = one"),
        "g = one",
        "g = two",
    ),
    computes(
        "a helper's annotations, where they are read",
        memoized("return str(g.__annotations__)", "def g(x: int): pass"),
        ": int",
        ": str",
    ),
    computes(
        "type hints of a helper",
        memoized("return str(typing.get_type_hints(g))", "import typing\ndef g(x: int): pass"),
        ": int",
        ": str",
    ),
    computes(
        "annotations that a library's decorator reads",
        memoized("return g('3')", "import pydantic\n@pydantic.validate_call\ndef g(x: int): return x"),
        "x: int",
        "x: float",
    ),
    computes(
        "annotations that a decorator below memoize reads",
        "import pydantic\n@memoize\n@pydantic.validate_call\ndef f(x: int): return x",
        "x: int",
        "x: float",
    ),
    computes(
        "annotations that a decorator reads",
        memoized(
            "return g('3')",
            "import typing\ndef deco(g):\n    t = typing.get_type_hints(g)['x']\n"
            "    def w(v): return t(v)\n    return w\n@deco\ndef g(x: int): return x",
        ),
        "x: int",
        "x: float",
    ),
    hits(
        "annotations behind lru_cache",
        memoized("return g(x)", "import functools\n@functools.lru_cache\ndef g(x: int): return x"),
        "x: int",
        "x: float",
    ),
    hits(
        "annotations of a context manager",
        memoized(
            "with g() as k: return k", "import contextlib\n@contextlib.contextmanager\ndef g() -> int:\n    yield 1"
        ),
        "-> int",
        "-> float",
    ),
    computes(
        "the signature of a helper",
        memoized("return str(inspect.signature(g))", "import inspect\ndef g(x: int): pass"),
        ": int",
        ": str",
    ),
    computes("assert", memoized("try:\n    assert x > 2\n    return 1\nexcept AssertionError: return 2"), "> 2", "> 3"),
    computes(
        "async",
        memoized("async def g(): return 1\nc = g()\ntry: c.send(None)\nexcept StopIteration as e: return e.value"),
        "return 1",
        "return 2",
    ),
]

SPELLING = [
    hits("a comment", PLAIN, "return x", "# why\n    return x"),
    hits("a comment on the line", PLAIN, "x + 1", "x + 1  # why"),
    hits("blank lines", PLAIN, "return x", "\n\n    return x"),
    hits("lines above", PLAIN, "@memoize", "\n\n# far away\n\n@memoize"),
    hits("blanks and brackets", PLAIN, "x + 1", "( x+1 )"),
    hits("a line broken in two", PLAIN, "x + 1", "(\n        x\n        + 1\n    )"),
    hits("indentation", PLAIN, "    return", "  return"),
    hits("tabs", PLAIN, "    return", "\treturn"),
    hits("quotes", memoized("return 'a' * x"), "'a'", '"a"'),
    hits("an escape", memoized("return 'a' * x"), "'a'", r"'\x61'"),
    hits("a raw text", memoized(r"return 'a\\b' * x"), r"'a\\b'", r"r'a\b'"),
    hits("the spelling of a number", memoized("return x + 1000"), "1000", "1_000"),
    hits("a docstring", PLAIN, "return", '"""Add one."""\n    return'),
    hits("another docstring", memoized('"""Add."""\nreturn x + 1'), "Add.", "Add one."),
    hits(
        "a docstring of a nested function",
        memoized('def g():\n    """One."""\n    return 1\nreturn g()'),
        "One.",
        "Two.",
    ),
    hits("a module's docstring", '"""One."""\n' + PLAIN, "One", "Two"),
    hits("annotations", PLAIN, "(x)", "(x: int) -> int"),
    hits("an annotation of a name not imported", PLAIN, "(x)", "(x: 'pandas.DataFrame')"),
    hits("an annotated variable", memoized("y = x + 1\nreturn y"), "y = x", "y: int = x"),
    hits("a trailing comma", memoized("return max(x, 1)"), "x, 1)", "x, 1,)"),
    hits("pass", memoized("pass\nreturn x"), "    pass\n", ""),
    hits("a semicolon", memoized("y = x\nreturn y"), "y = x\n    ", "y = x; "),
    hits(
        "the order of functions",
        "def g(x): return x\ndef h(x): return g(x)\n" + memoized("return h(x)"),
        "def g(x): return x\ndef h(x): return g(x)",
        "def h(x): return g(x)\ndef g(x): return x",
    ),
    Edit(
        "helpers moved below",
        HITS,
        {"main": "def g(x): return x + 1\n" + memoized("return g(x)")},
        {"main": memoized("return g(x)") + "\ndef g(x): return x + 1\n"},
    ),
    hits(
        "a function that is not called", PLAIN + "\ndef unused(): return 1", "unused(): return 1", "unused(): return 2"
    ),
    hits("a constant that is not read", "UNUSED = 1\n" + PLAIN, "UNUSED = 1", "UNUSED = 2"),
    hits("an import that is not used", PLAIN, "@memoize", "import math\n@memoize"),
    hits(
        "an import in another form",
        memoized("return sqrt(x)", "from math import sqrt"),
        "from math import sqrt",
        "import math\nsqrt = math.sqrt",
    ),
    hits(
        "a comment in a helper",
        USES_HELPERS,
        "return x",
        "# why\n    return x",
        file="helpers",
        helpers="def clean(x):\n    return x + 1",
    ),
    hits(
        "annotations of a helper",
        USES_HELPERS,
        "(x)",
        "(x: int) -> int",
        file="helpers",
        helpers="def clean(x):\n    return x + 1",
    ),
    hits("a docstring of a class", memoized("return A().k", 'class A:\n    """One."""\n    k = 1'), "One", "Two"),
    hits(
        "a docstring of a method",
        memoized("return A().k()", 'class A:\n    def k(self):\n        """One."""\n        return 1'),
        "One",
        "Two",
    ),
    hits(
        "code that is run only as a script",
        PLAIN + "\nif __name__ == '__main__':\n    print(1)",
        "print(1)",
        "print(2)",
    ),
    hits(
        "type checking only",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy\n" + PLAIN,
        "import numpy",
        "import pandas",
    ),
    hits(
        "logging",
        memoized("log.info('one')\nreturn x", "import logging\nlog = logging.getLogger('a')"),
        "getLogger('a')",
        "getLogger('b')",
    ),
    hits("another function is memoized, too", PLAIN + "\ndef g(x): return x", "\ndef g", "\n@memoize\ndef g"),
    hits("a helper is memoized", memoized("return g(x)", "def g(x): return x"), "def g", "@memoize\ndef g"),
    hits("options that say how to keep results", PLAIN, "@memoize", "@memoize(ttl='7d', max_count=100)"),
    in_vain(
        "a local variable is renamed",
        memoized("y = x + 1\nreturn y"),
        "y = x + 1\n    return y",
        "z = x + 1\n    return z",
    ),
    in_vain("a constant folded by hand", memoized("return x + 60 * 60"), "60 * 60", "3600"),
    in_vain(
        "a helper is renamed",
        memoized("return g(x)", "def g(x): return x"),
        "def g(x): return x\n\n@memoize\ndef f(x):\n    return g(x)",
        "def h(x): return x\n\n@memoize\ndef f(x):\n    return h(x)",
    ),
    in_vain("an unused variable", PLAIN, "return", "unused = 1\n    return"),
    in_vain("print", PLAIN, "return", "print('here')\n    return"),
    in_vain(
        "what a log line says",
        memoized("log.info('one')\nreturn x", "import logging\nlog = logging.getLogger('a')"),
        "'one'",
        "'two'",
    ),
]

HELPERS = [
    computes("a helper", memoized("return g(x)", "def g(x): return x + 1"), "x + 1", "x + 2", says="helper g edited"),
    computes(
        "a helper's helper",
        memoized("return g(x)", "def h(x): return x + 1\ndef g(x): return h(x)"),
        "x + 1",
        "x + 2",
        says="helper h edited",
    ),
    computes(
        "ten helpers deep",
        memoized(
            "return g9(x)",
            "def g0(x): return x\n" + "\n".join(f"def g{i}(x): return g{i - 1}(x)" for i in range(1, 10)),
        ),
        "g0(x): return x\n",
        "g0(x): return -x\n",
        says="helper g0 edited",
    ),
    computes(
        "in another module",
        USES_HELPERS,
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
        says="helpers.clean edited",
    ),
    computes(
        "through an alias of a module",
        memoized("return h.clean(x)", "import helpers as h"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "imported by name",
        memoized("return clean(x)", "from helpers import clean"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "imported under another name",
        memoized("return tidy(x)", "from helpers import clean as tidy"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "imported by a star",
        memoized("return clean(x)", "from helpers import *"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "a helper's helper in a third module",
        USES_HELPERS,
        "x + 1",
        "x + 2",
        file="third",
        helpers="from third import go\ndef clean(x): return go(x)",
        third="def go(x): return x + 1",
    ),
    computes(
        "through the __init__ of a package",
        memoized("return kit.clean(x)", "import kit"),
        "x + 1",
        "x + 2",
        file="kit/tools",
        **{"kit/__init__": "from .tools import clean", "kit/tools": "def clean(x): return x + 1"},
    ),
    computes(
        "which function the __init__ exports",
        memoized("return kit.clean(x)", "import kit"),
        "import clean",
        "import other as clean",
        file="kit/__init__",
        **{
            "kit/__init__": "from .tools import clean",
            "kit/tools": "def clean(x): return x + 1\ndef other(x): return x + 2",
        },
    ),
    computes(
        "a submodule",
        memoized("return kit.tools.clean(x)", "import kit.tools"),
        "x + 1",
        "x + 2",
        file="kit/tools",
        **{"kit/__init__": "", "kit/tools": "def clean(x): return x + 1"},
    ),
    computes(
        "a relative import",
        memoized("return clean(x)", "from kit.a import clean"),
        "x + 1",
        "x + 2",
        file="kit/b",
        **{
            "kit/__init__": "",
            "kit/a": "from .b import go\ndef clean(x): return go(x)",
            "kit/b": "def go(x): return x + 1",
        },
    ),
    computes(
        "a namespace package",
        memoized("return clean(x)", "from space.a import clean"),
        "x + 1",
        "x + 2",
        file="space/a",
        **{"space/a": "def clean(x): return x + 1"},
    ),
    computes(
        "an import inside of the function",
        memoized("import helpers\nreturn helpers.clean(x)"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "an import from inside of the function",
        memoized("from helpers import clean\nreturn clean(x)"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "what a module imported inside imports",
        memoized("import helpers\nreturn helpers.clean(x)"),
        "x + 1",
        "x + 2",
        file="third",
        helpers="from third import go\ndef clean(x): return go(x)",
        third="def go(x): return x + 1",
    ),
    computes(
        "an import inside of a helper",
        memoized("return g(x)", "def g(x):\n    import helpers\n    return helpers.clean(x)"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "a conditional import",
        memoized(
            "return clean(x)", "try:\n    from nowhere import clean\nexcept ImportError:\n    from helpers import clean"
        ),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "which of two imports is taken",
        memoized("return clean(x)", "if True:\n    from one import clean\nelse:\n    from two import clean"),
        "if True",
        "if False",
        one="def clean(x): return 1",
        two="def clean(x): return 2",
    ),
    computes(
        "importlib",
        memoized("return helpers.clean(x)", "import importlib\nhelpers = importlib.import_module('helpers')"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "two imports exchanged",
        memoized("return a(x) - 2 * b(x)", "from one import clean as a\nfrom two import clean as b"),
        "from one import clean as a\nfrom two import clean as b",
        "from one import clean as b\nfrom two import clean as a",
        one="def clean(x): return x",
        two="def clean(x): return x + 1",
    ),
    computes(
        "another function under the same name",
        memoized("return g(x)", "def a(x): return 1\ndef b(x): return 2\ng = a"),
        "g = a",
        "g = b",
    ),
    computes(
        "defined twice, the last counts",
        memoized("return g(x)", "def g(x): return 1\ndef g(x): return 2"),
        "return 2",
        "return 3",
    ),
    hits(
        "defined twice, the first does not",
        memoized("return g(x)", "def g(x): return 1\ndef g(x): return 2"),
        "return 1",
        "return 3",
    ),
    computes(
        "defined under a condition",
        memoized(
            "return g(x)",
            "import sys\nif sys.version_info > (3,):\n    def g(x): return 1\nelse:\n    def g(x): return 2",
        ),
        "return 1",
        "return 3",
    ),
    computes(
        "a list of functions",
        memoized("return sum(g(x) for g in STEPS)", "def a(x): return 1\ndef b(x): return 2\nSTEPS = [a, b]"),
        "return 2",
        "return 3",
    ),
    computes(
        "the order in a list of functions",
        memoized("return [g(x) for g in STEPS]", "def a(x): return 1\ndef b(x): return 2\nSTEPS = [a, b]"),
        "[a, b]",
        "[b, a]",
    ),
    computes(
        "a dict of functions",
        memoized("return STEPS['a'](x)", "def a(x): return 1\nSTEPS = {'a': a}"),
        "return 1",
        "return 2",
    ),
    computes(
        "which function a key stands for",
        memoized("return STEPS['a'](x)", "def a(x): return 1\ndef b(x): return 2\nSTEPS = {'a': a}"),
        "'a': a",
        "'a': b",
    ),
    computes(
        "a registry filled by a decorator",
        memoized(
            "return STEPS['a'](x)",
            "STEPS = {}\ndef step(g):\n    STEPS[g.__name__] = g\n    return g\n@step\ndef a(x): return 1",
        ),
        "return 1",
        "return 2",
    ),
    computes(
        "a lambda in a tuple", memoized("return STEPS[1](x)", "STEPS = (lambda x: 1, lambda x: 2)"), "x: 2", "x: 3"
    ),
    computes("a global lambda", memoized("return g(x)", "g = lambda x: x + 1"), "x + 1", "x + 2"),
    computes(
        "partial",
        memoized("return g(x)", "import functools\ndef h(a, b): return a - b\ng = functools.partial(h, 5)"),
        "(h, 5)",
        "(h, 6)",
    ),
    computes(
        "the function of partial",
        memoized("return g(x)", "import functools\ndef h(a, b): return a - b\ng = functools.partial(h, 5)"),
        "a - b",
        "b - a",
    ),
    computes(
        "a closure's value",
        memoized("return g(x)", "def make(k):\n    def inner(x): return x + k\n    return inner\ng = make(1)"),
        "make(1)",
        "make(2)",
        says="1 → 2",
    ),
    computes(
        "a closure's code",
        memoized("return g(x)", "def make(k):\n    def inner(x): return x + k\n    return inner\ng = make(1)"),
        "x + k",
        "x - k",
    ),
    computes(
        "a default value of a helper",
        memoized("return g(x)", "def g(x, y=1): return x + y"),
        "y=1",
        "y=2",
        says="1 → 2",
    ),
    computes(
        "a default value that is a constant",
        memoized("return g(x)", "K = 1\ndef g(x, y=K): return x + y"),
        "K = 1",
        "K = 2",
    ),
    computes("a keyword default of a helper", memoized("return g(x)", "def g(x, *, y=1): return x + y"), "y=1", "y=2"),
    computes(
        "a default value that is a function",
        memoized("return g(x)", "def h(x): return 1\ndef g(x, y=h): return y(x)"),
        "return 1",
        "return 2",
    ),
    computes(
        "a decorator's wrapper",
        memoized(
            "return g(x)",
            (
                "import functools\ndef deco(g):\n    @functools.wraps(g)\n"
                "    def w(*a): return g(*a) + 1\n    return w\n@deco\ndef g(x): return x"
            ),
        ),
        ") + 1",
        ") + 2",
    ),
    computes(
        "behind a decorator",
        memoized(
            "return g(x)",
            (
                "import functools\ndef deco(g):\n    @functools.wraps(g)\n"
                "    def w(*a): return g(*a) + 1\n    return w\n@deco\ndef g(x): return x"
            ),
        ),
        "(x): return x",
        "(x): return -x",
    ),
    computes(
        "behind a decorator without wraps",
        memoized(
            "return g(x)", "def deco(g):\n    def w(*a): return g(*a) + 1\n    return w\n@deco\ndef g(x): return x"
        ),
        "(x): return x",
        "(x): return -x",
    ),
    computes(
        "an argument of a decorator",
        memoized(
            "return g(x)",
            (
                "def times(k):\n    def deco(g):\n        def w(*a): return g(*a) * k\n"
                "        return w\n    return deco\n@times(2)\ndef g(x): return x"
            ),
        ),
        "times(2)",
        "times(3)",
    ),
    computes(
        "the order of decorators",
        memoized(
            "return g(x)",
            (
                "def plus(g): return lambda x: g(x) + 1\n"
                "def twice(g): return lambda x: g(x) * 2\n@plus\n@twice\ndef g(x): return x"
            ),
        ),
        "@plus\n@twice",
        "@twice\n@plus",
    ),
    computes(
        "a decorator below memoize",
        "def deco(g):\n    def f(x): return g(x) + 1\n    return f\n@memoize\n@deco\ndef f(x):\n    return x",
        ") + 1",
        ") + 2",
    ),
    computes(
        "behind a decorator below memoize",
        "def deco(g):\n    def f(x): return g(x) + 1\n    return f\n@memoize\n@deco\ndef f(x):\n    return x",
        "    return x",
        "    return -x",
    ),
    computes(
        "a decorator that is a class",
        memoized(
            "return g(x)",
            (
                "class Deco:\n    def __init__(self, g): self.g = g\n"
                "    def __call__(self, x): return self.g(x) + 1\n@Deco\ndef g(x): return x"
            ),
        ),
        ") + 1",
        ") + 2",
    ),
    computes(
        "behind a decorator that is a class",
        memoized(
            "return g(x)",
            (
                "class Deco:\n    def __init__(self, g): self.g = g\n"
                "    def __call__(self, x): return self.g(x) + 1\n@Deco\ndef g(x): return x"
            ),
        ),
        "(x): return x",
        "(x): return -x",
    ),
    computes(
        "behind lru_cache",
        memoized("return g(x)", "import functools\n@functools.lru_cache\ndef g(x): return x"),
        "return x\n",
        "return -x\n",
    ),
    computes(
        "a memoized helper",
        memoized("return g(x)", "@memoize\ndef g(x): return x"),
        "g(x): return x",
        "g(x): return -x",
    ),
    computes(
        "a helper of a memoized helper",
        memoized("return g(x)", "def h(x): return 1\n@memoize\ndef g(x): return h(x)"),
        "return 1",
        "return 2",
    ),
    computes(
        "singledispatch",
        memoized(
            "return g(x)",
            "import functools\n@functools.singledispatch\ndef g(x): return 0\n@g.register\ndef _(x: int): return 1",
        ),
        "return 1",
        "return 2",
    ),
    computes(
        "a registration that is added",
        memoized("return g(x)", "import functools\n@functools.singledispatch\ndef g(x): return 0\n"),
        "return 0\n",
        "return 0\n@g.register\ndef _(x: int): return 1\n",
    ),
    computes("a generator", memoized("return list(g(x))", "def g(x):\n    yield x"), "yield x", "yield -x"),
    computes(
        "a coroutine",
        memoized("import asyncio\nreturn asyncio.run(g(x))", "async def g(x): return x"),
        "return x\n",
        "return -x\n",
    ),
    computes(
        "a context manager",
        memoized("with g() as k: return k", "import contextlib\n@contextlib.contextmanager\ndef g():\n    yield 1"),
        "yield 1",
        "yield 2",
    ),
    computes(
        "functions that call each other",
        memoized(
            "return even(x)", "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)"
        ),
        "n != 0 and",
        "n != 0 and not",
    ),
    computes(
        "an attribute of a helper",
        memoized("return g(x) + g.step", "def g(x): return x\ng.step = 1"),
        "step = 1",
        "step = 2",
    ),
    computes(
        "a helper called by map", memoized("return list(map(g, [x]))", "def g(x): return 1"), "return 1", "return 2"
    ),
    computes(
        "a key function of sorted",
        memoized("return sorted([1, 2, x], key=g)", "def g(x): return x"),
        "return x\n",
        "return -x\n",
    ),
    computes(
        "a helper in a nested function",
        memoized("def inner(): return g(x)\nreturn inner()", "def g(x): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "a helper in a comprehension",
        memoized("return [g(i) for i in range(x)]", "def g(x): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "a helper in a default of a lambda",
        memoized("return (lambda y=g(1): y)()", "def g(x): return 1"),
        "return 1",
        "return 2",
    ),
    computes("a builtin that is shadowed", memoized("return abs(-x)"), "@memoize", "def abs(x): return -7\n@memoize"),
    computes(
        "a builtin that is shadowed in a helper's module",
        USES_HELPERS,
        "def clean",
        "len = lambda x: 7\ndef clean",
        file="helpers",
        helpers="def clean(x): return len([x])",
    ),
    computes(
        "monkey-patched by another module",
        "import helpers, patches\n" + memoized("return helpers.clean(x)"),
        "lambda x: 1",
        "lambda x: 2",
        file="patches",
        helpers="def clean(x): return 0",
        patches="import helpers\nhelpers.clean = lambda x: 1",
    ),
    computes("code made by exec", memoized("return g(x)", "exec('def g(x): return 1')"), "return 1", "return 2"),
    computes(
        "a module's __getattr__",
        memoized("return helpers.size", "import helpers"),
        "return 1",
        "return 2",
        file="helpers",
        helpers="def __getattr__(name):\n    return 1",
    ),
    computes(
        "getattr with a constant name, whole module",
        memoized("return getattr(helpers, 'cl' + 'ean')(x)", "import helpers"),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
    computes(
        "depends= for globals()",
        "def g(x): return 1\n@memoize(depends=[g])\ndef f(x):\n    return globals()['g'](x)",
        "return 1",
        "return 2",
        says="helper g edited",
    ),
]

CLASSES = [
    computes(
        "a method", memoized("return A().go(x)", "class A:\n    def go(self, x): return 1"), "return 1", "return 2"
    ),
    computes("__init__", memoized("return A(x).k", "class A:\n    def __init__(self, x): self.k = x"), "= x", "= -x"),
    computes(
        "a method called by a method",
        memoized("return A().go(x)", "class A:\n    def go(self, x): return self.step()\n    def step(self): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "a base class",
        memoized("return A().go(x)", "class B:\n    def go(self, x): return 1\nclass A(B): pass"),
        "return 1",
        "return 2",
    ),
    computes(
        "a base class in another module",
        memoized("return A().go(x)", "from helpers import B\nclass A(B): pass"),
        "return 1",
        "return 2",
        file="helpers",
        helpers="class B:\n    def go(self, x): return 1",
    ),
    computes(
        "super()",
        memoized(
            "return A().go(x)",
            "class B:\n    def go(self, x): return 1\nclass A(B):\n    def go(self, x): return super().go(x)",
        ),
        "return 1",
        "return 2",
    ),
    computes(
        "the order of bases",
        memoized(
            "return A().go()",
            "class B:\n    def go(self): return 1\nclass C:\n    def go(self): return 2\nclass A(B, C): pass",
        ),
        "(B, C)",
        "(C, B)",
    ),
    computes(
        "a method that now shadows that of a base",
        memoized("return A().go()", "class B:\n    def go(self): return 1\nclass A(B):\n    pass"),
        "    pass",
        "    def go(self): return 2",
    ),
    computes(
        "a property",
        memoized("return A().size", "class A:\n    @property\n    def size(self): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "a cached property",
        memoized(
            "return A().size",
            "import functools\nclass A:\n    @functools.cached_property\n    def size(self): return 1",
        ),
        "return 1",
        "return 2",
    ),
    computes(
        "a setter",
        memoized(
            "a = A()\na.size = x\nreturn a.k",
            (
                "class A:\n    @property\n    def size(self): return 1\n"
                "    @size.setter\n    def size(self, v): self.k = v"
            ),
        ),
        "= v",
        "= -v",
    ),
    computes(
        "a static method",
        memoized("return A.go()", "class A:\n    @staticmethod\n    def go(): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "a class method",
        memoized("return A.go()", "class A:\n    @classmethod\n    def go(cls): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "what a class method reads",
        memoized("return A.go()", "class A:\n    k = 1\n    @classmethod\n    def go(cls): return cls.k"),
        "k = 1",
        "k = 2",
    ),
    computes("an attribute", memoized("return A.k", "class A:\n    k = 1"), "k = 1", "k = 2", says="1 → 2"),
    computes("an attribute through an instance", memoized("return A().k", "class A:\n    k = 1"), "k = 1", "k = 2"),
    computes(
        "an attribute of a base", memoized("return A.k", "class B:\n    k = 1\nclass A(B): pass"), "k = 1", "k = 2"
    ),
    hits(
        "an attribute that is not read, of a class of constants",
        memoized("return A.k", "class A:\n    k = 1\n    m = 1"),
        "m = 1",
        "m = 2",
    ),
    computes(
        "a metaclass",
        memoized("return A.k", "class M(type):\n    @property\n    def k(cls): return 1\nclass A(metaclass=M): pass"),
        "return 1",
        "return 2",
    ),
    computes(
        "__init_subclass__",
        memoized("return A.k", "class B:\n    def __init_subclass__(cls): cls.k = 1\nclass A(B): pass"),
        "k = 1",
        "k = 2",
    ),
    computes(
        "a class decorator",
        memoized("return A().k", "def deco(cls):\n    cls.k = 1\n    return cls\n@deco\nclass A: pass"),
        "k = 1",
        "k = 2",
    ),
    computes(
        "a dataclass' default",
        memoized("return A().k", "import dataclasses\n@dataclasses.dataclass\nclass A:\n    k: int = 1"),
        "= 1",
        "= 2",
    ),
    computes(
        "a dataclass' default factory",
        memoized(
            "return A().k",
            (
                "import dataclasses\n@dataclasses.dataclass\nclass A:\n"
                "    k: list = dataclasses.field(default_factory=lambda: [1])"
            ),
        ),
        "[1]",
        "[2]",
    ),
    computes(
        "the order of a dataclass' fields",
        memoized("return A(1, 2).a", "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: int\n    b: int"),
        "a: int\n    b: int",
        "b: int\n    a: int",
    ),
    computes(
        "a dataclass that compares",
        memoized("return A() == A()", "import dataclasses\n@dataclasses.dataclass\nclass A:\n    k: int = 1"),
        "@dataclasses.dataclass",
        "@dataclasses.dataclass(eq=False)",
    ),
    computes(
        "a ClassVar",
        memoized("return repr(A())", "import dataclasses, typing\n@dataclasses.dataclass\nclass A:\n    k: int = 1"),
        "k: int",
        "k: typing.ClassVar[int]",
    ),
    computes(
        "__post_init__",
        memoized(
            "return A().k",
            (
                "import dataclasses\n@dataclasses.dataclass\nclass A:\n"
                "    k: int = 1\n    def __post_init__(self): self.k += 1"
            ),
        ),
        "+= 1",
        "+= 2",
    ),
    computes(
        "fields of a namedtuple",
        memoized("return A(1, 2).a", "import collections\nA = collections.namedtuple('A', 'a b')"),
        "a b",
        "b a",
    ),
    computes(
        "a default of a namedtuple",
        memoized("return A(1).b", "import collections\nA = collections.namedtuple('A', 'a b', defaults=[1])"),
        "[1]",
        "[2]",
    ),
    computes(
        "a NamedTuple",
        memoized("return A().k", "import typing\nclass A(typing.NamedTuple):\n    k: int = 1"),
        "= 1",
        "= 2",
    ),
    computes(
        "a member of an enum",
        memoized("return A.X.value", "import enum\nclass A(enum.Enum):\n    X = 1"),
        "X = 1",
        "X = 2",
    ),
    computes(
        "the order of members",
        memoized("return [a.name for a in A]", "import enum\nclass A(enum.Enum):\n    X = 1\n    Y = 2"),
        "X = 1\n    Y = 2",
        "Y = 2\n    X = 1",
    ),
    computes(
        "a method of an enum",
        memoized("return A.X.go()", "import enum\nclass A(enum.Enum):\n    X = 1\n    def go(self): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "a member that is added",
        memoized("return len(A)", "import enum\nclass A(enum.Enum):\n    X = 1\n"),
        "X = 1\n",
        "X = 1\n    Y = 2\n",
    ),
    computes(
        "an operator",
        memoized("return A() + x", "class A:\n    def __add__(self, x): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "__call__",
        memoized("return a(x)", "class A:\n    def __call__(self, x): return 1\na = A()"),
        "return 1",
        "return 2",
    ),
    computes(
        "the state of a global object",
        memoized("return a.k", "class A:\n    def __init__(self, k): self.k = k\na = A(1)"),
        "A(1)",
        "A(2)",
    ),
    computes(
        "a method of a global object",
        memoized("return a.go()", "class A:\n    def go(self): return 1\na = A()"),
        "return 1",
        "return 2",
    ),
    computes(
        "a bound method",
        memoized(
            "return go()",
            "class A:\n    def __init__(self, k): self.k = k\n    def go(self): return self.k\ngo = A(1).go",
        ),
        "A(1)",
        "A(2)",
    ),
    computes(
        "__getattr__",
        memoized("return A().k", "class A:\n    def __getattr__(self, name): return 1"),
        "return 1",
        "return 2",
    ),
    computes(
        "a descriptor",
        memoized("return A().k", "class D:\n    def __get__(self, *a): return 1\nclass A:\n    k = D()"),
        "return 1",
        "return 2",
    ),
    computes(
        "the state of a descriptor",
        memoized(
            "return A().k",
            (
                "class D:\n    def __init__(self, v): self.v = v\n"
                "    def __get__(self, *a): return self.v\nclass A:\n    k = D(1)"
            ),
        ),
        "D(1)",
        "D(2)",
    ),
    computes(
        "a class used in isinstance, with a hook",
        memoized(
            "return isinstance(x, A)",
            "class M(type):\n    def __instancecheck__(cls, o): return True\nclass A(metaclass=M): pass",
        ),
        "return True",
        "return False",
    ),
    computes(
        "an abstract base class' implementation",
        memoized(
            "return A().go()",
            (
                "import abc\nclass B(abc.ABC):\n    @abc.abstractmethod\n"
                "    def go(self): ...\nclass A(B):\n    def go(self): return 1"
            ),
        ),
        "return 1",
        "return 2",
    ),
    computes("a nested class", memoized("return A.B().k", "class A:\n    class B:\n        k = 1"), "k = 1", "k = 2"),
    computes("a class made by type()", memoized("return A().k", "A = type('A', (), {'k': 1})"), "'k': 1", "'k': 2"),
    computes(
        "a class made by a function",
        memoized(
            "return A().k()", "def make(v):\n    class A:\n        def k(self): return v\n    return A\nA = make(1)"
        ),
        "make(1)",
        "make(2)",
    ),
    computes(
        "a helper that a method calls",
        memoized("return A().go()", "def g(): return 1\nclass A:\n    def go(self): return g()"),
        "return 1",
        "return 2",
    ),
    computes(
        "a memoized method",
        (
            "class A:\n    k = 1\n    @memoize\n    def go(self, x): return x + self.k\n"
            "    def __init__(self): self.go = self.go\nf = A.go\n"
        ),
        "x + self.k",
        "x - self.k",
        run="import main, report\na = main.A.__new__(main.A)\nreport.report(main.A.go, a, 3)",
    ),
    computes(
        "an attribute that a memoized method reads",
        "class A:\n    k = 1\n    @memoize\n    def go(self, x): return x + self.k\n",
        "k = 1",
        "k = 2",
        run="import main, report\nreport.report(main.A.go, main.A(), 3)",
    ),
    computes(
        "a method that a memoized method calls",
        "class A:\n    @memoize\n    def go(self, x): return x + self.k()\n    def k(self): return 1\n",
        "return 1",
        "return 2",
        run="import main, report\nreport.report(main.A.go, main.A(), 3)",
    ),
    computes(
        "a method of a subclass whose memoized method is inherited",
        "class B:\n    @memoize\n    def go(self, x): return x + self.k()\nclass A(B):\n    def k(self): return 1\n",
        "return 1",
        "return 2",
        run="import main, report\nreport.report(main.A.go, main.A(), 3)",
    ),
    computes(
        "an attrs class",
        memoized("return A().k", "import attrs\n@attrs.define\nclass A:\n    k: int = 1"),
        "= 1",
        "= 2",
    ),
    computes(
        "an attrs converter",
        memoized("return A('1').k", "import attrs\n@attrs.define\nclass A:\n    k: int = attrs.field(converter=int)"),
        "converter=int",
        "converter=float",
    ),
    computes(
        "a pydantic default",
        memoized("return A().k", "import pydantic\nclass A(pydantic.BaseModel):\n    k: int = 1"),
        "= 1",
        "= 2",
    ),
    computes(
        "a pydantic type",
        memoized("return A(k=1).k", "import pydantic\nclass A(pydantic.BaseModel):\n    k: int"),
        "k: int",
        "k: float",
    ),
    computes(
        "a pydantic validator",
        memoized(
            "return A(k=1).k",
            (
                "import pydantic\nclass A(pydantic.BaseModel):\n    k: int\n"
                "    @pydantic.field_validator('k')\n    @classmethod\n    def check(cls, v): return v + 1"
            ),
        ),
        "v + 1",
        "v + 2",
    ),
    computes(
        "what an exception class says",
        memoized(
            "try: raise E(x)\nexcept E as e: return str(e)", "class E(Exception):\n    def __str__(self): return 'one'"
        ),
        "one",
        "two",
    ),
    computes(
        "__slots__",
        memoized("try: A().k = 1\nexcept AttributeError: return 1\nreturn 2", "class A:\n    __slots__ = ('k',)"),
        "('k',)",
        "('j',)",
    ),
    hits(
        "a TypedDict",
        memoized("d: D = {'k': x}\nreturn d['k']", "import typing\nclass D(typing.TypedDict):\n    k: int"),
        "k: int",
        "k: float",
    ),
    hits("a class that is not used", PLAIN + "\nclass A:\n    k = 1", "k = 1", "k = 2"),
    in_vain(
        "a method that is not called, of a class that is used",
        memoized("return A().go()", "class A:\n    def go(self): return 1\n    def other(self): return 1\n"),
        "other(self): return 1",
        "other(self): return 2",
    ),
]

CONSTANTS = [
    computes("a number", memoized("return x + K", "K = 1"), "K = 1", "K = 2", says="constant K 1 → 2"),
    computes("its type", memoized("return x + K", "K = 1"), "K = 1", "K = 1.0"),
    computes("a text", memoized("return K * x", "K = 'a'"), "'a'", "'b'"),
    computes("a list", memoized("return K", "K = [1, 2]"), "[1, 2]", "[1, 3]"),
    computes("a dict", memoized("return K['a']", "K = {'a': 1}"), "'a': 1", "'a': 2"),
    computes("a nested dict", memoized("return K['a'][0]['b']", "K = {'a': [{'b': 1}]}"), "'b': 1", "'b': 2"),
    computes("a set", memoized("return x in K", "K = {3}"), "{3}", "{4}"),
    computes(
        "an array", memoized("return K.sum().item()", "import numpy as np\nK = np.zeros(5)"), "np.zeros", "np.ones"
    ),
    computes(
        "an element of a large array",
        memoized("return K.sum().item()", "import numpy as np\nK = np.zeros(9999)\nK[7] = 1"),
        "[7] = 1",
        "[7] = 2",
    ),
    computes(
        "in another module",
        memoized("return settings.K + x", "import settings"),
        "K = 1",
        "K = 2",
        file="settings",
        settings="K = 1",
    ),
    computes(
        "in another module, imported by name",
        memoized("return K + x", "from settings import K"),
        "K = 1",
        "K = 2",
        file="settings",
        settings="K = 1",
    ),
    computes(
        "of a helper", USES_HELPERS, "K = 1", "K = 2", file="helpers", helpers="K = 1\ndef clean(x): return x + K"
    ),
    computes("computed from another", memoized("return x + M", "K = 1\nM = K * 2"), "K = 1", "K = 2"),
    computes("a constant that is gone, and its builtin", memoized("return id == 1", "id = 1"), "id = 1\n", "\n"),
    computes("changed after its definition", memoized("return K", "K = [1]\nK.append(2)"), "append(2)", "append(3)"),
    computes(
        "an alias of a list that is changed",
        memoized("return K", "L = [1]\nK = L\nL.append(2)"),
        "append(2)",
        "append(3)",
    ),
    computes(
        "a date",
        memoized("return str(K)", "import datetime\nK = datetime.date(2020, 1, 1)"),
        "2020, 1, 1",
        "2020, 1, 2",
    ),
    computes("a pattern", memoized("return bool(K.match(str(x)))", "import re\nK = re.compile('3')"), "'3'", "'4'"),
    computes(
        "an instance of a dataclass",
        memoized("return K.a", "import dataclasses\n@dataclasses.dataclass\nclass C:\n    a: int\nK = C(1)"),
        "C(1)",
        "C(2)",
    ),
    computes("in a loop's else", memoized("for _ in (): pass\nelse: return K", "K = 1"), "K = 1", "K = 2"),
    computes("a walrus", memoized("return (y := K) + y", "K = 1"), "K = 1", "K = 2"),
    computes("a format specification", memoized("return f'{x:{K}}'", "K = '03'"), "03", "04"),
    computes(
        "a list that is also appended to",
        memoized("SEEN.append(x)\nreturn len(SEEN) and 1 + SEEN[0]", "SEEN = [5]"),
        "[5]",
        "[6]",
    ),
    hits("a list that is only appended to", memoized("SEEN.append(x)\nreturn x", "SEEN = []"), "[]", "[1]"),
    computes("a default that a subscript reads", memoized("return K[x]", "K = {3: 1}"), "3: 1", "3: 2"),
    computes(
        "a constant that is deleted and defined again", memoized("return K", "K = 1\ndel K\nK = 2"), "K = 2", "K = 3"
    ),
    Edit(
        "the environment, with depends=",
        COMPUTES,
        {
            "main": (
                "import os, memodisk\n@memoize(depends=[memodisk.env('MODE')])\n"
                "def f(x):\n    return os.environ.get('MODE')"
            )
        },
        {},
        says="env MODE unset → fast",
        environment={"MODE": "fast"},
    ),
    Edit(
        "a file, with depends=",
        COMPUTES,
        {
            "main": (
                "import memodisk\n@memoize(depends=[memodisk.File('data.txt')])\n"
                "def f(x):\n    return open('data.txt').read()"
            ),
            "data.txt": "one",
        },
        {"data.txt": "two"},
        says="file data.txt",
    ),
    Edit(
        "a file that was rewritten with the same content",
        HITS,
        {
            "main": (
                "import memodisk\n@memoize(depends=[memodisk.File('data.txt')])\n"
                "def f(x):\n    return open('data.txt').read()"
            ),
            "data.txt": "one",
        },
        {"data.txt": "one"},
    ),
    computes(
        "a value, with depends=",
        "import time\nK = 1\n@memoize(depends=['model 1'])\ndef f(x):\n    return globals()['K']",
        "K = 1\n@memoize(depends=['model 1'])",
        "K = 2\n@memoize(depends=['model 2'])",
    ),
    computes(
        "a module, with depends=",
        (
            "import helpers, importlib\n@memoize(depends=[helpers])\n"
            "def f(x):\n    return importlib.import_module('helpers').clean(x)"
        ),
        "x + 1",
        "x + 2",
        file="helpers",
        helpers="def clean(x): return x + 1",
    ),
]

SITE = "import sys, os\nsys.path.append(os.path.abspath('lib/site-packages'))\n"


def library(version: str, body: str = "def go(x): return x", name: str = "fakelib") -> dict[str, str]:
    site = "lib/site-packages"
    return {
        f"{site}/{name}/__init__.py": body,
        f"{site}/{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{site}/{name}-{version}.dist-info/RECORD": f"{name}/__init__.py,,\n{name}-{version}.dist-info/METADATA,,\n",
    }


def upgraded(body: str = "def go(x): return -x", name: str = "fakelib") -> dict[str, str | None]:
    return {
        **dict.fromkeys(set(library("1.0", name=name)) - set(library("2.0", name=name))),
        **library("2.0", body, name),
    }


USES_LIBRARY = SITE + memoized("return fakelib.go(x)", "import fakelib")

PLACES = [
    Edit(
        "a new version of a library",
        COMPUTES,
        {"main": USES_LIBRARY, **library("1.0")},
        upgraded(),
        says="package fakelib 1.0 → 2.0",
    ),
    Edit(
        "a new version of a library imported by name",
        COMPUTES,
        {"main": SITE + memoized("return go(x)", "from fakelib import go"), **library("1.0")},
        upgraded(),
    ),
    Edit(
        "a new version of a library imported inside",
        COMPUTES,
        {"main": SITE + memoized("import fakelib\nreturn fakelib.go(x)"), **library("1.0")},
        upgraded(),
    ),
    Edit(
        "a new version of a library that a helper uses",
        COMPUTES,
        {
            "main": SITE + USES_HELPERS,
            "helpers": "import fakelib\ndef clean(x): return fakelib.go(x)",
            **library("1.0"),
        },
        upgraded(),
    ),
    Edit(
        "a new version of a base class' library",
        COMPUTES,
        {
            "main": SITE + memoized("return A().go()", "import fakelib\nclass A(fakelib.B): pass"),
            **library("1.0", "class B:\n    def go(self): return 1"),
        },
        upgraded("class B:\n    def go(self): return 2"),
    ),
    Edit(
        "a new version of a decorator's library",
        COMPUTES,
        {
            "main": SITE + memoized("return g(x)", "import fakelib\n@fakelib.deco\ndef g(x): return x"),
            **library("1.0", "def deco(g): return lambda x: g(x) + 1"),
        },
        upgraded("def deco(g): return lambda x: g(x) + 2"),
    ),
    Edit(
        "a new version of a library whose object is a global",
        COMPUTES,
        {
            "main": SITE + memoized("return M.go()", "import fakelib\nM = fakelib.B()"),
            **library("1.0", "class B:\n    def go(self): return 1"),
        },
        upgraded("class B:\n    def go(self): return 2"),
    ),
    Edit(
        "a new version of a library that is not used",
        HITS,
        {"main": SITE + "import fakelib\n" + PLAIN, **library("1.0")},
        upgraded(),
    ),
    Edit(
        "user code handed to a library",
        COMPUTES,
        {
            "main": SITE + memoized("return fakelib.call(g, x)", "import fakelib\ndef g(x): return x"),
            **library("1.0", "def call(g, x): return g(x)"),
        },
        {"main": SITE + memoized("return fakelib.call(g, x)", "import fakelib\ndef g(x): return -x")},
    ),
    Edit(
        "an editable package",
        COMPUTES,
        {
            "main": "import sys, os\nsys.path.append(os.path.abspath('src'))\n"
            + memoized("return mylib.go(x)", "import mylib"),
            "src/mylib/__init__": "from .core import go",
            "src/mylib/core": "def go(x): return 1",
        },
        {"src/mylib/core": "def go(x): return 2"},
        says="mylib.go edited",
    ),
    Edit(
        "the project's directory moved",
        HITS,
        {"main": USES_HELPERS, "helpers": "def clean(x): return x + 1"},
        {},
        moves_to="elsewhere/renamed",
    ),
    Edit(
        "moved and edited",
        COMPUTES,
        {"main": USES_HELPERS, "helpers": "def clean(x): return x + 1"},
        {"helpers": "def clean(x): return x + 2"},
        moves_to="elsewhere",
    ),
    Edit(
        "a script of another name, name= given",
        HITS,
        {"main": "@memoize(name='adder')\ndef f(x):\n    return x + 1"},
        {
            "other": "from memodisk import memoize\n@memoize(name='adder')\ndef f(x):\n    return x + 1",
            "run": "import other\nfrom report import report\nreport(other.f, 3)",
        },
    ),
    Edit(
        "renamed, name= given",
        HITS,
        {"main": "@memoize(name='adder')\ndef f(x):\n    return x + 1"},
        {"main": "@memoize(name='adder')\ndef g(x):\n    return x + 1\nf = g"},
    ),
    Edit(
        "renamed, the old name accepted",
        HITS,
        {"main": PLAIN},
        {"main": "@memoize(also_accept=['main.f'])\ndef g(x):\n    return x + 1\nf = g"},
    ),
    Edit(
        "moved to another module, the old name accepted",
        HITS,
        {"main": PLAIN},
        {
            "other": "from memodisk import memoize\n@memoize(also_accept=['main.f'])\ndef f(x):\n    return x + 1",
            "main": "from other import f",
        },
    ),
    Edit(
        "a helper moved to another module and imported by name",
        HITS,
        {"main": memoized("return clean(x)", "def clean(x): return x + 1")},
        {"main": memoized("return clean(x)", "from helpers import clean"), "helpers": "def clean(x): return x + 1"},
    ),
    Edit(
        "a package's directory renamed",
        HITS,
        {
            "main": memoized("return clean(x)", "from old.tools import clean"),
            "old/__init__": "",
            "old/tools": "def clean(x): return x + 1",
        },
        {
            "main": memoized("return clean(x)", "from new.tools import clean"),
            "new/__init__": "",
            "new/tools": "def clean(x): return x + 1",
        },
    ),
    Edit(
        "on_change='warn' serves and names the helper",
        HITS,
        {
            "main": "import helpers\n@memoize(on_change='warn')\ndef f(x):\n    return helpers.clean(x)",
            "helpers": "def clean(x): return x + 1",
        },
        {"helpers": "def clean(x): return x + 2"},
        says="a stored result is served although the code changed since: helper helpers.clean edited",
    ),
    Edit(
        "on_change='warn' names the constant",
        HITS,
        {"main": "K = 3\n@memoize(on_change='warn')\ndef f(x):\n    return x + K"},
        {"main": "K = 4\n@memoize(on_change='warn')\ndef f(x):\n    return x + K"},
        says="constant K 3 → 4",
    ),
    Edit(
        "on_change='warn' names the library",
        HITS,
        {
            "main": SITE + "import fakelib\n@memoize(on_change='warn')\ndef f(x):\n    return fakelib.go(x)",
            **library("1.0"),
        },
        upgraded(),
        says="package fakelib 1.0 → 2.0",
    ),
    Edit(
        "on_change='ignore' serves",
        HITS,
        {"main": "@memoize(on_change='ignore')\ndef f(x):\n    return x + 1"},
        {"main": "@memoize(on_change='ignore')\ndef f(x):\n    return x + 2"},
    ),
]

EDITS: list[Edit] = [*ITSELF, *SPELLING, *HELPERS, *CLASSES, *CONSTANTS, *PLACES]
