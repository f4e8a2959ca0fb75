"""``memodisk demo``: the main job, shown on real data."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from typing import TextIO

from memodisk._cache.cache import ResultCache
from memodisk._util.units import format_bytes, format_seconds

SCRIPT = os.path.join(os.path.dirname(__file__), "digits.py")


def run(directory: str | None, out: TextIO) -> int:
    """Run the demo's script in two processes, and show what took how long and what lies on disk.

    Parameters
    ----------
    directory
        Where to put the script and its results, or None for a new temporary directory.
    out
        Where to write the text.

    Returns
    -------
    The exit status: 0 if both runs succeeded.
    """
    if importlib.util.find_spec("sklearn") is None:
        out.write("memodisk demo fits models with scikit-learn: install it with  pip install scikit-learn\n")
        return 1
    place = os.path.abspath(directory) if directory else tempfile.mkdtemp(prefix="memodisk-demo-")
    # A copy, as a script of the user's: what is installed is told by its version, and is not looked into.
    script = os.path.join(place, os.path.basename(SCRIPT))
    os.makedirs(place, exist_ok=True)
    shutil.copyfile(SCRIPT, script)
    results = os.path.join(place, "results")
    out.write(f"The script: {script}\n\n")
    times = []
    for title in ("First run: computes", "Second run, in a new process: everything is there"):
        out.write(f"{title}\n")
        out.flush()
        started = time.perf_counter()
        status = _run_script(script, results, out)
        times.append(time.perf_counter() - started)
        if status:
            return status
        out.write(f"  {format_seconds(times[-1])} in all, Python's start and imports included\n\n")
    cache = ResultCache(results)
    records = sorted(cache.records(), key=lambda record: record.created)
    saved = sum(record.seconds for record in records)
    out.write(f"{len(records)} results; a run that finds them saves {format_seconds(saved)} of computing.\n\n")
    out.write("The directory:\n")
    write_tree(results, out)
    out.write(f"\nThe record of {records[0].function}:\n")
    out.write(records[0].to_json().decode())
    out.write("\nLook further, or edit the script and run it again:\n")
    for line in shell_lines(script, results):
        out.write(f"  {line}\n")
    return 0


def shell_lines(script: str, results: str) -> list[str]:
    """Return commands that show what lies in a directory of results, run the script again, and remove the results."""
    base = shlex.quote(results)
    fields = "[.function, .seconds, .bytes, (.arguments | tostring)] | @tsv"
    return [
        f"ls {base}/v1/",
        f"du -sh {base}/v1/*",
        f"jq -r '{fields}' {base}/v1/*/*/*.record.json",
        f"cat {base}/README.txt",
        f"MEMODISK_DIR={base} {shlex.quote(sys.executable)} {shlex.quote(script)}",
        f"rm -r {base}",
    ]


def write_tree(directory: str, out: TextIO) -> None:
    """Write a directory as an indented tree with sizes."""
    for parent, names, files in os.walk(directory):
        names.sort()
        depth = os.path.relpath(parent, directory).count(os.sep) + 1 if parent != directory else 0
        out.write(f"{'  ' * (depth + 1)}{os.path.basename(parent)}/\n")
        for name in sorted(files):
            size = os.path.getsize(os.path.join(parent, name))
            out.write(f"{'  ' * (depth + 2)}{name}  {format_bytes(size)}\n")


def _run_script(script: str, results: str, out: TextIO) -> int:
    environment = {**os.environ, "MEMODISK_DIR": results, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True, bufsize=1)
    assert process.stdout is not None
    while text := process.stdout.read(1):
        out.write(text)
        out.flush()
    return process.wait()
