"""`memodisk demo`, the main job: it really runs, and what it says can be done."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from processes import ROOT, environment, run_shell


def run(directory, *command):
    done = subprocess.run(
        [sys.executable, *command],
        cwd=directory,
        env=environment(directory),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


pytestmark = pytest.mark.slow  # it really fits its models


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    """Where the results will be; a directory with a space in its name."""
    return tmp_path_factory.mktemp("demo") / "the demo" / "results"


@pytest.fixture(scope="module")
def output(where):
    return run(where.parents[1], "-m", "memodisk", "demo", "--directory", str(where.parent))


def timings(output, title):
    """The seconds of each step of one run."""
    part = output.partition(f"{title}\n")[2].partition("in all")[0]
    return re.findall(r" ([\d.]+) s\n", part)


def test_each_run_shows_its_steps_with_timings(output):
    for title in ("First run: computes", "Second run, in a new process: everything is there"):
        assert len(timings(output, title)) == 5
    assert output.count("a forest of 100 trees … accuracy 0.") == 2


def test_the_second_process_computes_nothing(output, where):
    records = [json.loads(path.read_text()) for path in where.glob("v1/*/*/*.record.json")]
    assert len(records) == 5
    assert len({record["made_by"]["pid"] for record in records}) == 1


def test_it_says_what_was_saved(output):
    assert re.search(r"5 results; a run that finds them saves [\d.]+ m?s of computing\.", output)


def test_it_shows_the_directory_as_a_tree(output, where):
    tree = output.partition("The directory:\n")[2].partition("\nThe record of")[0]
    names = {line.split("  ")[0] for line in map(str.strip, tree.splitlines())}
    on_disk = {name + "/" for _, names, _ in os.walk(where) for name in names}
    on_disk |= {name for _, _, files in os.walk(where) for name in files} | {"results/"}
    assert names == on_disk
    assert any(name.endswith(".npy") for name in names)


def test_it_shows_a_record_in_full(output, where):
    text = output.partition("The record of digits.cross_validate:\n")[2].partition("\nLook further")[0]
    record = json.loads(text)
    assert record["function"] == "digits.cross_validate"
    assert record["arguments"] == {"trees": "10", "folds": "5"}
    assert (where / "v1/digits.cross_validate" / record["key"][0] / f"{record['key']}.record.json").read_text() == text


def test_the_code_is_part_of_what_counts(output, where):
    manifests = [path.read_text() for path in where.glob("v1/digits.cross_validate/code/*.txt")]
    assert len(manifests) == 1
    assert "function itself" in manifests[0]
    assert "package scikit-learn" in manifests[0]


def test_the_shell_lines_that_it_prints_work(output, where):
    lines = [line.strip() for line in output.partition("run it again:\n")[2].splitlines()]
    listed, sizes, records, readme, again, removed = (run_shell(line, where.parent) for line in lines)
    assert listed.split() == ["digits.confusions", "digits.cross_validate"]
    assert len(sizes.splitlines()) == 2
    assert (
        sorted(line.split("\t")[0] for line in records.splitlines())
        == ["digits.confusions"] + ["digits.cross_validate"] * 4
    )
    assert "memodisk" in readme
    assert again.count("accuracy") == 4
    assert removed == ""
    assert not where.exists()


def test_the_command_is_the_module(tmp_path):
    """The console script calls what `python -m memodisk` calls."""
    assert '[project.scripts]\nmemodisk = "memodisk.cli.main:main"' in (ROOT / "pyproject.toml").read_text()
    command = "import sys; from memodisk.cli.main import main; sys.argv[0] = 'memodisk'; sys.exit(main())"
    assert run(tmp_path, "-c", command, "--version") == run(tmp_path, "-m", "memodisk", "--version")
    assert "demo" in run(tmp_path, "-c", command, "--help")


def test_without_its_extra_it_says_what_to_install(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['sklearn'] = None\n")
    done = subprocess.run(
        [sys.executable, "-m", "memodisk", "demo"],
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "memodisk demo fits models with scikit-learn: install it with  pip install scikit-learn\n"
