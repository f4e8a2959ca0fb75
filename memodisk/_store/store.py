"""All that can be done with the files of one cache directory: reading, publishing, listing, removing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from memodisk._store import read, temporary
from memodisk._store.entries import Entry
from memodisk._store.layout import RECORD_SUFFIX
from memodisk._store.listing import Listing
from memodisk._store.publish import Publisher
from memodisk._store.read import Reader
from memodisk._store.record import DamagedRecord, Record
from memodisk._util.log import logger
from memodisk.hashing import Digest, Key

log = logger("memodisk.store")

#: The keys that were evicted last, a line each.
_EVICTED = "evicted.txt"
_MAX_EVICTED = 1000


class Store(Reader, Publisher, Listing):
    """The files of one cache directory.

    Parameters
    ----------
    directory
        The cache directory. It is made when the first result is stored.
    """

    def records(self, function_directory: str) -> Iterator[tuple[Entry, Record]]:
        """Yield the files and the contents of all records of one function; damaged ones are left out."""
        for entry in self.entries(function_directory):
            if entry.is_record:
                try:
                    yield entry, Record.from_json(self.read_record(entry.path)[0])
                except FileNotFoundError:
                    continue  # removed in the meantime
                except (OSError, DamagedRecord) as error:
                    log.debug("left out %s: %s", entry.path, error)

    def now_ns(self) -> int:
        """Return the file system's present time in nanoseconds: the modification time of a file just made there.

        The clocks of a server and of its clients need not agree, and files carry the server's time.
        """
        file = temporary.Temporary(self.lock_directory())
        try:
            file.write(b"")
            return os.stat(file.path).st_mtime_ns
        finally:
            file.discard()

    def remove(self, path: str) -> bool:
        """Remove a file; True if it was there."""
        return temporary.remove(path)

    def remove_blob(self, function_directory: str, digest: Digest) -> None:
        """Remove the blob of a digest, whatever its suffix."""
        try:
            with os.scandir(f"{function_directory}/{digest[0]}") as found:
                paths = [item.path for item in found if item.name.startswith(digest + ".")]
        except FileNotFoundError:
            return
        for path in paths:
            # A key of the same 32 digits as the digest would be a record.
            if not path.endswith("." + RECORD_SUFFIX):
                self.remove(path)

    def restore_blob(self, path: str, data: bytes) -> None:
        """Write a blob that was lost."""
        file = temporary.Temporary(os.path.dirname(path))
        try:
            file.write(data)
            file.publish(path, lambda: True)
        finally:
            file.discard()

    def note_evicted(self, function_directory: str, keys: list[str], when: str) -> None:
        """Note which keys were evicted, so that an explanation can say so; only the last ones are kept."""
        path = f"{function_directory}/{_EVICTED}"
        lines = [f"{key}  {when}\n" for key in keys[-_MAX_EVICTED:]]
        try:
            lines = read.read(path, _MAX_EVICTED * 100)[0].decode("ascii", "replace").splitlines(keepends=True) + lines
        except OSError:
            pass  # the first time
        self._write_once(path, "".join(lines[-_MAX_EVICTED:]))

    def evicted_at(self, function_directory: str, key: Key) -> str | None:
        """Return when a key was evicted, or None if that is not known."""
        try:
            text = read.read(f"{function_directory}/{_EVICTED}", _MAX_EVICTED * 100)[0].decode("ascii", "replace")
        except OSError:
            return None
        found = [line for line in text.splitlines() if line.startswith(key)]
        return found[-1].partition("  ")[2] if found else None

    def remove_function(self, function_directory: str) -> None:
        """Remove all that is stored of one function: records first, so that no record ever lacks its blob."""
        for entry in sorted(self.entries(function_directory), key=lambda entry: not entry.is_record):
            self.remove(entry.path)
        self._remove_rest(function_directory)

    def _remove_rest(self, function_directory: str) -> None:
        # Manifests and what the dead left behind. `.nfs*` files belong to the network drive and vanish by themselves.
        for parent, _, names in os.walk(function_directory, topdown=False):
            for name in names:
                path = os.path.join(parent, name)
                if not name.startswith(".nfs") and not _is_in_progress(path):
                    self.remove(path)
            try:
                os.rmdir(parent)
            except OSError:
                pass  # somebody stores something here just now


def _is_in_progress(path: str) -> bool:
    """Return True if somebody alive writes this temporary file."""
    name = os.path.basename(path)
    if not temporary.is_temporary(name):
        return False
    try:
        return not temporary.is_abandoned(name, os.stat(path).st_mtime, time.time())
    except OSError:
        return True  # renamed in the meantime
