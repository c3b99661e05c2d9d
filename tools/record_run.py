"""Puts the report of a run into docs/full-run.md: `python3 noxfile.py -t full --report=.nox/full.json`, then
`python3 tools/record_run.py .nox/full.json`; so too for some of its sessions. Standard library and git only.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "full-run.md"
_PREPARING = ("wheels", "pythons")


@dataclass(frozen=True)
class Row:
    """One session's last result."""

    session: str
    result: str
    minutes: str
    date: str
    commit: str

    def __str__(self) -> str:
        return f"| {self.session} | {self.result} | {self.minutes} | {self.date} | {self.commit} |"


def rows_of(report: dict[str, Any], ended: datetime, commit: str) -> list[Row]:
    """The rows for one report of nox, but for the sessions that only prepare others."""
    found = ((max([entry["name"], *entry["signatures"]], key=len), entry) for entry in report["sessions"])
    return [
        Row(name, entry["result"], f"{entry['duration'] / 60:.0f}", f"{ended:%Y-%m-%d}", commit)
        for name, entry in found
        if name not in _PREPARING
    ]


def rows_on(page: str) -> list[Row]:
    """The rows that a page has."""
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:1] == "|")
    return [Row(*found) for found in list(cells)[2:]]


def page_of(rows: list[Row], machine: str) -> str:
    """The page with the last result of each session."""
    last = {row.session: row for row in rows}
    wrong = sum(row.result != "success" for row in last.values())
    outcome = f"{wrong} of {len(last)} didn't pass" if wrong else "all passed"
    return (
        "# The last full run\n\n"
        "The sessions of `python3 noxfile.py -t full`, which take over an hour on two cores, each with the day and the "
        f"commit of its last run, on {machine}: {outcome}.\n\n"
        "| session | result | minutes | on | at commit |\n|---|---|---|---|---|\n"
        + "".join(f"{last[session]}\n" for session in sorted(last))
    )


def main(path: Path) -> None:
    """Put a report into the page."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    ended = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    known = rows_on(PAGE.read_text("utf-8")) if PAGE.exists() else []
    found = rows_of(json.loads(path.read_text("utf-8")), ended, head.stdout.strip())
    PAGE.write_text(page_of([*known, *found], f"{os.cpu_count()} cores, {platform.system()}"), "utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
