"""Every link of the pages leads somewhere, and a broken one is found."""

from __future__ import annotations

from pathlib import Path

import docs_links
import pytest


@pytest.mark.parametrize("page", docs_links.pages(), ids=lambda page: str(page.relative_to(docs_links.ROOT)))
def test_the_links_of_a_page(page: Path) -> None:
    assert list(docs_links.faults(page)) == []


def test_pages_are_found() -> None:
    names = {page.name for page in docs_links.pages()}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "catalog.md", "cli.md"} <= names


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(docs_links, "ROOT", tmp_path)
    (tmp_path / "other.md").write_text("# What it `says`\n\n## Twice\n\n## Twice\n\n```text\n# no heading\n```\n")
    return tmp_path / "page.md"


def test_what_is_broken_is_found(broken: Path) -> None:
    broken.write_text(
        "# Here\n[a](nothing.md) [b](other.md#twise) [c](#there) ![d](drawn.png) [e](/etc/passwd)\n[f]: gone.md\n"
        "[g](other.md#no-heading)\n"
    )
    assert [fault.partition(":")[0] for fault in docs_links.faults(broken)] == [
        "nothing.md", "other.md#twise", "#there", "drawn.png", "/etc/passwd", "other.md#no-heading", "gone.md",
    ]  # fmt: skip


def test_what_leads_somewhere_is_not(broken: Path) -> None:
    broken.write_text(
        "# Here\n[a](other.md) [`b`](other.md#what-it-says) [c](#here) [d](other.md#twice-1) [e](https://example.com)\n"
        "`[f](nothing.md)`\n\n```text\n[g](nothing.md)\n```\n"
    )
    assert list(docs_links.faults(broken)) == []
