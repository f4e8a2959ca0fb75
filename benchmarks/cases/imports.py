"""What `import` costs, beyond the start of Python itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from benchmarks import peers
from benchmarks.case import ALL_PEERS, Case, Example, Measured, Size, by_level
from benchmarks.figures import Goal, Row

#: The shortest program that memoizes a function, so that work which `import` puts off is not overlooked.
PROGRAMS = {
    "memodisk": "import memodisk; memodisk.Cache({0!r}).memoize(f)",
    "joblib": "import joblib; joblib.Memory({0!r}, verbose=0).cache(f)",
    "diskcache": "import diskcache; diskcache.Cache({0!r}).memoize()(f)",
    "checkpointer": "import checkpointer; checkpointer.Checkpointer(directory={0!r})(f)",
    "klepto": "import klepto, klepto.archives; klepto.inf_cache(cache=klepto.archives.dir_archive({0!r}))(f)",
    "cachier": "import cachier; cachier.cachier(cache_dir={0!r})(f)",
    "perscache": "import perscache, perscache.storage as s; perscache.Cache(storage=s.LocalFileStorage({0!r}))(f)",
}


class Imports(Case):
    name = "imports"
    title = "Import"
    contenders = (*ALL_PEERS, "xxhash")
    sizes = by_level({"full": {"times": 15}, "quick": {"times": 3}, "tiny": {"times": 1}})
    rounds = by_level({"quick": 1})

    def rows(self, size: Size) -> list[Row]:
        return [
            Row("import", "import, beyond bare Python", goals=(Goal("diskcache", 1.0),)),
            Row("decorate", "import and memoize a function, beyond bare Python"),
        ]

    def examples(self, size: Size) -> dict[str, Callable[[], Example]]:
        return {}

    def prepare(self, contender: str, directory: str, size: Size) -> None:
        for statement in _statements(contender, directory).values():
            _run(statement)  # compiled to bytecode once

    def measure(self, contender: str, directory: str, size: Size) -> Measured:
        # In turns, and the difference of each pair: the start of Python varies as much as small imports take.
        return {
            row: max(1e-6, median(_run(statement) - _run("pass") for _ in range(size["times"])))
            for row, statement in _statements(contender, directory).items()
        }


def _statements(contender: str, directory: str) -> dict[str, str]:
    if contender not in peers.PEERS:
        return {"import": f"import {contender}"}
    program = PROGRAMS[contender].format(directory)
    return {"import": f"import {peers.PEERS[contender].module}", "decorate": f"def f(x): return x\n{program}"}


def _run(statement: str) -> float:
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    environment = {**os.environ, "PYTHONPATH": root}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], env=environment, check=True, cwd="/")
    return time.perf_counter() - started


CASE = Imports()
