"""What a row of the table of code edits is, and how it is run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

from processes import environment

HITS, COMPUTES, COMPUTES_IN_VAIN = "hits", "computes", "computes in vain"

HEADER = "from memodisk import memoize\n"

#: Says of a call: what it returned, what the function says, whether it ran, and why.
REPORT = """
import json, logging
import memodisk

class Lines(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []
    def emit(self, record):
        self.lines.append(record.getMessage())

def report(function, *arguments):
    lines = Lines()
    logging.getLogger("memodisk").addHandler(lines)
    why = str(function.explain(*arguments).summary)
    value = function(*arguments)
    ran = function.cache_info().misses > 0
    with memodisk.disabled():
        truth = function(*arguments)
    print("\\n" + json.dumps([repr(value), repr(truth), ran, why, "; ".join(lines.lines)]))
"""

RUN = """
import main
from report import report
report(main.f, 3)
"""


class Edit(NamedTuple):
    """A project, how it is edited, and whether the call then hits.

    Parameters
    ----------
    reason
        Why it should.
    expected
        Of the second process. A call that computes in vain returns what was stored: an accepted false miss.
    before
        Files by name (without .py), their text dedented. The memoized function is ``main.f`` and is called with 3,
        unless there is another script, ``run``.
    after
        Files that are replaced or added; None removes one.
    says
        Part of what the explanation of the miss, or the warning, says.
    moves_to
        Where the project lies in the end.
    environment
        Variables that are set in the second process.
    """

    reason: str
    expected: str
    before: dict[str, str]
    after: dict[str, str | None]
    says: str = ""
    moves_to: str = "project"
    environment: dict[str, str] = {}


class State(NamedTuple):
    """What one process reported."""

    value: str
    truth: str
    ran: bool
    why: str
    log: str


def write(directory: Path, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        path = directory / (name if "." in name.rpartition("/")[2] else f"{name}.py")
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        text = dedent(text).lstrip("\n")
        path.write_text(HEADER + text if name == "main" else text)


def read(output: str) -> State:
    return State(*json.loads(output.splitlines()[-1]))


class Zygote:
    """Forks a process for each script."""

    def __init__(self) -> None:
        here = Path(__file__)
        self._process = subprocess.Popen(
            [sys.executable, here.with_name("zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(here.parent),
        )

    def run(self, directory: Path, script: str, variables: dict[str, str]) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"directory": str(directory), "script": script, "environment": variables}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        code, output = json.loads(self._process.stdout.readline())
        assert code == 0, output
        return output

    def close(self) -> None:
        self._process.communicate()


class Interpreter:
    """Starts Python for each script."""

    def run(self, directory: Path, script: str, variables: dict[str, str]) -> str:
        done = subprocess.run(
            [sys.executable, "-B", script],
            cwd=directory,
            env=environment(directory, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def close(self) -> None:
        pass


def run_edit(edit: Edit, directory: Path, processes: Zygote | Interpreter) -> tuple[State, State, State]:
    """Return what three processes report: before the edit, after it, and after it is undone."""
    cache = {"MEMODISK_DIR": str(directory / "cache")}
    project = directory / "project"
    files = {"report": REPORT, "run": RUN, **edit.before}
    write(project, files)
    first = read(processes.run(project, "run.py", cache))
    moved = directory / edit.moves_to
    if moved != project:
        moved.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(project, moved)
    write(moved, edit.after)
    second = read(processes.run(moved, "run.py", {**cache, **edit.environment}))
    shutil.rmtree(moved)
    write(project, files)
    third = read(processes.run(project, "run.py", cache))
    return first, second, third
