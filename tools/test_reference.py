"""The API reference: what is public is in it, roles become links, and a broken one is found."""

from __future__ import annotations

from pathlib import Path

import pdoc.doc
import pytest
import reference

HTML = '<a id="here"></a><a href="#here"></a><a href="other.html#there"></a><a href="https://example.com"></a>'


def test_what_is_public_is_shown() -> None:
    names = reference.public_modules()
    assert {"dao", "dao.errors", "dao.profiles", "dao.testing", "dao_files.formats", "dao_s3.glue"} <= set(names)
    assert not [name for name in names if "._" in name]


@pytest.fixture(scope="module")
def made() -> reference.Reference:
    return reference.Reference.of(["dao", "dao.errors", "dao.results"])


def test_methods_of_private_bases_are_the_class_s_own(made: reference.Reference) -> None:
    shown = made.modules["dao"].get("DataAccessObject")
    assert isinstance(shown, pdoc.doc.Class)
    assert {"read", "write", "explain", "close"} <= {member.name for member in shown.own_members}


def test_a_role_leads_to_where_a_name_is_public(made: reference.Reference) -> None:
    read = made.modules["dao"].get("DataAccessObject.read")
    assert read is not None
    assert made._linked("see :meth:`history` and :class:`~dao._core.dao.DataAccessObject`", read) == (
        "see `dao.DataAccessObject.history` and `dao.DataAccessObject`"
    )
    assert made._linked(":class:`pyarrow.Table`", read) == "`pyarrow.Table`"


@pytest.mark.parametrize("role", [":meth:`reed`", ":class:`~dao.DataAccesObject`", ":mod:`dao._core.execute`"])
def test_a_role_that_leads_nowhere_is_found(made: reference.Reference, role: str) -> None:
    read = made.modules["dao"].get("DataAccessObject.read")
    assert read is not None
    made.faults.clear()
    made._linked(role, read)
    assert [fault.partition(":")[0] for fault in made.faults] == ["dao.DataAccessObject.read"]


def test_a_page_s_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(HTML)
    (tmp_path / "other.html").write_text('<p id="their"></p><a href="gone.html"></a>')
    assert sorted(reference.broken_links(tmp_path)) == [
        "other.html: gone.html leads nowhere",
        "page.html: other.html#there leads nowhere",
    ]
