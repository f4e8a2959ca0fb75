"""docs/reference/: every public name, option, method, command and variable is there, and options work as written."""

from __future__ import annotations

import argparse
import inspect
import re

import pytest
from blocks import read_page, table
from processes import ROOT

import memodisk
from memodisk import codecs
from memodisk._decorator.methods import Methods
from memodisk._decorator.options import memoize as options
from memodisk.cli import main as cli

REFERENCE = {path.name: read_page(f"docs/reference/{path.name}") for path in (ROOT / "docs" / "reference").glob("*.md")}
EVERYTHING = "\n".join(REFERENCE.values())
OPTIONS = table(REFERENCE["memoize.md"], "option of `memoize`")


@pytest.mark.parametrize("name", [name for name in memodisk.__all__ if name != "__version__"])
def test_every_public_name_is_documented_once(name):
    found = re.findall(rf"^\.\. (?:auto\w+|py:\w+):: memodisk\.{name}(?:\(\))?$", EVERYTHING, re.MULTILINE)
    assert len(found) == 1


def test_every_page_is_in_the_table_of_contents():
    for index in (ROOT / "docs").rglob("index.md"):
        listed = set(re.findall(r"^([a-z0-9/_-]+)$", index.read_text(encoding="utf-8"), re.MULTILINE))
        pages = {path.stem for path in index.parent.glob("*.md")} - {"index"}
        assert pages <= listed


def test_options_are_those_that_there_are():
    known = [p.name for p in inspect.signature(options).parameters.values() if p.kind is p.KEYWORD_ONLY]
    assert [row[0].partition("=")[0] for row in OPTIONS] == known


@pytest.mark.parametrize("option", [row[0] for row in OPTIONS])
def test_an_option_is_written_as_it_works(option, tmp_path):
    values = {"function": lambda *args, **kwargs: True, "…": "memodisk.env('MODE')"}
    if option == "mmap=True":
        option += ", codec='npy'"
    memoize = memodisk.Cache(tmp_path).memoize
    f = eval(f"memoize({option.replace('…', values['…'])})", {"memoize": memoize, "memodisk": memodisk, **values})(
        load_city
    )
    assert f("Bern") == "Bern"


def load_city(name, verbose=False, **options):
    return name


def test_every_method_of_a_memoized_function_is_documented():
    [members] = re.findall(r"autoclass:: memodisk\.Memoized\(\)\n +:members: (.*)", REFERENCE["memoized.md"])
    assert set(Methods.NAMES) | {"__wrapped__"} == set(members.split(", "))
    for name in Methods.NAMES:
        assert inspect.getdoc(getattr(memodisk.Memoized, name))


def test_every_codec_and_its_suffix_is_in_the_table():
    rows = {row[1]: row[2] for row in table(REFERENCE["codecs.md"], "type of the result")}
    assert rows.keys() == codecs._BUILT_IN.keys()
    for suffix, name in codecs._SUFFIXES.items():
        assert f".{suffix}" in rows[name]


def test_every_command_and_its_options_are_in_the_table():
    rows = [row[0] for row in table(REFERENCE["command-line.md"], "command")]
    [commands] = [action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert {row.split()[1] for row in rows} == set(commands.choices)
    for name, parser in commands.choices.items():
        written = " ".join(row for row in rows if row.split()[1] == name)
        for action in parser._actions:
            if action.option_strings and action.dest not in ("help", "directory"):
                assert action.option_strings[-1] in written


def test_every_environment_variable_is_in_the_table():
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "memodisk").rglob("*.py"))
    used = set(re.findall(r'environ\.get\("(MEMODISK_\w+)"|environ\["(MEMODISK_\w+)"\]', sources))
    named = {row[0] for row in table(REFERENCE["environment.md"], "variable")}
    assert {first or second for first, second in used} == named
