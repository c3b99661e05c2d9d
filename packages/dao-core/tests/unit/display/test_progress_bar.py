"""The bar: what it draws on a screen and into a log, and that it always gives the screen back."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from dao._display_progress import Bar, progress_bar
from dao.errors import PluginError
from dao.progress import advance, expect, listening


def bar(*, screen: bool) -> tuple[Bar, io.StringIO]:
    written = io.StringIO()
    return Bar(Console(file=written, force_terminal=screen, width=100, force_jupyter=False)), written


def plain(text: str) -> list[str]:
    without_codes = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    return [line.strip() for line in re.split(r"[\r\n]+", without_codes) if line.strip()]


def test_a_log_gets_one_line_at_the_end() -> None:
    drawn, written = bar(screen=False)
    with listening("copy", "bronze.flights", drawn):
        expect(rows=336776)
        advance(rows=200000, bytes=1_000_000)
        advance(rows=136776, bytes=500_000)
    (line,) = plain(written.getvalue())
    assert line.startswith("copy bronze.flights")
    assert "100%" in line
    assert "336,776 rows, 1.5 MB" in line


def test_a_screen_shows_how_far_it_is() -> None:
    drawn, written = bar(screen=True)
    with listening("read", "a.b", drawn):
        expect(bytes=1000)
        advance(bytes=250)
        drawn._drawn.refresh()
    assert any("25%" in line and "250 B" in line for line in plain(written.getvalue()))


def test_an_action_that_fails_gives_the_screen_back() -> None:
    drawn, written = bar(screen=True)

    def fail() -> None:
        with listening("copy", "a.b", drawn):
            advance(rows=1)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert written.getvalue().count(hidden) == written.getvalue().count(shown) == 1
    assert drawn._drawn is None


def test_one_bar_serves_one_action_after_the_other() -> None:
    drawn, written = bar(screen=False)
    for name in ["a.b", "a.c"]:
        with listening("copy", name, drawn):
            advance(rows=5)
    lines = plain(written.getvalue())
    assert [line.split()[1] for line in lines] == ["a.b", "a.c"]


def test_names_are_not_taken_for_markup() -> None:
    drawn, written = bar(screen=False)
    with listening("copy", "a.[bold]b", drawn):
        advance(rows=5)
    assert "a.[bold]b" in written.getvalue()


def test_more_than_expected_is_no_more_than_all() -> None:
    drawn, written = bar(screen=True)
    with listening("copy", "a.b", drawn):
        expect(bytes=100)
        advance(bytes=300)
        drawn._drawn.refresh()
    assert not re.search(r"[2-9]\d\d%", written.getvalue())


def test_without_rich_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dao._display_progress.find_spec", lambda name: None)
    with pytest.raises(PluginError, match=r"pip install 'dao-core\[cli\]'"):
        progress_bar()
