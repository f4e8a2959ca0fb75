"""New processes and new kernels, in which real scripts and notebooks run as a user would run them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

from tools import need

import memodisk

ROOT = Path(memodisk.__file__).parents[1]


def environment(directory: Path, **changes: str | None) -> dict[str, str]:
    """Return the environment of a process that keeps its results in `directory`/cache.

    Parameters
    ----------
    directory
        The process's working directory.
    changes
        Environment variables to set, or None to unset.
    """
    found = {
        **os.environ,
        "MEMODISK_DIR": str(directory / "cache"),
        "PYTHONPATH": str(ROOT),
        # The debugger says on stderr that modules frozen into the interpreter slow it down.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def run_script(path: Path, *arguments: str, **changes: str | None) -> list[str]:
    """Run a script in a new process, in its own directory. Returns the lines it printed, on stdout and stderr."""
    command = [sys.executable, path.name, *arguments]
    done = subprocess.run(
        command,
        cwd=path.parent,
        env=environment(path.parent, **changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


def run_shell(line: str, directory: Path) -> str:
    """Run one line of shell and return what it printed; it has to succeed."""
    if "jq " in line:
        need("jq")
    done = subprocess.run(line, shell=True, cwd=directory, env=environment(directory), capture_output=True, text=True)
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert done.stderr == "", f"{line}\n{done.stderr}"
    return done.stdout


def run_notebook(path: Path, *cells: str, **changes: str | None) -> list[str]:
    """Run cells as a notebook in a new kernel.

    Parameters
    ----------
    path
        The notebook's file; it is written with its outputs, as Jupyter does.
    cells
        The code of each cell.
    changes
        Environment variables of the kernel.

    Returns
    -------
    What each cell printed or returned, as text. A cell that warns has the warning there, too.
    """
    import nbclient
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells])
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute(env=environment(path.parent, JPY_SESSION_NAME=str(path), **changes))
    nbformat.write(notebook, path)
    return [_shown(cell.outputs) for cell in notebook.cells]


def _shown(outputs: list[dict]) -> str:
    texts = [output["text"] if "text" in output else output["data"]["text/plain"] for output in outputs]
    return "".join(texts).strip()
