"""Memoized functions in worker processes and threads: shipped as any function, and sharing results with the parent.

Each program prints one line for each way of shipping. A function writes a line to `ran.txt` when it runs, in whatever
process that is, so that the number of lines is the number of computations.
"""

from __future__ import annotations

import textwrap

import pytest
from processes import run_notebook, run_script

FUNCTIONS = """
import os

import memodisk


def note(x):
    with open("ran.txt", "a") as file:
        file.write(f"{x}\\n")


@memodisk.memoize
def square(x):
    note(x)
    return x * x


class Scale:
    def __init__(self, factor):
        self.factor = factor

    @memodisk.memoize
    def apply(self, x):
        note(x)
        return self.factor * x


def runs():
    count = len(open("ran.txt").readlines()) if os.path.exists("ran.txt") else 0
    open("ran.txt", "w").close()
    return count


def check(title, run):
    '''Half is known to the parent, the rest to the workers; then all is known to everybody.'''
    square.cache_clear()
    runs()
    known = [square(x) for x in range(4)]
    results = list(run(square, range(8)))
    assert results == [x * x for x in range(8)], results
    by_workers = runs() - 4
    again = [square(x) for x in range(8)]
    assert again == results
    print(f"{title}: {by_workers} computed by workers, then {runs()}")
"""

POOLS = """
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context


def in_pool(method):
    def run(function, items):
        with ProcessPoolExecutor(2, mp_context=get_context(method)) as pool:
            return list(pool.map(function, items))
    return run


def in_threads(function, items):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(function, items))
"""

JOBLIB = """
import joblib


def in_loky(function, items):
    return joblib.Parallel(n_jobs=2)(joblib.delayed(function)(x) for x in items)
"""

DASK = """
import dask


def in_dask(scheduler):
    def run(function, items):
        return dask.compute(*[dask.delayed(function, pure=False)(x) for x in items], scheduler=scheduler)
    return run


def in_cluster(function, items):
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        with Client(cluster) as client:
            return client.gather(client.map(function, items, pure=False))
"""

SHARED = "4 computed by workers, then 0"


def write(path, *parts, main=""):
    body = "\n\nif __name__ == '__main__':\n" + textwrap.indent(textwrap.dedent(main), "    ") if main else ""
    path.write_text("".join(map(textwrap.dedent, parts)) + body)
    return path


def test_process_and_thread_pools_with_functions_of_a_script(tmp_path):
    main = """
        for method in ("fork", "spawn", "forkserver"):
            check(method, in_pool(method))
        check("threads", in_threads)
        print(in_pool("spawn")(Scale(3).apply, [1, 2]), runs(), [Scale(3).apply(x) for x in (1, 2)], runs())
    """
    script = write(tmp_path / "program.py", FUNCTIONS, POOLS, main=main)
    assert run_script(script) == [
        f"fork: {SHARED}",
        f"spawn: {SHARED}",
        f"forkserver: {SHARED}",
        f"threads: {SHARED}",
        "[3, 6] 2 [3, 6] 0",
    ]


def test_process_pools_with_functions_of_a_module(tmp_path):
    write(tmp_path / "functions.py", FUNCTIONS)
    main = """
        for method in ("fork", "spawn"):
            check(method, in_pool(method))
    """
    script = write(tmp_path / "program.py", "from functions import *\n", POOLS, main=main)
    assert run_script(script) == [f"fork: {SHARED}", f"spawn: {SHARED}"]


LOKY_MAIN = """
    check("loky", in_loky)
    make = lambda n: memodisk.memoize(lambda x: (note(x), x + n)[1])
    print(in_loky(make(10), [1, 2]), runs(), [make(10)(x) for x in (1, 2)], runs(), make(20)(1), runs())
    print(in_loky(Scale(3).apply, [1, 2]), runs(), [Scale(3).apply(x) for x in (1, 2)], runs())
"""
LOKY_SHOWN = [f"loky: {SHARED}", "[11, 12] 2 [11, 12] 0 21 1", "[3, 6] 2 [3, 6] 0"]


def test_loky_with_functions_closures_and_methods_of_a_script(tmp_path):
    script = write(tmp_path / "program.py", FUNCTIONS, JOBLIB, main=LOKY_MAIN)
    assert run_script(script) == LOKY_SHOWN


def test_loky_with_functions_of_a_module(tmp_path):
    write(tmp_path / "functions.py", FUNCTIONS)
    script = write(tmp_path / "program.py", "from functions import *\nimport memodisk\n", JOBLIB, main=LOKY_MAIN)
    assert run_script(script) == LOKY_SHOWN


DASK_MAIN = """
    check("threads", in_dask("threads"))
    check("processes", in_dask("processes"))
    check("cluster", in_cluster)
"""
DASK_SHOWN = [f"threads: {SHARED}", f"processes: {SHARED}", f"cluster: {SHARED}"]


def test_dask_with_functions_of_a_script(tmp_path):
    script = write(tmp_path / "program.py", FUNCTIONS, DASK, main=DASK_MAIN)
    assert run_script(script) == DASK_SHOWN


@pytest.mark.slow  # a second cluster of processes
def test_dask_with_functions_of_a_module(tmp_path):
    write(tmp_path / "functions.py", FUNCTIONS)
    script = write(tmp_path / "program.py", "from functions import *\n", DASK, main=DASK_MAIN)
    assert run_script(script) == DASK_SHOWN


def test_pools_loky_and_dask_from_a_notebook(tmp_path):
    calls = ['check("fork", in_pool("fork"))', LOKY_MAIN, DASK_MAIN]
    outputs = run_notebook(tmp_path / "a.ipynb", FUNCTIONS, POOLS + JOBLIB + DASK, *calls)
    assert outputs[2:] == [f"fork: {SHARED}", "\n".join(LOKY_SHOWN), "\n".join(DASK_SHOWN)]


ARGUMENTS = """
def negative(x):
    # A comment, as there would be.
    return -x


@memodisk.memoize
def apply(scale, function, x):
    note(x)
    return function(scale.of(x))


@memodisk.memoize
def make(factor):
    note(factor)
    return Scale(factor)


class Scale:
    def __init__(self, factor):
        self.factor = factor

    def of(self, x):
        return self.factor * x
"""

ARGUMENTS_MAIN = """
    calls = [(Scale(3), negative, 1), (Scale(3), negative, 2)]
    print(joblib.Parallel(n_jobs=2)(joblib.delayed(apply)(*call) for call in calls), runs())
    print([apply(*call) for call in calls], runs())
    made = joblib.Parallel(n_jobs=2)(joblib.delayed(make)(x) for x in (1, 2))
    print([type(scale) is Scale for scale in [*made, make(1), make(2)]], runs())
"""


def test_objects_of_a_script_s_own_classes_and_functions_as_arguments_and_results_of_workers(tmp_path):
    def run(name, arguments):
        return run_script(write(tmp_path / name, FUNCTIONS, arguments, JOBLIB, main=ARGUMENTS_MAIN))

    assert run("program.py", ARGUMENTS) == ["[-3, -6] 2", "[-3, -6] 0", "[True, True, True, True] 2"]
    assert run("program.py", ARGUMENTS) == ["[-3, -6] 0", "[-3, -6] 0", "[True, True, True, True] 0"]
    edited = ARGUMENTS.replace("self.factor * x", "self.factor + x")
    assert run("program.py", edited)[:2] == ["[-4, -5] 2", "[-4, -5] 0"]


def test_objects_of_a_notebook_s_own_classes_as_arguments_of_workers(tmp_path):
    def run(arguments):
        return run_notebook(tmp_path / "a.ipynb", FUNCTIONS, arguments, JOBLIB, ARGUMENTS_MAIN)[-1].splitlines()

    assert run(ARGUMENTS)[:2] == ["[-3, -6] 2", "[-3, -6] 0"]
    assert run(ARGUMENTS)[:2] == ["[-3, -6] 0", "[-3, -6] 0"]
    assert run(ARGUMENTS.replace("self.factor * x", "self.factor + x"))[:2] == ["[-4, -5] 2", "[-4, -5] 0"]


KINDS = """
import enum
import functools
import typing
from dataclasses import dataclass


@dataclass
class City:
    name: str
    size: int = 3

    def grown(self, by):
        return City(self.name, self.size + by)


class Color(enum.Enum):
    RED = "red"


class Point(typing.NamedTuple):
    x: int


def shifted(by):
    def shift(x):
        return x + by

    class Local:
        def __init__(self):
            self.by = by

    return shift, Local()


def kinds():
    shift, local = shifted(2)
    city = City("Bern")
    return [
        shifted, lambda x: x + 1, city.grown, shift, functools.partial(shift, 1), City, city, Color.RED, Point(1),
        local, [city, {"key": shift}], Color, local.__class__,
    ]
"""

USED = """
def back(thing):
    return used(thing), thing


def check_kinds(title, run):
    used.cache_clear()
    runs()
    counts = []
    for _ in range(3):
        run(used, kinds())
        counts.append(runs())
        # What comes back in a result is written into the parent's classes by cloudpickle.
        run(back, kinds())
        counts.append(runs())
    parent = [used(thing) for thing in kinds()]
    print(f"{title}: {counts} by workers, then {runs()}")
"""
USED_FUNCTION = """
@memodisk.memoize
def used(thing):
    note(repr(type(thing).__name__))
    return 1
"""
KINDS_SHOWN = "[13, 0, 0, 0, 0, 0] by workers, then 0"


def test_every_kind_of_thing_a_script_defines_is_the_same_argument_in_all_workers(tmp_path):
    main = """
        check_kinds("loky", in_loky)
        check_kinds("cluster", in_cluster)
    """
    script = write(tmp_path / "program.py", FUNCTIONS, JOBLIB, DASK, KINDS, USED_FUNCTION, USED, main=main)
    assert run_script(script) == [f"loky: {KINDS_SHOWN}", f"cluster: {KINDS_SHOWN}"]


def test_the_same_with_a_memoized_function_of_a_module(tmp_path):
    """It is imported by the workers: nothing else of the script comes there with it."""
    write(tmp_path / "functions.py", FUNCTIONS, USED_FUNCTION)
    main = """
        check_kinds("loky", in_loky)
    """
    script = write(tmp_path / "program.py", "from functions import *\n", JOBLIB, KINDS, USED, main=main)
    assert run_script(script) == [f"loky: {KINDS_SHOWN}"]


def test_every_kind_of_thing_a_notebook_defines_is_the_same_argument_in_all_workers(tmp_path):
    cells = [FUNCTIONS, JOBLIB + DASK, KINDS, USED_FUNCTION + USED]
    calls = ['check_kinds("loky", in_loky)', 'check_kinds("cluster", in_cluster)']
    outputs = run_notebook(tmp_path / "a.ipynb", *cells, *calls)
    assert outputs[4:] == [f"loky: {KINDS_SHOWN}", f"cluster: {KINDS_SHOWN}"]


def test_pickled_arguments_of_a_script_are_the_same_under_fork_spawn_and_forkserver(tmp_path):
    main = """
        import pickle
        for method in ("fork", "spawn", "forkserver"):
            used.cache_clear()
            runs()
            things = [shifted, City("Bern").grown, City, City("Bern"), Color.RED, Point(1), Color]
            in_pool(method)(used, things)
            first = runs()
            [used(thing) for thing in things]
            print(method, first, runs())
    """
    script = write(tmp_path / "program.py", FUNCTIONS, POOLS, KINDS, USED_FUNCTION, main=main)
    assert run_script(script) == ["fork 7 0", "spawn 7 0", "forkserver 7 0"]


def test_shipping_an_object_does_not_change_what_it_is(tmp_path):
    main = """
        import pickle
        calls = [(Scale(3), negative, 1), (Scale(3), negative, 2)]
        key = apply.request(*calls[0]).key
        pickle.loads(pickle.dumps(calls))
        print(apply.request(*calls[0]).key == key)
    """
    assert run_script(write(tmp_path / "program.py", FUNCTIONS, ARGUMENTS, main=main)) == ["True"]


def test_a_worker_keeps_to_the_parent_s_directory(tmp_path):
    functions = "\n@memodisk.Cache('own').memoize\ndef double(x):\n    note(x)\n    return 2 * x\n"
    main = """
        print(in_loky(double, [1, 2]), runs(), double(1), runs(), double.cache_info().currsize)
        import os
        os.environ["MEMODISK_DIR"] = "chosen later"
        print(in_loky(square, [1, 2]), runs(), square(1), runs(), os.listdir("chosen later/v1"))
    """
    script = write(tmp_path / "program.py", FUNCTIONS, functions, JOBLIB, main=main)
    assert run_script(script) == ["[2, 4] 2 2 0 2", "[1, 4] 2 1 0 ['program.square']"]
