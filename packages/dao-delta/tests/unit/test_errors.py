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


REFUSAL = (
    "Generic S3 error: Client error with status 404 Not Found: <?xml version='1.0'?> <Error><Code>{code}</Code>"
    "<Message>It is not there.</Message><BucketName>lake</BucketName><AWSAccessKeyId>AKIA1</AWSAccessKeyId></Error>"
)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("NoSuchBucket", "there is no such bucket: 'lake' (404 NoSuchBucket)"),
        ("NoSuchKey", "NoSuchKey: It is not there."),
    ],
)
def test_of_a_store_s_xml_its_code_and_its_sentence_are_left(code, told):
    error = translate(DeltaError(REFUSAL.format(code=code)))
    assert type(error) is NotFoundError
    assert str(error).endswith(told)
    assert "<" not in str(error)
