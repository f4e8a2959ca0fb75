"""Whose code is it?"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from pathlib import Path

import pytest

import memodisk
from memodisk._code import userland


@pytest.mark.parametrize(
    ("path", "is_user"),
    [
        ("/home/ann/project/weather.py", True),
        ("/home/ann/project/.venv/lib/python3.11/site-packages/pandas/__init__.py", False),
        ("/usr/lib/python3/dist-packages/numpy/__init__.py", False),
        (os.path.join(sys.prefix, "project", "weather.py"), True),
        (os.path.join(sysconfig.get_path("stdlib"), "json", "decoder.py"), False),
        (json.__file__, False),
        (userland.__file__, False),
        (os.path.join(os.path.dirname(memodisk.__file__), "demo", "script.py"), True),
        ("/tmp/ipykernel_12/3456.py", True),
        ("<frozen importlib._bootstrap>", False),
    ],
)
def test_a_file_is_the_users_unless_it_is_installed(path: str, is_user: bool) -> None:
    assert userland.is_user_path(path) is is_user


@pytest.mark.parametrize(("name", "is_user"), [("__main__", True), ("json", False), ("sys", False), ("made_up", True)])
def test_a_module_is_the_users_if_its_file_is(name: str, is_user: bool) -> None:
    assert userland.is_user_module(name) is is_user


def test_a_link_into_a_project_makes_its_target_no_library(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    (tmp_path / "tool.py").write_text("")
    (site / "tool.py").symlink_to(tmp_path / "tool.py")
    assert not userland.is_user_path(str(site / "tool.py"))
    assert userland.is_user_path(str(tmp_path / "tool.py"))


@pytest.mark.parametrize(
    ("module", "qualname", "name"),
    [
        ("pathlib._local", "Path", "pathlib.Path"),
        ("_io", "StringIO", "io.StringIO"),
        ("scipy.fft._basic", "fft", "scipy.fft.fft"),
        (None, "f", "f"),
    ],
)
def test_private_modules_of_libraries_are_left_out(module: str | None, qualname: str, name: str) -> None:
    assert userland.library_name(module, qualname) == name


def test_a_distribution_is_found_by_name_or_by_its_list_of_files() -> None:
    assert userland.distribution("json") is None
    assert userland.distribution("__main__") is None
    found = userland.distribution("pytest")
    assert found is not None
    assert found.startswith("pytest ")
    assert (userland.distribution("_pytest") or "").startswith("pytest ")


def test_a_module_is_found_without_importing_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "costly").mkdir()
    (tmp_path / "costly" / "__init__.py").write_text("raise SystemExit")
    (tmp_path / "costly" / "part.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = userland.find_spec("costly.part")
    assert getattr(spec, "origin", None) == str(tmp_path / "costly" / "part.py")
    assert "costly" not in sys.modules
    assert userland.find_spec("costly.missing") is None
