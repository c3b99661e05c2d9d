"""docs/support.md says what the interfaces say."""

from __future__ import annotations

import support_page


def test_the_page_is_current() -> None:
    assert support_page.PAGE.read_text("utf-8") == support_page.page(), "run: python tools/support_page.py"


def test_an_absence_is_shown_with_its_reason() -> None:
    page = support_page.page()
    assert "| `vacuum` | - | - | yes | yes |" in page
    assert "action `read_changes`: files keep what is there now" in page
