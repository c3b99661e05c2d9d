"""What the package does without dao-s3."""

from __future__ import annotations

import importlib.util

import pytest

from dao import DataAccessObject, PluginError


def test_a_folder_needs_no_more(tmp_path):
    dao = DataAccessObject({"lake": {"interface": "iceberg", "options": {"root": str(tmp_path)}}})
    assert dao.catalog.store("lake").interface.root == str(tmp_path)


@pytest.mark.skipif(importlib.util.find_spec("dao_s3") is not None, reason="dao-s3 is installed")
def test_a_bucket_says_what_it_needs():
    dao = DataAccessObject({"lake": {"interface": "iceberg", "options": {"bucket": "lake", "catalog": "memory"}}})
    with pytest.raises(PluginError, match=r"pip install 'dao-iceberg\[s3\]'"):
        dao.list("lake")
