"""Runs scripts, each in a process of its own that has only memodisk imported: 20 ms instead of 200 ms for each.

Reads one line of JSON with directory, script and environment; forks; answers with one line of JSON.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import traceback
import types


def run(directory: str, script: str, environment: dict[str, str]) -> None:
    """Be the new process."""
    os.environ.update(environment)
    os.chdir(directory)
    sys.dont_write_bytecode = True
    sys.argv = [script]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    sys.modules["__main__"] = types.ModuleType("__main__")
    for name in ("projects", "json"):
        sys.modules.pop(name, None)
    runpy.run_path(script, run_name="__main__")


for line in sys.stdin:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        status = 0
        try:
            run(**json.loads(line))
        except BaseException:
            traceback.print_exc()
            status = 1
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as stream:
        output = stream.read()
    _, code = os.waitpid(child, 0)
    print(json.dumps([code, output]), flush=True)
