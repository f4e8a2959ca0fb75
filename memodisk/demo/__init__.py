"""``memodisk demo``: the main job, shown on real data."""

from __future__ import annotations

import importlib.util
import os
import shlex
import subprocess
import sys
import tempfile
import time
from typing import TextIO

from memodisk.cache import ResultCache
from memodisk.units import format_bytes, format_seconds

SCRIPT = os.path.join(os.path.dirname(__file__), "digits.py")


def run(directory: str | None, out: TextIO) -> int:
    """Run the demo's script in two processes, and show what took how long and what lies on disk.

    Parameters
    ----------
    directory
        Where to keep the results, or None for a new temporary directory.
    out
        Where to write the text.

    Returns
    -------
    The exit status: 0 if both runs succeeded.
    """
    if importlib.util.find_spec("sklearn") is None:
        out.write("memodisk demo fits models with scikit-learn: install it with  pip install scikit-learn\n")
        return 1
    directory = os.path.abspath(directory) if directory else tempfile.mkdtemp(prefix="memodisk-demo-")
    out.write(f"The script: {SCRIPT}\n\n")
    times = []
    for title in ("First run: computes", "Second run, in a new process: everything is there"):
        out.write(f"{title}\n")
        out.flush()
        started = time.perf_counter()
        status = _run_script(directory, out)
        times.append(time.perf_counter() - started)
        if status:
            return status
        out.write(f"  {format_seconds(times[-1])} in all, Python's start and imports included\n\n")
    cache = ResultCache(directory)
    records = sorted(cache.records(), key=lambda record: record.created)
    saved = sum(record.seconds for record in records)
    out.write(f"{len(records)} results; a run that finds them saves {format_seconds(saved)} of computing.\n\n")
    out.write("The directory:\n")
    write_tree(directory, out)
    out.write(f"\nThe record of {records[-1].function}:\n")
    out.write(records[-1].to_json().decode())
    out.write("\nLook further:\n")
    for line in shell_lines(directory):
        out.write(f"  {line}\n")
    return 0


def shell_lines(directory: str) -> list[str]:
    """Return commands that show what lies in a cache directory."""
    base = shlex.quote(directory)
    fields = "[.function, .seconds, .bytes, (.arguments | tostring)] | @tsv"
    return [
        f"ls {base}/v1/",
        f"du -sh {base}/v1/*",
        f"jq -r '{fields}' {base}/v1/*/*/*.record.json",
        f"cat {base}/README.txt",
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


def _run_script(directory: str, out: TextIO) -> int:
    environment = {**os.environ, "MEMODISK_DIR": directory, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, SCRIPT], env=environment, stdout=subprocess.PIPE, text=True, bufsize=1)
    assert process.stdout is not None
    while text := process.stdout.read(1):
        out.write(text)
        out.flush()
    return process.wait()
