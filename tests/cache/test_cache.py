"""The lower interface: a request, its result, why there is none, and what happens to many of them."""

from __future__ import annotations

import glob
import os
import pickle
import shutil
import subprocess
import sys
import time

import pytest
from tools import need

import memodisk
from memodisk import Hasher, Miss, Unencodable, Unhashable
from memodisk._store.freshener import freshener
from memodisk.errors import Reason


def load_city(name, year=2020, *, verbose=False):
    return {"name": name, "year": year}


def requests(count, function=load_city):
    hasher = Hasher()
    return [hasher.hash(function, (f"city {number}",), {}) for number in range(count)]


@pytest.fixture
def request_():
    return Hasher().hash(load_city, ("Bern",), {})


def record_path(cache, request):
    (path,) = glob.glob(f"{cache.directory}/v1/*/?/{request.key}.record.json")
    return path


def blob_path(cache, record):
    (path,) = set(glob.glob(f"{cache.directory}/v1/*/?/{record.digest}.*"))
    return path


def last_used(cache, request):
    """How many seconds ago the result was used, as its record and its blob say."""
    paths = record_path(cache, request), blob_path(cache, cache.load(request).record)
    now = time.time()
    return [now - os.stat(path).st_mtime for path in paths]


def age(cache, request, seconds):
    """Make it so that a result was last used some time ago."""
    when = time.time() - seconds
    for path in glob.glob(f"{cache.directory}/v1/*/?/*"):
        if request is None or request.key in path or cache.load(request).record.digest in path:
            os.utime(path, (when, when))


# Requests


def test_a_request_tells_function_arguments_and_digests(request_):
    assert request_.function.endswith("test_cache.load_city")
    assert request_.arguments == {"name": "'Bern'", "year": "2020", "verbose": "False"}
    assert set(request_.argument_digests) == {"name", "year", "verbose"}
    assert len(request_.key) == 32
    assert int(request_.key, 16) >= 0
    assert len(request_.fingerprint.digest) == 32
    assert "Bern" in repr(request_)


def test_every_spelling_of_a_call_is_one_request(request_):
    hasher = Hasher()
    for args, kwargs in (
        (("Bern", 2020), {}),
        ((), {"name": "Bern"}),
        ((), {"year": 2020, "name": "Bern", "verbose": False}),
    ):
        again = hasher.hash(load_city, args, kwargs)
        assert again == request_
        assert hash(again) == hash(request_)
        assert again.argument_digests == request_.argument_digests
    assert hasher.hash(load_city, ("Bern", 2021), {}) != request_


def test_options_of_a_hasher_enter_its_requests(request_):
    def key(hasher, *args, **kwargs):
        return hasher.hash(load_city, args, kwargs).key

    ignoring = Hasher(ignore=["verbose"])
    assert key(ignoring, "Bern", verbose=True) == key(ignoring, "Bern")
    assert "verbose" not in ignoring.hash(load_city, ("Bern",), {}).arguments
    by_name = Hasher(key=lambda name, **rest: name.lower())
    assert key(by_name, "Bern") == key(by_name, "BERN")
    assert Hasher(version=2).hash(load_city, ("Bern",), {}).version == "2"
    keys = {key(h, "Bern") for h in (Hasher(), ignoring, by_name, Hasher(version=2), Hasher(name="other"))}
    assert len(keys) == 5


def test_an_argument_without_stable_content_is_unhashable_and_named():
    for thing in (open(os.devnull), (number for number in range(3)), sys.stdout):
        with pytest.raises(Unhashable, match="'name'"):
            Hasher().hash(load_city, (thing,), {})


# Load and save


def test_a_result_is_saved_and_loaded_with_its_record(cache, request_):
    saved = cache.save(request_, {"a": 1}, seconds=1.5)
    assert saved.value == {"a": 1}
    assert saved.bytes == os.path.getsize(blob_path(cache, saved.record))
    loaded = cache.load(request_)
    assert loaded.value == {"a": 1}
    assert loaded.bytes == saved.bytes
    record = loaded.record
    assert record.function == request_.function
    assert record.key == request_.key
    assert record.seconds == 1.5
    assert record.arguments == request_.arguments
    assert record.fingerprint == request_.fingerprint.digest
    assert abs(record.created - time.time()) < 60
    assert cache.manifest(record.function, record.fingerprint)


def test_saving_again_replaces_the_result(cache, request_):
    for value in ("old", "new"):
        cache.save(request_, value)
    assert cache.load(request_).value == "new"
    assert len(list(cache.records())) == 1


def test_equal_results_share_one_blob(cache):
    for request in requests(5):
        cache.save(request, "the same")
    assert len(glob.glob(f"{cache.directory}/v1/*/?/*.txt")) == 1
    assert len(list(cache.records())) == 5


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 65_536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_results_of_any_size_come_back(cache, request_, size):
    value = os.urandom(size)
    assert cache.save(request_, value).bytes == size
    for one in (cache, memodisk.Cache(cache.directory)):
        is_same = one.load(request_).value == value
        assert is_same


def test_a_codec_may_be_named(cache, request_):
    assert cache.save(request_, "text", codec="pickle").record.codec == "pickle"
    assert cache.load(request_).value == "text"
    with pytest.raises(Unencodable, match="codec 'bin' cannot hold this str exactly"):
        cache.save(request_, "text", codec="bin")
    with pytest.raises(ValueError, match="there is no codec 'zip'"):
        cache.save(request_, "text", codec="zip")


def test_a_result_that_cannot_be_encoded_leaves_the_old_one(cache, request_):
    cache.save(request_, "old")
    with pytest.raises(Unencodable):
        cache.save(request_, {"file": open(os.devnull)})
    assert cache.load(request_).value == "old"
    assert not glob.glob(f"{cache.directory}/**/.*.tmp", recursive=True)


def test_a_record_stays_readable_however_long_names_and_arguments_are(cache):
    def anything(*args, **kwargs):
        return args

    hasher = Hasher(name="anything", version="v" * 200_000)
    for args, kwargs in (
        (("x" * 1_000_000,), {}),
        (tuple(range(100_000)), {}),
        ((), {f"name{number}": number for number in range(5000)}),
        ((), {"n" * 200_000: 1}),
        (("\ud800\0\n\"'\\",), {"é" * 300: "\u2028"}),
    ):
        request = hasher.hash(anything, args, kwargs)
        cache.save(request, "result")
        assert memodisk.Cache(cache.directory).load(request).value == "result"
        assert os.path.getsize(record_path(cache, request)) < 16_384


# Why there is no result


def reason(cache, request, **options):
    with pytest.raises(Miss) as caught:
        cache.load(request, **options)
    assert str(caught.value).startswith(str(caught.value.reason))
    assert pickle.loads(pickle.dumps(caught.value)).reason is caught.value.reason
    return caught.value.reason


def test_absent(cache, request_):
    assert reason(cache, request_) is Reason.ABSENT
    assert not cache.contains(request_)
    assert not os.path.exists(cache.directory)


def test_expired_from_the_time_it_was_made_however_often_it_is_used(cache, request_):
    cache.save(request_, 1)
    assert cache.load(request_, ttl=60).value == 1
    time.sleep(0.02)
    assert reason(cache, request_, ttl=0.01) is Reason.EXPIRED
    assert not cache.contains(request_, ttl=0.01)
    assert cache.load(request_).value == 1


def test_blob_missing(cache, request_):
    os.unlink(blob_path(cache, cache.save(request_, b"x" * 2000).record))
    assert reason(cache, request_) is Reason.BLOB_MISSING


def test_damaged(cache, request_):
    cache.save(request_, b"x" * 2000)
    with open(record_path(cache, request_), "r+b") as file:
        file.write(b"[")
    assert reason(cache, request_) is Reason.DAMAGED


def test_unreadable_once_and_there_again(cache, request_, monkeypatch):
    cache.save(request_, b"x" * 2000)
    path = record_path(cache, request_)
    os.rename(os.path.dirname(path), f"{cache.directory}/aside")
    os.symlink("loop", f"{cache.directory}/loop")
    os.symlink(f"{cache.directory}/loop", os.path.dirname(path))
    with pytest.raises(Miss):
        cache.load(request_)
    os.unlink(os.path.dirname(path))
    os.rename(f"{cache.directory}/aside", os.path.dirname(path))
    assert cache.load(request_).value == b"x" * 2000


# Last use


def test_a_hit_freshens_record_and_blob_together(tmp_path, request_):
    cache = memodisk.Cache(tmp_path, freshen=0)
    cache.save(request_, b"x" * 2000)
    age(cache, None, 1000)
    cache.load(request_)
    record, blob = last_used(cache, request_)
    assert record < 100
    assert blob <= record


def test_a_hit_is_written_down_at_most_once_in_the_span(tmp_path, request_):
    cache = memodisk.Cache(tmp_path, freshen="1h")
    cache.save(request_, b"x" * 2000)
    for seconds, is_fresh in ((1800, False), (7200, True)):
        age(cache, None, seconds)
        for one in (memodisk.Cache(tmp_path), cache):
            one.load(request_)
            assert freshener.flush()
        assert [used < 100 for used in last_used(cache, request_)] == [is_fresh, is_fresh]


@pytest.mark.parametrize("freshen", [0, "1h"])
def test_a_time_of_use_in_the_future_is_put_right(tmp_path, request_, freshen):
    cache = memodisk.Cache(tmp_path, freshen=freshen)
    cache.save(request_, b"x" * 2000)
    age(cache, None, -100_000)
    cache.load(request_)
    assert freshener.flush()
    assert all(used > -100 for used in last_used(cache, request_))


def test_a_hit_that_cannot_be_written_down_is_a_hit(tmp_path, request_):
    cache = memodisk.Cache(tmp_path / "cache", freshen=0)
    cache.save(request_, b"x" * 2000)
    assert cache.load(request_).value == b"x" * 2000
    os.unlink(blob_path(cache, cache.load(request_).record))
    assert cache.load(request_).value == b"x" * 2000  # from memory


@pytest.mark.parametrize("freshen", [-1, "soon", None, float("nan"), "1 fortnight"])
def test_a_span_that_makes_no_sense_is_refused(tmp_path, freshen):
    with pytest.raises((ValueError, TypeError), match="freshen"):
        memodisk.Cache(tmp_path, freshen=freshen)


# Many results


def other(x):
    return x


@pytest.fixture
def filled(cache):
    """Ten results of one function, the first of them the least recently used, and two of another."""
    for number, request in enumerate(requests(10)):
        cache.save(request, b"%d" % number * 2000)
        age(cache, request, 1000 - number)
    for request in requests(2, other):
        cache.save(request, "other")
    return cache


def test_records_are_listed_for_all_functions_or_for_one(filled):
    name = requests(1)[0].function
    assert len(list(filled.records())) == 12
    assert len(list(filled.records(name))) == filled.count(name) == 10
    assert {record.function for record in filled.records(name)} == {name}
    assert list(filled.records("nothing.like_it")) == []


def test_damaged_records_and_strangers_are_left_out_of_the_list(filled):
    path = record_path(filled, requests(1)[0])
    with open(path, "wb") as file:
        file.write(b"{}")
    for stranger in ("notes.txt", ".hidden", "f" * 32, "0" * 32 + ".record.json.bak"):
        shutil.copy(path, os.path.join(os.path.dirname(path), stranger))
    assert len(list(filled.records())) == 11


def test_evict_removes_the_least_recently_used(filled):
    name = requests(1)[0].function
    evicted = filled.evict(func_name=name, max_count=3)
    assert evicted.count == 7
    assert evicted.bytes > 7 * 2000
    for number, request in enumerate(requests(10)):
        assert filled.contains(request) == (number >= 7)
        if number >= 7:
            assert filled.load(request).value == b"%d" % number * 2000
    assert filled.count(requests(1, other)[0].function) == 2
    # The blobs of what went are gone as well.
    assert len(glob.glob(f"{filled.directory}/v1/{name}/?/*.bin")) == 3


def test_evict_over_all_functions(filled):
    assert filled.evict(max_count=5).count == 7
    assert len(list(filled.records())) == 5
    assert filled.evict(max_count=5).count == 0
    assert filled.evict(max_count=0).count == 5
    assert list(filled.records()) == []


def test_a_result_that_is_used_survives(tmp_path):
    cache = memodisk.Cache(tmp_path, freshen=0)
    first, *rest = requests(5)
    for request in (first, *rest):
        cache.save(request, os.urandom(2000))
        age(cache, request, 1000)
    cache.load(first)
    cache.evict(max_count=1)
    assert cache.contains(first)
    assert cache.load(first).value


def test_a_blob_that_a_result_shares_survives_the_other(tmp_path):
    cache = memodisk.Cache(tmp_path, freshen=0)
    old, new = requests(2)
    for request in (old, new):
        cache.save(request, b"x" * 2000)
    age(cache, None, 1000)
    cache.load(new)
    assert cache.evict(max_count=1).count == 1
    assert not cache.contains(old)
    assert cache.load(new).value == b"x" * 2000


@pytest.mark.parametrize("limit", [{}, {"max_count": -1}, {"max_count": 1.5}, {"max_count": "many"}])
def test_an_eviction_that_makes_no_sense_is_refused(filled, limit):
    with pytest.raises((ValueError, TypeError), match="max_count"):
        filled.evict(**limit)
    assert len(list(filled.records())) == 12


def test_forget_removes_one_result_and_its_blob(filled):
    request = requests(10)[4]
    record = filled.load(request).record
    assert filled.forget(request)
    assert not filled.forget(request)
    assert reason(filled, request) is Reason.ABSENT
    assert not glob.glob(f"{filled.directory}/v1/*/?/{record.digest}.*")
    assert len(list(filled.records())) == 11


def test_forget_leaves_a_blob_that_another_result_shares(cache):
    one, two = requests(2)
    for request in (one, two):
        cache.save(request, b"x" * 2000)
    assert cache.forget(one)
    assert memodisk.Cache(cache.directory).load(two).value == b"x" * 2000


def test_clear_removes_everything_or_one_function(filled):
    name = requests(1)[0].function
    filled.clear(name)
    assert filled.count(name) == 0
    assert len(list(filled.records())) == 2
    assert not os.path.exists(f"{filled.directory}/v1/{name}")
    filled.clear()
    assert list(filled.records()) == []
    for request in requests(10):
        assert reason(filled, request) is Reason.ABSENT


def test_everything_on_a_directory_that_is_not_there(tmp_path):
    cache = memodisk.Cache(tmp_path / "nowhere")
    assert list(cache.records()) == []
    assert cache.count("f") == 0
    assert cache.evict(max_count=1).count == 0
    assert not cache.forget(requests(1)[0])
    cache.clear()


# Places


@pytest.mark.parametrize(
    "command",
    [
        "mv {old} {new}",
        "cp -r {old} {new}",  # every file is new, and as if just used
        "rsync -a {old}/ {new}/",
        "mkdir {new} && tar -C {old} -c . | tar -C {new} -x",
        "ln -s {old} {new}",
    ],
    ids=["moved", "copied", "rsync", "tar", "linked"],
)
def test_a_directory_may_go_elsewhere(tmp_path, command):
    cache = memodisk.Cache(tmp_path / "old place")
    values = [b"small", b"x" * 2000, os.urandom(1_500_000)]
    for request, value in zip(requests(3), values, strict=True):
        cache.save(request, value)
    need(command.split()[0])
    old, new = f"'{tmp_path}/old place'", f"'{tmp_path}/new place'"
    subprocess.run(command.format(old=old, new=new), shell=True, check=True)
    moved = memodisk.Cache(tmp_path / "new place")
    for request, value in zip(requests(3), values, strict=True):
        is_same = moved.load(request).value == value
        assert is_same
    for path in glob.glob(f"{moved.directory}/v1/**/*.record.json", recursive=True):
        with open(path) as file:
            assert str(tmp_path) not in file.read()


def test_a_directory_is_found_again_after_chdir(tmp_path, monkeypatch, request_):
    monkeypatch.chdir(tmp_path)
    cache = memodisk.Cache("relative")
    cache.save(request_, 1)
    monkeypatch.chdir("/")
    assert cache.load(request_).value == 1
    assert cache.directory == str(tmp_path / "relative")


def test_the_user_s_home_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert memodisk.Cache("~/results").directory == str(tmp_path / "results")


@pytest.mark.parametrize("directory", ["", 5, b"bytes", object()])
def test_what_is_no_path_is_refused(directory):
    with pytest.raises(TypeError, match="is no path"):
        memodisk.Cache(directory)


def test_a_cache_pickles_as_its_directory_and_options(tmp_path, request_):
    cache = memodisk.Cache(tmp_path, freshen=0, strict=True)
    cache.save(request_, 1)
    copy = pickle.loads(pickle.dumps(cache))
    assert copy.load(request_).value == 1
    assert copy.strict
    assert repr(copy) == repr(cache)


# Strict


def test_strict_raises_what_would_be_a_warning(tmp_path):
    cache = memodisk.Cache(tmp_path / "cache", strict=True)

    @cache.memoize
    def f(x):
        return x

    with pytest.raises(Unhashable, match="'x'"):
        f(open(os.devnull))

    @cache.memoize
    def g():
        return open(os.devnull)

    with pytest.raises(Unencodable):
        g()


def test_strict_still_heals_what_is_damaged(tmp_path):
    cache = memodisk.Cache(tmp_path / "cache", strict=True)

    @cache.memoize
    def f():
        return b"x" * 2000

    f()
    for path in glob.glob(f"{cache.directory}/v1/*/?/*"):
        os.truncate(path, 5)
    assert f() == b"x" * 2000
    assert memodisk.Cache(cache.directory).memoize(f.__wrapped__).load().value == b"x" * 2000
