"""Notebooks, each run in real kernels. A function says "computes" when it runs, so a cell's output proves a hit."""

from __future__ import annotations

import textwrap

import pytest
from processes import run_notebook, run_script, run_shell

IMPORT = "import memodisk"

AREA = """
    @memodisk.memoize
    def area(width, height=2):
        print("computes")
        return width * height
    """


@pytest.fixture
def notebook(tmp_path):
    return tmp_path / "analysis.ipynb"


def test_the_same_notebook_in_a_second_kernel_hits(notebook):
    cells = [IMPORT, AREA, "area(3)", "area.cache_info()[:2]"]
    assert run_notebook(notebook, *cells)[2:] == ["computes\n6", "(0, 1)"]
    assert run_notebook(notebook, *cells)[2:] == ["6", "(1, 0)"]


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """A directory in which a notebook has run."""
    directory = tmp_path_factory.mktemp("warm")
    assert run_notebook(directory / "analysis.ipynb", IMPORT, AREA, "area(3)")[-1] == "computes\n6"
    return directory


def test_a_comment_a_docstring_or_formatting_does_not_matter(warm):
    cells = [
        "# What is imported\n\n\nimport memodisk  # this",
        '''
        # The area of a rectangle.

        @memodisk.memoize
        def area(
            width, height = 2,  # in metres
        ):
            """Return the area."""
            print('computes')

            return (width *
                    height)
        ''',
        "area( 3 )",
    ]
    assert run_notebook(warm / "analysis.ipynb", *cells)[-1] == "6"


def test_cells_before_and_between_do_not_matter(warm):
    cells = ["1 + 1", "area = None", IMPORT, "%pwd", AREA, "x = 3", "area(x)"]
    assert run_notebook(warm / "analysis.ipynb", *cells)[-1] == "6"


def test_another_cell_with_the_rest_of_the_notebook_does_not_matter(warm):
    everything = IMPORT + "\n" + textwrap.dedent(AREA) + "other = 1\narea(3)"
    assert run_notebook(warm / "analysis.ipynb", everything) == ["6"]


def test_another_temporary_directory_does_not_matter(warm, tmp_path):
    # Kernels name the code of a cell by a file in TMPDIR that is never written.
    cells = [IMPORT, AREA, "area(3)", "area.__wrapped__.__code__.co_filename"]
    outputs = run_notebook(warm / "analysis.ipynb", *cells, TMPDIR=str(tmp_path))
    assert str(tmp_path) in outputs[-1]
    assert outputs[-2] == "6"


def test_another_notebook_shares_what_is_the_same(warm):
    assert run_notebook(warm / "copy.ipynb", IMPORT, AREA, "area(width=3)")[-1] == "6"


def test_another_notebook_with_another_function_of_the_same_name_is_never_wrong(warm):
    other = AREA.replace("width * height", "width + height")
    assert run_notebook(warm / "other.ipynb", IMPORT, other, "area(3)")[-1] == "computes\n5"
    assert run_notebook(warm / "other.ipynb", IMPORT, other, "area(3)")[-1] == "5"
    assert run_notebook(warm / "analysis.ipynb", IMPORT, AREA, "area(3)")[-1] == "6"


def test_magics_around_a_call_and_around_a_definition(warm):
    timed_call = ["%time area(3)", "%%time\nx = area(3)\nx"]
    outputs = run_notebook(warm / "analysis.ipynb", IMPORT, AREA, *timed_call)
    assert [("computes" in text, text.splitlines()[-1]) for text in outputs[2:]] == [(False, "6"), (False, "6")]
    mixed = ["%time x = 1\n!true\n" + textwrap.dedent(AREA), "area(3)"]
    assert run_notebook(warm / "analysis.ipynb", IMPORT, *mixed)[-1] == "6"


def test_a_function_defined_in_a_timed_cell(warm):
    timed = ["%%time\n" + textwrap.dedent(AREA), "area(4)"]
    run_notebook(warm / "analysis.ipynb", IMPORT, *timed)
    assert run_notebook(warm / "analysis.ipynb", IMPORT, *timed)[-1] == "8"
    assert run_notebook(warm / "analysis.ipynb", IMPORT, AREA, "area(4)")[-1] == "8"


def test_a_function_that_has_a_magic_inside(notebook):
    shell = """
        @memodisk.memoize
        def lines(text):
            print("computes")
            found = !printf '{text}'
            return list(found)
        """
    cells = [IMPORT, shell, r"lines(r'a\nb')", shell.replace("list(found)", "len(found)"), r"lines(r'a\nb')"]
    assert run_notebook(notebook, *cells)[2::2] == ["computes\n['a', 'b']", "computes\n2"]
    assert run_notebook(notebook, *cells)[2::2] == ["['a', 'b']", "2"]


def test_a_function_edited_in_its_cell_computes_and_finds_its_old_results_when_undone(notebook):
    edited = AREA.replace("width * height", "10 * width * height")
    outputs = run_notebook(notebook, IMPORT, AREA, "area(3)", edited, "area(3)", AREA, "area(3)", edited, "area(3)")
    assert outputs[2::2] == ["computes\n6", "computes\n60", "6", "60"]


def test_a_helper_edited_in_another_cell_is_noticed_without_running_the_function_s_cell(notebook):
    helper = "def scale(x):\n    return 2 * x"
    function = """
        @memodisk.memoize
        def total(xs):
            print("computes")
            return sum(scale(x) for x in xs) + OFFSET
        """
    call = "total([1, 2])"
    cells = ["OFFSET = 0", helper, IMPORT, function, call]
    cells += [helper.replace("2", "3"), call, "OFFSET = 100", call, "OFFSET = 0", helper, call]
    outputs = run_notebook(notebook, *cells)
    assert [outputs[index] for index in (4, 6, 8, 11)] == ["computes\n6", "computes\n9", "computes\n109", "6"]


def test_a_cell_run_again_unchanged_hits(notebook):
    cells = [IMPORT, "def helper(x):\n    return x", AREA.replace("return ", "return helper(1) * "), "area(3)"]
    outputs = run_notebook(notebook, *cells, cells[1], "area(3)", cells[2], "area(3)")
    assert outputs[3::2] == ["computes\n6", "6", "6"]


def test_a_function_that_is_used_before_its_helper_exists(notebook):
    function = "@memodisk.memoize\ndef f(x):\n    print('computes')\n    return later(x)"
    broken = "try:\n    f(1)\nexcept NameError as error:\n    print(error)"
    cells = [IMPORT, function, broken, "def later(x):\n    return -x", "f(1)", "f(1)"]
    assert run_notebook(notebook, *cells)[2::3] == ["computes\nname 'later' is not defined", "-1"]


def test_a_class_of_a_cell_as_argument_and_as_result(notebook):
    cells = [
        "from dataclasses import dataclass",
        """
        @dataclass
        class City:
            name: str
            inhabitants: int
            def is_large(self):
                return self.inhabitants > 100_000

        class Plain:
            def __init__(self, items):
                self.items = items
        """,
        IMPORT,
        """
        @memodisk.memoize
        def grow(city, by):
            print("computes")
            return City(city.name, city.inhabitants + by), Plain([city])
        """,
        "grown, plain = grow(City('Bern', 99_000), 2000)",
        "isinstance(grown, City), grown, grown.is_large(), type(plain) is Plain, plain.items",
    ]
    shown = "(True,\n City(name='Bern', inhabitants=101000),\n True,\n True,\n [City(name='Bern', inhabitants=99000)])"
    assert run_notebook(notebook, *cells)[-2:] == ["computes", shown]
    assert run_notebook(notebook, *cells)[-2:] == ["", shown]


def test_a_class_edited_in_its_cell_is_another_argument(notebook):
    cells = [
        IMPORT,
        "class Rate:\n    def of(self, x):\n        return 2 * x",
        "@memodisk.memoize\ndef pay(rate, x):\n    print('computes')\n    return rate.of(x)",
        "pay(Rate(), 10)",
        "class Rate:\n    def of(self, x):\n        return 3 * x",
        "pay(Rate(), 10)",
    ]
    assert run_notebook(notebook, *cells)[3::2] == ["computes\n20", "computes\n30"]
    assert run_notebook(notebook, *cells)[3::2] == ["20", "30"]


def test_methods_and_async_functions_of_cells(notebook):
    cells = [
        IMPORT,
        """
        class Model:
            def __init__(self, weight):
                self.weight = weight

            @memodisk.memoize
            def apply(self, x):
                print("computes")
                return self.weight * x
        """,
        "Model(2).apply(3), Model(5).apply(3)",
        "@memodisk.memoize\nasync def fetch(x):\n    print('computes')\n    return -x",
        "await fetch(1), await fetch(1)",
    ]
    assert run_notebook(notebook, *cells)[2::2] == ["computes\ncomputes\n(6, 15)", "computes\n(-1, -1)"]
    assert run_notebook(notebook, *cells)[2::2] == ["(6, 15)", "(-1, -1)"]


def test_a_module_beside_the_notebook_that_is_edited_and_reloaded(notebook):
    helpers = notebook.with_name("helpers.py")
    helpers.write_text("def scale(x):\n    return 2 * x\n")
    function = "@memodisk.memoize\ndef f(x):\n    print('computes')\n    return helpers.scale(x)"
    edit = "from pathlib import Path\nPath('helpers.py').write_text('def scale(x):\\n    return 33 * x\\n')"
    cells = [IMPORT, "import helpers", function, "f(1)", edit, "import importlib; importlib.reload(helpers);", "f(1)"]
    assert run_notebook(notebook, *cells)[3::3] == ["computes\n2", "computes\n33"]
    assert run_notebook(notebook, IMPORT, "import helpers", function, "f(1)")[-1] == "33"


SCRIPT = """\
import geopandas, memodisk, numpy, shapely

@memodisk.memoize
def get_gdf(n):
    print("computes")
    points = shapely.points(numpy.arange(n), numpy.zeros(n))
    return geopandas.GeoDataFrame({"city": [f"c{i}" for i in range(n)]}, geometry=points, crs="EPSG:4326")
@memodisk.memoize
def distances(gdf, unit="km"):
    print("computes")
    return gdf.geometry.x.to_numpy() * 111.3
@memodisk.memoize
def summary(gdf):
    print("computes")
    return {"rows": len(gdf), "crs": str(gdf.crs)}
"""
USE = """\
gdf = get_gdf(300)
print(type(gdf).__name__, gdf.shape, gdf.crs, distances(gdf).sum(), summary(gdf))
"""
SHOWN = "GeoDataFrame (300, 2) EPSG:4326 4991805.0 {'rows': 300, 'crs': 'EPSG:4326'}"


def test_geodata_arrays_and_dicts_hit_in_a_second_kernel(notebook):
    assert run_notebook(notebook, SCRIPT, USE)[1].splitlines() == ["computes"] * 3 + [SHOWN]
    assert run_notebook(notebook, SCRIPT, USE)[1] == SHOWN


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """A script of 15 lines that has run once, together with what it used."""
    path = tmp_path_factory.mktemp("script") / "towns.py"
    path.write_text(SCRIPT)
    path.with_name("main.py").write_text(SCRIPT + USE)
    assert len(SCRIPT.splitlines()) == 15
    assert run_script(path.with_name("main.py")) == ["computes"] * 3 + [SHOWN]
    return path.with_name("main.py")


def test_a_script_hits_in_a_second_process(script):
    assert run_script(script) == [SHOWN]


def test_a_script_and_the_module_of_the_same_file_share_results(script):
    user = script.with_name("user.py")
    user.write_text("import main\nprint(len(main.get_gdf(300)))\n")
    assert run_script(user) == [SHOWN, "300"]


def test_a_kernel_that_runs_or_imports_the_script_hits(script):
    cells = ["%run main.py", "from main import get_gdf", "get_gdf(300).shape"]
    assert run_notebook(script.with_name("a.ipynb"), *cells) == [SHOWN, SHOWN, "(300, 2)"]


def test_python_dash_m_is_the_same_script(script):
    assert run_shell("cat cache/v1/*/*/*.record.json | jq -r .function | sort -u", script.parent).split() == [
        "main.distances",
        "main.get_gdf",
        "main.summary",
    ]
    import subprocess
    import sys

    from processes import environment

    done = subprocess.run(
        [sys.executable, "-m", "main"],
        cwd=script.parent,
        env=environment(script.parent),
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == [SHOWN]


def test_other_tools_open_the_blobs(script):
    import pickle

    import geopandas
    import numpy as np
    import pandas as pd

    [npy] = script.parent.glob("cache/v1/main.distances/*/*.npy")
    assert np.load(npy).shape == (300,)
    [parquet] = script.parent.glob("cache/v1/main.get_gdf/*/*.parquet")
    assert geopandas.read_parquet(parquet).crs == "EPSG:4326"
    assert list(pd.read_parquet(parquet).columns) == ["city", "geometry"]
    [pkl] = script.parent.glob("cache/v1/main.summary/*/*.pkl")
    with open(pkl, "rb") as file:
        assert pickle.load(file) == {"rows": 300, "crs": "EPSG:4326"}


def test_jq_lists_function_arguments_seconds_and_bytes_of_each_record(script):
    fields = "[.function, (.arguments | tostring), .seconds, .bytes] | @tsv"
    lines = run_shell(f"jq -r '{fields}' cache/v1/*/*/*.record.json", script.parent).splitlines()
    rows = sorted(line.split("\t") for line in lines)
    assert [row[:2] for row in rows] == [
        ["main.distances", '{"gdf":"GeoDataFrame 300 × 2","unit":"\'km\'"}'],
        ["main.get_gdf", '{"n":"300"}'],
        ["main.summary", '{"gdf":"GeoDataFrame 300 × 2"}'],
    ]
    assert all(float(seconds) > 0 and int(size) > 0 for _, _, seconds, size in rows)
