"""What kind of file system a directory lies on."""

from __future__ import annotations

import os

import pytest

from memodisk._store import mounts

TABLE = r"""
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
24 22 0:22 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw
31 22 0:41 / /mnt/team\040drive rw,relatime shared:5 master:2 - cifs //server/share rw,vers=3.1.1,cache=strict
32 22 0:42 /deep /mnt/nfs rw,relatime - nfs4 server:/export/deep rw,vers=4.2
33 31 0:43 / /mnt/team\040drive/more rw,relatime - smb3 //server/more rw
34 22 0:44 / /mnt/cifs\040-\040not rw - tmpfs none rw
""".lstrip()


@pytest.mark.parametrize(
    ("device", "type_"),
    [
        ((259, 2), "ext4"),
        ((0, 22), "proc"),
        ((0, 41), "cifs"),
        ((0, 42), "nfs4"),
        ((0, 43), "smb3"),
        ((0, 44), "tmpfs"),
        ((0, 4), ""),  # as on btrfs, whose files have devices of their own
    ],
)
def test_a_file_system_is_found_by_its_device(device, type_):
    assert mounts.file_system(TABLE, os.makedev(*device)) == type_


@pytest.mark.parametrize("table", ["", "\n\n", "22 1\n", "22 1 0:7\n", "22 1 0:7 / / rw - \n"])
def test_a_table_that_makes_no_sense_says_nothing(table):
    assert mounts.file_system(table, os.makedev(0, 7)) == ""


@pytest.fixture
def on_share(tmp_path, monkeypatch):
    """A directory of which the table says that it lies on an SMB share."""
    device = os.stat(tmp_path).st_dev
    table = tmp_path / "table"
    table.write_text(f"31 22 {os.major(device)}:{os.minor(device)} / /mnt rw - cifs //server/share rw\n")
    monkeypatch.setattr(mounts, "TABLE", str(table))
    return tmp_path


def test_a_share_is_known_by_its_type_and_asked_for_once(on_share):
    assert mounts.is_smb(str(on_share))
    os.unlink(on_share / "table")
    assert mounts.is_smb(str(on_share))


def test_a_directory_that_is_not_there_yet_is_taken_for_a_part_of_what_it_is_to_lie_in(on_share):
    missing = str(on_share / "not" / "yet")
    assert mounts.is_smb(missing)
    (on_share / "table").write_text("")
    assert not mounts.is_smb(missing)  # something else may be mounted there by now


def test_without_a_table_nothing_is_a_share(tmp_path, monkeypatch):
    monkeypatch.setattr(mounts, "TABLE", str(tmp_path / "none"))
    assert not mounts.is_smb(str(tmp_path))


def test_a_local_disk_is_no_share(tmp_path):
    assert not mounts.is_smb(str(tmp_path))
