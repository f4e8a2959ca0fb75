"""Runs an action in a child process whose system calls strace counts, lets fail, or kills at."""

from __future__ import annotations

import ctypes
import mmap
import os
import pickle
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tools import need

# Everything that a store asks of the kernel; "?" because no machine has all of these names.
_FILE_CALLS = (
    "?open,?openat,?close,?read,?readv,?pread64,?write,?writev,?pwrite64,?lseek,?ftruncate,?fsync,?fdatasync,?flock"
    ",?fstat,?newfstatat,?stat,?lstat,?statx,?access,?faccessat,?faccessat2,?utime,?utimes,?utimensat,?fcntl"
    ",?getdents,?getdents64,?mkdir,?mkdirat,?rename,?renameat,?renameat2,?link,?linkat,?symlink,?symlinkat"
    ",?unlink,?unlinkat,?rmdir,?chmod,?fchmod,?fchmodat"
)

_PR_SET_PTRACER = 0x59616D61
_ANSWER_SIZE = 1 << 16


@dataclass(frozen=True)
class Outcome:
    """How the child ended.

    Parameters
    ----------
    value
        What the action returned.
    error
        The exception that it raised, as text.
    killed
        True if it was killed on its way.
    calls
        Its system calls in order, by name.
    """

    value: Any = None
    error: str | None = None
    killed: bool = False
    calls: tuple[str, ...] = field(default=(), repr=False)

    def each_call(self) -> list[tuple[str, int]]:
        """Each system call as its name and its number among those of that name: what strace calls ``when``."""
        seen: Counter[str] = Counter()
        found = []
        for name in self.calls:
            seen[name] += 1
            found.append((name, seen[name]))
        return found


def run(action: Callable[[], Any], scratch: str | os.PathLike[str], inject: str | None = None) -> Outcome:
    """Run an action in a child of this process, under strace.

    Parameters
    ----------
    action
        What to run. It returns plain data.
    scratch
        A directory for the trace, not the one under test.
    inject
        As for strace, for instance ``"openat:error=EIO:when=3"``; calls are counted from the action's beginning.
    """
    trace = os.path.join(scratch, "trace.txt")
    go, answer = mmap.mmap(-1, 1), mmap.mmap(-1, _ANSWER_SIZE)  # memory shared with the child
    child = os.fork()
    if child == 0:
        _be_traced(action, go, answer)
    command = [need("strace"), "-qq", "-o", trace, "-e", "signal=none", "-e", "trace=" + _FILE_CALLS]
    if inject is not None:
        command += ["-e", f"inject={inject}"]
    try:
        tracer = subprocess.Popen([*command, "-p", str(child)])
        while f"TracerPid:\t{tracer.pid}\n" not in _read(f"/proc/{child}/status"):
            assert tracer.poll() is None, "strace could not attach itself"
            time.sleep(0.0005)
        go[0] = 1
        _, status = os.waitpid(child, 0)
        child = 0
        tracer.wait(30)
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    calls = tuple(re.findall(r"^(\w+)\(", _read(trace), re.MULTILINE))
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return Outcome(killed=True, calls=calls)
    value, error = pickle.loads(answer)
    return Outcome(value, error, calls=calls)


def _be_traced(action: Callable[[], Any], go: mmap.mmap, answer: mmap.mmap) -> None:
    """In the child: wait for the tracer, run the action, leave the answer without a system call."""
    try:
        # Some systems let only a parent trace: here anybody may.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        value = error = None
        while go[0] == 0:
            time.sleep(0.0005)
        try:
            value = action()
        except BaseException as raised:
            error = f"{type(raised).__name__}: {raised}"[:2000]
        data = pickle.dumps((value, error))
        answer[: len(data)] = data
    finally:
        os._exit(0)  # whatever happens, the child must not go on as a second test run


def _read(path: str) -> str:
    with open(path) as file:
        return file.read()
