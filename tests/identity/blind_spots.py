"""Edits of what is hard to see: things without content, code behind C, annotations and docstrings that are data."""

# ruff: noqa: E501  (a row reads better in one line)
from __future__ import annotations

from code_edits import computes, hits, memoized
from projects import COMPUTES, HITS, Edit

LOCKED = """
import threading

class Client:
    def __init__(self, url):
        self.url, self.lock = url, threading.Lock()
"""


def client(above: str, body: str = "return CLIENT.url") -> str:
    return memoized(body, LOCKED + above)


def holding(thing: str, imports: str) -> str:
    """A client that holds something without content besides its url."""
    above = f"""
{imports}

class Client:
    def __init__(self, url):
        self.url, self.rest = url, {thing}

CLIENT = Client("a")
"""
    return memoized("return CLIENT.url", above)


HELD = [
    computes("a client with a lock", client('CLIENT = Client("a")\n'), '"a"', '"b"'),
    computes("a client in a dict", client('ALL = {"x": Client("a")}\n', 'return ALL["x"].url'), '"a"', '"b"'),
    computes("a client in a list", client('ALL = [Client("a")]\n', "return ALL[0].url"), '"a"', '"b"'),
    computes(
        "a client in a dict beside plain values",
        client('ALL = {"x": Client("a"), "k": 1}\n', 'return ALL["k"]'),
        '"k": 1',
        '"k": 2',
    ),
    computes("a client as default", LOCKED + '\n@memoize\ndef f(x, c=Client("a")):\n    return c.url\n', '"a"', '"b"'),
    computes(
        "a client in a closure",
        LOCKED
        + "\ndef make(c):\n    def f(x):\n        return c.url\n    return f\n\nf = memoize(make(Client('a')))\n",
        "'a'",
        "'b'",
    ),
    computes(
        "a client as an attribute of a class",
        client('class Box:\n    client = Client("a")\n', "return Box.client.url"),
        '"a"',
        '"b"',
    ),
    computes(
        "a client as an attribute of a class that is used whole",
        client('class Box:\n    client = Client("a")\n', "return Box().client.url"),
        '"a"',
        '"b"',
    ),
    computes(
        "a client of a helper",
        memoized("return g()", LOCKED + 'C = Client("a")\ndef g(): return C.url\n'),
        '"a"',
        '"b"',
    ),
    computes(
        "a client within a client",
        client('CLIENT = Client(Client("a"))\n', "return CLIENT.url.url"),
        '"a"',
        '"b"',
    ),
    computes("its class", client('CLIENT = Client("a")\n', "return CLIENT.url"), "= url,", "= url + '!',"),
    hits(
        "a client that is the same", client('CLIENT = Client("a")\n'), "import threading\n", "import threading, json\n"
    ),
    *(
        computes(f"what lies beside {thing}", holding(thing, imports), '"a"', '"b"')
        for thing, imports in {
            "threading.local()": "import threading",
            "threading.Condition()": "import threading",
            "threading.Event()": "import threading",
            "threading.Thread()": "import threading",
            "contextvars.ContextVar('v')": "import contextvars",
            "open(__file__)": "",
            "socket.socket()": "import socket",
            "logging.getLogger('a')": "import logging",
            "asyncio.new_event_loop()": "import asyncio",
            "(i for i in ())": "",
            "concurrent.futures.ThreadPoolExecutor(2)": "import concurrent.futures",
            "queue.Queue()": "import queue",
            "object()": "",
            "weakref.proxy(threading.current_thread())": "import threading, weakref",
            "sqlite3.connect(':memory:')": "import sqlite3",
            "tempfile.TemporaryFile()": "import tempfile",
            "memoryview(mmap.mmap(-1, 8))": "import mmap",
            "sys._getframe()": "import sys",
            "ssl.create_default_context()": "import ssl",
        }.items()
    ),
]

OPAQUE = [
    computes("a struct", memoized("return S.format", 'import struct\nS = struct.Struct("<hh")'), "<hh", "<hi"),
    computes("a counter", memoized("return str(C)", "import itertools\nC = itertools.count(5)"), "(5)", "(6)"),
    computes(
        "an iterator",
        memoized("return str(list(I))", "I = iter([1, 2])").replace("list(I)", "I.__length_hint__()"),
        "1, 2",
        "1, 2, 3",
    ),
    computes(
        "a pool of threads",
        memoized(
            "return P._max_workers",
            "from concurrent.futures import ThreadPoolExecutor\nP = ThreadPoolExecutor(max_workers=2)",
        ),
        "=2",
        "=3",
    ),
    computes("a proxy", memoized('return P["a"]', 'import wrapt\nP = wrapt.ObjectProxy({"a": 1})'), '"a": 1', '"a": 2'),
    computes(
        "what a connection is told",
        memoized(
            "return C.isolation_level", 'import sqlite3\nC = sqlite3.connect(":memory:", isolation_level="DEFERRED")'
        ),
        "DEFERRED",
        "IMMEDIATE",
    ),
    computes(
        "a function behind C",
        memoized(
            "return sorted([x, 1, 2], key=K)",
            "import functools\ndef g(a, b): return a - b\nK = functools.cmp_to_key(g)",
        ),
        "a - b",
        "b - a",
    ),
    computes(
        "a lambda behind C",
        memoized("return sorted([x, 1, 2], key=K)", "import functools\nK = functools.cmp_to_key(lambda a, b: a - b)"),
        "a - b",
        "b - a",
    ),
    computes(
        "a function that numpy calls for each element",
        memoized("return V([x]).tolist()", "import numpy as np\ndef g(a): return a + 1\nV = np.vectorize(g)"),
        "a + 1",
        "a + 2",
    ),
    computes(
        "a universal function of one's own",
        memoized("return int(V(x, 1))", "import numpy as np\ndef g(a, b): return a + b\nV = np.frompyfunc(g, 2, 1)"),
        "a + b",
        "a - b",
    ),
    computes(
        "a callback for C",
        memoized(
            "return C(x)",
            "import ctypes\ndef g(a): return a + 1\nC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(g)",
        ),
        "a + 1",
        "a + 2",
    ),
    computes("a map", memoized("return M.__reduce__()[1][0](x)", "M = map(lambda a: a + 1, [1, 2])"), "a + 1", "a + 2"),
    computes(
        "an engine for a database",
        memoized("return str(E.url)", 'import sqlalchemy\nE = sqlalchemy.create_engine("sqlite:///a.db")'),
        "a.db",
        "b.db",
    ),
    computes(
        "a compiled path into XML",
        memoized("return P.path", 'from lxml import etree\nP = etree.XPath("//a")'),
        "//a",
        "//b",
    ),
    computes(
        "an object that refuses to be pickled",
        memoized(
            "return T.url",
            "class T:\n    def __init__(self, url): self.url = url\n"
            "    def __reduce__(self): raise TypeError('no')\nT = T('a')",
        ),
        "'a'",
        "'b'",
    ),
    computes(
        "an object whose state raises",
        memoized(
            "return T.url",
            "class T:\n    def __init__(self, url): self.url = url\n"
            "    def __getstate__(self): raise OSError('gone')\nT = T('a')",
        ),
        "'a'",
        "'b'",
    ),
    computes(
        "an object that answers to every name",
        memoized(
            "return T.url",
            "class Any(type):\n    def __getattr__(self, name): raise KeyError(name)\n"
            "class T(metaclass=Any):\n    def __init__(self, url): self.url = url\nT = T('a')",
        ),
        "'a'",
        "'b'",
    ),
]

ANNOTATED = [
    computes(
        "a field of a model within a model",
        memoized(
            "return M(s={'a': 1}).s.b",
            "from pydantic import BaseModel\nclass S(BaseModel):\n    a: int\n    b: int = 2\nclass M(BaseModel):\n    s: S\n",
        ),
        "b: int = 2",
        "b: int = 3",
    ),
    computes(
        "a validator of a model within a model",
        memoized(
            "return M(s={'a': 1}).s.a",
            "from pydantic import BaseModel, field_validator\nclass S(BaseModel):\n    a: int\n    @field_validator('a')\n    def v(cls, a): return a + 1\nclass M(BaseModel):\n    s: S\n",
        ),
        "a + 1",
        "a + 2",
    ),
    computes(
        "a method of a model within a model",
        memoized(
            "return M(s={'a': 1}).s.double()",
            "from pydantic import BaseModel\nclass S(BaseModel):\n    a: int\n    def double(self): return self.a * 2\nclass M(BaseModel):\n    s: S\n",
        ),
        "* 2",
        "* 3",
    ),
    computes(
        "a model within a list within a model",
        memoized(
            "return M(s=[{'a': 1}]).s[0].b",
            "from pydantic import BaseModel\nclass S(BaseModel):\n    a: int\n    b: int = 2\nclass M(BaseModel):\n    s: list[S]\n",
        ),
        "b: int = 2",
        "b: int = 3",
    ),
    computes(
        "an optional model within a model",
        memoized(
            "return M(s={'a': 1}).s.b",
            "from pydantic import BaseModel\nclass S(BaseModel):\n    a: int\n    b: int = 2\nclass M(BaseModel):\n    s: S | None = None\n",
        ),
        "b: int = 2",
        "b: int = 3",
    ),
    computes(
        "a member of an enum that a model's field has",
        memoized(
            "return M(s=1).s.name",
            "import enum\nfrom pydantic import BaseModel\nclass S(enum.Enum):\n    A = 1\nclass M(BaseModel):\n    s: S\n",
        ),
        "    A = 1",
        "    B = 1",
    ),
    computes(
        "a function that an annotation names",
        memoized(
            "return M(s=1).s",
            "from typing import Annotated\nfrom pydantic import BaseModel, BeforeValidator\ndef conv(v): return v + 1\nclass M(BaseModel):\n    s: Annotated[int, BeforeValidator(conv)]\n",
        ),
        "v + 1",
        "v + 2",
    ),
    computes(
        "a bound of a field",
        memoized(
            "try: return M(s=9).s\nexcept ValueError: return 'bad'",
            "from pydantic import BaseModel, Field\nclass M(BaseModel):\n    s: int = Field(gt=8)\n",
        ),
        "gt=8",
        "gt=9",
    ),
    computes(
        "the bound of a field in an annotation",
        memoized(
            "try: return M(s=9).s\nexcept ValueError: return 'bad'",
            "from typing import Annotated\nfrom pydantic import BaseModel, Field\nclass M(BaseModel):\n    s: Annotated[int, Field(gt=8)]\n",
        ),
        "gt=8",
        "gt=9",
    ),
    computes(
        "a model that a validated function takes",
        memoized(
            "return g({'a': 1}).b",
            "import pydantic\nclass S(pydantic.BaseModel):\n    a: int\n    b: int = 2\n@pydantic.validate_call\ndef g(s: S): return s\n",
        ),
        "b: int = 2",
        "b: int = 3",
    ),
    computes(
        "a model that an adapter names",
        memoized(
            "return A.validate_python([{'a': 1}])[0].b",
            "import pydantic\nclass S(pydantic.BaseModel):\n    a: int\n    b: int = 2\nA = pydantic.TypeAdapter(list[S])\n",
        ),
        "b: int = 2",
        "b: int = 3",
    ),
    computes(
        "a dataclass behind the hints of a dataclass",
        memoized(
            "return typing.get_type_hints(M)['s']().b",
            "import typing\nfrom dataclasses import dataclass\n@dataclass\nclass S:\n    b: int = 2\n@dataclass\nclass M:\n    s: S\n",
        ),
        "b: int = 2",
        "b: int = 3",
    ),
    computes(
        "a dataclass behind annotations of a module with texts for annotations",
        memoized("return typing.get_type_hints(helpers.M)['s']().b", "import typing, helpers\n"),
        "b: int = 2",
        "b: int = 3",
        file="helpers",
        helpers="from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass S:\n    b: int = 2\n@dataclass\nclass M:\n    s: S\n",
    ),
    computes(
        "an attrs class behind a field's type",
        memoized(
            "return attrs.fields(M).s.type().b",
            "import attrs\n@attrs.define\nclass S:\n    b: int = 2\n@attrs.define\nclass M:\n    s: S\n",
        ),
        "b: int = 2",
        "b: int = 3",
    ),
    computes(
        "a class behind a named tuple's field",
        memoized(
            "return M.__annotations__['s'].b",
            "from typing import NamedTuple\nclass S:\n    b = 2\nclass M(NamedTuple):\n    s: S\n",
        ),
        "b = 2",
        "b = 3",
    ),
    computes(
        "a class behind a typed dict's key",
        memoized(
            "return typing.get_type_hints(M)['s'].b",
            "import typing\nclass S:\n    b = 2\nclass M(typing.TypedDict):\n    s: S\n",
        ),
        "b = 2",
        "b = 3",
    ),
    computes(
        "a model with texts for annotations",
        memoized("return helpers.M(s={'a': 1}).s.b", "import helpers\n"),
        "b: int = 2",
        "b: int = 3",
        file="helpers",
        helpers="from __future__ import annotations\nfrom pydantic import BaseModel\nclass S(BaseModel):\n    a: int\n    b: int = 2\nclass M(BaseModel):\n    s: S\n",
    ),
    computes(
        "a struct of msgspec within a struct",
        memoized(
            'return msgspec.json.decode(b\'{"s": {"a": 1}}\', type=M).s.b',
            "import msgspec\nclass S(msgspec.Struct):\n    a: int\n    b: int = 2\nclass M(msgspec.Struct):\n    s: S\n",
        ),
        "b: int = 2",
        "b: int = 3",
    ),
]

DATA = [
    computes(
        "the docstring of a tool in a list",
        memoized(
            "return ask(TOOLS)",
            "def weather(city):\n    '''Say one.'''\nTOOLS = [weather]\ndef ask(tools): return [t.__doc__ for t in tools]\n",
        ),
        "one",
        "two",
    ),
    computes(
        "the docstring of a tool that is an argument",
        "def weather(city):\n    '''Say one.'''\n@memoize\ndef ask(x, tools): return [t.__doc__ for t in tools]\n",
        "one",
        "two",
        run="import main\nfrom report import report\nreport(main.ask, 3, [main.weather])\n",
    ),
    computes(
        "the annotations of a tool that is an argument",
        "def weather(city: str): pass\n@memoize\ndef ask(x, tools): return [str(t.__annotations__) for t in tools]\n",
        ": str",
        ": int",
        run="import main\nfrom report import report\nreport(main.ask, 3, [main.weather])\n",
    ),
    computes(
        "the docstring of a class that is an argument",
        "class Tool:\n    '''Say one.'''\n@memoize\ndef ask(x, tool): return tool.__doc__\n",
        "one",
        "two",
        run="import main\nfrom report import report\nreport(main.ask, 3, main.Tool)\n",
    ),
    computes(
        "the docstring of a method of a class that is an argument",
        "class Tool:\n    def run(self):\n        '''Say one.'''\n@memoize\ndef ask(x, tool): return tool.run.__doc__\n",
        "one",
        "two",
        run="import main\nfrom report import report\nreport(main.ask, 3, main.Tool)\n",
    ),
    computes(
        "the docstring of a tool in a dict",
        memoized("return TOOLS['w'].__doc__", "def weather(city):\n    '''Say one.'''\nTOOLS = {'w': weather}\n"),
        "one",
        "two",
    ),
    computes(
        "the docstring of a decorated tool in a registry",
        memoized(
            "return [t.__doc__ for t in TOOLS.values()]",
            "TOOLS = {}\ndef tool(f):\n    TOOLS[f.__name__] = f\n    return f\n@tool\ndef weather(city):\n    '''Say one.'''\n",
        ),
        "one",
        "two",
    ),
    computes(
        "a docstring that is read through a parameter",
        memoized(
            "return show(weather)",
            "import inspect\ndef weather(city):\n    '''Say one.'''\ndef show(t): return inspect.getdoc(t)\n",
        ),
        "one",
        "two",
    ),
    computes(
        "a docstring that a helper reads by its attribute",
        memoized("return show(weather)", "def weather(city):\n    '''Say one.'''\ndef show(t): return t.__doc__\n"),
        "one",
        "two",
    ),
    computes(
        "annotations that are read through a parameter",
        memoized(
            "return show(weather)",
            "import inspect\ndef weather(city: str): pass\ndef show(t): return str(inspect.signature(t))\n",
        ),
        ": str",
        ": int",
    ),
    computes(
        "the schema of a model",
        memoized(
            "return str(M.model_json_schema())",
            "from pydantic import BaseModel\nclass M(BaseModel):\n    '''One.'''\n    a: int\n",
        ),
        "One",
        "Two",
    ),
    computes(
        "the schema of a model within a model",
        memoized(
            "return str(M.model_json_schema())",
            "from pydantic import BaseModel\nclass S(BaseModel):\n    '''One.'''\n    a: int\nclass M(BaseModel):\n    s: S\n",
        ),
        "One",
        "Two",
    ),
    computes(
        "the docstring of a function in a partial",
        memoized("return P.func.__doc__", "import functools\ndef g(x):\n    '''One.'''\nP = functools.partial(g, 1)\n"),
        "One",
        "Two",
    ),
    hits(
        "the docstring of a helper that nobody reads",
        memoized("return g(x)", "def g(x):\n    '''One.'''\n    return x\n"),
        "One",
        "Two",
    ),
    hits(
        "the docstring of a class that nobody reads",
        memoized("return A().g(x)", "class A:\n    '''One.'''\n    def g(self, x): return x\n"),
        "One",
        "Two",
    ),
    hits(
        "a comment in a tool",
        memoized(
            "return [t.__doc__ for t in TOOLS]",
            "def weather(city):\n    '''Say one.'''\n    return 1 # a\nTOOLS = [weather]\n",
        ),
        "# a",
        "# b",
    ),
]

MADE = [
    computes(
        "a default of a class made at run time",
        memoized("return P().a", "import dataclasses\nP = dataclasses.make_dataclass('P', [('a', int, 1)])\n"),
        "int, 1",
        "int, 2",
    ),
    computes(
        "a method of a class made at run time",
        memoized(
            "return P().g()",
            "import dataclasses\ndef g(self): return 1\nP = dataclasses.make_dataclass('P', ['a'], namespace={'g': g, 'a': 1})\n",
        ).replace("['a'], namespace={'g': g, 'a': 1}", "[], namespace={'g': g}"),
        "return 1\n",
        "return 2\n",
    ),
    computes(
        "a class made by types",
        memoized(
            "return P().g()", "import types\nP = types.new_class('P', (), {}, lambda ns: ns.update(g=lambda self: 1))\n"
        ),
        "self: 1",
        "self: 2",
    ),
    computes(
        "a class that says that it is of another module",
        memoized("return P().g()", "class P:\n    __module__ = 'collections'\n    def g(self): return 1\n"),
        "return 1\n",
        "return 2\n",
    ),
    computes(
        "a class made by type()",
        memoized("return P().g()", "P = type('P', (), {'g': lambda self: 1})\n"),
        "self: 1",
        "self: 2",
    ),
    computes(
        "an accessor for data frames",
        memoized(
            "return pd.DataFrame({'a': [x]}).mine.total()",
            "import pandas as pd\n@pd.api.extensions.register_dataframe_accessor('mine')\nclass Mine:\n    def __init__(self, df): self.df = df\n    def total(self): return int(self.df.a.sum()) + 1\n",
        ),
        "+ 1",
        "+ 2",
    ),
    computes(
        "a method added to a class of a library",
        memoized(
            "return pd.DataFrame({'a': [x]}).shout()",
            "import pandas as pd\ndef shout(df): return len(df) + 1\npd.DataFrame.shout = shout\n",
        ),
        "+ 1",
        "+ 2",
    ),
    computes(
        "a function put into a module of a library",
        memoized("return html.escape(str(x))", "import html\ndef mine(x): return str(x) + '1'\nhtml.escape = mine\n"),
        "'1'",
        "'2'",
    ),
    computes(
        "a function put into a module of the standard library by a helper module",
        memoized("return html.escape(str(x))", "import html\nimport helpers\n"),
        "'1'",
        "'2'",
        file="helpers",
        helpers="import html\ndef mine(x): return str(x) + '1'\nhtml.escape = mine\n",
    ),
    computes(
        "subclasses that a base class asks for",
        memoized(
            "return sorted(c.v for c in Base.__subclasses__())", "class Base:\n    v = 0\nclass A(Base):\n    v = 1\n"
        ),
        "v = 1",
        "v = 2",
    ),
    computes(
        "a new subclass",
        memoized(
            "return sorted(c.v for c in Base.__subclasses__())", "class Base:\n    v = 0\nclass A(Base):\n    v = 1\n"
        ),
        "    v = 1\n",
        "    v = 1\nclass B(Base):\n    v = 2\n",
    ),
    computes(
        "a function in an expression of polars",
        memoized(
            "return pl.DataFrame({'a': [x]}).select(E).item()",
            "import polars as pl\nimport helpers\nE = pl.col('a').map_elements(helpers.g, return_dtype=pl.Int64)\n",
        ),
        "a + 1",
        "a + 2",
        file="helpers",
        helpers="def g(a): return a + 1\n",
    ),
]

NAMES = [
    computes(
        "the name of a module that is read",
        memoized("return one.g()", "import one\n").replace("one.g", "m.g").replace("import one", "import one as m"),
        "import one as m",
        "import two as m",
        one="def g(): return __name__\n",
        two="def g(): return __name__\n",
    ),
    computes(
        "the module of a helper that is read",
        memoized("return g.__module__", "from one import g\n"),
        "from one",
        "from two",
        one="def g(): pass\n",
        two="def g(): pass\n",
    ),
    computes(
        "a class's representation",
        memoized("return repr(A)", "from one import A\n"),
        "from one",
        "from two",
        one="class A: pass\n",
        two="class A: pass\n",
    ),
    computes(
        "the name of a logger",
        memoized("return helpers.log.name", "import one as helpers\n"),
        "import one",
        "import two",
        one="import logging\nlog = logging.getLogger(__name__)\n",
        two="import logging\nlog = logging.getLogger(__name__)\n",
    ),
    computes(
        "the name of a logger that is changed",
        memoized("return log.name", "import logging\nlog = logging.getLogger('a')\n"),
        "'a'",
        "'b'",
    ),
    computes(
        "a method that a registered stand-in leaves out",
        "from memodisk import hashing\nclass S:\n    def __init__(self, n): self.n = n\n    def twice(self): return self.n * 2\n"
        "hashing.register(S, lambda s: s.n)\n@memoize\ndef f(x, s): return s.twice()\n",
        "* 2",
        "* 3",
        run="import main\nfrom report import report\nreport(main.f, 3, main.S(1))\n",
    ),
    computes(
        "a method of an argument that key= stands for",
        "class S:\n    def __init__(self, n): self.n = n\n    def twice(self): return self.n * 2\n"
        "@memoize(key=lambda x, s: (x, s.n))\ndef f(x, s): return s.twice()\n",
        "* 2",
        "* 3",
        run="import main\nfrom report import report\nreport(main.f, 3, main.S(1))\n",
    ),
    computes(
        "a method of an ignored argument",
        "class S:\n    def __init__(self, n): self.n = n\n    def twice(self): return self.n * 2\n"
        "@memoize(ignore=['s'])\ndef f(x, s): return s.twice()\n",
        "* 2",
        "* 3",
        run="import main\nfrom report import report\nreport(main.f, 3, main.S(1))\n",
    ),
]

ROWS = [*HELD, *OPAQUE, *ANNOTATED, *DATA, *MADE, *NAMES]


def variable(reason: str, body: str, above: str = "import os\n", after: str = "b") -> Edit:
    """A function that reads a variable which is set in the second process."""
    before = {"main": memoized(body, above)}
    return Edit(reason, COMPUTES, before, {}, "env MODE", environment={"MODE": after})


ENVIRONMENT = [
    variable("an item of the environment", "return os.environ['MODE'] if 'MODE' in os.environ else None"),
    variable("get", "return os.environ.get('MODE')"),
    variable("get with a default", "return os.environ.get('MODE', 'a')"),
    variable("getenv", "return os.getenv('MODE')"),
    variable("whether it is set", "return 'MODE' in os.environ"),
    variable("by another name", "return get('MODE')", "from os import getenv as get\n"),
    variable("the environment by another name", "return env.get('MODE')", "from os import environ as env\n"),
    variable("imported inside", "import os\nreturn os.environ.get('MODE')", ""),
    variable("a constant for a name", "return os.environ.get(NAME)", "import os\nNAME = 'MODE'\n"),
    variable("in a helper", "return g()", "import os\ndef g(): return os.environ.get('MODE')\n"),
    variable("in a method", "return A().g()", "import os\nclass A:\n    def g(self): return os.environ.get('MODE')\n"),
    variable("in a lambda in a list", "return G[0]()", "import os\nG = [lambda: os.environ.get('MODE')]\n"),
    variable(
        "what a class was made with", "return A.mode", "import os\nclass A:\n    mode = os.environ.get('MODE')\n"
    )._replace(says="constant A.mode"),
    Edit(
        "a variable that is not read",
        HITS,
        {"main": memoized("return os.environ.get('OTHER')", "import os\n")},
        {},
        environment={"MODE": "b"},
    ),
    Edit(
        "a variable that is only set",
        HITS,
        {"main": memoized("os.environ['MODE'] = 'c'\nreturn x", "import os\n")},
        {},
        environment={"MODE": "b"},
    ),
]

ROWS.extend(ENVIRONMENT)
