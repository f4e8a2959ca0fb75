"""What sharing one directory costs, and whether it holds: `python -m benchmarks.sharing`, as root on Linux.

First each drive that two clients share, in a guest kernel: local disk, NFS 4.2, NFS 3, SMB. Then what many entries,
many processes and limits cost. All figures of the README's section on sharing are printed here.
"""

from __future__ import annotations

import os
import sys

from benchmarks import __main__ as suite

#: What the drives are held to: each for a minute, each delay measured a hundred times.
EFFORT = {"MEMODISK_STRESS_SECONDS": "60", "MEMODISK_ROUNDS": "100"}
CASES = ("processes", "scale", "eviction", "policies", "syscalls")


def main(arguments: list[str]) -> int:
    """Print the figures; return 1 if an answer was wrong.

    Parameters
    ----------
    arguments
        Names of drives (``local``, ``nfs4``, ``nfs3``, ``smb``) instead of all and the cases.
    """
    for name, value in EFFORT.items():
        os.environ.setdefault(name, value)
    # Imported late: it reads the environment, and needs the repository's tests.
    from tests.network import __main__ as drives

    drives.main(arguments)
    return 0 if arguments else suite.main(["--only", *CASES])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
