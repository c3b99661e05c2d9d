"""Runs and datasets as OpenLineage's events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from openlineage.client import event_v2 as ol
from openlineage.client import facet_v2 as facets

from dao.lineage._jobs import Run
from dao.lineage._moved import Column, Dataset

__all__ = ["event_of"]

_PRODUCER = f"pkg:pypi/dao-core@{version('dao-core')}"
_BY = {"producer": _PRODUCER}


def event_of(
    run: Run,
    namespace: str,
    state: str,
    inputs: Iterable[Dataset],
    outputs: Iterable[Dataset],
    error: BaseException | None = None,
) -> ol.RunEvent:
    """An event of a run.

    Args:
        run: the run.
        namespace: the job's.
        state: ``START``, ``RUNNING``, ``COMPLETE`` or ``FAIL``.
        inputs: what was read.
        outputs: what was written.
        error: what the run failed with; only its type is sent, since its text may have secrets.
    """
    about: dict[str, Any] = {
        "processing_engine": facets.processing_engine_run.ProcessingEngineRunFacet(version("dao-core"), "DAO", **_BY)
    }
    if error is not None:
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        about["errorMessage"] = facets.error_message_run.ErrorMessageRunFacet(kind, "PYTHON", **_BY)
    kind_of_job = facets.job_type_job.JobTypeJobFacet("BATCH", "DAO", "JOB", **_BY)
    return ol.RunEvent(
        eventTime=(run.start if state == "START" else datetime.now(UTC)).isoformat(),
        producer=_PRODUCER,
        eventType=ol.RunState[state],
        run=ol.Run(run.id, about),
        job=ol.Job(namespace, run.name, {"jobType": kind_of_job}),
        inputs=[_input(dataset) for dataset in inputs],
        outputs=[_output(dataset) for dataset in outputs],
    )


def _input(dataset: Dataset) -> ol.InputDataset:
    counted = {}
    if dataset.rows is not None or dataset.bytes is not None:
        counted["inputStatistics"] = facets.input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
            dataset.rows, dataset.bytes, **_BY
        )
    return ol.InputDataset(dataset.place.namespace, dataset.place.name, counted, facets=_facets(dataset))


def _output(dataset: Dataset) -> ol.OutputDataset:
    counted = {}
    if any(count is not None for count in (dataset.rows, dataset.bytes, dataset.files)):
        counted["outputStatistics"] = facets.output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            dataset.rows, dataset.bytes, dataset.files, **_BY
        )
    return ol.OutputDataset(dataset.place.namespace, dataset.place.name, counted, facets=_facets(dataset))


def _facets(dataset: Dataset) -> dict[str, Any]:
    link = facets.symlinks_dataset.Identifier("dao", dataset.catalog_name, "TABLE")
    found: dict[str, Any] = {"symlinks": facets.symlinks_dataset.SymlinksDatasetFacet([link], **_BY)}
    if dataset.columns:
        found["schema"] = facets.schema_dataset.SchemaDatasetFacet(_fields(dataset.columns), **_BY)
    if dataset.version is not None:
        found["version"] = facets.dataset_version_dataset.DatasetVersionDatasetFacet(dataset.version, **_BY)
    if dataset.change is not None:
        lifecycle = facets.lifecycle_state_change_dataset
        before = dataset.previous and lifecycle.PreviousIdentifier(dataset.previous.name, dataset.previous.namespace)
        found["lifecycleStateChange"] = lifecycle.LifecycleStateChangeDatasetFacet(
            lifecycle.LifecycleStateChange[dataset.change], before, **_BY
        )
    return found


def _fields(columns: Iterable[Column]) -> list[Any]:
    return [
        facets.schema_dataset.SchemaDatasetFacetFields(
            column.name, column.type, ordinal_position=at, fields=_fields(column.columns)
        )
        for at, column in enumerate(columns, start=1)
    ]
