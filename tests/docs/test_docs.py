"""README.md and docs/, executed: every program, every cell, every line of shell, with what it prints."""

from __future__ import annotations

import re

import pytest
from blocks import RUN, SHOWN, blocks, matches, read_page, run_page
from processes import ROOT

PAGES = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if "_build" not in page]


@pytest.mark.parametrize("page", [page for page in PAGES if any(b.language in RUN for b in blocks(read_page(page)))])
def test_every_block_runs_and_prints_what_the_page_says(page, tmp_path):
    run_page(read_page(page), tmp_path)


@pytest.mark.parametrize("page", PAGES)
def test_no_block_is_code_that_is_not_run(page):
    text = read_page(page)
    for block in blocks(text):
        assert block.language in RUN | SHOWN, f"line {block.line}: {block.language!r}"
        if block.language not in RUN:
            assert not re.search(r"^(import|from) \w+|^@\w+|^def \w+\(", block.text, re.MULTILINE), block.line
    assert len(re.findall(r"^ *`{3,}", text, re.MULTILINE)) % 2 == 0


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_the_distribution_as_it_is_called(page):
    assert not re.search(r"pip install [-\w ]*\bmemodisk\b(?!-cache)", read_page(page))


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page):
    prose = re.sub(r"^ *(`{3,}).*?^ *\1|`[^`\n]*`", "", read_page(page), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", prose):
        assert ((ROOT / page).parent / target).exists(), target


def test_blocks_are_found_with_what_they_print():
    page = "```python\n# a.py\n1\n```\n\nprose\n\n```text\n2\n```\n\n   ```sh\n   ls\n   ```\n\n```{note}\nx\n```\n"
    assert [(b.language, b.text, b.line, b.prints) for b in blocks(page)] == [
        ("python", "# a.py\n1\n", 1, "2\n"),
        ("text", "2\n", 8, None),
        ("sh", "ls\n", 12, None),
    ]
    assert blocks("```python\nprint(1)  # → 1\nprint(2)  # → 2\n```\n")[0].prints == "1\n2"


@pytest.mark.parametrize(
    ("printed", "expected", "verdict"),
    [
        ("a 1 b\n", "a … b", True),
        ("a\nx\ny\nb", "a\n…\nb\n", True),
        ("a\nb", "a\n…\nb\n", True),
        ("a.b", "axb", False),
        ("a\nb", "a", False),
        ("", "a", False),
    ],
)
def test_an_ellipsis_stands_for_anything(printed, expected, verdict):
    assert matches(printed, expected) == verdict


def test_a_page_that_is_wrong_is_found_out(tmp_path):
    for wrong in ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "```sh\nfalse\n```\n", "```python\n1 / 0\n```\n"):
        with pytest.raises(AssertionError, match="line 1"):
            run_page(wrong, tmp_path)
