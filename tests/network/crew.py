"""Processes that work on one directory at the same time, and what is heard from them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

#: Seconds after which a process counts as hanging: longer than any wait that the library allows itself.
PATIENCE = 240.0
fork = multiprocessing.get_context("fork")


class Heard(logging.Handler):
    """Collects the warnings of memodisk. `with Heard() as heard: …`"""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.warnings: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        self.warnings[record.getMessage()] += 1

    def __enter__(self) -> Heard:
        logging.getLogger("memodisk").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("memodisk").removeHandler(self)


def together(jobs: Sequence[Callable[[], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Run each job in a process of its own, all at once, and return what each one returned.

    Each answer has the warnings and the exception of its process in it, as ``"warnings"`` and ``"exceptions"``.
    """
    crew = []
    for job in jobs:
        here, there = fork.Pipe()
        process = fork.Process(target=_run, args=(job, there))
        process.start()
        there.close()
        crew.append((process, here))
    answers = []
    for process, pipe in crew:
        answer: dict[str, Any] = {"warnings": {}, "exceptions": ["the process hangs"]}
        try:
            if pipe.poll(PATIENCE):
                answer = pipe.recv()
        except EOFError:
            answer["exceptions"] = ["the process died"]
        process.join(5)
        process.kill()
        answers.append(answer)
    return answers


def _run(job: Callable[[], dict[str, Any]], pipe: Any) -> None:
    with Heard() as heard:
        try:
            answer = job()
        except BaseException:
            answer = {"exceptions": [traceback.format_exc()]}
    answer.setdefault("exceptions", [])
    answer["warnings"] = dict(heard.warnings)
    pipe.send(answer)
    pipe.close()


def total(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Add up what processes returned: numbers, lists and counters."""
    summed: dict[str, Any] = {}
    for answer in answers:
        for name, value in answer.items():
            if isinstance(value, dict):
                summed[name] = dict(Counter(summed.get(name, {})) + Counter(value))
            else:
                summed[name] = summed[name] + value if name in summed else value
    return summed


def files_below(directory: str) -> list[str]:
    """Return all files below a directory; ``.nfs*`` files belong to the network drive and vanish by themselves."""
    return sorted(
        os.path.join(parent, name)
        for parent, _, names in os.walk(directory)
        for name in names
        if not name.startswith(".nfs")
    )
