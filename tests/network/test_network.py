"""The cache on drives that two machines share: right values, one computation, limits that hold, nothing left behind."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from .drives import DRIVES, Effort, Figures, cut_power, measure, two_machines
from .flights import PROCESSES

NETWORK = [name for name in DRIVES if name != "local"]
NFS = ["nfs4", "nfs3"]
#: Seconds within which a result is visible to the other client after its owner's flight.
SOON = 1.0
on_every_drive = pytest.mark.parametrize("name", DRIVES)


@functools.cache
def _measured(name: str) -> Figures | Exception:
    try:
        return measure(DRIVES[name], Effort.from_environment())
    except (RuntimeError, OSError) as error:
        return error  # once is enough, too


def figures_of(name: str) -> Figures:
    """One guest for each drive: it takes ten seconds to set up."""
    found = _measured(name)
    if isinstance(found, Exception):
        raise found
    return found


def assert_nothing_went_wrong(figures: dict[str, Any]) -> None:
    assert figures.get("exceptions", []) == []
    assert figures.get("wrong", []) == []


@on_every_drive
def test_eight_processes_on_two_clients_meet_no_wrong_value_and_no_exception(name):
    figures = figures_of(name)["stress"]
    assert_nothing_went_wrong(figures)
    assert figures["warnings"] == {}
    assert figures["hits"] > 0
    assert figures["computed"] > 0


@on_every_drive
def test_limits_hold_after_the_last_eviction_and_nothing_is_left_after_a_repair(name):
    figures = figures_of(name)["stress"]
    assert figures["are_limits_kept"], (figures["count"], figures["bytes"])
    assert figures["leftovers"] == []
    assert figures["is_ok"]
    assert figures["wrong_afterwards"] == []


@on_every_drive
def test_a_result_is_visible_to_the_other_client_when_its_flight_has_ended(name):
    figures = figures_of(name)["visibility"]
    assert_nothing_went_wrong(figures)
    assert figures["warnings"] == {}
    assert figures["recomputed"] == []
    assert len(figures["waited"]) == len(figures["later"]) == figures["rounds"]
    assert max(figures["waited"] + figures["later"]) < SOON


@on_every_drive
def test_eight_processes_that_call_the_same_compute_it_once(name):
    figures = figures_of(name)["single"]
    assert_nothing_went_wrong(figures)
    assert figures["computations"] == {"1": figures["rounds"]}


def test_where_locks_do_not_reach_the_other_client_work_is_done_twice_and_values_are_right():
    figures = figures_of("nfs3")["single without locks"]
    assert_nothing_went_wrong(figures)
    assert figures["warnings"] == {}
    assert sum(figures["computations"].values()) == figures["rounds"]
    assert all(1 <= int(count) <= PROCESSES for count in figures["computations"])
    stressed = figures_of("nfs3")["stress without locks"]
    assert_nothing_went_wrong(stressed)
    assert stressed["are_limits_kept"]
    assert stressed["leftovers"] == []


@on_every_drive
def test_a_waiter_takes_over_when_the_owner_on_the_other_client_is_killed(name):
    figures = figures_of(name)["takeover"]
    assert_nothing_went_wrong(figures)
    assert len(figures["delays"]) == figures["rounds"]


@on_every_drive
def test_a_result_that_is_replaced_while_it_is_read_is_a_right_value_or_a_miss(name):
    figures = figures_of(name)["replaced"]
    assert_nothing_went_wrong(figures)
    assert figures["found"]


@on_every_drive
def test_clocks_that_are_hours_apart_let_nothing_alive_be_deleted_and_move_a_ttl_by_no_more_than_that(name):
    figures = figures_of(name)["clocks"]
    assert_nothing_went_wrong(figures)
    assert figures["warnings"] == {}
    everything = [figures["stored"]] * 2
    assert figures["found"] == figures["within_ttl"] == everything
    ahead, behind = figures["beyond_ttl"]
    assert ahead < behind == figures["stored"]


def test_two_machines_with_clocks_an_hour_apart_delete_nothing_alive_of_each_other_and_move_a_ttl_by_no_more():
    measured = two_machines(seconds=5)
    for name, ahead in {"one hour ahead": 3600, "one hour behind": -3600}.items():
        figures = measured[name]
        assert_nothing_went_wrong(figures)
        assert figures["warnings"] == {}
        assert figures["ahead"] == pytest.approx([0, ahead], abs=60)
        everything = [sum(figures["stored"])] * 2
        assert figures["found"] == figures["within_ttl"] == everything
        # Who is ahead finds too old what the other stored just now, and nothing else.
        expected = list(everything)
        expected[ahead > 0] = figures["stored"][ahead > 0]
        assert figures["beyond_ttl"] == expected
        assert figures["in_progress"] == [1, 1]
        assert figures["finished"] == [2, 2]


@pytest.mark.parametrize("name", NETWORK)
def test_a_server_that_is_away_is_one_warning_and_forgotten_when_it_is_back(name):
    figures = figures_of(name)["stopped"]
    assert_nothing_went_wrong(figures)
    assert sum(figures["warnings"].values()) == 1
    assert figures["has_recovered"]


@pytest.mark.parametrize("name", NFS)
def test_on_a_full_drive_the_caller_gets_the_value_and_nothing_half_written_is_served(name):
    figures = figures_of(name)["full"]
    assert_nothing_went_wrong(figures)
    assert sum(figures["warnings"].values()) == 1
    assert figures["unfinished"] == []
    assert figures["found"] == {}
    assert figures["has_recovered"]


def test_after_a_power_cut_results_are_right_or_missing_and_a_repair_leaves_nothing():
    figures = cut_power(seconds=14)["power"]
    assert_nothing_went_wrong(figures)
    assert figures["found"]["hit"] > 0
    assert figures["leftovers"] == []
    assert figures["is_ok"]
