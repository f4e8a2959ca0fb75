"""The loggers are those of `logging`, whoever imports it, and when."""

from __future__ import annotations

import logging
import subprocess
import sys

from processes import environment

from memodisk.log import logger

TWICE = "import memodisk\nf = memodisk.memoize(abs)\nf(-1), f(-1)\n"


def said(program, directory):
    """Return what a program writes to stderr."""
    script = directory / "program.py"
    script.write_text(program)
    command = [sys.executable, str(script)]
    return subprocess.run(command, env=environment(directory), capture_output=True, text=True, check=True).stderr


def test_where_logging_is_imported_they_are_its_own():
    assert logger("memodisk.test") is logging.getLogger("memodisk.test")


SHOW = "import logging\nlogging.basicConfig(level='DEBUG', format='%(name)s %(filename)s %(funcName)s %(message)s')\n"


def test_lines_are_shown_whether_logging_is_imported_before_or_after(tmp_path):
    for program in (SHOW + TWICE, TWICE.replace("\n", "\n" + SHOW, 1), TWICE + SHOW + "f(-1)\n"):
        lines = [line for line in said(program, tmp_path).splitlines() if "memoize" in line]
        assert lines[-1].startswith("memodisk.memoize memo.py _log_hit builtins.abs: hit")


def test_levels_hold_for_parents_and_children(tmp_path):
    quiet = "import logging\nlogging.getLogger('memodisk').setLevel('WARNING')\n"
    assert said(SHOW + TWICE + quiet + "f(-1)\n", tmp_path).count(": hit") == 1
    assert said(TWICE + SHOW + quiet + "f(-1)\n", tmp_path).count(": hit") == 0
    loud = "import logging\nlogging.getLogger('memodisk.memoize').setLevel('DEBUG')\n"
    assert said(TWICE + SHOW + quiet + loud + "f(-1)\n", tmp_path).count(": hit") == 1


def test_a_warning_needs_no_import_of_logging(tmp_path):
    program = "import memodisk\nf = memodisk.memoize(lambda x: 1)\nf(iter([]))\n"
    assert "is not cached" in said(program, tmp_path)
