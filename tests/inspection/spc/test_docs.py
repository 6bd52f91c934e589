"""The page on SPC: its examples are true, and it names every function."""

import doctest
from pathlib import Path

import inspection.spc

PAGE = Path(__file__).parents[3] / "docs" / "spc.md"


def test_every_example_of_the_page_gives_what_it_says() -> None:
    found = doctest.testfile(str(PAGE), module_relative=False, report=True)
    assert found.attempted > 20
    assert found.failed == 0


def test_the_page_names_everything_that_is_public() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in inspection.spc.__all__ if name not in page] == []
