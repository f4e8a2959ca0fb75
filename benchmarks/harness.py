"""Runs cases: fresh processes, rounds in which the contenders take turns, and a verdict on the machine's quiet."""

from __future__ import annotations

import contextlib
import json
import math
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks import checks, peers, volume
from benchmarks.case import Case, is_peer
from benchmarks.figures import MAX_SPREAD, Figure, Row, Verdict, best_peer, cost_ratio, is_noisy, judge, unrest
from benchmarks.worker import MARK

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROUNDS = {"full": 7, "quick": 3, "tiny": 1}
#: Sparse: only what is written takes space.
VOLUME_GIGABYTES = {"full": 40.0, "quick": 8.0, "tiny": 2.0}

Say = Callable[[str], None]


@dataclass
class Entry:
    """What is known of one contender in one row."""

    rounds: list[float] = field(default_factory=list)
    counts: dict[str, int] | None = None
    answer: str = checks.RIGHT
    failed: str | None = None

    @property
    def figure(self) -> Figure | None:
        return Figure(tuple(self.rounds)) if self.rounds else None


@dataclass
class RowResult:
    """A row with what was measured, and what follows from it."""

    row: Row
    entries: dict[str, Entry]
    noisy: bool = False
    best: str | None = None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def figures(self) -> dict[str, Figure]:
        return {name: entry.figure for name, entry in self.entries.items() if entry.figure is not None}

    def conclude(self, may_judge: bool) -> None:
        """Draw the conclusions from what was measured."""
        figures = self.figures
        right = [n for n in figures if is_peer(n) and self.entries[n].answer == checks.RIGHT]
        self.best = best_peer(figures, right, self.row.more_is_better)
        self.noisy = is_noisy(self.row, figures)
        # Of a peer that is wrong there is no ratio, whoever is named in a goal.
        comparable = {n: f for n, f in figures.items() if not is_peer(n) or n in right}
        self.verdicts = judge(self.row, comparable, self.best, self.noisy or not may_judge)

    def ratio(self, name: str, other: str | None) -> float | None:
        """Return how many times the other's cost a contender's is, if both were measured."""
        figures = self.figures
        if other is None or name not in figures or other not in figures:
            return None
        ratio = cost_ratio(figures[name], figures[other], self.row.more_is_better)
        return ratio if math.isfinite(ratio) else None


@dataclass
class CaseResult:
    """A case with its rows; `skipped` says why it was not run."""

    name: str
    title: str
    rows: list[RowResult] = field(default_factory=list)
    spins: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0
    skipped: str | None = None
    waits: bool = False

    @property
    def unrest(self) -> float:
        """By which part the same piece of pure Python took longer than it has to."""
        return unrest(self.spins)

    @property
    def is_quiet(self) -> bool:
        return self.waits or self.unrest <= MAX_SPREAD

    def conclude(self) -> None:
        """Draw the conclusions for all rows. Nothing is judged, except counts, if the machine was busy."""
        for result in self.rows:
            result.conclude(may_judge=self.is_quiet or result.row.exact)


@dataclass
class Report:
    """Everything that one run found out."""

    level: str
    machine: dict[str, str]
    versions: dict[str, str]
    traits: dict[str, dict[str, str]]
    cases: list[CaseResult] = field(default_factory=list)


def start(case: str, stage: str, contender: str, directory: str, level: str, patience: float) -> dict[str, Any]:
    """Run one stage in a fresh process and return what it says: ``result`` or ``failed``."""
    environment = {**os.environ, "PYTHONPATH": ROOT, "PYTHONSAFEPATH": "1"}
    environment.pop("MEMODISK_DIR", None)
    # Installed packages have their bytecode; without its own, memodisk alone would be compiled at each start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "benchmarks.worker", case, stage, contender, directory, level]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=tempfile.gettempdir(),
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        # With the processes that it started itself.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return {"failed": f"takes more than {patience:g} s"}
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    lines = [line for line in output.splitlines() if line.startswith(MARK)]
    if not lines:
        return {"failed": f"ended with status {process.returncode}: {errors.strip()[-160:]}"}
    answer: dict[str, Any] = json.loads(lines[-1].removeprefix(MARK))
    if "failed" in answer and os.environ.get("BENCHMARK_TRACEBACKS"):
        sys.stderr.write(errors)
    return answer


def run_case(case: Case, level: str, base: str, say: Say, only: Iterable[str] | None = None, image: bool = True,
             rounds: int | None = None, answers: dict[str, Any] | None = None) -> CaseResult:  # fmt: skip
    """Measure a case.

    Parameters
    ----------
    case
        The case.
    level
        ``full``, ``quick`` or ``tiny``.
    base
        A directory on a real disk.
    say
        Told what is going on.
    only
        The contenders to measure; all by default.
    image
        Whether to use file systems of our own where possible.
    rounds
        Number of rounds; by default what the level asks for.
    answers
        What contenders said to the example that most cases share: filled here, so that they are asked once.
    """
    answers = {} if answers is None else answers
    started = time.perf_counter()
    result = CaseResult(case.name, case.title, waits=case.waits)
    missing = [program for program in case.needs if not shutil.which(program)]
    if missing:
        result.skipped = f"needs {', '.join(missing)}"
        return result
    here = set(peers.installed())
    contenders = [c for c in case.contenders if (c in here or c not in peers.PEERS) and (only is None or c in only)]
    rows = case.rows(case.sizes[level])
    entries = {row.key: {contender: Entry() for contender in contenders} for row in rows}
    alive = list(contenders)
    patience = case.patience[level]

    def ask(stage: str, contender: str, directory: str) -> Any:
        answer = start(case.name, stage, contender, directory, level, patience)
        if "failed" in answer:
            say(f"{case.name}: {contender}: {answer['failed']}")
            alive.remove(contender)
            for row in rows:
                entries[row.key][contender].failed = answer["failed"]
            return None
        result.spins += [(wall, processor) for wall, processor in answer.get("spins", [])]
        return answer["result"]

    def place(root: str, *parts: str) -> str:
        path = os.path.join(root, *[part.replace(" ", "-") for part in parts])
        os.makedirs(path)
        return path

    def one_round(number: int, where: Callable[[str], str]) -> None:
        turn = number % max(1, len(alive))
        for contender in [*alive[turn:], *alive[:turn]]:
            with case.around(where(contender)) as directory:
                found = ask("measure", contender, directory)
            for key, value in (found or {}).items():
                entry = entries[key][contender]
                if isinstance(value, str):
                    entry.failed = value
                    continue
                if isinstance(value, dict):
                    entry.counts = value
                    value = sum(value.values())
                entry.rounds.append(float(value))

    total = rounds or case.rounds.get(level, ROUNDS[level])
    with volume.fresh(base, VOLUME_GIGABYTES[level], image) as root:
        say(f"{case.name}: checking the answers")
        has_examples, shares_them = bool(case.examples(case.sizes[level])), type(case).examples is Case.examples
        for contender in [c for c in contenders if has_examples and c in peers.PEERS]:
            if shares_them and contender in answers:
                found = answers[contender]
            else:
                found = ask("check", contender, place(root, "check", contender))
            if shares_them:
                answers[contender] = found
            for row in rows:
                answer = (found or {}).get(row.key) or (found or {}).get("*", checks.RIGHT)
                entries[row.key][contender].answer = answer
        if case.fresh:
            for number in range(total):
                say(f"{case.name}: round {number + 1} of {total}")
                with volume.fresh(base, VOLUME_GIGABYTES[level], image) as inner:
                    one_round(number, lambda contender, inner=inner: place(inner, contender))  # type: ignore[misc]
        else:
            places = {contender: place(root, "store", contender) for contender in alive}
            for contender in list(alive):
                say(f"{case.name}: preparing {contender}")
                ask("prepare", contender, places[contender])
            for number in range(total):
                say(f"{case.name}: round {number + 1} of {total}")
                one_round(number, places.__getitem__)
    for row in rows:
        result.rows.append(RowResult(row, entries[row.key]))
    result.conclude()
    result.seconds = time.perf_counter() - started
    return result


def probe_peers(base: str, say: Say, names: Iterable[str], image: bool = True) -> dict[str, dict[str, str]]:
    """Return what each peer notices, by probe."""
    traits: dict[str, dict[str, str]] = {}
    with volume.fresh(base, 1.0, image) as root:
        for name in names:
            say(f"what {name} notices")
            traits[name] = {}
            for probe in checks.PROBES:
                directory = os.path.join(root, f"{name}-{probe.replace(' ', '-')}")
                os.makedirs(directory)
                answer = start("peers", probe, name, directory, "tiny", 30.0)
                traits[name][probe] = answer.get("result") or f"fails: {answer['failed']}"
    return traits


def describe_machine(base: str) -> dict[str, str]:
    """Return what the figures depend on."""
    model = ""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
        model = names[0] if names else ""
    return {
        "processor": model or platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "file system": volume.file_system(base),
        "date": time.strftime("%Y-%m-%d"),
    }
