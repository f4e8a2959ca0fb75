"""What `import memodisk` imports, in a new process: no more than a first call needs, so that it is quick."""

from __future__ import annotations

import subprocess
import sys

import pytest
from processes import environment

import memodisk

#: What takes a millisecond or more, with what it imports in its turn.
HEAVY = {
    "argparse", "ast", "asyncio", "concurrent", "dataclasses", "datetime", "decimal", "dis", "email",
    "html", "importlib.metadata", "inspect", "json", "linecache", "logging", "mmap", "pathlib", "pickle", "platform",
    "shutil", "socket", "string", "tempfile", "tokenize", "traceback", "typing", "typing_extensions", "uuid",
    "cloudpickle", "filelock", "numpy", "pandas", "polars", "pyarrow",
}  # fmt: skip

#: All of memodisk that is imported with it. Each module takes 0.1 to 0.5 ms.
EAGER = {
    "memodisk", "memodisk._cache", "memodisk._cache.cache", "memodisk._cache.layer", "memodisk._cache.reading",
    "memodisk._code", "memodisk._code.fingerprint", "memodisk._code.qualified", "memodisk._code.signatures",
    "memodisk._code.snapshots", "memodisk._decorator", "memodisk._decorator.call", "memodisk._decorator.memoize",
    "memodisk._decorator.methods", "memodisk._decorator.options", "memodisk._decorator.switches",
    "memodisk._decorator.telling", "memodisk._request", "memodisk._request.annotations", "memodisk._request.binding",
    "memodisk._request.hasher", "memodisk._request.request", "memodisk._request.summary", "memodisk._store",
    "memodisk._store.freshener", "memodisk._store.layout", "memodisk._store.location", "memodisk._store.memory",
    "memodisk._store.mounts", "memodisk._store.read", "memodisk._store.record", "memodisk._upkeep",
    "memodisk._upkeep.limits", "memodisk._util", "memodisk._util.log", "memodisk._util.main_module",
    "memodisk._util.units", "memodisk._util.version", "memodisk._util.warn", "memodisk.codecs", "memodisk.errors",
    "memodisk.hashing", "memodisk.hashing.base", "memodisk.hashing.dispatch", "memodisk.hashing.walk",
}  # fmt: skip


def imported(program, directory):
    """Return the modules that a program imports beyond what Python imports by itself."""
    lines = ["import sys", "before = set(sys.modules)", *program, "print(*sorted(set(sys.modules) - before))"]
    script = directory / "program.py"
    script.write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, str(script)], env=environment(directory), capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_memodisk_imports_nothing_heavy(tmp_path):
    assert imported(["import memodisk"], tmp_path) & HEAVY == set()


def test_importing_memodisk_imports_these_modules_of_it(tmp_path):
    found = imported(["import memodisk"], tmp_path)
    assert {name for name in found if name.partition(".")[0] == "memodisk"} == EAGER


DECORATED = [
    "import memodisk",
    "@memodisk.memoize(ignore=['verbose'], ttl='7d', max_count=100, version=2)",
    "def f(x, *, verbose=False): return x",
]


def test_memoizing_a_plain_function_reads_its_source_and_imports_nothing_else(tmp_path):
    more = imported(DECORATED, tmp_path) - imported(["import memodisk"], tmp_path)
    assert more & HEAVY <= {"linecache", "tokenize"}
    assert not [name for name in more if name.startswith("memodisk")]


def test_a_first_hit_imports_nothing_that_storing_needs(tmp_path):
    call = ["import memodisk", "@memodisk.memoize", "def f(x): return x", "f(1)"]
    assert {"datetime", "json", "platform"} <= imported(call, tmp_path)
    hit = imported(call, tmp_path)
    assert {"filelock", "datetime", "json", "platform", "logging", "pathlib"} & hit == set()
    assert {"memodisk._request.parts", "memodisk._upkeep.evict", "memodisk._flight.waiting"} & hit == set()


def test_every_public_name_is_there(tmp_path):
    namespace = {}
    exec("from memodisk import *", namespace)
    assert namespace.keys() >= set(memodisk.__all__)
    assert set(memodisk.__all__) <= set(dir(memodisk))
    for name in memodisk.__all__:
        assert getattr(memodisk, name) is namespace[name]


def test_the_decorator_is_what_is_called_memoize_whatever_is_imported_first(tmp_path):
    program = [
        "import memodisk._decorator.memoize",
        "import memodisk._decorator.protocol",
        "import memodisk",
        "memodisk.memoize(abs)",
    ]
    imported(program, tmp_path)
    imported(["from memodisk._cache.stats import Stats", "import memodisk", "assert memodisk.Stats is Stats"], tmp_path)


def test_a_name_that_there_is_not_is_refused_as_usual():
    with pytest.raises(AttributeError, match="module 'memodisk' has no attribute 'memoise'"):
        memodisk.memoise  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'memoise'"):
        exec("from memodisk import memoise")
