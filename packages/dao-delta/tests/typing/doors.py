"""Read by mypy, never run: no public name of dao-delta is Any, which may be assigned to anything."""

from __future__ import annotations

import dao_delta


class Other:
    """No public name is one of these: with --strict an ignore that isn't needed is an error."""


known: Other
known = dao_delta.DeltaInterface  # type: ignore[assignment]
known = dao_delta.DeltaObject  # type: ignore[assignment]
known = dao_delta.S3DeltaObject  # type: ignore[assignment]
