"""A memoized function among the things it can see: in its own instance, behind decorators and proxies, in place of a
builtin, in its own pool of threads."""

from __future__ import annotations

from processes import run_script

HEADER = """
import builtins, functools, threading
import faulthandler
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from multiprocessing.pool import ThreadPool

import memodisk

faulthandler.dump_traceback_later(60, exit=True)  # whoever hangs says where
cache = memodisk.Cache("cache")


def timed(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

"""


def run(tmp_path, program):
    (tmp_path / "program.py").write_text(HEADER + program)
    return run_script(tmp_path / "program.py")


OBJECTS = """
class Reader:
    def __init__(self, path):
        self.path = path
        self.load = timed(cache.memoize(lambda n: (self.path, n)))
        self.again = cache.memoize(self.twice)
        self.cache = cache

    def twice(self, n):
        return 2 * n, self.path

    @cache.memoize
    def known(self, n):
        return n, self.path


for path in ("a", "b"):
    reader = Reader(path)
    reader.me, reader.of_class = reader.known, Reader.known
    print(reader.load(1), reader.again(2), reader.known(3), Reader.known.cache_info().misses)
"""


def test_memoized_functions_in_their_own_instance_are_no_content_of_it(tmp_path):
    first = ["('a', 1) (4, 'a') (3, 'a') 1", "('b', 1) (4, 'b') (3, 'b') 2"]
    assert run(tmp_path, OBJECTS) == first
    assert run(tmp_path, OBJECTS) == [line[:-1] + "0" for line in first]


def test_a_decorator_that_copies_attributes_changes_nothing_of_what_the_code_is(tmp_path):
    program = """
@timed
@cache.memoize
def f(x):
    return x + 1

@cache.memoize
def g(x):
    return f(x)

print(g(1), g.cache_info().misses, [f][0].cache_info().misses)
"""
    assert run(tmp_path, program) == ["2 1 1"]
    assert run(tmp_path, program) == ["2 0 0"]
    assert run(tmp_path, program.replace("x + 1", "x + 2")) == ["3 1 1"]


def test_a_proxy_of_a_memoized_function_is_called_as_the_function(tmp_path):
    program = """
import wrapt

@cache.memoize
def f(x):
    return x + 1

p = wrapt.CallableObjectProxy(f)

@cache.memoize
def g(x):
    return p(x)

print(g(1), g.cache_info().misses)
"""
    assert run(tmp_path, program) == ["2 1"]
    assert run(tmp_path, program) == ["2 0"]
    assert run(tmp_path, program.replace("x + 1", "x + 2")) == ["3 1"]


def test_a_memoized_builtin_can_stand_in_place_of_itself(tmp_path):
    program = """
import json, os

json.dumps, os.getcwd, builtins.len = cache.memoize(json.dumps), cache.memoize(os.getcwd), cache.memoize(len)

@cache.memoize
def f(x):
    return len(x), json.dumps(x)

print(f([1, 2]), len([1, 2, 3]), f.cache_info().misses)
"""
    assert run(tmp_path, program)[-1] == "(2, '[1, 2]') 3 1"
    assert run(tmp_path, program)[-1] == "(2, '[1, 2]') 3 0"


CIRCLE = """
pool, threads = ThreadPoolExecutor(2), ThreadPool(2)
ways = {
    "result": lambda *call: pool.submit(*call).result(),
    "map": lambda function, *args: next(pool.map(lambda _: function(*args), [1])),
    "as_completed": lambda *call: next(as_completed([pool.submit(*call)])).result(),
    "wait": lambda *call: wait([pool.submit(*call)])[0].pop().result(),
    "apply_async": lambda function, *args: threads.apply_async(function, args).get(),
    "pool map": lambda function, *args: threads.map(lambda _: function(*args), [1])[0],
    "thread": lambda function, *args: joined(function, args),
}

def joined(function, args):
    found = []
    thread = threading.Thread(target=lambda: found.append(function(*args)))
    thread.start()
    thread.join()
    return found[0]

@cache.memoize(ignore=["depth"])
def f(way, depth=0):
    return ways[way](f, way, depth + 1) + 1 if depth == 0 else 1

print({way: f(way) for way in ways})
"""


def test_a_computation_that_waits_for_itself_through_a_pool_of_threads_goes_on(tmp_path):
    ways = ("result", "map", "as_completed", "wait", "apply_async", "pool map", "thread")
    assert run(tmp_path, CIRCLE) == [str(dict.fromkeys(ways, 2))]
