"""A client of OpenLineage that keeps the events, each checked by the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.serde import Serde
from openlineage.client.transport import Transport
from openlineage_schema import faults

from dao import DataAccessObject, Plugins
from dao.lineage import Lineage

TABLE = {"type": "table"}
CATALOG = {
    "a": {"interface": "memory", "objects": {"x": TABLE, "y": TABLE, "note": {"type": "file"}}},
    "b": {"interface": "memory", "objects": {"x": TABLE}},
}


class Kept(Transport):
    """Keeps events as they would be sent."""

    kind = "kept"

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.fails = False

    def emit(self, event: Any) -> None:
        if self.fails:
            raise ConnectionError("https://me:secret@lineage")
        self.events.append(Serde.to_dict(event))

    @property
    def told(self) -> list[tuple[str, str, list[str], list[str]]]:
        """Per event: its kind, its job, the names of its inputs and outputs."""
        return [
            (event["eventType"], event["job"]["name"], names(event["inputs"]), names(event["outputs"]))
            for event in self.events
        ]

    def access(self, kind: Any = DataAccessObject, catalog: Any = CATALOG) -> Any:
        plugins = Plugins()
        plugins.register(Lineage(OpenLineageClient(transport=self), "tests"), "lineage")
        return kind(catalog, plugins=plugins)


def names(datasets: list[dict[str, Any]]) -> list[str]:
    return [f"{dataset['namespace']}/{dataset['name']}" for dataset in datasets]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.delenv("DAO_LINEAGE_JOB", raising=False)
    kept = Kept()
    yield kept
    assert [fault for event in kept.events for fault in faults(event)] == []
