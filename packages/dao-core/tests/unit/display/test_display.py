"""How tables, sizes and moments look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from dao.display import Displayed, moment, size, table_of, thousands

UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15, "EB": 10**18}


@given(st.integers(0, 10**20))
def test_a_size_is_near_what_it_stands_for(number: int) -> None:
    value, unit = size(number).split()
    assert float(value) * UNITS[unit] == pytest.approx(number, rel=0.06)
    assert float(value) < 1000 or unit == "EB"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_999, "1.0 MB"), (4_101_332, "4.1 MB"), (None, "")],
)
def test_sizes(number: int | None, text: str) -> None:
    assert size(number) == text


def test_thousands() -> None:
    assert (thousands(336776), thousands(-1234), thousands(None)) == ("336,776", "-1,234", "")


def test_a_moment_says_its_zone_unless_it_is_utc() -> None:
    assert moment(datetime(2026, 1, 2, 3, 4, 5, 678, UTC)) == "2026-01-02 03:04:05"
    assert moment(datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))) == "2026-01-02 03:04:05+0200"
    assert moment(None) == ""


def test_numbers_stand_to_the_right_and_what_is_not_known_is_left_out() -> None:
    view = table_of(["name", "rows", "note"], [["flights", 336776, None], ["planes", None, True]], "Tables")
    assert view.text().splitlines() == [
        "Tables",
        "name        rows  note",
        "flights  336,776",
        "planes            True",
    ]
    assert '<td style="text-align:right">336,776</td>' in view.html()
    assert '<td style="text-align:left">flights</td>' in view.html()


def test_long_texts_are_wrapped_under_themselves() -> None:
    text = table_of(["", ""], [["by", "word " * 30], ["at", "x"]]).text(width=60)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[1].startswith("    word")
    assert lines[-1] == "at  x"


def test_a_place_is_never_broken_in_two() -> None:
    place = "very/long/" * 12
    assert place in table_of(["", ""], [["at", place]]).text(width=60)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), TEXT)
def test_html_gives_back_every_text_and_no_markup_of_its_own(rows: list[tuple[str, str]], title: str) -> None:
    found: list[str] = []
    tags: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.add(tag)

        def handle_data(self, data: str) -> None:
            found.append(data)

    reader = Reader()
    reader.feed(table_of(["a", "b"], rows, title).html())
    reader.close()
    assert tags <= {"table", "caption", "tr", "th", "td", "br"}
    expected = "".join([title, "a", "b", *(cell for row in rows for cell in row)])
    assert "".join(found) == expected


@frozen
class Record(Displayed):
    known: int | None = None
    other: str | None = None


def test_a_record_shows_what_is_known() -> None:
    html = Record(known=1234567)._repr_html_()
    assert "1,234,567" in html
    assert "other" not in html
    assert repr(Record(1)) == "Record(known=1, other=None)"
