"""Edits of notebooks, each run in real kernels: cells are edited and run again, or the notebook is started anew.

A function says "computes" when it runs, so a cell's output proves a hit. Kernels that do not need to be new are
shared: within one of them only the function's name changes from row to row.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest
from processes import run_notebook

IMPORT = "import memodisk"


class Cells(NamedTuple):
    """Cells before and after an edit; the last one is the call, and `hits` says what it does after the edit."""

    reason: str
    hits: bool
    before: list[str]
    after: list[str]


def function(body: str = "return x + 1", decorator: str = "@memodisk.memoize", head: str = "def NAME(x):") -> str:
    lines = textwrap.indent(f"print('computes')\n{body}", "    ")
    return f"{decorator}\n{head}\n{lines}"


CALL = "NAME(3)"
HELPER = "def NAME_helper(x):\n    return x + 1"
USES = function("return NAME_helper(x)")
MODEL = "class NAME_Model:\n    rate = 2\n    def go(self, x):\n        return x * self.rate"
FRAME = "import pandas as pd\nNAME_df = pd.DataFrame({'a': [1, 2]})"

ROWS = [
    Cells("the function edited", False, [function(), CALL], [function("return x + 2"), CALL]),
    Cells("the function's cell run again", True, [function(), CALL], [function(), CALL]),
    Cells("a comment", True, [function(), CALL], [function("# why\nreturn x + 1"), CALL]),
    Cells("formatting", True, [function(), CALL], [function("return (x+1)"), CALL]),
    Cells("two cells joined into one", True, [HELPER, USES, CALL], [HELPER + "\n\n" + USES, CALL]),
    Cells("a helper edited, the function not run again", False, [HELPER, USES, CALL], [HELPER.replace("1", "2"), CALL]),
    Cells("a helper run again", True, [HELPER, USES, CALL], [HELPER, CALL]),
    Cells("a constant assigned", False, ["NAME_k = 1", function("return x + NAME_k"), CALL], ["NAME_k = 2", CALL]),
    Cells(
        "a list changed in place",
        False,
        ["NAME_k = [1]", function("return x + NAME_k[-1]"), CALL],
        ["NAME_k.append(2)", CALL],
    ),
    Cells(
        "a list changed and changed back",
        True,
        ["NAME_k = [1]", function("return x + NAME_k[-1]"), CALL],
        ["NAME_k.append(2); NAME_k.pop()", CALL],
    ),
    Cells(
        "a method edited",
        False,
        [MODEL, function("return NAME_Model().go(x)"), CALL],
        [MODEL.replace("x * self", "x + self"), CALL],
    ),
    Cells(
        "a class attribute assigned",
        False,
        [MODEL, function("return NAME_Model().go(x)"), CALL],
        ["NAME_Model.rate = 3", CALL],
    ),
    Cells("a class defined again", True, [MODEL, function("return NAME_Model().go(x)"), CALL], [MODEL, CALL]),
    Cells(
        "a method patched",
        False,
        [MODEL, function("return NAME_Model().go(x)"), CALL],
        ["NAME_Model.go = lambda self, x: 0", CALL],
    ),
    Cells(
        "an instance as an argument, its class defined again",
        True,
        [MODEL, function("return x.go(1)"), "NAME(NAME_Model())"],
        [MODEL, "NAME(NAME_Model())"],
    ),
    Cells(
        "an instance as an argument, its class edited",
        False,
        [MODEL, function("return x.go(1)"), "NAME(NAME_Model())"],
        [MODEL.replace("2", "3"), "NAME(NAME_Model())"],
    ),
    Cells(
        "a frame changed in place",
        False,
        [FRAME, function("return int(NAME_df.a.sum()) + x"), CALL],
        ["NAME_df.loc[0, 'a'] = 9", CALL],
    ),
    Cells("a frame made again", True, [FRAME, function("return int(NAME_df.a.sum()) + x"), CALL], [FRAME, CALL]),
    Cells(
        "a frame as an argument, changed",
        False,
        [FRAME, function("return int(x.a.sum())"), "NAME(NAME_df)"],
        ["NAME_df['b'] = 1", "NAME(NAME_df)"],
    ),
    Cells(
        "an import of another function",
        False,
        ["from math import floor as NAME_g", function("return NAME_g(x + 0.5)"), CALL],
        ["from math import ceil as NAME_g", CALL],
    ),
    Cells(
        "a lambda assigned again",
        False,
        ["NAME_g = lambda x: x", function("return NAME_g(x)"), CALL],
        ["NAME_g = lambda x: -x", CALL],
    ),
    Cells(
        "a default value edited",
        False,
        [function(head="def NAME(x, y=1):"), CALL],
        [function(head="def NAME(x, y=2):"), CALL],
    ),
    Cells("other cells and variables", True, [function(), CALL], ["x = 5\ny = [x]\n%pwd", CALL]),
    Cells(
        "another function of this name, then this one again",
        True,
        [function(), CALL],
        [function("return 0"), "NAME(3)", function(), CALL],
    ),
]
IDS = [f"{'hits' if row.hits else 'computes'}: {row.reason}" for row in ROWS]


def named(row: Cells, cells: list[str]) -> list[str]:
    return [cell.replace("NAME", f"f{ROWS.index(row)}") for cell in cells]


@pytest.fixture(scope="module")
def edited_while_it_runs(tmp_path_factory) -> list[tuple[str, str]]:
    """What each row's call says before and after the edit, all in one kernel."""
    directory = tmp_path_factory.mktemp("running")
    cells, places = [IMPORT], []
    for row in ROWS:
        cells += named(row, row.before)
        first = len(cells) - 1
        cells += named(row, row.after)
        places.append((first, len(cells) - 1))
    outputs = run_notebook(directory / "notebook.ipynb", *cells)
    return [(outputs[first], outputs[last]) for first, last in places]


@pytest.mark.parametrize("number", range(len(ROWS)), ids=IDS)
def test_a_cell_edited_and_run_while_the_kernel_runs(number: int, edited_while_it_runs):
    before, after = edited_while_it_runs[number]
    assert before.startswith("computes")
    assert after.startswith("computes") != ROWS[number].hits
    assert (value(before) == value(after)) or not ROWS[number].hits


@pytest.fixture(scope="module")
def edited_before_a_restart(tmp_path_factory) -> list[tuple[str, str, str]]:
    """What each row's call says in three kernels: of the notebook, of the edited one, of the first one again."""
    path = tmp_path_factory.mktemp("restarted") / "notebook.ipynb"
    before = run(path, [row.before for row in ROWS])
    # The edited cells come after the old ones, which they replace without running the call.
    after = run(path, [[*row.before[:-1], *row.after] for row in ROWS])
    return list(zip(before, after, run(path, [row.before for row in ROWS]), strict=True))


def run(path: Path, rows: list[list[str]]) -> list[str]:
    cells, places = [IMPORT], []
    for row, given in zip(ROWS, rows, strict=True):
        cells += named(row, given)
        places.append(len(cells) - 1)
    outputs = run_notebook(path, *cells)
    return [outputs[place] for place in places]


@pytest.mark.parametrize("number", range(len(ROWS)), ids=IDS)
def test_a_notebook_edited_and_started_anew(number: int, edited_before_a_restart):
    before, after, undone = edited_before_a_restart[number]
    assert before.startswith("computes")
    assert after.startswith("computes") != ROWS[number].hits
    assert undone == value(before)


def value(output: str) -> str:
    return output.removeprefix("computes\n")
