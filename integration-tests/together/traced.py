"""Runs a script with OpenTelemetry's SDK set up as a program would: `python traced.py SPANS SCRIPT [ARGUMENTS]`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

spans, script, *arguments = sys.argv[1:]
with open(spans, "a", encoding="utf-8") as out:
    provider = TracerProvider()
    exporter = ConsoleSpanExporter(out=out, formatter=lambda span: (span.to_json(indent=None) or "") + "\n")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).parent))
    with trace.get_tracer("medallion").start_as_current_span(Path(script).stem):
        runpy.run_path(script, run_name="__main__")
