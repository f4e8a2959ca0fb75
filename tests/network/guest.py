"""Starts a guest kernel, or several on one network, runs one job in it, and gives back what the job left."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True)
class Plug:
    """Where a guest is connected to a network; it finds it as vec0.

    Parameters
    ----------
    namespace
        The network namespace that `network` made.
    tap
        The device in it.
    """

    namespace: str
    tap: str


class Guest:
    """A guest that was started."""

    def __init__(self, work: str, process: subprocess.Popen[bytes]) -> None:
        self._work = work
        self._process = process

    def end(self) -> Ended:
        """Wait for the end of the job, or of its time.

        Raises
        ------
        NoGuest
            If the guest did not boot, with the reason.
        """
        self._process.wait()
        if not os.path.exists(f"{self._work}/output"):
            raise NoGuest("the guest did not boot:\n" + _read(f"{self._work}/console")[-2000:])
        status = _read(f"{self._work}/status").strip()
        return Ended(_read(f"{self._work}/output"), int(status) if status else None)


def run(job: str, limit: float, disk: Path | None = None) -> Ended:
    """Run a job as root inside a guest, as `started` does, and wait for its end.

    Raises
    ------
    NoGuest
        If it does not boot, with the reason.
    """
    with started(job, limit, disk) as guest:
        return guest.end()


@contextlib.contextmanager
def started(job: str, limit: float, disk: Path | None = None, plug: Plug | None = None) -> Iterator[Guest]:
    """Start a job as root inside a guest of one processor, which sees this machine's files.

    The guest's /mnt, /run and /dev/shm are its own; `TMPDIR` lies there. At the end of the context it is killed if it
    still runs.

    Parameters
    ----------
    job
        Lines of bash.
    limit
        Seconds until the guest is killed.
    disk
        An image that the job finds as /dev/ubda.
    plug
        Its connection to other guests.

    Raises
    ------
    NoGuest
        If something is missing here.
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
        # In a process namespace of its own, so that nothing of the guest outlives it, nor this process.
        command = ["unshare", "--pid", "--fork", "--kill-child=KILL", "timeout", "-s", "KILL", str(limit), *kernel]
        if plug is not None:
            # Without gro=1 it drops the large frames that the other guest sends, and both wait.
            device = f"vec0:transport=tap,ifname={plug.tap},depth=64,gro=1"
            command = ["nsenter", f"--net={plug.namespace}", *command, device]
        with open(f"{work}/console", "wb") as console:
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", *command],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        try:
            yield Guest(work, process)
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def network(taps: Sequence[str]) -> Iterator[list[Plug]]:
    """Connect taps in a network namespace of their own, which nothing of this machine's network sees.

    The namespace and what is in it vanish with the last process there: who holds it ends with this process.

    Raises
    ------
    NoGuest
        If it cannot be made, with the reason.
    """
    _check()
    lines = ["set -e", "ip link add hub type bridge", "ip link set dev hub up"]
    for tap in taps:
        lines += [f"ip tuntap add dev {tap} mode tap", f"ip link set dev {tap} master hub up"]
    lines += ["echo made", "read -r _ || true"]
    with subprocess.Popen(
        ["unshare", "--net", "bash", "-c", "\n".join(lines)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for this process, which ends the guests first
    ) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        said = holder.stdout.readline()
        if said != "made\n":
            raise NoGuest("no network of its own: " + said + holder.stdout.read())
        try:
            yield [Plug(f"/proc/{holder.pid}/ns/net", tap) for tap in taps]
        finally:
            holder.stdin.close()


def _check() -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoGuest("the tests on network drives need root on Linux")
    missing = [
        name for name in (KERNEL, "ip", "nsenter", "setpriv", "timeout", "unshare") if shutil.which(name) is None
    ]
    if missing:
        raise NoGuest(f"{', '.join(missing)}: not found. Run tests/network/install.sh as root")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except FileNotFoundError:
        return ""
