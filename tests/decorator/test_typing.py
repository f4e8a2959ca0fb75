"""Types survive memoization: mypy in strict mode accepts what is right, and finds each mistake."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from processes import ROOT

HERE = Path(__file__).parent / "typing"


@pytest.fixture(scope="module")
def errors():
    """All that mypy says about the two files, as (file, line, error code)."""
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--show-error-codes",
        "--hide-error-context",
    ]
    files = [str(HERE / "accepted.py"), str(HERE / "rejected.py")]
    environment = {"MYPYPATH": str(ROOT), "PATH": ""}
    done = subprocess.run([*command, *files], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.stderr == ""
    found = re.findall(r"^(.*?):(\d+): error: .*\[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    return [(Path(file).name, int(line), code) for file, line, code in found]


def test_right_code_is_accepted_and_types_are_as_before(errors):
    assert [error for error in errors if error[0] == "accepted.py"] == []


def test_each_mistake_is_found(errors):
    lines = enumerate((HERE / "rejected.py").read_text().splitlines(), 1)
    expected = [(number, line.partition("# error: ")[2]) for number, line in lines if "# error: " in line]
    assert len(expected) > 20
    assert [(line, code) for file, line, code in errors if file == "rejected.py"] == expected


def test_types_are_announced_to_type_checkers():
    assert (ROOT / "memodisk" / "py.typed").is_file()
