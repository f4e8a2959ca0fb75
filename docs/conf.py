"""How Sphinx builds these pages: python -m sphinx -W -b html docs docs/_build/html."""

from __future__ import annotations

import re

from memodisk import __version__

project = "memodisk"
author = copyright = "The memodisk authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.intersphinx", "sphinx_copybutton"]
exclude_patterns = ["_build"]
# The build needs no network; links to Python's own pages are written out where they are useful.
intersphinx_mapping: dict[str, tuple[str, None]] = {}

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# In docstrings, single backticks hold code; where it is one of the names documented here, it becomes a link.
default_role = "py:obj"
suppress_warnings = ["myst.header"]  # pages with front matter alone above their title

napoleon_google_docstring = False
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72

html_theme = "furo"
html_title = "memodisk"
html_static_path = ["_static"]
html_css_files = ["memodisk.css"]
html_copy_source = False
html_show_sourcelink = False
copybutton_exclude = ".linenos, .gp, .go"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f5f8b", "color-brand-content": "#1f5f8b"},
    "dark_css_variables": {"color-brand-primary": "#7cc0ec", "color-brand-content": "#7cc0ec"},
}


def _for_people(app, what, name, obj, options, signature, returns):  # noqa: ARG001
    """Leave out what signatures say to type checkers alone."""
    if name in ("memodisk.memoize", "memodisk.Cache.memoize") or (returns or "").endswith("R_co"):
        returns = None
    if signature is not None:
        signature = signature.replace("function: None = None", "function=None")
        signature = re.sub(r": [~\w.]*\bP(?:\.k?w?args)?\b", "", signature)
        signature = signature.replace("Directory | ResultCache", "Directory | Cache")
    return signature, returns


def setup(app):  # noqa: D103
    app.connect("autodoc-process-signature", _for_people)
