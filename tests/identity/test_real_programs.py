"""Programs as people write them, in two processes with an edit between: what runs again, and what does not.

Each program prints its result and whether its memoized function ran. Each edit is made, seen, and undone again.
"""

from __future__ import annotations

import textwrap
from typing import NamedTuple

import pytest
from processes import run_script


class Edit(NamedTuple):
    old: str
    new: str
    runs: bool
    why: str


SETTINGS = '''
import os
from typing import Annotated

import memodisk
from pydantic import BaseModel, BeforeValidator, Field, field_validator


def number(text):
    return float(str(text).replace(",", "."))


class Place(BaseModel):
    """A place on the map."""

    name: str
    height: Annotated[float, BeforeValidator(number)] = Field(ge=0)

    @field_validator("name")
    @classmethod
    def tidy(cls, name):
        return name.strip()

    def label(self):
        return f"{self.name} ({self.height})"


class Settings(BaseModel):
    places: list[Place] = []
    unit: str = "m"
    mode: str = os.environ.get("PLACES_MODE", "fast")


SETTINGS = Settings(unit="m")


@memodisk.memoize
def report(raw):
    print("runs")
    settings = Settings.model_validate(raw)
    return [place.label() + SETTINGS.unit for place in settings.places]


print(report({"places": [{"name": " Bern ", "height": "540,5"}]}))
'''
SETTINGS_EDITS = [
    Edit('replace(",", ".")', 'replace(",", "")', True, "a validator that an annotation names"),
    Edit("name.strip()", "name.strip().upper()", True, "a validator of a model in a list in a model"),
    Edit("({self.height})", "[{self.height}]", True, "a method of it"),
    Edit("ge=0", "ge=1", True, "the bound of a field"),
    Edit('SETTINGS = Settings(unit="m")', 'SETTINGS = Settings(unit="km")', True, "the settings"),
    Edit('unit: str = "m"', 'unit: str = "ft"', True, "a default"),
    Edit("    def label(self):", "    # As people say it.\n    def label(self):", False, "a comment"),
    Edit('"fast")', '"fast")  # or slow', False, "a comment"),
]

CLIENT = '''
import logging
import threading

import memodisk

log = logging.getLogger(__name__)


class Session:
    """Keeps a connection open."""

    def __init__(self, base):
        self.base, self.lock, self.local = base, threading.RLock(), threading.local()
        self.headers = {"accept": "json"}

    def get(self, path):
        with self.lock:
            log.info("asking for %s", path)
            return f"{self.base}/{path} {self.headers['accept']}"


class Client:
    retries = 3

    def __init__(self, session):
        self.session, self.done = session, threading.Event()

    def fetch(self, path):
        return self.session.get(path), self.retries


CLIENT = Client(Session("https://example.org/v1"))


@memodisk.memoize
def page(path):
    print("runs")
    return CLIENT.fetch(path)


print(page("a"))
'''
CLIENT_EDITS = [
    Edit("/v1", "/v2", True, "the address behind a lock"),
    Edit('"json"', '"xml"', True, "a header in the session"),
    Edit("retries = 3", "retries = 4", True, "an attribute of the class"),
    Edit('f"{self.base}/{path}', 'f"{self.base}//{path}', True, "a method of the session"),
    Edit("Keeps a connection open.", "Keeps it open.", False, "a docstring"),
    Edit("self.headers = ", "# As for all.\n        self.headers = ", False, "a comment"),
]

TOOLS = '''
import inspect
import json

import memodisk

TOOLS = {}


def tool(function):
    TOOLS[function.__name__] = function
    return function


def degrees(kelvin):
    """Not for the model."""
    return kelvin - 273


@tool
def weather(city: str, days: int = 1) -> str:
    """The weather in a city."""
    return f"{city}: {degrees(300)}"


@tool
def clock() -> str:
    """What time it is."""
    return "noon"


def described(function):
    parameters = {name: str(p.annotation) for name, p in inspect.signature(function).parameters.items()}
    return {"name": function.__name__, "text": inspect.getdoc(function), "parameters": parameters}


@memodisk.memoize
def ask(question, tools):
    print("runs")
    return json.dumps([described(function) for function in tools])[:400], [f.__name__ for f in tools]


print(ask("hi", tools=[weather, TOOLS["clock"]]))
'''
TOOLS_EDITS = [
    Edit("The weather in a city.", "The weather of a town.", True, "the docstring of a tool"),
    Edit("What time it is.", "The time.", True, "the docstring of a tool from a registry"),
    Edit("city: str", "city: bytes", True, "an annotation of a tool"),
    Edit("days: int = 1", "days: int = 2", True, "a default of a tool"),
    Edit("- 273", "- 274", True, "a helper of a tool"),
    Edit("TOOLS = {}", "TOOLS = {}  # by name", False, "a comment"),
]

PIPELINE = '''
import memodisk
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler


def root(values):
    return np.sqrt(values)


class Clip(BaseEstimator, TransformerMixin):
    """Cuts off what is too large."""

    def __init__(self, most=3.0):
        self.most = most

    def fit(self, X, y=None):
        self.seen_ = X.max()
        return self

    def transform(self, X):
        return np.minimum(X, self.most)


@memodisk.memoize
def score(model, X, y):
    print("runs")
    return round(float(model.fit(X, y).score(X, y)), 3)


rng = np.random.default_rng(0)
X = rng.uniform(1, 5, (40, 3))
model = make_pipeline(FunctionTransformer(root), Clip(most=2.0), StandardScaler(), Ridge(alpha=1.0))
print(score(model, X, X @ [1.0, 2.0, 3.0]))
'''
PIPELINE_EDITS = [
    Edit("np.sqrt(values)", "np.log(values)", True, "a function in a transformer"),
    Edit("np.minimum(X, self.most)", "np.maximum(X, self.most)", True, "a method of a transformer of one's own"),
    Edit("Clip(most=2.0)", "Clip(most=1.5)", True, "a parameter of it"),
    Edit("alpha=1.0", "alpha=2.0", True, "a parameter of a library's estimator"),
    Edit("most=3.0):", "most=4.0):", True, "a default of its constructor: in doubt it counts"),
    Edit("Cuts off what is too large.", "Cuts.", False, "a docstring"),
]

PLUGINS = """
import functools

import memodisk


class Plugin:
    registry = {}

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        Plugin.registry[cls.__name__.lower()] = cls


class Csv(Plugin):
    separator = ","

    def read(self, text):
        return text.split(self.separator)


class Lines(Plugin):
    def read(self, text):
        return [shorten(line) for line in text.splitlines()]


def shorten(line, to=3):
    return line[:to]


@functools.singledispatch
def size(value):
    return 1


@size.register
def _(value: list):
    return len(value) + 0


@memodisk.memoize
def load(kind, text):
    print("runs")
    read = Plugin.registry[kind]().read(text)
    return read, size(read), [c.__name__ for c in Plugin.__subclasses__()]


print(load("csv", "a,b"))
"""
PLUGINS_EDITS = [
    Edit('separator = ","', 'separator = ";"', True, "an attribute of a plug-in"),
    Edit("text.split(self.separator)", "text.strip().split(self.separator)", True, "a method of a plug-in"),
    Edit("len(value) + 0", "len(value) + 1", True, "an implementation for a type"),
    Edit("class Lines(Plugin):", "class Rows(Plugin):", True, "the name of a plug-in that is asked for"),
    Edit("def shorten", "# A comment.\ndef shorten", False, "a comment"),
]

PROGRAMS = {
    "models with validators and settings": (SETTINGS, SETTINGS_EDITS),
    "a client with a session and locks": (CLIENT, CLIENT_EDITS),
    "tools for a language model": (TOOLS, TOOLS_EDITS),
    "a pipeline with a transformer of one's own": (PIPELINE, PIPELINE_EDITS),
    "a registry of plug-ins": (PLUGINS, PLUGINS_EDITS),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs_again_where_an_edit_can_change_what_it_prints(tmp_path, name):
    program, edits = PROGRAMS[name]
    path = tmp_path / "program.py"

    def run(text):
        path.write_text(textwrap.dedent(text))
        *said, shown = run_script(path)
        assert said in ([], ["runs"]), said
        return bool(said), shown

    ran, before = run(program)
    assert ran
    assert run(program) == (False, before)
    for edit in edits:
        assert program.count(edit.old) == 1, edit
        edited = program.replace(edit.old, edit.new)
        ran, after = run(edited)
        assert ran is edit.runs, edit.why
        assert run(edited) == (False, after), edit.why
        assert run(program) == (False, before), edit.why
