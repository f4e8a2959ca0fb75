"""Edits of what is hard to see: things without content, code behind C, annotations and docstrings that are data."""

from __future__ import annotations

from code_edits import computes, hits, memoized

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

ROWS = [*HELD, *OPAQUE]
