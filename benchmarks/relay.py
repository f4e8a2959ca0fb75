"""A file server behind a slow line, on this machine alone.

`sshfs -o directport` speaks to an sftp-server over a plain connection. This relay sits in between, on the loopback
interface, and hands on every request only after a delay. Requests that are sent without waiting for the answer to the
one before overlap, as they do on a real line: what is counted in the end is round trips.

    python -m benchmarks.relay MILLISECONDS        prints its port, serves until its input ends
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from asyncio import StreamReader, StreamWriter

_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")


def find_server() -> str | None:
    """Return where OpenSSH's sftp-server lies, if it is installed."""
    return next((path for path in _SERVERS if os.access(path, os.X_OK)), shutil.which("sftp-server"))


async def _requests(source: StreamReader, target: StreamWriter, delay: float) -> None:
    """Hand on each request after the delay, in order."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()

    async def receive() -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await source.readexactly(4)
                body = await source.readexactly(int.from_bytes(head, "big"))
                waiting.put_nowait((loop.time() + delay, head + body))
        waiting.put_nowait(None)

    receiver = loop.create_task(receive())
    while (one := await waiting.get()) is not None:
        due, packet = one
        # asyncio's timers are late by up to a millisecond; the last part is waited for in small steps.
        while (left := due - loop.time()) > 0:
            await asyncio.sleep(left - 0.0012 if left > 0.0015 else 0)
        target.write(packet)
    target.close()
    await receiver


async def _answers(source: StreamReader, target: StreamWriter) -> None:
    while data := await source.read(1 << 16):
        target.write(data)
    target.close()


async def serve(delay: float) -> None:
    """Serve on a free port, which is printed, until the standard input ends."""
    program = find_server()
    assert program is not None

    async def connect(reader: StreamReader, writer: StreamWriter) -> None:
        pipe = asyncio.subprocess.PIPE
        server = await asyncio.create_subprocess_exec(program, stdin=pipe, stdout=pipe, limit=1 << 20)
        assert server.stdin is not None
        assert server.stdout is not None
        done = asyncio.gather(_requests(reader, server.stdin, delay), _answers(server.stdout, writer))
        # Cancelled when the relay ends; the server ends with its input.
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await done
            await server.wait()

    listener = await asyncio.start_server(connect, "127.0.0.1", 0, limit=1 << 20)
    sys.stdout.write(f"{listener.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    listener.close()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) / 1000))
