"""Options are written down once: signature, help, completion and type checkers all tell of the same ones."""

from __future__ import annotations

import inspect
import pydoc
import re
import subprocess
import sys

import pytest
from processes import environment

import memodisk
from memodisk._decorator import options

COMMON = ["ignore", "ttl", "version", "depends", "max_count"]


@pytest.fixture
def decorators(cache):
    return [memodisk.memoize, cache.memoize]


def names(function):
    return [name for name in inspect.signature(function).parameters if name != "function"]


def test_the_decorator_and_that_of_a_cache_show_all_options_the_common_five_first(decorators):
    for decorator in decorators:
        assert names(decorator) == names(options.memoize)
        assert names(decorator)[:5] == COMMON


def test_help_tells_of_each_option_in_their_order(decorators):
    for decorator in decorators:
        text = pydoc.plain(pydoc.render_doc(decorator))
        described = re.findall(r"^    ([a-z_]+(?:, [a-z_]+)*)$", text.partition("Parameters")[2], re.MULTILINE)
        assert ", ".join(described).split(", ") == ["function", *names(decorator)]


def test_what_a_function_was_memoized_with_are_all_options(cache):
    @cache.memoize(ttl="7d", ignore=["x"])
    def f(x):
        return 1

    assert list(f.cache_parameters()) == names(cache.memoize)
    assert (f.cache_parameters()["ttl"], f.cache_parameters()["ignore"]) == (604_800.0, ("x",))


@pytest.mark.parametrize("decorator", ["memoize", "Cache.memoize"])
def test_a_misspelt_option_is_named_with_the_decorator(cache, decorator):
    with pytest.raises(TypeError, match=r"^memoize\(\) got an unexpected keyword argument 'tll'"):
        (memodisk.memoize if decorator == "memoize" else cache.memoize)(tll=1)


def test_what_a_memoized_function_has_is_described_where_it_is_asked_for(cache):
    @cache.memoize
    def f(x):
        return 1

    for name in ("request", "is_cached", "load", "recompute", "forget", "explain", "evict", "cache_info"):
        first = inspect.getdoc(getattr(f, name)).splitlines()[0]
        assert first.endswith("."), name
        assert len(first) > 20, name
        assert not first.startswith("See "), name


COMPLETE = """
import sys
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import memodisk; cache = memodisk.Cache('results')")
for text in sys.argv[1:]:
    with provisionalcompleter():
        print([found.text for found in shell.Completer.completions(text, len(text))])
"""


def test_options_are_completed_in_a_notebook(tmp_path):
    texts = ["memodisk.memoize(tt", "@memodisk.memoize(ignore=['x'], max_b", "cache.memoize(tt", "memodisk.Cache(poli"]
    done = subprocess.run(
        [sys.executable, "-c", COMPLETE, *texts],
        cwd=tmp_path,
        env=environment(tmp_path, IPYTHONDIR=str(tmp_path)),
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == ["['ttl=']", "['max_bytes=']", "['ttl=']", "['policy=']"], done.stderr
