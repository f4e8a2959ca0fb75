"""The benchmark suite: its statistics, that every adapter answers rightly or is marked, and that a tiny run works."""

from __future__ import annotations

import json
import os

import pytest

from benchmarks import __main__ as command
from benchmarks import case as cases
from benchmarks import checks, harness, peers, report
from benchmarks.cases import policies, syscalls
from benchmarks.figures import (
    ABSOLUTE,
    BEST_PEER,
    FLOOR,
    Figure,
    Goal,
    Row,
    best_peer,
    cost_ratio,
    format_figure,
    is_noisy,
    judge,
    unrest,
)
from benchmarks.volume import file_system


def test_ratios_compare_what_ran_in_the_same_round():
    # The machine became ten times slower after the first round; ours is twice as fast all the time.
    ours, other = Figure((1.0, 10.0, 10.0)), Figure((2.0, 20.0, 20.0))
    assert cost_ratio(ours, other) == 0.5
    assert cost_ratio(ours, other, more_is_better=True) == 2.0


def test_nothing_divided_by_nothing_is_equal():
    assert cost_ratio(Figure((0.0,)), Figure((0.0,))) == 1.0
    assert cost_ratio(Figure((1.0,)), Figure((0.0,))) == float("inf")


def test_the_best_peer_is_the_fastest_of_those_that_are_right():
    figures = {"wrong": Figure((1.0,)), "good": Figure((2.0,)), "slow": Figure((3.0,))}
    assert best_peer(figures, ["good", "slow"]) == "good"
    assert best_peer(figures, ["good", "slow"], more_is_better=True) == "slow"
    assert best_peer(figures, ["absent"]) is None


def test_goals_are_judged_by_their_ratio():
    row = Row("hit", "a hit", floor="bare", goals=(Goal(BEST_PEER, 0.5), Goal(FLOOR, 1.2), Goal(ABSOLUTE, 2.0)))
    figures = {"memodisk": Figure((1.0,)), "peer": Figure((3.0,)), "bare": Figure((0.5,))}
    assert [(v.other, v.ratio, v.reached) for v in judge(row, figures, "peer")] == [
        ("peer", 1 / 3, True),
        ("bare", 2.0, False),
        ("", 1.0, True),
    ]
    assert [v.reached for v in judge(row, figures, "peer", noisy=True)] == [None, None, None]
    assert [v.other for v in judge(row, figures, None)] == ["bare", ""]
    assert judge(row, {"peer": Figure((3.0,))}, "peer") == ()


def test_a_row_is_noisy_if_its_floor_is():
    row = Row("hit", "a hit", floor="bare")
    shaky, steady = Figure((1.0, 2.0, 1.5)), Figure((1.0, 1.01, 0.99))
    assert is_noisy(row, {"memodisk": steady, "bare": shaky})
    assert not is_noisy(row, {"memodisk": shaky, "bare": steady})
    assert is_noisy(row, {"memodisk": shaky})
    assert not is_noisy(Row("calls", "calls", exact=True), {"memodisk": shaky})


def test_one_outlier_of_seven_rounds_is_no_noise():
    assert Figure((1.0, 1.0, 1.01, 0.99, 1.0, 1.0, 9.0)).spread < 0.02


def test_a_busy_machine_shows_as_unrest():
    assert unrest([(0.020, 0.020)] * 20) == 0.0
    assert unrest([(0.060, 0.020)] * 20) == pytest.approx(2.0)
    assert unrest([(0.020, 0.020)] * 19 + [(0.9, 0.02)]) == 0.0  # one of twenty
    assert unrest([]) == 0.0


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (5.04e-6, "s", "5.04 µs"),
        (0.1234, "s", "123 ms"),
        (62e-9, "s", "62 ns"),
        (2e7, "B", "20 MB"),
        (12345.6, "/s", "12,346/s"),
        (0.744, "%", "74.4 %"),
        (2.5, "round trips", "2.50 round trips"),
        (0, "", "0"),
    ],
)
def test_figures_read_well(value, unit, text):
    assert format_figure(value, unit) == text


def test_the_file_system_is_that_of_the_innermost_mount():
    mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /nowhere tmpfs rw 0 0\n/dev/vdb /nowhere/disk xfs rw 0 0\n"
    assert file_system("/nowhere-else", mounts) == "ext4"
    assert file_system("/nowhere/x", mounts) == "tmpfs"
    assert file_system("/nowhere/disk/x", mounts) == "xfs"


def test_system_calls_are_counted_between_the_last_marks():
    mark = 'newfstatat(AT_FDCWD, "/memodisk-benchmark/{}", 0x7ff, 0) = -1 ENOENT'
    trace = [
        f"11 {mark.format('begin-again')}",
        '11 openat(AT_FDCWD, "/warm", O_RDONLY) = 3',
        f"11 {mark.format('end-again')}",
        f"11 {mark.format('begin-again')}",
        '11 openat(AT_FDCWD, "/a", O_RDONLY) = 3',
        '11 newfstatat(3, "", {st_mode=S_IFREG}, AT_EMPTY_PATH) = 0',
        "12 futex(0x1, FUTEX_WAKE, 1) = 1",
        "11 close(3) = 0",
        f"11 {mark.format('end-again')}",
        '11 openat(AT_FDCWD, "/after", O_RDONLY) = 3',
    ]
    assert syscalls.count(trace) == {"again": {"close": 1, "fstat": 1, "open": 1}}


def test_the_cost_policy_saves_more_computing_time_than_lru_and_foresight_more_still():
    called, seconds, sizes = policies.workload(3000, 300, seed=1)
    limit = sum(sizes) // 10
    saved = {
        name: policies.saved(policy, called, seconds, sizes, limit)
        for name, policy in (("lru", policies.lru), ("cost", policies.cost), ("all", policies.clairvoyant(called)))
    }
    assert 0 < saved["lru"] < saved["cost"] < saved["all"] < 1


@pytest.mark.parametrize("name", [*peers.installed(), "one open", "two files"])
def test_every_contender_answers_rightly(name, tmp_path):
    case = cases.load("puts")
    assert checks.answers(case, name, str(tmp_path), case.sizes["tiny"]) == {"*": checks.RIGHT}


class Cheat(peers.Peer):
    """Tells calls apart by the length of their arguments' text."""

    name = "cheat"

    def memoize(self, function):
        known = {}
        return lambda *args: known.setdefault(len(repr(args)), function(*args))


def test_a_cheat_is_found_out(monkeypatch, tmp_path):
    monkeypatch.setitem(peers.PEERS, "cheat", Cheat)
    case = cases.load("hits")
    found = checks.answers(case, "cheat", str(tmp_path), case.sizes["tiny"])
    assert found["usual"] == "misses a change of the arguments"


def test_who_is_wrong_is_not_compared():
    row = Row("hit", "a hit", goals=(Goal(BEST_PEER, 0.5), Goal("joblib", 0.5)))
    entries = {
        "memodisk": harness.Entry([1.0]),
        "joblib": harness.Entry([0.1], answer="misses a change of the arguments"),
        "diskcache": harness.Entry([4.0]),
    }
    result = harness.RowResult(row, entries)
    result.conclude(may_judge=True)
    assert result.best == "diskcache"
    assert [(v.other, v.reached) for v in result.verdicts] == [("diskcache", True)]


def test_every_case_has_rows_and_sizes_for_each_level():
    for name in cases.NAMES:
        case = cases.load(name)
        assert case.name == name
        for level in cases.LEVELS:
            rows = case.rows(case.sizes[level])
            assert rows
            assert {row.floor for row in rows} <= {None, *case.contenders}


def test_a_tiny_run_prints_tables_and_writes_json_and_markdown(tmp_path, capsys):
    paths = {name: str(tmp_path / name) for name in ("all.json", "tables.md")}
    status = command.main(
        ["--level", "tiny", "--only", "puts", "--peers", "--no-image", "--work", str(_disk(tmp_path)),
         "--json", paths["all.json"], "--markdown", paths["tables.md"]]
    )  # fmt: skip
    printed = capsys.readouterr().out
    assert status == 0
    assert "== Puts ==" in printed
    assert "(two files)" in printed
    document = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    [case] = document["cases"]
    put = case["rows"][0]
    assert put["key"] == "put"
    assert put["contenders"]["memodisk"]["answer"] == checks.RIGHT
    assert put["contenders"]["memodisk"]["median"] > put["contenders"]["two files"]["median"] / 10
    assert put["contenders"]["two files"]["to_floor"] == 1.0
    assert "| Puts | memodisk |" in (tmp_path / "tables.md").read_text(encoding="utf-8")
    # What was written tells the same again, beside another run.
    assert command.main(["--read", paths["all.json"]]) == 0
    assert capsys.readouterr().out == printed
    command.main(
        ["--level", "tiny", "--only", "policies", "--peers", "--no-image", "--work", str(_disk(tmp_path)),
         "--json", str(tmp_path / "more.json")]
    )  # fmt: skip
    capsys.readouterr()
    command.main(["--read", str(tmp_path / "more.json"), paths["all.json"]])
    both = capsys.readouterr().out
    assert printed[printed.index("== Puts ==") : printed.index("Unrest:")] in both
    assert both.index("== Puts ==") < both.index("== What eviction keeps")


def test_runs_of_different_sizes_are_not_mixed(tmp_path):
    one = {"level": "tiny", "machine": {}, "versions": {}, "traits": {}, "cases": []}
    with pytest.raises(ValueError, match="different levels"):
        report.from_json([json.dumps(one), json.dumps({**one, "level": "full"})])


def _disk(tmp_path):
    """A directory that is not in memory, where there is one."""
    return tmp_path if file_system(str(tmp_path)) not in ("tmpfs", "ramfs") else os.path.expanduser("~")


def test_a_contender_that_fails_is_told_and_the_others_go_on():
    entry = harness.Entry(failed="OSError: no space")
    assert report.note(entry) == "OSError: no space"
