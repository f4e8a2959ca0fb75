"""Blocks of code in Markdown pages, run as a reader would run them.

Each page gets a fresh directory, and its blocks run there in order, each in a new process:

- A `python` block is a program. It is written to the file that its first line names (`# weather.py`), or else to
  `program.py`, and run.
- Where the front matter of the page says `blocks: cells`, the `python` blocks are the cells of one notebook instead.
- An `sh` block is run by bash and has to succeed. `MEMODISK_DIR` is `cache` in the page's directory, for every block.
  What a block would install is looked up in pyproject.toml instead: the tests have it already.
- The next `text` block says what such a block prints, and so do comments that begin with `# →`. There `…` stands for
  anything in a line, and a line of nothing but `…` for any lines. Another `text` block only shows something.

Nothing else is run, and nothing is left out: blocks of other languages must not be code.
"""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from processes import ROOT, environment, run_notebook
from tools import need

_FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[^\n`]*)\n(?P<text>.*?)^ *(?P=fence) *$", re.MULTILINE | re.DOTALL
)
_NAME = re.compile(r"# (\S+\.py)\n")
_TOLD = re.compile(r"# → (.*)$", re.MULTILINE)
#: `diff` and `memodisk explain` answer with the status 1: they found something.
_SHELL = """\
set -eo pipefail
diff() { command diff "$@" || [ $? = 1 ]; }
memodisk() { command memodisk "$@" || [ $? = 1 ]; }
"""
#: Languages that are run, and those that only show something.
RUN, SHOWN = frozenset({"python", "sh"}), frozenset({"text", "console", "json"})


@dataclass
class Block:
    """One block of a page.

    Parameters
    ----------
    language
        What stands after the fence.
    text
        Its lines, without their common indentation.
    line
        Where it begins in the page.
    prints
        What the page says that it prints, or None.
    """

    language: str
    text: str
    line: int
    prints: str | None = None


def read_page(name: str) -> str:
    """Return the text of a page, by its path from the root of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """Return all blocks of a page that are run or shown, with what those that are run should print."""
    found: list[Block] = []
    last: Block | None = None
    for match in _FENCE.finditer(page):
        language = match["language"].strip()
        line = page.count("\n", 0, match.start()) + 1
        if language.startswith("{"):
            continue  # a directive
        block = Block(language, textwrap.dedent(match["text"]), line)
        found.append(block)
        if language == "text" and last is not None:
            last.prints, last = block.text, None
        elif language in RUN:
            told = _TOLD.findall(block.text) if language == "python" else []
            block.prints = "\n".join(told) if told else None
            last = block
    return found


def example(page: str, text: str) -> str:
    """Return the one `python` block of a page that contains a text."""
    [found] = [block.text for block in blocks(page) if block.language == "python" and text in block.text]
    return found


def table(page: str, title: str) -> list[list[str]]:
    """Return the rows of the table with this first column, as lists of cells, code without its backticks."""
    lines = page.partition(f"\n| {title} |")[2].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split(" | ")])
    assert rows, f"there is no table {title!r}"
    return rows


def write(path: Path, text: str) -> Path:
    """Write a file and return its path."""
    path.write_text(text, encoding="utf-8")
    return path


def run_page(page: str, directory: Path) -> list[str]:
    """Run every block of a page in a directory.

    Returns
    -------
    What each of them printed, on stdout and stderr.
    """
    chosen = [block for block in blocks(page) if block.language in RUN]
    if re.match(r"---\n(.*\n)*?blocks: cells\n", page):
        cells = [block for block in chosen if block.language == "python"]
        chosen = [block for block in chosen if block.language == "sh"]
        printed = run_notebook(directory / "analysis.ipynb", *[block.text for block in cells])
        for block, text in zip(cells, printed, strict=True):
            _compare(block, text)
    else:
        printed = []
    for block in chosen:
        run = _run_python if block.language == "python" else _run_shell
        printed.append(run(block, directory))
        _compare(block, printed[-1])
    return printed


def matches(printed: str, expected: str) -> bool:
    """Return True if a program printed what a page says that it prints."""
    pattern = ""
    for line in expected.strip("\n").splitlines():
        line = line.rstrip()
        pattern += "(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + " *\n"
    return re.fullmatch(pattern, printed.strip("\n") + "\n") is not None


def _compare(block: Block, printed: str) -> None:
    if block.prints is not None:
        assert matches(printed, block.prints), f"line {block.line} prints:\n{printed}\n\nnot:\n{block.prints}"


def _run_python(block: Block, directory: Path) -> str:
    named = _NAME.match(block.text)
    script = write(directory / (named[1] if named else "program.py"), block.text)
    return _run(block, [sys.executable, script.name], directory)


def _run_shell(block: Block, directory: Path) -> str:
    kept = []
    for line in block.text.splitlines():
        if "pip install" in line:
            check_installation(line)
        else:
            kept.append(line)
    for tool in ("jq", "rsync"):
        if re.search(rf"\b{tool} ", block.text):
            need(tool)
    return _run(block, ["bash", "-c", _SHELL + "\n".join(kept)], directory)


def _run(block: Block, command: list[str], directory: Path) -> str:
    # A pytest that is run here tidies up after those before it, which can take long: let it have a place of its own.
    variables = environment(directory, PYTHONUNBUFFERED="1", COLUMNS="100", PYTEST_DEBUG_TEMPROOT=str(directory))
    variables["PATH"] = f"{Path(sys.executable).parent}:{variables['PATH']}"
    done = subprocess.run(
        command,
        cwd=directory,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, f"line {block.line}:\n{block.text}\n{done.stdout}"
    return done.stdout


def check_installation(line: str) -> None:
    """Check that a line installs this checkout, or nothing but what belongs to it, with extras that there are."""
    [installed] = re.findall(r'pip install (?:-q )?(?:-e )?"?([^"]+?)"?(?: &&.*)?$', line)
    match = re.fullmatch(r"\.(?:\[([a-z,]+)\])?", installed)
    assert match is not None, f"{line}: install a checkout, nothing is released"
    known = re.findall(r"^([a-z]+) = \[", read_page("pyproject.toml").partition("optional-dependencies]")[2], re.M)
    assert not match[1] or set(match[1].split(",")) <= set(known), line
