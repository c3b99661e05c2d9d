"""The SDK of OpenTelemetry with exporters that keep all in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from dao import DataAccessObject, Plugins
from dao.otel import OpenTelemetry

TABLE = {"type": "table"}
CATALOG = {
    "a": {"interface": "memory", "objects": {"x": TABLE, "y": TABLE, "note": {"type": "file"}}},
    "b": {"interface": "memory", "objects": {"x": TABLE}},
}


class Seen:
    """What the exporters have got."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.plugin = OpenTelemetry(self.tracers, self.meters)

    def access(self, kind: Any = DataAccessObject, *further: object) -> Any:
        plugins = Plugins()
        plugins.register(self.plugin, "otel")
        for number, plugin in enumerate(further):
            plugins.register(plugin, f"further{number}")
        return kind(CATALOG, plugins=plugins)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def span(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def metric(self, name: str) -> dict[str, Any]:
        """The points of a metric by action."""
        data = self.reader.get_metrics_data()
        metrics = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics] if data else []
        points = [point for metric in metrics if metric.name == name for point in metric.data.data_points]
        return {str(attributes_of(point)["db.operation.name"]): point for point in points}


def attributes_of(thing: Any) -> Mapping[str, Any]:
    assert thing.attributes is not None
    return dict(thing.attributes)


@pytest.fixture
def seen() -> Iterator[Seen]:
    seen = Seen()
    yield seen
    seen.tracers.shutdown()
    seen.meters.shutdown()
