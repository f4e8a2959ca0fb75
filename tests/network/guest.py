"""Starts a guest kernel, runs one job in it, and gives back what the job left."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAB = Path(__file__).parent / "lab"
KERNEL = "linux.uml"
MEMORY = "1024M"


class NoGuest(RuntimeError):
    """The guest kernel cannot be started here."""


@dataclass(frozen=True)
class Ended:
    """How a job ended.

    Parameters
    ----------
    output
        What it printed.
    status
        Its exit status, or None if the time was up first: the guest was then cut off, as by a power cut.
    """

    output: str
    status: int | None


def run(job: str, limit: float, disk: Path | None = None) -> Ended:
    """Run a job as root inside a guest of one processor, which sees this machine's files.

    The guest's /mnt, /run and /dev/shm are its own; `TMPDIR` lies there.

    Parameters
    ----------
    job
        Lines of bash.
    limit
        Seconds until the guest is killed.
    disk
        An image that the job finds as /dev/ubda.

    Raises
    ------
    NoGuest
        If it does not boot, with the reason.
    """
    _check()
    with tempfile.TemporaryDirectory(prefix="memodisk-guest-", dir="/var/tmp") as work:
        kept = ("PATH", "HOME", "LANG")
        lines = [f"export {name}={shlex.quote(os.environ[name])}" for name in kept if name in os.environ]
        # The guest writes nothing into this machine's files but what the job says.
        lines += ["export PYTHONDONTWRITEBYTECODE=1", f"cd {shlex.quote(str(ROOT))}", job]
        Path(work, "job.sh").write_text("\n".join(lines) + "\n")
        kernel = [KERNEL, f"mem={MEMORY}", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw"]
        kernel += [f"init={LAB}/init.sh", f"work={work}", "con=null", "con0=null,fd:1", "ssl=null"]
        if disk is not None:
            kernel.append(f"ubd0={disk}")
        with open(f"{work}/console", "wb") as console:
            # In a process namespace of its own, so that nothing of the guest outlives it.
            subprocess.run(
                ["timeout", "-s", "KILL", str(limit), "unshare", "--pid", "--fork", "--kill-child=KILL", *kernel],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        if not os.path.exists(f"{work}/output"):
            raise NoGuest("the guest did not boot:\n" + _read(f"{work}/console")[-2000:])
        status = _read(f"{work}/status").strip()
        return Ended(_read(f"{work}/output"), int(status) if status else None)


def _check() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoGuest("the tests on network drives need root on Linux")
    missing = [name for name in (KERNEL, "unshare", "timeout") if shutil.which(name) is None]
    if missing:
        raise NoGuest(f"{', '.join(missing)}: not found. Run tests/network/install.sh as root")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except FileNotFoundError:
        return ""
