"""The loggers are those of `logging`, whoever imports it, and when."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest
from processes import environment

from memodisk._util.log import logger

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
        assert lines[-1].startswith("memodisk.memoize telling.py tell_hit builtins.abs: hit")


def test_levels_hold_for_parents_and_children(tmp_path):
    quiet = "import logging\nlogging.getLogger('memodisk').setLevel('WARNING')\n"
    assert said(SHOW + TWICE + quiet + "f(-1)\n", tmp_path).count(": hit") == 1
    assert said(TWICE + SHOW + quiet + "f(-1)\n", tmp_path).count(": hit") == 0
    loud = "import logging\nlogging.getLogger('memodisk.memoize').setLevel('DEBUG')\n"
    assert said(TWICE + SHOW + quiet + loud + "f(-1)\n", tmp_path).count(": hit") == 1


def test_a_warning_needs_no_import_of_logging(tmp_path):
    program = "import memodisk\nf = memodisk.memoize(lambda x: 1)\nf(iter([]))\n"
    assert "is not cached" in said(program, tmp_path)


FORK = """
import os, signal, sys, threading, warnings
from importlib.machinery import ModuleSpec
import memodisk
f = memodisk.memoize(abs)
f(-1)
assert "logging" not in sys.modules and "string" not in sys.modules
here = threading.Event()
class Slow:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name == "string" else None
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        here.set()
        threading.Event().wait()
sys.meta_path.insert(0, Slow())
threading.Thread(target=__import__, args=("logging",), daemon=True).start()
here.wait(20)
warnings.simplefilter("ignore")  # of threads and fork(): that is what this is about
child = os.fork()
if child == 0:
    signal.alarm(20)
    os._exit(f(-1) + f(-1))
sys.stderr.write(str(os.waitpid(child, 0)[1] >> 8))
sys.stderr.flush()
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
def test_a_process_forked_while_a_thread_imports_logging_does_not_hang(tmp_path):
    assert said(FORK, tmp_path) == "2"
