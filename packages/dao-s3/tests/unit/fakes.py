"""The transport in memory as a bucket of S3."""

from __future__ import annotations

from datetime import timedelta

from attrs import define

from dao_files.testing import FaultyTransport


@define(slots=False, eq=False)
class FakeTransport(FaultyTransport):
    uri = "s3://fake/root"
    scheme = "s3"
    part_size = 1000

    def presign(self, key: str, *, method: str, expires: timedelta, version: str | None = None) -> str:
        return f"https://fake/{key}?{method}&{expires.total_seconds():g}"
