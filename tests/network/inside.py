"""What runs in the guest: one check in one process, its figures added to a file.

Usage: python -m tests.network.inside FILE NAME CHECK [ARGUMENT...]
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import flights, outages, power
from .clocks import clocks
from .machines import machine
from .stress import stress

CHECKS: dict[str, Callable[..., dict[str, Any]]] = {
    "stress": lambda a, b, seconds: stress(a, b, float(seconds)),
    "visibility": lambda a, b, rounds: flights.visibility(a, b, int(rounds)),
    "single": lambda a, b, rounds: flights.single(a, b, int(rounds)),
    "takeover": lambda a, b, rounds: flights.takeover(a, b, int(rounds)),
    "stopped": outages.stopped,
    "full": outages.full,
    "replaced": lambda a, b, seconds: outages.replaced(a, b, float(seconds)),
    "clocks": lambda a, b, seconds: clocks(a, b, float(seconds)),
    "machine": lambda who, directory, meeting, seconds: machine(who, directory, meeting, float(seconds)),
    "put until the power is cut": power.put,
    "look after the power cut": power.look,
}


def main(file: str, name: str, check: str, *arguments: str) -> None:
    started = time.monotonic()
    try:
        figures = CHECKS[check](*arguments)
    except Exception:
        figures = {"exceptions": [traceback.format_exc()]}
    figures["took"] = round(time.monotonic() - started, 1)
    with open(file, "a", encoding="utf-8") as output:
        output.write(json.dumps({name: figures}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
