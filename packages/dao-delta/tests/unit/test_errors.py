"""What a text of deltalake means: the status of an answer isn't a number of a path."""

from __future__ import annotations

import pytest
from deltalake.exceptions import DeltaError

from dao import NotFoundError, PermissionDeniedError, StoreError, TransientError
from dao_delta._errors import translate


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Server returned non-2xx status code: 503: slow", TransientError),
        ("Client error with status 403 for x", PermissionDeniedError),
        ("got HTTP 404.", NotFoundError),
        ("Parquet error: Failed to read data/run-503/day=404/403/401.parquet", StoreError),
        ("damaged: lake/500/404-x/part-504.parquet", StoreError),
    ],
)
def test_the_kind_of_an_error(text, kind):
    assert type(translate(DeltaError(text))) is kind
