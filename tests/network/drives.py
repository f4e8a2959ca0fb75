"""What is mounted where, and which checks run there: one job for each drive, and one for each of two machines."""

from __future__ import annotations

import contextlib
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
from .crew import total
from .machines import MACHINES

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

#: What the client's clock is, and what the figures are called.
_CLOCKS = {"AHEAD": "one hour ahead", "BEHIND": "one hour behind"}
#: The server is a client of itself. The clock of the other client is set; before, it is right.
_MACHINES = {
    "server": f"""
. {shlex.quote(str(guest.LAB))}/nfs.sh
join_network server 10.77.0.1
NFS_CLIENTS="127.0.0.1 10.77.0.2" start_nfs
mount_nfs 4.2 "" /mnt/shared
await_locks /mnt/shared
touch MEETING/server-is-ready
CHECK_AHEAD
CHECK_BEHIND
until [ -e MEETING/client-is-gone ]; do sleep 0.1; done
""",
    "client": f"""
. {shlex.quote(str(guest.LAB))}/nfs.sh
join_network client 10.77.0.2
# So that no process here has the number of one there.
for _ in {{1..1000}}; do (:); done
until [ -e MEETING/server-is-ready ]; do sleep 0.1; done
modprobe nfsv4
NFS_SERVER=10.77.0.1 mount_nfs 4.2 "" /mnt/shared
date -s "+1 hour"
CHECK_AHEAD
date -s "-2 hours"
CHECK_BEHIND
umount /mnt/shared
""",
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


def two_machines(seconds: float) -> Figures:
    """Let two machines, whose clocks are an hour apart, work on one directory, and look who is served what.

    Parameters
    ----------
    seconds
        How long they work with the client's clock ahead, and then with it behind.

    Returns
    -------
    Figures for either; lists are of the server's and the client's.
    """
    with contextlib.ExitStack() as stack:
        meeting = stack.enter_context(tempfile.TemporaryDirectory(prefix="memodisk-network-", dir="/var/tmp"))
        guests = []
        for who, plug in zip(MACHINES, stack.enter_context(guest.network(MACHINES)), strict=True):
            job = _MACHINES[who].replace("MEETING", meeting)
            for word, name in _CLOCKS.items():
                arguments = (who, f"/mnt/shared/{word}", f"{meeting}/{word}", str(seconds))
                job = job.replace(
                    f"CHECK_{word}", _job(f"{meeting}/figures-{who}", [Check(name, "machine", arguments)])
                )
            guests.append(stack.enter_context(guest.started(job, 240 + 4 * seconds, plug=plug)))
        server, client = guests
        ended = [client.end()]
        Path(meeting, "client-is-gone").touch()
        ended.insert(0, server.end())
        output = "\n".join(one.output for one in ended)
        found = [
            _figures(f"{meeting}/figures-{who}", output, one.status) for who, one in zip(MACHINES, ended, strict=True)
        ]
        return {
            name: {**total([one[name] for one in found]), "took": max(one[name]["took"] for one in found)}
            for name in _CLOCKS.values()
        }


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
