"""What kind of file system a directory lies on, for the few things that differ."""

from __future__ import annotations

import os

#: What is mounted where, for this process (Linux; proc_pid_mountinfo(5)). It lies on a file system of its own.
TABLE = "/proc/self/mountinfo"
_SMB = frozenset({"cifs", "smb3"})
_LOCAL = frozenset(
    ("bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "vfat", "xfs", "zfs")
)


def file_system(table: str, device: int) -> str:
    """Return the type of a file system, such as ``"ext4"``, or an empty string if it is not in the table.

    Parameters
    ----------
    table
        The text of ``/proc/self/mountinfo``.
    device
        The ``st_dev`` of any file on it. Unlike for a path, links, bind mounts and mounts within mounts do not matter.
    """
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in table.splitlines():
        place, _, source = line.partition(" - ")
        fields = place.split()
        if len(fields) > 2 and fields[2] == wanted:
            return source.partition(" ")[0]
    return ""


def is_smb(directory: str) -> bool:
    """Return True if a directory lies on an SMB share that Linux has mounted. The system is asked once."""
    return _type(directory) in _SMB


def is_local(directory: str) -> bool:
    """Return True if a directory is known to lie on a file system of this machine, which nobody else changes.

    There a name that is missing is missing. The system is asked once.
    """
    return _type(directory) in _LOCAL


_known: dict[str, str] = {}


def _type(directory: str) -> str:
    known = _known.get(directory)
    return _find_out(directory) if known is None else known


def _find_out(directory: str) -> str:
    try:
        with open(TABLE, encoding="utf-8", errors="replace") as file:
            table = file.read()
    except OSError:
        _known[directory] = ""  # not Linux
        return ""
    place = directory
    while True:
        try:
            found = file_system(table, os.stat(place).st_dev)
            break
        except OSError:
            if place == os.path.dirname(place):
                return ""
            place = os.path.dirname(place)
    if place == directory:  # else it may be mounted yet
        _known[directory] = found
    return found
