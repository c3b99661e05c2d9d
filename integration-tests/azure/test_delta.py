"""Delta tables on Azure: the options of ``s3.obstore``, and its URL."""

from __future__ import annotations

import pytest

from azure.azurite import BlobServer
from dao import DataAccessObject, DataStore, PermissionDeniedError
from dao_delta import DeltaObject

pytestmark = pytest.mark.xdist_group("azure")


def test_a_catalog_needs_another_url_alone(blob_server: BlobServer, container: str) -> None:
    options = blob_server.options(f"az://{container}/pre fix")
    store = {"interface": "s3.obstore", "also": ["delta"], "options": options}
    with DataAccessObject({"box": {**store, "objects": {"pets": {"type": "delta"}, "note": {"type": "file"}}}}) as dao:
        dao.write([{"id": 1, "country": "DE"}, {"id": 2, "country": "F R"}], "box.pets", partition_by="country")
        dao.write([{"id": 3, "country": "DE"}], "box.pets", mode="append")
        dao.upsert([{"id": 2, "country": "F R"}, {"id": 4, "country": "IT"}], "box.pets", keys="id")
        assert sorted(dao.read("box.pets")["id"].to_pylist()) == [1, 2, 3, 4]
        assert dao.read("box.pets", where="country = 'F R'")["id"].to_pylist() == [2]
        assert dao.count("box.pets", version=0) == 2
        dao.run("checkpoint", "box.pets")
        dao.write([{"id": 5, "country": "DE"}], "box.pets", mode="overwrite_partitions")
        assert sorted(dao.read("box.pets")["id"].to_pylist()) == [2, 4, 5]
        dao.write(b"hello", "box.note")
        assert dao.read("box.note", into="bytes") == b"hello"
        assert dao.exists("box.pets")


def test_a_wrong_key_is_told_without_it(blob_server: BlobServer, container: str) -> None:
    options = blob_server.options(f"az://{container}")
    wrong = "d3Jvbmcta2V5LWZvci10aGlzLWFjY291bnQ="
    options["store_secrets"] = {**options.get("store_secrets", {}), "account_key": wrong}
    with DataStore("box", "delta", options=options) as store:
        for call in (
            lambda: DataAccessObject().write([{"id": 1}], DeltaObject("t", store)),
            lambda: DataAccessObject().read(DeltaObject("t", store)),
        ):
            with pytest.raises(PermissionDeniedError) as caught:
                call()
            assert wrong not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
