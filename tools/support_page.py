"""Writes docs/support.md, what each interface can do, from its capabilities: `python tools/support_page.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dao.capabilities import ACTIONS_CHECKED, FEATURES, MODES, OPERATIONS, Absence, Capabilities, capabilities_of
from dao.plugins import default_plugins

PAGE = Path(__file__).resolve().parent.parent / "docs" / "support.md"
INTERFACES = ("local", "memory", "s3", "s3.obstore", "delta", "iceberg", "sqlite", "postgres", "redshift")
TESTS_ONLY = ("fault_injection",)

HEAD = """# What each interface can do

This page is made from the classes of the interfaces by `tools/support_page.py`; a test looks that it is current. In
code, `dao.capabilities("silver.flights")` gives the same for an object's store, as a `dao.Capabilities`: each absence
with its reason. What is promised here is tested by the conformance kit, and what isn't is refused with `NoRouteError`
or `UnsupportedError`. `files`: files have it, tables don't.
"""


def page() -> str:
    """The whole page."""
    found = {name: capabilities_of(default_plugins().interface_class(name)) for name in INTERFACES}
    features = {name: text for name, text in FEATURES.items() if name not in TESTS_ONLY}
    parts = (
        *_table("Actions", "action", dict.fromkeys(ACTIONS_CHECKED, ""), found),
        *_table("Modes of `write`", "mode", dict.fromkeys(MODES, ""), found),
        *_table("Operations of `run`", "operation", OPERATIONS, found),
        *_table("Features", "feature", features, found),
        *_reasons(found),
    )
    return "\n".join([HEAD, *parts])


def _table(title: str, kind: str, names: Mapping[str, str], found: Mapping[str, Capabilities]) -> Iterator[str]:
    explained = any(names.values())
    heads = [kind, *found, *(["meaning"] if explained else [])]
    yield f"## {title}\n"
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for name, text in names.items():
        cells = [_cell(one.absence(f"{kind}:{name}")) for one in found.values()]
        yield f"| {' | '.join([f'`{name}`', *cells, *([text] if explained else [])])} |"
    yield ""


def _cell(absence: Absence | None) -> str:
    if absence is None:
        return "yes"
    return "files" if absence.files_have else "-"


def _reasons(found: Mapping[str, Capabilities]) -> Iterator[str]:
    yield "## Why not\n"
    reasons: dict[str, list[str]] = {}
    for name, one in found.items():
        for absence in one.absences():
            if absence.name not in TESTS_ONLY:
                of_tables = " of tables" if absence.files_have else ""
                reason = f"{absence.kind} `{absence.name}`{of_tables}: {absence.reason}"
                reasons.setdefault(reason, []).append(f"`{name}`")
    for reason, names in reasons.items():
        yield f"- {', '.join(names)}: {reason}"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.exit(0)
