"""Where the work is done: a real disk, and if possible a file system of its own.

After many files were deleted, ext4 creates files up to ten times slower for minutes, so a used file system tells
nothing about puts. Root gets a fresh ext4 image, mounted through a loop device and thrown away as a whole; others get
a directory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

_GIGABYTE = 1 << 30
_MEMORY = ("tmpfs", "ramfs", "devtmpfs")


def file_system(path: str, mounts: str | None = None) -> str:
    """Return the type of the file system that a path lies on, or ``?``.

    Parameters
    ----------
    path
        Any path.
    mounts
        A text like /proc/mounts; that file by default.
    """
    if mounts is None:
        try:
            with open("/proc/mounts", encoding="utf-8") as file:
                mounts = file.read()
        except OSError:
            return "?"
    best, kind = "", "?"
    path = os.path.realpath(path)
    for line in mounts.splitlines():
        _, point, type_, *_ = line.split(" ")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, type_
    return kind


def choose_base(wanted: str | None) -> str:
    """Return a directory on a real disk to work in.

    Raises
    ------
    SystemExit
        If the wanted directory lies in memory, or none is on a disk.
    """
    candidates = [wanted] if wanted else [tempfile.gettempdir(), "/var/tmp", os.path.expanduser("~/.cache"), "."]
    for one in candidates:
        if os.path.isdir(one) and os.access(one, os.W_OK) and file_system(one) not in _MEMORY:
            return os.path.abspath(one)
    raise SystemExit(f"{' '.join(candidates)}: no directory on a real disk; give one with --work")


@contextlib.contextmanager
def fresh(base: str, gigabytes: float, image: bool = True) -> Iterator[str]:
    """Yield an empty directory, on a file system of its own if possible, and remove it afterwards."""
    directory = tempfile.mkdtemp(prefix="memodisk-benchmark-", dir=base)
    try:
        point = os.path.join(directory, "volume")
        os.mkdir(point)
        is_mounted = image and _mount(os.path.join(directory, "image"), point, gigabytes)
        try:
            yield point
        finally:
            if is_mounted:
                _unmount(point)
    finally:
        if not os.path.ismount(os.path.join(directory, "volume")):
            shutil.rmtree(directory, ignore_errors=True)


def _mount(image: str, point: str, gigabytes: float) -> bool:
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        return False
    size = min(int(gigabytes * _GIGABYTE), shutil.disk_usage(os.path.dirname(image)).free * 3 // 4)
    with open(image, "wb") as file:
        file.truncate(size)
    # An inode for each 4 KiB, because results are small. Tables that a kernel thread fills in later would disturb.
    make = ["mkfs.ext4", "-q", "-F", "-i", "4096", "-E", "lazy_itable_init=1,nodiscard", image]
    mount = ["mount", "-o", "loop,noinit_itable", image, point]
    for command in (make, mount):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            os.unlink(image)
            return False
    lost = os.path.join(point, "lost+found")
    if os.path.isdir(lost):
        os.rmdir(lost)
    return True


def _unmount(point: str) -> None:
    for _ in range(20):
        if subprocess.run(["umount", point], capture_output=True, check=False).returncode == 0:
            return
    subprocess.run(["umount", "-l", point], capture_output=True, check=False)
