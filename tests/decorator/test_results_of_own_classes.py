"""Results know their classes: what is stored of a script's own class comes back as the caller's own."""

from __future__ import annotations

import textwrap

from processes import run_notebook, run_script

TOWNS = """
import enum
import os
from dataclasses import dataclass
from typing import NamedTuple

import memodisk


class Color(enum.Enum):
    RED = 1


class Flags(enum.Flag):
    A = 1
    B = 2


@dataclass
class City:
    name: str
    color: Color = Color.RED

    class Kind:
        def of(self):
            return self


class Point(NamedTuple):
    x: int


def twice(x):
    return 2 * x + OFFSET


OFFSET = 0


@memodisk.memoize
def make(x):
    with open("ran.txt", "a") as file:
        file.write("ran")
    return City("Bern"), [City("Basel")], Color.RED, Flags.A | Flags.B, Point(1), City.Kind(), {"k": (City, Color)}


@memodisk.memoize
def functions(x):
    return twice, lambda y: y + x + OFFSET, [twice]


def runs():
    count = os.path.exists("ran.txt") and open("ran.txt").read().count("ran")
    open("ran.txt", "w").close()
    return int(count)


def check(made):
    city, cities, color, flags, point, kind, classes = made
    assert type(city) is City and isinstance(cities[0], City), type(city)
    assert city == City("Bern") and city.color is Color.RED and color is Color.RED
    assert flags is Flags.A | Flags.B and type(flags) is Flags
    assert type(point) is Point and type(kind) is City.Kind
    assert classes["k"] == (City, Color)
    return "own classes"
"""
SCRIPT = TOWNS + '\n\nif __name__ == "__main__":\n    print(check(make(1)), runs())\n'
OTHER = "import towns\nprint(towns.check(towns.make(1)), towns.runs())\n"


def write(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)


def test_what_a_script_stored_a_program_that_imports_it_gets_as_its_own_and_the_other_way_round(tmp_path):
    write(tmp_path, towns=SCRIPT, other=OTHER)
    assert run_script(tmp_path / "towns.py") == ["own classes 1"]
    assert run_script(tmp_path / "towns.py") == ["own classes 0"]
    assert run_script(tmp_path / "other.py") == ["own classes 0"]
    for path in (tmp_path / "cache").glob("v1/*/*/*"):
        path.unlink()
    assert run_script(tmp_path / "other.py") == ["own classes 1"]
    assert run_script(tmp_path / "other.py") == ["own classes 0"]
    assert run_script(tmp_path / "towns.py") == ["own classes 0"]


def test_a_module_of_a_package_that_is_run_or_imported(tmp_path):
    (tmp_path / "places").mkdir()
    write(tmp_path / "places", towns=SCRIPT, __init__="")
    runner = "import runpy\nrunpy.run_module('places.towns', run_name='__main__', alter_sys=True)\n"
    write(tmp_path, run=runner, other=OTHER.replace("import towns", "from places import towns"))
    assert run_script(tmp_path / "run.py") == ["own classes 1"]
    assert run_script(tmp_path / "other.py") == ["own classes 0"]
    assert run_script(tmp_path / "run.py") == ["own classes 0"]


POOLS = """
    import joblib
    from dask.distributed import Client, LocalCluster

    def in_loky():
        return joblib.Parallel(n_jobs=2)(joblib.delayed(make)(x) for x in (1, 2))

    def in_cluster(client):
        return client.gather(client.map(make, (1, 2), pure=False))

    for _ in range(2):
        print([check(made) for made in in_loky()], runs())
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        with Client(cluster) as client:
            print([check(made) for made in in_cluster(client)], runs())
            make.cache_clear()
            print([check(made) for made in in_cluster(client)], runs())
            print([check(made) for made in in_cluster(client)], runs())
    print([check(make(x)) for x in (1, 2)], runs())
"""
TWO = "['own classes', 'own classes']"
SHOWN = [f"{TWO} 2", f"{TWO} 0", f"{TWO} 0", f"{TWO} 2", f"{TWO} 0", f"{TWO} 0"]


def test_hits_in_workers_come_home_as_the_parents_classes(tmp_path):
    write(tmp_path, towns=TOWNS + "\n\nif __name__ == '__main__':\n" + textwrap.indent(textwrap.dedent(POOLS), "    "))
    assert run_script(tmp_path / "towns.py") == SHOWN


def test_the_same_from_a_notebook(tmp_path):
    outputs = run_notebook(tmp_path / "a.ipynb", TOWNS, textwrap.dedent(POOLS))
    assert outputs[-1].splitlines() == SHOWN


def test_a_class_of_a_notebook_in_the_next_kernel(tmp_path):
    for count in (1, 0):
        assert run_notebook(tmp_path / "a.ipynb", TOWNS, "print(check(make(1)), runs())")[-1] == f"own classes {count}"


def test_functions_that_are_results_have_the_globals_of_the_caller(tmp_path):
    main = """

if __name__ == "__main__":
    made, line, (again,) = functions(1)
    print(made is twice, again is twice, line(1), line.__globals__ is globals())
"""
    write(tmp_path, towns=TOWNS + main)
    assert run_script(tmp_path / "towns.py") == ["True True 2 True"]
    assert run_script(tmp_path / "towns.py") == ["True True 2 True"]


def test_a_result_whose_class_is_not_there_opens_with_plain_pickle(tmp_path):
    write(tmp_path, towns=SCRIPT)
    run_script(tmp_path / "towns.py")
    look = """
import glob, pickle
(path,) = glob.glob("cache/v1/towns.make/*/*.pkl")
made = pickle.load(open(path, "rb"))
print(type(made[0]).__name__, made[0].name)
"""
    write(tmp_path, look=look)
    assert run_script(tmp_path / "look.py") == ["City Bern"]
