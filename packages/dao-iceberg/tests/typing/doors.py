"""Read by mypy, never run: no public name of dao-iceberg is Any, which may be assigned to anything."""

from __future__ import annotations

import dao_iceberg
import dao_iceberg.connector
import dao_iceberg.converter


class Other:
    """No public name is one of these: with --strict an ignore that isn't needed is an error."""


known: Other
known = dao_iceberg.IcebergInterface  # type: ignore[assignment]
known = dao_iceberg.IcebergObject  # type: ignore[assignment]
known = dao_iceberg.S3IcebergObject  # type: ignore[assignment]
known = dao_iceberg.connector.AWSConnector  # type: ignore[assignment]
known = dao_iceberg.connector.Part  # type: ignore[assignment]
known = dao_iceberg.connector.Records  # type: ignore[assignment]
known = dao_iceberg.converter.EvolutionPlan  # type: ignore[assignment]
known = dao_iceberg.converter.EvolutionStep  # type: ignore[assignment]
known = dao_iceberg.converter.IcebergConverter  # type: ignore[assignment]
