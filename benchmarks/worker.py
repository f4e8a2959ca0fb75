"""What runs in a fresh process: one stage of one case for one contender. Prints one line of JSON.

python -m benchmarks.worker CASE STAGE CONTENDER DIRECTORY LEVEL
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
import warnings
from typing import Any

MARK = "benchmark: "


def spin() -> tuple[float, float]:
    """Return how long a fixed piece of pure Python takes by the clock and on the processor: they differ if others want
    the processor as well."""
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(8):
        sum(i * i for i in range(30_000))
    return time.perf_counter() - wall, time.process_time() - processor


def run(case_name: str, stage: str, contender: str, directory: str, level: str) -> dict[str, Any]:
    """Return what a stage has to say."""
    from benchmarks import case as cases
    from benchmarks import checks

    if case_name == "peers":
        return {"result": checks.PROBES[stage](contender, directory)}
    case = cases.load(case_name)
    size = case.sizes[level]
    if stage == "check":
        return {"result": checks.answers(case, contender, directory, size)}
    if stage == "prepare":
        case.prepare(contender, directory, size)
        return {"result": None}
    # What the last one wrote is not to be written to disk while this one is measured.
    os.sync()
    before = spin()
    result = case.measure(contender, directory, size)
    return {"result": result, "spins": [before, spin()]}


def main() -> None:
    """Run the stage that the command line names."""
    warnings.simplefilter("ignore")
    logging.disable(logging.INFO)
    try:
        answer = run(*sys.argv[1:6])
    # Whatever a peer raises is a result: it is printed in the table.
    except BaseException as error:
        traceback.print_exc()
        from benchmarks.case import failure

        answer = {"failed": failure(error)}
    sys.stdout.write("\n" + MARK + json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
