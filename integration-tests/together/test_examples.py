"""The examples of single backends run, and print what they say that they do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from services.minio import ObjectServer

TOUR = [
    r"read them +b'\\x89PNG and so on'",
    r"stream a file up +WriteResult\(1 file, 15\.\d MB",
    r"rows of it, batch by batch +1000",
    r"a second creator hears +AlreadyExistsError",
    r"the report now +b'first edition, with an appendix'",
    r"one level of it +\['landing/2025/', 'landing/c\.csv'\]",
    r"and it is not there any more +NotFoundError",
    r"a stranger reads +b'first edition, with an appendix'",
    r"a stranger writes +200",
    r"the one before +b'first edition, with an appendix'",
    r"restored +b'first edition, with an appendix'",
    r"upsert +WriteResult\(inserted 1 row, updated 1 row",
    r"its history +\['delete', 'upsert', '(create|overwrite)'",
    r"into another format +WriteResult\(inserted 7 rows",
]


@pytest.mark.parametrize("runs", [1, pytest.param(2, marks=pytest.mark.slow)])  # a second one on what the first left
@pytest.mark.parametrize("interface", ["s3", "s3.obstore"])
def test_the_tour_of_s3(
    interface: str, runs: int, repository: Path, object_server: ObjectServer, bucket: str, tmp_path: Path
) -> None:

    environment = {
        "MINIO_URL": object_server.endpoint,
        "MINIO_ROOT_USER": object_server.access_key,
        "MINIO_ROOT_PASSWORD": object_server.secret_key,
        "TOUR_BUCKET": bucket,
    }
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, repository / "examples" / "advanced" / "01_s3_file_operations.py", interface],
            env={**os.environ, **environment},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        missing = [pattern for pattern in TOUR if not re.search(pattern, done.stdout)]
        assert not missing, done.stdout
        assert object_server.secret_key not in done.stdout + done.stderr


PIPELINE = [
    r"ten days, of LGA only five +595 inserted, 0 updated, in 2 commits",
    r"nothing new +0 inserted, 0 updated, in 0 commits",
    r"a run is killed +215 read, none written",
    r"takes all the same +215 inserted, 0 updated, in 1 commits",
    r"JFK corrects a report +0 inserted, 1 updated, in 1 commits",
    r"'temperature': 99\.9",
    r"reports the pressure, too +48 inserted, 0 updated, in 1 commits",
    r"reports of each station +\[286, 286, 286\]",
    r"versions of the table +6",
]


def test_the_incremental_pipeline(repository: Path, tmp_path: Path) -> None:
    example = repository / "examples" / "advanced" / "02_incremental_connector.py"
    command = [sys.executable, example, tmp_path / "lake"]
    done = subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    missing = [pattern for pattern in PIPELINE if not re.search(pattern, done.stdout)]
    assert not missing, done.stdout
