"""Writes docs/full-run.md from the report of a run: `python3 noxfile.py -t full --report=.nox/full.json`, then
`python3 tools/record_run.py .nox/full.json`. Standard library and git only.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "full-run.md"


def page(report: dict[str, Any], ended: datetime, commit: str, machine: str) -> str:
    """The page for one report of nox."""
    sessions = report["sessions"]
    wrong = [entry for entry in sessions if entry["result"] != "success"]
    outcome = f"{len(wrong)} of {len(sessions)} sessions didn't pass" if wrong else "passed"
    rows = "".join(f"| {_name(entry)} | {entry['result']} | {entry['duration'] / 60:.0f} |\n" for entry in sessions)
    return (
        "# The last full run\n\n"
        f"`python3 noxfile.py -t full` on {ended:%Y-%m-%d}, at commit {commit}, on {machine}: {outcome}.\n\n"
        f"| session | result | minutes |\n|---|---|---|\n{rows}"
    )


def _name(entry: dict[str, Any]) -> str:
    names: list[str] = [entry["name"], *entry["signatures"]]
    return max(names, key=len)


def main(path: Path) -> None:
    """Write the page."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    ended = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    machine = f"{os.cpu_count()} cores, {platform.system()}"
    PAGE.write_text(page(json.loads(path.read_text("utf-8")), ended, head.stdout.strip(), machine), "utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
