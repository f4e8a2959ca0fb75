"""Several directories, nearest first: a local disk above a drive that a team shares."""

from __future__ import annotations

import glob
import logging
import os
import pickle
from concurrent.futures import ProcessPoolExecutor

import cloudpickle
import pytest
from crowd import FORK, run_at_once
from injection import run

import memodisk
from memodisk.errors import Miss

NOBODY = 65534


@pytest.fixture
def local(tmp_path):
    return str(tmp_path / "local")


@pytest.fixture
def shared(tmp_path):
    return str(tmp_path / "shared")


@pytest.fixture
def ran():
    return []


def memoized(cache, ran, **options):
    def compute(x):
        ran.append(x)
        return list(range(x))

    return cache.memoize(name="compute", key=lambda x: x, on_change="ignore", **options)(compute)


def records(directory):
    return len(glob.glob(f"{directory}/v1/*/*/*.record.json"))


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_is_computed_is_written_to_all(local, shared, ran):
    function = memoized(memodisk.Cache([local, shared]), ran)
    function(300)
    for directory in (local, shared):
        assert memoized(memodisk.Cache(directory), ran)(300) == list(range(300))
    assert ran == [300]
    assert (records(local), records(shared)) == (1, 1)


def test_a_hit_in_a_farther_layer_is_copied_to_the_nearer_ones(local, shared, tmp_path, ran):
    memoized(memodisk.Cache(shared), ran)(300)
    middle = str(tmp_path / "middle")
    function = memoized(memodisk.Cache([local, middle, shared]), ran)
    assert function(300) == list(range(300))
    assert ran == [300]
    for directory in (local, middle):
        assert memoized(memodisk.Cache(directory), ran)(300) == list(range(300))
    assert ran == [300]


def test_the_nearest_layer_is_read_first(local, shared, ran):
    cache = memodisk.Cache([local, shared])
    request = memoized(cache, ran).request(5)
    memodisk.Cache(shared).save(request, "far")
    memodisk.Cache(local).save(request, "near")
    assert cache.load(request).value == "near"
    memodisk.Cache(local).forget(request)
    assert cache.load(request).value == "far"
    assert memodisk.Cache(local).load(request).value == "far"


def test_an_expired_or_damaged_near_result_is_replaced_by_a_good_far_one(local, shared, ran):
    cache = memodisk.Cache([local, shared])
    function = memoized(cache, ran)
    function(300)
    (record,) = glob.glob(f"{local}/v1/*/*/*.record.json")
    with open(record, "r+b") as file:
        file.write(b"damage")
    assert memoized(memodisk.Cache([local, shared]), ran)(300) == list(range(300))
    assert ran == [300]
    assert memodisk.Cache(local).verify().is_ok


def test_what_no_layer_has_is_one_miss(local, shared, ran):
    cache = memodisk.Cache([local, shared])
    with pytest.raises(Miss, match="absent"):
        cache.load(memoized(cache, ran).request(1))


def test_forgetting_and_clearing_reach_all_layers(local, shared, ran):
    function = memoized(memodisk.Cache([local, shared]), ran)
    function(3), function(4)
    assert function.forget(3)
    assert not function.is_cached(3)
    assert (records(local), records(shared)) == (1, 1)
    function.cache_clear()
    assert (records(local), records(shared)) == (0, 0)


def test_records_and_stats_count_each_result_once(local, shared, ran):
    cache = memodisk.Cache([local, shared])
    function = memoized(cache, ran)
    function(3), function(4)
    assert len(list(cache.records())) == 2
    assert cache.stats().total.count == 2
    assert function.cache_info().currsize == 2


def test_a_readonly_layer_serves_hits_and_is_never_written_to(local, shared, ran, caplog):
    memoized(memodisk.Cache(shared), ran)(3)
    before = {path: os.stat(path).st_mtime_ns for path in glob.glob(f"{shared}/**", recursive=True)}
    function = memoized(memodisk.Cache([local, memodisk.Cache(shared, readonly=True, freshen=0)]), ran)
    assert (function(3), function(4)) == ([0, 1, 2], [0, 1, 2, 3])
    function.forget(3)
    function.cache_clear()
    assert {path: os.stat(path).st_mtime_ns for path in glob.glob(f"{shared}/**", recursive=True)} == before
    assert ran == [3, 4]
    assert warnings(caplog) == []


def test_a_cache_that_is_readonly_as_a_whole_computes_and_stores_nothing(shared, ran, caplog):
    function = memoized(memodisk.Cache(shared, readonly=True), ran)
    assert (function(3), function(3)) == ([0, 1, 2], [0, 1, 2])
    assert ran == [3, 3]
    assert not os.path.exists(shared)
    assert warnings(caplog) == []


def test_a_layer_without_permission_serves_hits_without_a_warning(tmp_path, ran):
    """As a colleague's directory, for another user."""
    shared, local = str(tmp_path / "shared"), str(tmp_path / "local")
    memoized(memodisk.Cache(shared), ran)(300)
    os.mkdir(local)
    os.chown(local, NOBODY, NOBODY)
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(parent, 0o755)

    def colleague(number, barrier, near_first):
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        told = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: told.append(record.getMessage())
        logging.getLogger("memodisk").addHandler(handler)
        function = memoized(memodisk.Cache([local, shared] if near_first else [shared, local]), ran)
        return [len(function(x)) for x in (300, 200, 200, 300)], len(ran), told

    assert run_at_once(1, colleague, True) == [([300, 200, 200, 300], 2, [])]
    assert (records(local), records(shared)) == (2, 1)
    assert run_at_once(1, colleague, False) == [([300, 200, 200, 300], 1, [])]
    assert (records(local), records(shared)) == (2, 1)


def test_a_layer_has_the_options_of_its_own_cache(local, shared, ran):
    cache = memodisk.Cache([memodisk.Cache(local, max_count=2), shared])
    function = memoized(cache, ran)
    for x in range(5):
        function(x)
    assert (records(local), records(shared)) == (2, 5)
    assert [function(x) for x in range(5)] == [list(range(x)) for x in range(5)]
    assert records(local) == 2
    assert len(ran) == 5


def test_a_near_layer_too_small_for_a_result_does_not_keep_it_from_the_far_one(local, shared, ran):
    cache = memodisk.Cache([memodisk.Cache(local, max_count=0), shared])
    function = memoized(cache, ran)
    assert (function(300), function(300)) == (list(range(300)),) * 2
    assert (records(local), records(shared)) == (0, 1)
    assert ran == [300]


DEAD = ["EIO", "ESTALE", "EHOSTDOWN"]


@pytest.mark.parametrize("error", DEAD)
@pytest.mark.parametrize("which", ["only", "near", "far"])
def test_a_dead_drive_is_a_miss_with_one_warning(local, shared, tmp_path, ran, error, which):
    dead = str(tmp_path / "dead")
    directories = {"only": dead, "near": [dead, local], "far": [local, dead]}[which]
    memoized(memodisk.Cache(directories), [])(3)

    def action():
        told = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: told.append(record.getMessage())
        logging.getLogger("memodisk").addHandler(handler)
        number = getattr(__import__("errno"), error)
        break_drive(dead, number)
        function = memoized(memodisk.Cache(directories), ran)
        return [len(function(x)) for x in (3, 4, 4, 3)], told

    values, told = run_at_once(1, lambda number, barrier: action())[0]
    assert values == [3, 4, 4, 3]
    assert len(told) == 1, told
    assert dead in told[0]


def break_drive(directory, number):
    """In this process, every call that opens, makes, renames or removes something below a directory fails."""
    import builtins

    def failing(original):
        def call(path, *args, **kwargs):
            if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith(directory):
                raise OSError(number, os.strerror(number), os.fspath(path))
            return original(path, *args, **kwargs)

        return call

    for name in ("open", "stat", "lstat", "mkdir", "makedirs", "replace", "unlink", "utime", "listdir", "scandir"):
        setattr(os, name, failing(getattr(os, name)))
    builtins.open = failing(builtins.open)


@pytest.mark.parametrize("error", DEAD)
def test_a_drive_that_fails_in_the_kernel_is_a_miss(shared, tmp_path, error):
    memoized(memodisk.Cache(shared), [])(3)

    def action():
        return memoized(memodisk.Cache(shared), [])(3)

    for number in (1, 2, 3):
        assert run(action, tmp_path, inject=f"openat:error={error}:when={number}+").value == [0, 1, 2]


@pytest.mark.parametrize("pickler", [pickle, cloudpickle], ids=["pickle", "cloudpickle"])
def test_a_cache_pickles_with_its_layers_and_options(local, shared, pickler, ran):
    cache = memodisk.Cache([memodisk.Cache(local, max_count=2), memodisk.Cache(shared, readonly=True)], strict=True)
    memoized(cache, ran)(3)
    copy = pickle.loads(pickler.dumps(cache))
    assert copy.directories == [local, shared]
    assert copy.strict
    function = memoized(copy, ran)
    for x in range(5):
        function(x)
    assert (records(local), records(shared)) == (2, 0)


def in_worker(cache, x):
    ran = []
    return memoized(cache, ran)(x), len(ran)


def test_a_cache_goes_to_the_workers_of_a_pool(local, shared):
    cache = memodisk.Cache([local, shared])
    with ProcessPoolExecutor(2, mp_context=FORK) as pool:
        assert len(list(pool.map(in_worker, [cache] * 4, [1, 2, 3, 4]))) == 4
    assert in_worker(cache, 4) == ([0, 1, 2, 3], 0)


@pytest.mark.parametrize("directories", [[], ()])
def test_no_directory_at_all_is_an_error(directories):
    with pytest.raises(ValueError, match="at least one"):
        memodisk.Cache(directories)
