"""botocore's logs name what was sent and answered, and none of the secrets in it, whatever they begin with."""

from __future__ import annotations

import logging

import pytest

from dao_s3._boto3.logs import mask_logs

SECRETS = ["wJalrXUtnFEMI", "/a1kRu1S/pxyTmYS", "+a/b+c==", "=x", "%2Fa%2Bb", "abc%2Fdef"]
LINES = [
    "<SecretAccessKey>{}</SecretAccessKey>",
    "<AccessKeyId>{}</AccessKeyId>",
    "<SessionToken>{}</SessionToken>",
    "Response body:\n<Credentials><SecretAccessKey>{}</SecretAccessKey></Credentials>",
    'Response body:\nb\'{{"roleCredentials":{{"secretAccessKey":"{}","expiration":1}}}}\'',
    'Response body:\n{{"sessionToken": "{}"}}',
    "{{'SecretAccessKey': '{}', 'Expiration': 1}}",
    "headers: {{'X-Amz-Security-Token': b'{}', 'Host': 'x'}}",
    "x-amz-security-token:{}\nx-amz-user-agent:x",
    "headers={{'x-amz-sso_bearer_token': '{}'}}",
    "body={{'Action': 'AssumeRoleWithWebIdentity', 'WebIdentityToken': '{}'}}",
    "https://host/key?X-Amz-Credential={}&X-Amz-Date=1",
    "https://host/key?AWSAccessKeyId={}&Expires=1",
    "https://host/key?X-Amz-Expires=1&X-Amz-Signature={}",
    "Authorization: AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=1",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_logged(line: str, secret: str, caplog: pytest.LogCaptureFixture) -> None:
    mask_logs()
    with caplog.at_level(logging.DEBUG, "botocore.parsers"):
        logging.getLogger("botocore.parsers").debug("%s", line.format(secret))
    assert secret not in caplog.text
    assert "********" in caplog.text


@pytest.mark.parametrize(
    "line", ["Event before-sign.s3.PutObject", "<Key>a/b</Key><Token>", "GET /bucket/key?list-type=2"]
)
def test_what_is_no_secret_is_logged_as_it_is(line: str, caplog: pytest.LogCaptureFixture) -> None:
    mask_logs()
    with caplog.at_level(logging.DEBUG, "botocore.hooks"):
        logging.getLogger("botocore.hooks").debug(line)
    assert line in caplog.text
