"""The README's two commands, and what it promises, tried beyond its blocks (which tests/docs/test_docs.py runs)."""

from __future__ import annotations

import re
import subprocess

import pytest
from blocks import blocks, check_installation, example, read_page, write
from processes import environment, run_notebook, run_script
from tools import need

README = read_page("README.md")
INSIDE = read_page("docs/how-to/look-inside.md")


# Commands


def test_it_opens_with_the_two_commands():
    demo, tests = re.findall(r"^ *(python3 -m venv .*)$", README, re.MULTILINE)
    assert demo == 'python3 -m venv .venv && .venv/bin/pip install -q ".[demo]" && .venv/bin/memodisk demo'
    assert tests == 'python3 -m venv .venv && .venv/bin/pip install -q -e ".[test]" && .venv/bin/python -m pytest'
    assert README.index(tests) < README.index("## ")
    # `.ci/run` finds it so, and runs it.
    assert re.findall(r"^python3 -m venv .*pytest$", README, re.MULTILINE) == [tests]
    check_installation(demo)
    check_installation(tests)


def test_it_is_no_longer_than_two_screens():
    assert len(README.splitlines()) < 140


# Figures


def test_its_figures_are_those_of_the_benchmarks():
    results = read_page("benchmarks/README.md") + read_page("docs/how-to/network-drives.md")
    for said, measured in {
        "takes 3.5 µs": "ten dependencies | 3.45 µs",
        "0 wrong values in 120,558": "list, repair | 120,558 |",
        "takes 4.6 µs": "again in the same process | 4.57 µs | 18.2 µs diskcache (0.253×)",
        "a\n  fifteenth of joblib": "joblib: 0.0666×",
        "it takes 2.8 ms": "numpy array of 100 MB | 2.83 ms | 71.6 ms checkpointer",
        "200 of 200 times": "once, 200 of 200",
        "after at most 0.08 s (NFS: 0.25 s)": "after at most | 0.08 s | 0.25 s |",
        "1.01 times": "1,000,000 / hit among 1,000 | 1.01 ×",
    }.items():
        assert said in README
        assert measured in results


# The first example


def first_example(instead):
    return example(README, "# weather.py").replace("time.sleep(1)  # something slow", instead)


def test_the_first_example_hits_notices_a_changed_helper_and_finds_the_old_result(tmp_path):
    script = tmp_path / "weather.py"
    original = first_example("print('computes')")
    edited = original.replace("value < 60", "value < 10")
    outputs = [run_script(write(script, text)) for text in (original, original, edited, original)]
    assert [len(lines) for lines in outputs] == [2, 1, 2, 1]


def test_a_notebook_that_is_run_again_in_another_kernel_hits(tmp_path):
    page = read_page("docs/how-to/notebooks.md")
    cells = [block.text for block in blocks(page) if block.language == "python"]
    run_notebook(tmp_path / "analysis.ipynb", *cells)
    assert "computing" not in "".join(run_notebook(tmp_path / "analysis.ipynb", *cells))


# How to look inside


def shell_lines():
    [block] = re.findall(r"^```sh\n(ls .*?)^```$", INSIDE, re.MULTILINE | re.DOTALL)
    return block.splitlines()


def test_the_shell_lines_work_on_a_real_cache(tmp_path):
    script = tmp_path / "weather.py"
    run_script(write(script, first_example("pass")))
    run_script(write(script, first_example("pass").replace("value < 60", "value < 50")))
    printed = {}
    for line in shell_lines():
        need(line.split()[0])
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=60
        )
        assert done.stderr == ""
        assert done.returncode == (1 if line.startswith("diff") else 0)  # there is a difference
        printed[line.split()[0] + " " + line.split()[1]] = done.stdout
    assert printed["ls $MEMODISK_DIR/v1"] == "weather.load_city\n"
    assert "weather.load_city" in printed["du -sh"]
    first, second = printed["jq -r"].splitlines()
    assert first.split("\t")[0] == "weather.load_city"
    assert first.split("\t")[3] == """{"name":"'Bern'","year":"2020"}"""
    assert float(printed["jq -s"]) > 0
    assert [line[0] for line in printed["diff $MEMODISK_DIR/v1/weather.load_city/code/*.txt"].splitlines()[1:]] == list(
        "<->"
    )
    assert "helper clean" in printed["diff $MEMODISK_DIR/v1/weather.load_city/code/*.txt"]
    assert printed["rm -r"] == ""
    assert list((tmp_path / "cache" / "v1").iterdir()) == []


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/look-inside.md"])
def test_it_says_where_the_results_are(page, tmp_path):
    [command] = re.findall(r"`python -c \"(.*?)\"`", read_page(page))
    [printed] = run_script(write(tmp_path / "where.py", command))
    assert printed == str(tmp_path / "cache")


def test_what_is_deleted_is_computed_again(tmp_path):
    script = write(tmp_path / "weather.py", first_example("print('computes')"))
    run_script(script)
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert len(files) >= 6
    for path in files:
        path.unlink()
        assert run_script(script)[-1] == "{'city': 'Bern', 'year': 2020, 'mean': 10.0}"


def test_a_directory_that_was_moved_still_hits(tmp_path):
    script = write(tmp_path / "weather.py", first_example("print('computes')"))
    assert len(run_script(script)) == 2
    (tmp_path / "cache").rename(tmp_path / "moved")
    assert len(run_script(script, MEMODISK_DIR=str(tmp_path / "moved"))) == 1


# When something goes wrong


@pytest.mark.parametrize("fault", ["argument", "result", "directory"])
def test_one_warning_and_the_function_s_value(tmp_path, fault):
    text = {
        "argument": "import threading\ng = lambda: f(threading.Lock())\n",
        "result": "g = lambda: f(1) and 1\n",
        "directory": "g = lambda: f(2)\n",
    }[fault]
    result = "open(__file__)" if fault == "result" else "1"
    script = write(
        tmp_path / "p.py",
        f"import memodisk\n@memodisk.memoize\ndef f(x):\n    return {result}\n{text}print(g(), g(), g())\n",
    )
    if fault == "directory":
        (tmp_path / "cache").mkdir()
        write(tmp_path / "cache" / "v1", "a file where a directory should be")
    value, warning = sorted(run_script(script))
    assert value == "1 1 1"
    assert warning.startswith("p.f")
