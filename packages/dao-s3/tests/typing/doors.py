"""Read by mypy, never run: no public name of dao-s3 is Any, which may be assigned to anything."""

from __future__ import annotations

import dao_s3
import dao_s3.glue


class Other:
    """No public name is one of these: with --strict an ignore that isn't needed is an error."""


known: Other
known = dao_s3.GlueCatalog  # type: ignore[assignment]
known = dao_s3.S3Boto3Interface  # type: ignore[assignment]
known = dao_s3.S3DirectoryObject  # type: ignore[assignment]
known = dao_s3.S3FileObject  # type: ignore[assignment]
known = dao_s3.S3ObstoreInterface  # type: ignore[assignment]
known = dao_s3.S3TableObject  # type: ignore[assignment]
known = dao_s3.glue.Column  # type: ignore[assignment]
known = dao_s3.glue.Extractor  # type: ignore[assignment]
known = dao_s3.glue.GlueCatalog  # type: ignore[assignment]
known = dao_s3.glue.GlueTable  # type: ignore[assignment]
known = dao_s3.glue.GlueTranslator  # type: ignore[assignment]
known = dao_s3.glue.declared_schema  # type: ignore[assignment]
known = dao_s3.glue.exact_schema  # type: ignore[assignment]
