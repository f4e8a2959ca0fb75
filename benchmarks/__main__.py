"""The command line: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import case as cases
from benchmarks import harness, peers, report, volume


def main(arguments: list[str] | None = None) -> int:
    """Run the suite and print its tables; return 1 if memodisk's own answers were wrong or failed."""
    options = _parse(arguments)
    if options.read:
        result = report.from_json(Path(path).read_text(encoding="utf-8") for path in options.read)
    else:
        result = _measure(options)
    print(report.text(result))
    if options.json:
        report.write(options.json, report.to_json(result))
    if options.markdown:
        report.write(options.markdown, report.markdown(result))
    if options.plot:
        report.plot(result, options.plot)
    return report.status(result)


def _measure(options: argparse.Namespace) -> harness.Report:
    base = volume.choose_base(options.work)
    level = "quick" if options.quick else options.level
    names = options.only or cases.NAMES
    chosen = None if options.peers is None else {peers.OURS, *options.peers, *_floors(names)}
    started = time.perf_counter()

    def say(text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{time.perf_counter() - started:6.0f} s  {text}")
            sys.stderr.flush()

    wanted = [name for name in peers.installed() if chosen is None or name in chosen]
    result = harness.Report(
        level=level,
        machine=harness.describe_machine(base),
        versions={name: peers.version(name) for name in wanted},
        traits=harness.probe_peers(base, say, wanted, not options.no_image),
    )
    answers: dict[str, Any] = {}
    for name in names:
        case = cases.load(name)
        found = harness.run_case(case, level, base, say, chosen, not options.no_image, options.rounds, answers)
        result.cases.append(found)
    say("")
    return result


def _floors(names: list[str]) -> set[str]:
    return {c for name in names for c in cases.load(name).contenders if c not in peers.PEERS}


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure memodisk beside its peers and beside what the machine needs."
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds: about a minute in all")
    parser.add_argument("--only", nargs="+", choices=cases.NAMES, metavar="CASE", help=", ".join(cases.NAMES))
    parser.add_argument("--peers", nargs="*", choices=list(peers.PEERS), metavar="PEER", help=", ".join(peers.PEERS))
    parser.add_argument("--rounds", type=int, help="rounds in which the contenders take turns")
    parser.add_argument("--read", nargs="+", metavar="FILE", help="measure nothing: report on what --json wrote")
    parser.add_argument("--json", metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables for benchmarks/README.md")
    parser.add_argument("--plot", metavar="DIR", help="write a picture for each case (needs matplotlib)")
    parser.add_argument("--work", metavar="DIR", help="where to work: a directory on a real disk")
    parser.add_argument("--no-image", action="store_true", help="use directories even where a fresh ext4 could be made")
    parser.add_argument("--level", choices=cases.LEVELS, default="full", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
