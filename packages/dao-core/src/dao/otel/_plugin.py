"""The plugin: its hooks begin and end spans, and count."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dao.errors import PluginError
from dao.events import Outcome, Request
from dao.hookspecs import hookimpl
from dao.otel._attributes import error_type, known_of, moved_of, shared_of

try:
    from opentelemetry import context, metrics, trace
except ModuleNotFoundError as error:
    raise PluginError("it needs opentelemetry-api, which isn't installed: pip install 'dao-core[otel]'") from error

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

__all__ = ["OpenTelemetry", "plugin"]

_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""The buckets that the conventions recommend for ``db.client.operation.duration``."""


class OpenTelemetry:
    """A span for every action, and metrics of those that an interface served.

    The span of a copy has those of its reads, writes and deletions as children. A span is the current one while its
    action runs, so that the spans of an instrumented driver are its children. The span of a lazy stream ends with it.

    Args:
        tracer_provider: where spans come from; by default the global one.
        meter_provider: where metrics come from; by default the global one.

    >>> from dao import DataAccessObject, Plugins
    >>> plugins = Plugins()
    >>> plugins.register(OpenTelemetry(), "otel")
    >>> dao = DataAccessObject({"tmp": {"interface": "memory"}}, plugins=plugins)
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        release = version("dao-core")
        self._tracer = trace.get_tracer("dao", release, tracer_provider)
        meter = metrics.get_meter("dao", release, meter_provider)
        self._seconds = meter.create_histogram(
            "db.client.operation.duration",
            unit="s",
            description="How long actions take.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._actions = meter.create_counter("dao.actions", unit="{action}", description="Actions that have ended.")
        self._rows = meter.create_counter("dao.rows", unit="{row}", description="Rows read or written.")
        self._bytes = meter.create_counter("dao.bytes", unit="By", description="Bytes written, or read into memory.")
        self._spans: dict[Request, Span] = {}
        self._current: dict[Request, Token[Any]] = {}

    @hookimpl
    def dao_before_action(self, request: Request) -> None:
        """Begin a span."""
        kind = trace.SpanKind.INTERNAL if request.interface is None else trace.SpanKind.CLIENT
        around = context.get_current()
        whole = self._spans.get(request.parent) if request.parent is not None else None
        if whole is not None:
            around = trace.set_span_in_context(whole, around)
        name = f"{request.action} {request.data_object.full_name}"
        span = self._tracer.start_span(name, around, kind, known_of(request))
        self._spans[request] = span
        self._current[request] = context.attach(trace.set_span_in_context(span, around))

    @hookimpl
    def dao_after_action(self, request: Request, result: Any, outcome: Outcome) -> None:
        """End a span; that of a lazy stream goes on."""
        self._leave(request)
        if not outcome.is_stream:
            self._end(request, outcome, None, result)

    @hookimpl
    def dao_after_stream(self, request: Request, outcome: Outcome, error: BaseException | None) -> None:
        """End the span of a lazy stream."""
        self._end(request, outcome, error)

    @hookimpl
    def dao_on_failure(self, request: Request, error: BaseException, outcome: Outcome) -> None:
        """End a span with an error."""
        self._leave(request)
        self._end(request, outcome, error)

    def _leave(self, request: Request) -> None:
        token = self._current.pop(request, None)
        if token is not None:
            context.detach(token)

    def _end(self, request: Request, outcome: Outcome, error: BaseException | None, result: Any = None) -> None:
        span = self._spans.pop(request, None)
        if span is None:  # another plugin stopped the action before this one saw it
            return
        failed = {} if error is None else {"error.type": error_type(error)}
        self._count(request, outcome, failed)
        span.set_attributes({**moved_of(outcome, result), **failed})
        if error is not None:
            span.set_status(trace.StatusCode.ERROR)
        span.end()

    def _count(self, request: Request, outcome: Outcome, failed: dict[str, str]) -> None:
        if request.interface is None:  # its parts are counted
            return
        attributes = {**shared_of(request), **failed}
        self._actions.add(1, attributes)
        self._seconds.record(outcome.seconds, attributes)
        self._rows.add(outcome.rows or 0, attributes)
        self._bytes.add(outcome.bytes or 0, attributes)


plugin = OpenTelemetry()
"""What is enabled by name: with the global providers, also those that are set later."""
