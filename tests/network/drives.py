"""What is mounted where, and which checks run there: one job for each drive."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import guest

Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Effort:
    """How long and how often.

    Parameters
    ----------
    stress_seconds
        How long eight processes work on one set of keys.
    rounds
        How often one client waits for what the other computes. For twice as often eight processes of this machine make
        the same call at once; for a quarter of it, in the guest.
    """

    stress_seconds: float = 8
    rounds: int = 16

    @classmethod
    def from_environment(cls) -> Effort:
        """Return what ``MEMODISK_STRESS_SECONDS`` and ``MEMODISK_ROUNDS`` ask for."""
        return cls(
            float(os.environ.get("MEMODISK_STRESS_SECONDS", cls.stress_seconds)),
            int(os.environ.get("MEMODISK_ROUNDS", cls.rounds)),
        )


@dataclass(frozen=True)
class Check:
    """One check of one drive: the name of its figures, what `inside` calls it, and its arguments."""

    name: str
    check: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Drive:
    """A file system that two clients share.

    Parameters
    ----------
    title
        As people call it.
    setup
        Lines of bash that mount it inside the guest. Without any it is a disk of this machine.
    a, b
        Where the two clients see it.
    checks
        What is run there besides what is run everywhere.
    """

    title: str
    setup: str = ""
    a: str = ""
    b: str = ""
    checks: tuple[Check, ...] = ()

    def everywhere(self, a: str, b: str, effort: Effort) -> list[Check]:
        """Return the checks that run on every drive."""
        return [
            Check("stress", "stress", (f"{a}/stress", f"{b}/stress", str(effort.stress_seconds))),
            Check("visibility", "visibility", (f"{a}/flights", f"{b}/flights", str(effort.rounds))),
            Check("single", "single", (f"{a}/flights", f"{b}/flights", str(self._single_rounds(effort)))),
            Check("takeover", "takeover", (f"{a}/flights", f"{b}/flights", "3")),
            Check("replaced", "replaced", (f"{a}/replaced", f"{b}/replaced", "3")),
            Check("clocks", "clocks", (f"{a}/clocks", f"{b}/clocks", "5")),
        ]

    def _single_rounds(self, effort: Effort) -> int:
        # A round of eight processes takes half a second on this machine's disk, and three in the guest.
        return max(3, effort.rounds // 4 if self.setup else effort.rounds * 2)


# A client that gives up after some seconds; by default NFS tries for ever.
_SOFT = "soft,timeo=5,retrans=1"
_NFS = f"""
. {shlex.quote(str(guest.LAB))}/nfs.sh
start_nfs
mount_nfs VERSION "" /mnt/a /mnt/b
mount_nfs VERSION {_SOFT} /mnt/soft
EXTRA
await_locks /mnt/a
"""
_NFS_CHECKS = (
    Check("full", "full", ("/mnt/a/small/full",)),
    Check("stopped", "stopped", ("/mnt/soft/stopped", "rpc.nfsd 0", "rpc.nfsd 4")),
)
_NO_LOCKS = (
    Check("single without locks", "single", ("/mnt/nolock-a/nolock-flights", "/mnt/nolock-b/nolock-flights", "3")),
    Check("stress without locks", "stress", ("/mnt/nolock-a/nolock", "/mnt/nolock-b/nolock", "5")),
)
_SMB = f"""
. {shlex.quote(str(guest.LAB))}/smb.sh
start_smb
mount_smb "" /mnt/a /mnt/b
"""

DRIVES = {
    "local": Drive("local disk"),
    "nfs4": Drive(
        "NFS 4.2", _NFS.replace("VERSION", "4.2").replace("EXTRA", ""), "/mnt/a", "/mnt/b", checks=_NFS_CHECKS
    ),
    "nfs3": Drive(
        "NFS 3",
        _NFS.replace("VERSION", "3").replace("EXTRA", "mount_nfs 3 nolock /mnt/nolock-a /mnt/nolock-b"),
        "/mnt/a",
        "/mnt/b",
        checks=(*_NO_LOCKS, *_NFS_CHECKS),
    ),
    "smb": Drive(
        "SMB",
        _SMB,
        "/mnt/a",
        "/mnt/b",
        checks=(Check("stopped", "stopped", ("/mnt/a/stopped", "pkill -KILL smbd", "smbd -D -s /run/smb/smb.conf")),),
    ),
}


def measure(drive: Drive, effort: Effort) -> Figures:
    """Run all checks of a drive, and return the figures of each.

    Raises
    ------
    guest.NoGuest
        If the guest does not boot.
    RuntimeError
        If its job did not come to its end.
    """
    with tempfile.TemporaryDirectory(prefix="memodisk-network-", dir="/var/tmp") as directory:
        file = f"{directory}/figures"
        if not drive.setup:
            job = _job(file, drive.everywhere(directory, directory, effort))
            done = subprocess.run(["bash", "-c", job], cwd=guest.ROOT, capture_output=True, text=True)
            output, status = done.stdout + done.stderr, done.returncode
        else:
            checks = [*drive.everywhere(drive.a, drive.b, effort), *drive.checks]
            limit = 240 + 3 * effort.stress_seconds + 3 * effort.rounds
            ended = guest.run(drive.setup + _job(file, checks), limit)
            output, status = ended.output, ended.status
        return _figures(file, output, status)


def cut_power(seconds: float) -> Figures:
    """Store results on an ext4 disk, cut the power, and look at them after a new start.

    Parameters
    ----------
    seconds
        From the start of the guest to the cut; it takes four to boot.
    """
    with tempfile.TemporaryDirectory(prefix="memodisk-network-", dir="/var/tmp") as directory:
        disk, file = Path(directory, "disk"), f"{directory}/figures"
        with open(disk, "wb") as image:
            image.truncate(512 << 20)
        subprocess.run(["mkfs.ext4", "-q", str(disk)], check=True)
        mount = "mkdir /mnt/disk; mount -t ext4 -o commit=1 /dev/ubda /mnt/disk\n"
        name = "put until the power is cut"
        guest.run(mount + _job(file, [Check(name, name, ("/mnt/disk/cache",))]), seconds, disk)
        name = "look after the power cut"
        job = _job(file, [Check("power", name, ("/mnt/disk/cache",))])
        ended = guest.run(f"{mount}{job}\numount /mnt/disk", 120, disk)
        return _figures(file, ended.output, ended.status)


def _job(file: str, checks: list[Check]) -> str:
    command = f"{shlex.quote(sys.executable)} -m tests.network.inside {shlex.quote(file)}"
    return "\n".join(f"{command} {shlex.join((one.name, one.check, *one.arguments))}" for one in checks)


def _figures(file: str, output: str, status: int | None) -> Figures:
    figures: Figures = {}
    if os.path.exists(file):
        with open(file, encoding="utf-8") as lines:
            for line in lines:
                figures.update(json.loads(line))
    if status != 0:
        found = ", ".join(figures) or "nothing"
        raise RuntimeError(f"the job ended with {status} after {found}:\n{output[-4000:]}")
    return figures
