"""docs/formats.md says what the classes of the options say."""

from __future__ import annotations

import attrs
import format_options
import pytest

from dao_files.formats import FORMATS


def test_the_section_is_current() -> None:
    page = format_options.PAGE.read_text("utf-8")
    assert page == format_options.updated(page), "run: python tools/format_options.py"


@pytest.mark.parametrize("name", FORMATS)
def test_every_option_is_there_with_its_default_and_direction(name: str) -> None:
    section = format_options.section()
    for option in attrs.fields(FORMATS[name].Options):
        assert f"| `{option.name}` | `" in section
    for row in (
        "| `delimiter` | `None` | both, spelling |",
        "| `row_group_rows` | `1,048,576` | writes |",
        "| `int96_unit` | `'us'` | reads |",
        "| `checksums` | `False` | both |",
    ):
        assert row in section


def test_a_page_whose_section_is_stale_is_told() -> None:
    page = format_options.PAGE.read_text("utf-8")
    stale = page.replace("| `null_values` | `['']` |", "| `null_values` | `['NULL']` |")
    assert stale != page == format_options.updated(stale)
