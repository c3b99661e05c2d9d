"""`dao doctor --write` in stores of tables alone: a table is written and deleted, and nothing of it is left."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from dao import DataAccessObject

CATALOG = {
    "delta": {"interface": "delta", "options": {"root": "delta"}},
    "iceberg": {"interface": "iceberg", "options": {"root": "iceberg"}},
    "sqlite": {"interface": "sqlite", "options": {"database": "tables.db"}},
    "files": {"interface": "local", "options": {"root": "files"}},
}


def test_every_store_is_tried_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_text(json.dumps(CATALOG))
    command = [sys.executable, "-c", "from dao._cli import main; main()"]
    arguments = ["doctor", "--write", "--json", "--timeout", "120"]
    done = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    found = json.loads(done.stdout)
    written = {
        finding["subject"]: finding["message"]
        for finding in found["findings"]
        if finding["area"] == "stores" and finding["message"].startswith("is writable")
    }
    table = "is writable: a small table was written and deleted"
    file = "is writable: a small file was written and deleted"
    assert written == {"delta": table, "iceberg": table, "sqlite": table, "files": file}, found
    dao = DataAccessObject(str(tmp_path / "catalog.json"))
    for store in CATALOG:
        assert [info.key for info in dao.list(store) if "doctor" in info.key] == []
