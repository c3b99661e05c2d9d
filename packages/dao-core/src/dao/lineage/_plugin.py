"""The plugin: its hooks collect what actions read and write, and tell of runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from attrs import define, evolve, field

from dao.data_object import DataObject
from dao.errors import PluginError
from dao.events import Outcome, Request
from dao.hookspecs import hookimpl
from dao.lineage._jobs import Run, current_run
from dao.lineage._moved import Dataset, Place, columns_of
from dao.results import WriteResult

try:
    from dao.lineage._events import event_of
    from dao.lineage._places import place_of
except ModuleNotFoundError as error:
    raise PluginError("it needs openlineage-python, which isn't installed: pip install 'dao-core[lineage]'") from error

if TYPE_CHECKING:
    from openlineage.client import OpenLineageClient

__all__ = ["Lineage", "plugin"]

_READS = ("read", "read_stream", "read_changes", "read_increment")
_WRITES = ("write", "write_stream", "upsert", "delete")
_BOTH = ("copy", "move", "unload")


@define(eq=False)
class _Call:
    """What one call of the user has moved, its parts included."""

    run: Run
    is_job: bool
    inputs: dict[Place, Dataset] = field(factory=dict)
    outputs: dict[Place, Dataset] = field(factory=dict)


class Lineage:
    """Tells an OpenLineage client what actions have read and written.

    A copy or move is a run with its source and its target. Events that can't be sent are logged, and change nothing.

    Args:
        client: sends the events; by default one with OpenLineage's own configuration: ``OPENLINEAGE_URL`` and its like
            in the environment, or ``openlineage.yml``.
        namespace: the namespace of jobs; by default ``OPENLINEAGE_NAMESPACE`` of the environment, else ``default``.

    >>> from dao import DataAccessObject, Plugins
    >>> plugins = Plugins()
    >>> plugins.register(Lineage(), "lineage")
    >>> dao = DataAccessObject({"tmp": {"interface": "memory"}}, plugins=plugins)
    """

    def __init__(self, client: OpenLineageClient | None = None, namespace: str | None = None) -> None:
        self._client = client
        self._namespace = namespace or os.environ.get("OPENLINEAGE_NAMESPACE") or "default"
        self._calls: dict[Request, _Call] = {}
        self._streams: dict[Request, Dataset] = {}

    @hookimpl
    def dao_before_action(self, request: Request) -> None:
        """Begin the run that a call is by itself, or that of the job that it is the first of."""
        if request.parent is not None or request.action not in (*_READS, *_WRITES, *_BOTH, "run"):
            return
        job = current_run()
        call = self._calls[request] = _Call(Run(_name_of(request)) if job is None else job, job is not None)
        if request.action != "run":
            self._start(call)

    @hookimpl
    def dao_after_action(self, request: Request, result: Any, outcome: Outcome) -> None:
        """Collect what was moved; that of a stream is known when it has been read."""
        call = self._calls.get(_whole(request))
        if call is None:
            return
        if outcome.is_stream:
            self._streams[request] = _read(request, outcome, result)
            return
        if request.action in _READS and request.action != "read_increment":
            _put(call.inputs, _read(request, outcome, result))
        elif _has_written(request, result):
            _put(call.outputs, _written(request, outcome, result))
        if request.parent is None:
            self._close(request, None, outcome, result)

    @hookimpl
    def dao_after_stream(self, request: Request, outcome: Outcome, error: BaseException | None) -> None:
        """Collect what a stream gave."""
        known, call = self._streams.pop(request, None), self._calls.get(_whole(request))
        if known is None or call is None:
            return
        _put(call.inputs, evolve(known, rows=outcome.rows, bytes=outcome.bytes))
        if request.parent is None:
            self._close(request, error, outcome, None)

    @hookimpl
    def dao_on_failure(self, request: Request, error: BaseException, outcome: Outcome) -> None:
        """The run of a call by itself has failed; a job goes on, for its code may handle the error."""
        if request.parent is None:
            self._close(request, error, outcome, None)

    def _start(self, call: _Call) -> None:
        if not call.is_job or call.run.begins_for(self, self._end_job):
            self._emit(call.run, "START", (), ())

    def _close(self, request: Request, error: BaseException | None, outcome: Outcome, result: Any) -> None:
        call = self._calls.pop(request, None)
        if call is None:
            return
        if request.action == "run":
            if not call.outputs:
                return
            self._start(call)
        if error is None and request.action in (*_BOTH, "read_increment"):
            _complete(call, request, outcome, result)
        if not call.is_job:
            state = "COMPLETE" if error is None else "FAIL"
            self._emit(call.run, state, call.inputs.values(), call.outputs.values(), error)
        elif error is None:
            inputs = [dataset for dataset in call.inputs.values() if call.run.read(dataset)]
            for dataset in call.outputs.values():
                call.run.wrote(dataset)
            if inputs or call.outputs:
                self._emit(call.run, "RUNNING", inputs, call.outputs.values())

    def _end_job(self, run: Run, error: BaseException | None) -> None:
        state = "COMPLETE" if error is None else "FAIL"
        self._emit(run, state, run.inputs.values(), run.outputs.values(), error)

    def _emit(
        self,
        run: Run,
        state: str,
        inputs: Iterable[Dataset],
        outputs: Iterable[Dataset],
        error: BaseException | None = None,
    ) -> None:
        try:
            if self._client is None:  # only now: one without a configuration says so on the console
                from openlineage.client import OpenLineageClient

                self._client = OpenLineageClient()
            self._client.emit(event_of(run, self._namespace, state, inputs, outputs, error))
        except Exception as failure:  # also in a hook that is called before an action, which nothing here may stop
            text = "lineage of job %r: its %s event can't be sent: %s"
            logging.getLogger("dao").warning(text, run.name, state, type(failure).__name__)


def _name_of(request: Request) -> str:
    to = f" to {request.target.full_name}" if request.target is not None else ""
    action = f"run {request.arguments['operation']}" if request.action == "run" else request.action
    return f"{action} {request.data_object.full_name}{to}"


def _whole(request: Request) -> Request:
    while request.parent is not None:
        request = request.parent
    return request


def _put(datasets: dict[Place, Dataset], dataset: Dataset) -> None:
    datasets[dataset.place] = dataset.after(datasets.get(dataset.place))


def _has_written(request: Request, result: Any) -> bool:
    if request.action == "run":  # of an operation only its result says whether it has
        made = result.version_after if isinstance(result, WriteResult) else None
        return made is not None and made != result.version_before
    return request.action in _WRITES and not (request.parent is not None and request.action == "delete")


def _read(request: Request, outcome: Outcome, result: Any) -> Dataset:
    found = request.data_object
    version = request.arguments.get("version")
    return Dataset(
        place_of(found, request.interface),
        found.full_name,
        columns_of(result),
        None if version is None else str(version),
        outcome.rows,
        outcome.bytes,
    )


def _written(request: Request, outcome: Outcome, result: Any, target: DataObject | None = None) -> Dataset:
    found = request.data_object if target is None else target
    version = result.version_after if isinstance(result, WriteResult) else None
    change = "OVERWRITE" if request.arguments.get("mode") == "overwrite" else None
    if request.action == "delete" and request.arguments.get("where") is None:
        change = "DROP"
    return Dataset(
        place_of(found, request.interface if target is None else None),
        found.full_name,
        columns_of(request.arguments.get("data")),
        None if version is None else str(version),
        outcome.rows,
        outcome.bytes,
        outcome.files,
        change,
    )


def _complete(call: _Call, request: Request, outcome: Outcome, result: Any) -> None:
    """Add the source and the target of a copy, as far as its parts haven't."""
    source = Dataset(place_of(request.data_object, request.interface), request.data_object.full_name)
    call.inputs.setdefault(source.place, source)
    if request.target is None or request.action == "read_increment":
        return
    target = _written(request, outcome, result, request.target)
    target = call.outputs.get(target.place, target)
    if not target.columns:
        target = evolve(target, columns=call.inputs[source.place].columns)
    if request.action == "move":
        target = evolve(target, change="RENAME", previous=source.place)
    call.outputs[target.place] = target


plugin = Lineage()
"""What is enabled by name; its client is made with the first event."""
