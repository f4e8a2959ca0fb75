"""The command ``memodisk``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from memodisk.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 if all went well, 1 if not, 2 if it was not understood."""
    parser = argparse.ArgumentParser(prog="memodisk", description="Keep function results on disk.")
    parser.add_argument("--version", action="version", version=f"memodisk {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    demo = commands.add_parser("demo", help="fit models twice, in two processes: the second run hits")
    demo.add_argument("--directory", help="where to keep the results (default: a new temporary directory)")
    options = parser.parse_args(arguments)
    if options.command == "demo":
        from memodisk.demo import run

        return run(options.directory, sys.stdout)
    raise AssertionError(options.command)
