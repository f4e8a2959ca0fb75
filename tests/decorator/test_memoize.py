"""The decorator: what a user sees."""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
import os
import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import memodisk


class Counter:
    """Counts how often something was computed; each function here takes it as an ignored part of its closure."""

    def __init__(self):
        self.calls = 0

    def __memo_key__(self):
        return "counter"

    def __call__(self):
        self.calls += 1


@pytest.fixture
def ran():
    return Counter()


def test_the_same_call_computes_once(cache, ran):
    @cache.memoize
    def double(x):
        ran()
        return 2 * x

    assert [double(3), double(3), double(4)] == [6, 6, 8]
    assert ran.calls == 2


def test_a_result_survives_in_another_cache_object(tmp_path, ran):
    def double(x):
        ran()
        return 2 * x

    assert memodisk.Cache(tmp_path / "c").memoize(double)(3) == 6
    assert memodisk.Cache(tmp_path / "c").memoize(double)(3) == 6
    assert ran.calls == 1


def test_bare_and_with_options_on_the_default_directory(ran, tmp_path):
    @memodisk.memoize
    def bare(x):
        ran()
        return x

    @memodisk.memoize(version=1)
    def with_options(x):
        ran()
        return x

    assert [bare(1), bare(1), with_options(2), with_options(2)] == [1, 1, 2, 2]
    assert ran.calls == 2
    assert os.path.isdir(tmp_path / "default" / "v1")


def test_the_default_directory_may_be_chosen_after_the_import(monkeypatch, tmp_path):
    @memodisk.memoize
    def f(x):
        return x

    monkeypatch.setenv("MEMODISK_DIR", str(tmp_path / "later"))
    f(1)
    assert os.path.isdir(tmp_path / "later" / "v1")


def test_positional_keyword_and_default_spellings_are_one_request(cache, ran):
    @cache.memoize
    def f(a, b=2, *args, c=3, **kwargs):
        ran()
        return a

    f(1)
    f(1, 2)
    f(a=1)
    f(1, c=3)
    f(b=2, a=1)
    assert ran.calls == 1
    f(1, 2, 3)
    f(1, 2, d=3)
    f(1, 2, {"d": 3})
    assert ran.calls == 4


def test_none_is_a_result_like_any_other(cache, ran):
    @cache.memoize
    def f():
        ran()

    assert f() is None
    assert f() is None
    assert ran.calls == 1


def test_exceptions_pass_through_and_are_not_stored(cache, ran):
    @cache.memoize
    def f(error):
        ran()
        raise error

    for error in (KeyError, StopIteration, StopIteration):
        with pytest.raises(error):
            f(error)
    assert ran.calls == 3
    assert list(cache.records()) == []


def test_one_decorator_on_two_functions_keeps_them_apart(cache):
    decorator = cache.memoize(version=1)

    @decorator
    def one(x):
        return ("one", x)

    @decorator
    def two(x):
        return ("two", x)

    assert [one(1), two(1), one(1), two(1)] == [("one", 1), ("two", 1)] * 2


def test_two_functions_of_one_name_are_told_apart_by_their_code(cache):
    def make(variant):
        if variant:

            def f(x):
                return x + 1
        else:

            def f(x):
                return x - 1

        return cache.memoize(f)

    assert [make(True)(10), make(False)(10), make(True)(10)] == [11, 9, 11]


def test_closures_are_told_apart_by_what_they_hold(cache):
    def adder(n):
        return cache.memoize(lambda x: x + n)

    assert [adder(1)(10), adder(2)(10), adder(1)(10)] == [11, 12, 11]


def test_nested_calls_and_recursion(cache, ran):
    @cache.memoize
    def fibonacci(n):
        ran()
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    assert fibonacci(20) == 6765
    assert ran.calls == 21


def test_a_result_changed_by_the_caller_does_not_change_the_cache(cache):
    @cache.memoize
    def f():
        return {"a": [1]}

    first = f()
    first["a"].append(2)
    second = f()
    second["a"].append(3)
    assert f() == {"a": [1]}


def test_an_argument_changed_by_the_function_is_hashed_before(cache, ran):
    @cache.memoize
    def f(xs):
        ran()
        xs.append(0)
        return len(xs)

    assert f([1]) == 2
    assert f([1]) == 2
    assert f([1, 0]) == 3
    assert ran.calls == 2
    assert {record.arguments["xs"] for record in cache.records()} == {"[1]", "[1, 0]"}


# Kinds of functions


class Model:
    def __init__(self, weight):
        self.weight = weight

    @memodisk.memoize
    def apply(self, x):
        CALLS.append("apply")
        return self.weight * x

    @memodisk.memoize(ignore=["self"])
    def constant(self, x):
        CALLS.append("constant")
        return x

    @classmethod
    @memodisk.memoize
    def make(cls, x):
        return (cls.__name__, x)

    @memodisk.memoize
    @classmethod
    def make_below(cls, x):
        return (cls.__name__, x)

    @staticmethod
    @memodisk.memoize
    def double(x):
        return 2 * x

    @memodisk.memoize
    @staticmethod
    def double_below(x):
        return 2 * x

    @property
    @memodisk.memoize
    def cubed(self):
        return self.weight**3


class Child(Model):
    pass


class KeyedModel:
    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()

    def __memo_key__(self):
        return self.name

    @memodisk.memoize
    def apply(self, x):
        CALLS.append("keyed")
        return (self.name, x)


CALLS: list[str] = []


@memodisk.memoize(depends=[])
def module_function(x, y=1):
    """Say what it does."""
    return x + y


def test_a_method_hashes_the_state_of_its_instance():
    assert [Model(2).apply(3), Model(2).apply(3), Model(5).apply(3)] == [6, 6, 15]
    model = Model(2)
    model.weight = 7
    assert model.apply(3) == 21


def test_a_method_may_ignore_its_instance():
    CALLS.clear()
    assert [Model(1).constant(3), Model(2).constant(3)] == [3, 3]
    assert CALLS == ["constant"]


def test_an_object_may_say_what_it_is_known_by():
    CALLS.clear()
    assert [KeyedModel("a").apply(1), KeyedModel("a").apply(1), KeyedModel("b").apply(1)] == [
        ("a", 1),
        ("a", 1),
        ("b", 1),
    ]
    assert CALLS == ["keyed", "keyed"]


def test_classmethods_staticmethods_and_properties():
    for make in (Model.make, Model.make_below):
        assert make(1) == ("Model", 1)
    for make in (Child.make, Child.make_below):
        assert make(1) == ("Child", 1)
    assert Model.double(2) == Model(1).double(2) == Model.double_below(2) == 4
    assert Model(2).cubed == Model(2).cubed == 8


def test_lambdas_partials_and_builtins(cache):
    power = cache.memoize(functools.partial(pow, 2))
    assert [power(3), power(3)] == [8, 8]
    add = cache.memoize(functools.partial(lambda x, y: x + y, y=10))
    other = cache.memoize(functools.partial(lambda x, y: x + y, y=20))
    assert [add(1), other(1), add(1)] == [11, 21, 11]
    assert cache.memoize(lambda x: x * x)(3) == 9


def test_functions_wrapped_by_other_decorators(cache, ran):
    def twice(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return 2 * function(*args, **kwargs)

        return wrapper

    @cache.memoize
    @twice
    def f(x, y=1):
        ran()
        return x + y

    assert [f(1), f(1, 1), f(x=1)] == [4, 4, 4]
    assert ran.calls == 1


def test_an_object_that_can_be_called(cache):
    class Scale:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, x):
            return self.factor * x

    assert [cache.memoize(Scale(2))(3), cache.memoize(Scale(5))(3), cache.memoize(Scale(2))(3)] == [6, 15, 6]


# What stays as before


def test_name_docstring_and_signature_stay(cache):
    def f(a: int, *, b: str = "x") -> float:
        """Say what it does."""
        return 1.0

    g = cache.memoize(f)
    assert (g.__name__, g.__qualname__, g.__doc__, g.__module__) == (
        f.__name__,
        f.__qualname__,
        f.__doc__,
        f.__module__,
    )
    assert inspect.signature(g) == inspect.signature(f)
    assert inspect.isfunction(g)
    assert g.__wrapped__ is f
    assert inspect.getsource(g) == inspect.getsource(f)


def test_a_wrong_call_fails_as_the_function_itself_would(cache):
    @cache.memoize
    def f(a):
        return a

    with pytest.raises(TypeError, match=r"f\(\) missing 1 required positional argument: 'a'"):
        f()
    with pytest.raises(TypeError, match="unexpected keyword argument 'b'"):
        f(1, b=2)


def test_pickles_by_reference():
    assert pickle.loads(pickle.dumps(module_function)) is module_function
    assert pickle.loads(pickle.dumps(Model.apply)) is Model.apply


# What a function can tell


def test_request_is_cached_load_recompute_forget(cache, ran):
    @cache.memoize
    def f(x):
        ran()
        return [x]

    assert not f.is_cached(1)
    with pytest.raises(memodisk.Miss) as miss:
        f.load(1)
    assert miss.value.reason is memodisk.Reason.ABSENT
    assert f(1) == [1]
    assert f.is_cached(1)
    result = f.load(1)
    assert result.value == [1]
    assert result.record.key == f.request(1).key
    assert result.bytes == result.record.bytes > 0
    assert f.recompute(1) == [1]
    assert ran.calls == 2
    assert f.forget(1)
    assert not f.forget(1)
    assert not f.is_cached(1)


def test_what_lru_cache_tells(cache):
    @cache.memoize(ttl="7d")
    def f(x):
        return x

    for x in (1, 1, 2):
        f(x)
    assert f.cache_info() == (1, 2, None, 2)
    assert f.cache_parameters()["ttl"] == 7 * 86400
    f.cache_clear()
    assert f.cache_info() == (0, 0, None, 0)


def test_clearing_one_function_leaves_the_others(cache):
    f = cache.memoize(lambda x: x, name="f")
    g = cache.memoize(lambda x: -x, name="g")
    f(1)
    g(1)
    f.cache_clear()
    assert not f.is_cached(1)
    assert g.is_cached(1)


def test_what_another_process_forgets_is_seen_at_the_next_call(cache, ran, tmp_path):
    @cache.memoize
    def f(x):
        ran()
        return x

    f(1)
    f(1)
    memodisk.Cache(cache.directory).forget(f.request(1))
    f(1)
    assert ran.calls == 2


# Options


def test_ignored_parameters_do_not_matter(cache, ran):
    @cache.memoize(ignore=["verbose", "progress"])
    def f(x, verbose=False, **options):
        ran()
        return x

    f(1)
    f(1, verbose=True)
    f(1, progress=threading.Lock())
    assert ran.calls == 1
    f(1, other=2)
    assert ran.calls == 2
    assert "verbose" not in f.request(1).arguments


def test_key_replaces_the_arguments(cache, ran):
    @cache.memoize(key=lambda connection, table: table)
    def f(connection, table):
        ran()
        return table

    assert f(threading.Lock(), "a") == f(threading.Lock(), table="a") == "a"
    assert ran.calls == 1


def test_a_version_is_part_of_the_request(cache, ran):
    def f(x):
        ran()
        return x

    for version in (1, 2, 1, "1", None):
        cache.memoize(f, **{}) if version is None else cache.memoize(version=version)(f)(1)
    assert ran.calls == 3


def test_a_name_keeps_results_through_a_move(cache, ran):
    def make(name):
        def old(x):
            ran()
            return x

        def new(x):
            ran()
            return x

        return cache.memoize(name=name)(old), cache.memoize(name=name)(new)

    old, new = make("stable")
    assert old(1) == new(1)
    assert ran.calls == 1
    old, new = make(None)
    assert old(1) == new(1)
    assert ran.calls == 3


def test_ttl_is_how_long_a_result_may_be_served(cache, ran, monkeypatch):
    @cache.memoize(ttl="1h")
    def f(x):
        ran()
        return x

    now = time.time()
    f(1)
    f(1)
    assert ran.calls == 1
    monkeypatch.setattr(time, "time", lambda: now + 3605)
    assert not f.is_cached(1)
    with pytest.raises(memodisk.Miss) as miss:
        f.load(1)
    assert miss.value.reason is memodisk.Reason.EXPIRED
    f(1)
    f(1)
    assert ran.calls == 2


def test_when_decides_what_is_stored(cache, ran):
    @cache.memoize(when=lambda result: result is not None)
    def f(x):
        ran()
        return x

    f(None)
    f(None)
    f(1)
    f(1)
    assert ran.calls == 3


def test_a_codec_by_name(cache):
    @cache.memoize(codec="pickle")
    def f():
        return "text"

    assert f() == f() == "text"
    assert [record.codec for record in cache.records()] == ["pickle"]


def test_a_mapped_array_is_read_only(cache):
    np = pytest.importorskip("numpy")

    @cache.memoize(codec="npy", mmap=True)
    def f(n):
        return np.arange(n)

    for mapped in (f(1000), f(1000), f.recompute(1000)):
        assert isinstance(mapped, np.memmap)
        assert not mapped.flags.writeable
        assert mapped.sum() == 499500
    assert f.cache_info().misses == 2


@pytest.mark.parametrize("on_change", ["warn", "ignore"])
def test_code_may_be_left_out_of_the_key(cache, ran, on_change, caplog):
    def make(variant):
        if variant:

            @cache.memoize(on_change=on_change, name="f")
            def f(x):
                ran()
                return x
        else:

            @cache.memoize(on_change=on_change, name="f")
            def f(x):
                ran()
                return x + 0

        return f

    assert make(True)(1) == make(False)(1) == make(False)(1) == 1
    assert ran.calls == 1
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == (1 if on_change == "warn" else 0)


# Bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ttl": "soon"}, "ttl='soon' is not understood"),
        ({"ignore": ["verbos"]}, "has no parameter 'verbos'; it has x, verbose"),
        ({"ignore": [3]}, "must hold names of parameters, not 3"),
        ({"tll": 3}, "unexpected keyword argument 'tll'"),
        ({"codec": "zip"}, "zip"),
        ({"codec": "pickle", "mmap": True}, "mmap=True: codec 'pickle' cannot be mapped"),
        ({"on_change": "panic"}, "on_change='panic' is not known: give 'recompute', 'warn' or 'ignore'"),
        ({"key": "x"}, "key='x' is not callable"),
        ({"when": True}, "when=True is not callable"),
        ({"name": ""}, "name='' is no name"),
    ],
)
def test_a_bad_option_fails_at_decoration_and_names_itself(cache, options, message):
    def f(x, verbose=False):
        return x

    with pytest.raises((TypeError, ValueError), match=message.replace("(", r"\(")):
        cache.memoize(**options)(f)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("name", "options are given by name"),
        (3, "give a function"),
        (property(lambda self: 1), "write @property above"),
        (Model, "a class is no function"),
    ],
)
def test_what_is_no_function_fails_at_decoration(what, message):
    with pytest.raises(TypeError, match=message):
        memodisk.memoize(what)


def test_a_generator_function_fails_at_decoration():
    def numbers():
        yield 1

    with pytest.raises(TypeError, match="return a list instead of yielding"):
        memodisk.memoize(numbers)


def test_without_code_and_without_a_file_a_name_is_needed():
    namespace = {"__name__": "nowhere"}
    exec("def f(x): return x", namespace)
    with pytest.raises(ValueError, match="give name="):
        memodisk.memoize(on_change="ignore")(namespace["f"])


@pytest.mark.parametrize(
    "unhashable", [threading.Lock, lambda: (x for x in []), lambda: open(os.devnull)], ids=["lock", "generator", "file"]
)
def test_an_argument_that_cannot_be_hashed_computes_with_one_warning(cache, ran, unhashable, caplog):
    @cache.memoize
    def f(x):
        ran()
        return 1

    value = unhashable()
    assert [f(value), f(value)] == [1, 1]
    assert ran.calls == 2
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "argument 'x'" in warnings[0]
    assert "ignore" in warnings[0]
    with pytest.raises(memodisk.Unhashable):
        f.request(value)
    assert not f.is_cached(value)


def test_a_result_that_cannot_be_stored_is_returned_with_one_warning(cache, ran, caplog):
    @cache.memoize
    def f(x):
        ran()
        return {"lock": threading.Lock()}

    assert "lock" in f(1)
    assert "lock" in f(1)
    assert ran.calls == 2
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "result['lock']" in warnings[0]


def test_strict_raises_instead(tmp_path):
    cache = memodisk.Cache(tmp_path / "c", strict=True)
    f = cache.memoize(lambda x: threading.Lock())
    with pytest.raises(memodisk.Unhashable):
        f(threading.Lock())
    with pytest.raises(memodisk.Unencodable):
        f(1)


def test_a_named_codec_that_does_not_fit_is_told(cache, caplog):
    f = cache.memoize(codec="npy")(lambda: [1, 2])
    assert f() == [1, 2]
    assert "codec 'npy' cannot hold this list exactly" in caplog.text


# Log


def test_a_hit_and_a_computation_leave_one_line_each(cache, caplog):
    @cache.memoize(name="weather.load_city")
    def load_city(name):
        return name

    with caplog.at_level(logging.DEBUG, logger="memodisk"):
        load_city("Bern")
        computed = [r for r in caplog.records if r.levelno == logging.INFO]
        caplog.clear()
        load_city("Bern")
        hits = list(caplog.records)
    assert [r.getMessage().split(" in ")[0] for r in computed] == ["weather.load_city(name='Bern'): computed"]
    assert [(r.levelno, r.getMessage().split(",")[0]) for r in hits] == [(logging.DEBUG, "weather.load_city: hit")]


# Threads and tasks


def test_threads_that_call_at_once_compute_once(cache, ran):
    @cache.memoize
    def f(x):
        ran()
        time.sleep(0.05)
        return x

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(f, [1] * 8)) == [1] * 8
    assert ran.calls == 1


def test_if_the_first_fails_the_others_compute(cache):
    failures = [ValueError("first")]
    entered = threading.Barrier(2)

    @cache.memoize(ignore=["barrier"])
    def f(x, barrier=None):
        if failures:
            entered.wait()
            time.sleep(0.05)
            raise failures.pop()
        return x

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(f, 1)
        entered.wait()
        second = pool.submit(f, 1)
        with pytest.raises(ValueError, match="first"):
            first.result()
        assert second.result() == 1


def test_async_functions(cache, ran):
    @cache.memoize
    async def f(x):
        ran()
        await asyncio.sleep(0.01)
        return [x]

    assert inspect.iscoroutinefunction(f)

    async def main():
        return await asyncio.gather(*(f(x) for x in [1, 1, 1, 2]))

    assert asyncio.run(main()) == [[1], [1], [1], [2]]
    assert asyncio.run(f(1)) == [1]
    assert ran.calls == 2
    assert asyncio.run(f.recompute(1)) == [1]
    assert ran.calls == 3
    assert f.is_cached(1)
    assert [asyncio.run(f(1)) for _ in range(2)] == [[1], [1]]
    assert ran.calls == 3


def test_async_functions_under_trio(cache, ran):
    trio = pytest.importorskip("trio")

    @cache.memoize
    async def f(x):
        ran()
        await trio.sleep(0.01)
        return [x]

    results = []

    async def call():
        results.append(await f(1))

    async def main():
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(call)

    trio.run(main)
    assert results == [[1]] * 5
    assert ran.calls == 1


def test_a_cancelled_task_hands_the_computation_on(cache, ran):
    @cache.memoize
    async def f(x):
        ran()
        await asyncio.sleep(0.05)
        return x

    async def main():
        first = asyncio.create_task(f(1))
        second = asyncio.create_task(f(1))
        await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await second

    assert asyncio.run(main()) == 1
    assert ran.calls == 2


def test_an_event_loop_that_is_not_known_computes(cache, ran):
    @cache.memoize
    async def f(x):
        ran()
        await Suspension()
        return x

    class Suspension:
        def __await__(self):
            yield

    one, two = f(1), f(1)
    one.send(None)
    two.send(None)
    for coroutine in (one, two):
        with pytest.raises(StopIteration):
            coroutine.send(None)
    assert ran.calls == 2


def test_functions_that_call_each_other_do_not_wait_in_a_circle(cache):
    started = threading.Barrier(2)

    @cache.memoize(ignore=["deep"])
    def a(x, deep):
        if deep:
            started.wait()
            return b(x, False)
        return "a"

    @cache.memoize(ignore=["deep"])
    def b(x, deep):
        if deep:
            started.wait()
            return a(x, False)
        return "b"

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.submit(a, 1, True), pool.submit(b, 1, True)
        assert {one.result(timeout=10), two.result(timeout=10)} <= {"a", "b"}


def test_a_call_of_itself_with_the_same_arguments_does_not_wait_for_itself(cache):
    @cache.memoize(ignore=["deep"])
    def f(x, deep):
        return f(x, False) + 1 if deep else 0

    assert f(1, True) == 1


def test_asking_about_a_call_that_could_not_be_made_is_refused_with_the_remedy():
    with pytest.raises(
        TypeError, match=r"Model\.apply: missing a required argument: 'x'; for a method, go through the"
    ):
        Model(2).apply.is_cached(3)
    assert not Model.apply.is_cached(Model(2), 12345)
    with pytest.raises(TypeError, match="too many positional arguments$"):
        module_function.explain(1, 2, 3)


def test_a_default_directory_that_cannot_be_used_costs_one_warning(monkeypatch, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEMODISK_DIR", str(tmp_path / "file"))

    @memodisk.memoize
    def f(x):
        return x

    assert [f(1), f(1)] == [1, 1]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1, warnings
    assert str(tmp_path / "file") in warnings[0]


def test_what_a_memoized_helper_depends_on_its_callers_depend_on(cache, monkeypatch):
    @cache.memoize(depends=[memodisk.env("SCALE")])
    def helper(x):
        import os

        return x * int(os.environ["SCALE"])

    @cache.memoize
    def f(x):
        return helper(x)

    monkeypatch.setenv("SCALE", "2")
    assert f(3) == 6
    monkeypatch.setenv("SCALE", "5")
    assert f(3) == 15
