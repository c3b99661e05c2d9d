"""COPY and UNLOAD: from and to files on S3."""

from __future__ import annotations

from dao_redshift.testing._bulk._copy import run_copy
from dao_redshift.testing._bulk._loads import Loaded, Loads
from dao_redshift.testing._bulk._parse_copy import parse_copy
from dao_redshift.testing._bulk._parse_unload import parse_unload
from dao_redshift.testing._bulk._storage import BulkStorage
from dao_redshift.testing._bulk._unload import run_unload

__all__ = ["BulkStorage", "Loaded", "Loads", "parse_copy", "parse_unload", "run_copy", "run_unload"]
