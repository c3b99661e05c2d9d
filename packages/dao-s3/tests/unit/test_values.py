"""What users set doesn't stand in messages, tracebacks and logs, and what no request can carry is refused, not sent."""

from __future__ import annotations

import logging
import os
import traceback
from pathlib import Path
from typing import Any

import pytest

from dao import DataAccessObject
from dao.errors import ConfigError, DaoError
from dao.options import described
from dao_s3._values import looks_like_key, mask_text

CANARY = "CANARYTOKEN-9f1c2"
BAD = {
    "a line end": f"{CANARY}\n",
    "a line end of Windows": f"{CANARY}\r\n",
    "a line end inside": f"{CANARY}\n{CANARY}",
    "a space behind": f"{CANARY} ",
    "a tab before": f"\t{CANARY}",
    "a NUL": f"{CANARY}\0",
    "a letter beyond ASCII": f"{CANARY}é",
    "a letter of another script": f"{CANARY}\u0430",
    "a BOM": f"\ufeff{CANARY}",
    "a no-break space": f"{CANARY}\xa0",
    "a delete character": f"{CANARY}\x7f",
}
SOME = ("a line end", "a NUL", "a letter beyond ASCII")
KEYS = {"access_key_id": "key", "secret_access_key": "secret", "session_token": "token"}


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def asked(interface: str, caplog: pytest.LogCaptureFixture, **options: Any) -> DaoError:
    """The error of a read, once it is sure that nothing says the canary."""
    caplog.set_level(logging.DEBUG)
    if "url" not in options:
        options = {"bucket": "lake", "endpoint": "http://127.0.0.1:9", "region": "us-east-1", **options}
    with pytest.raises(DaoError) as caught:
        DataAccessObject(
            {
                "lake": {
                    "interface": interface,
                    "options": {"retry": {"attempts": 1, "max_backoff": 0.01}, **options},
                    "objects": {"f": {"type": "file"}, "t": {"type": "table", "format": "csv"}},
                }
            }
        ).read("lake.f", into="bytes")
    told = "".join(traceback.format_exception(caught.value))
    assert CANARY not in told
    assert CANARY not in caplog.text
    return caught.value


@pytest.mark.parametrize("interface", ["s3", "s3.obstore"])
@pytest.mark.parametrize(
    ("name", "bad"), [("session_token", bad) for bad in BAD] + [(name, bad) for name in KEYS for bad in SOME]
)
def test_credentials_that_no_request_can_carry(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, interface: str, name: str, bad: str
) -> None:
    (tmp_path / "secret").write_bytes(f"{BAD[bad]}\n".encode())
    error = asked(interface, caplog, **{**KEYS, name: f"${{file:{tmp_path}/secret}}"})
    assert isinstance(error, ConfigError)
    assert f"{name}: its value has a" in str(error)


@pytest.mark.parametrize("interface", ["s3", "s3.obstore"])
@pytest.mark.parametrize("where", ["environment", "profile"])
def test_credentials_that_were_found_elsewhere(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, interface: str, where: str
) -> None:
    found = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "aws_session_token": f"{CANARY}é"}
    if where == "environment":
        for name, value in found.items():
            monkeypatch.setenv(name.upper(), value)
        error = asked(interface, caplog)
    else:
        lines = "\n".join(f"{name} = {value}" for name, value in found.items())
        (tmp_path / "credentials").write_text(f"[mine]\n{lines}\n", encoding="utf-8")
        error = asked(interface, caplog, profile="mine")
    assert "session_token: its value has a character beyond ASCII" in str(error)


OTHERS: list[tuple[str, str, dict[str, str]]] = [
    ("az://container", "account_key", {"account_name": "me"}),
    ("az://container", "sas_token", {"account_name": "me"}),
    ("az://container", "token", {"account_name": "me"}),
    ("az://container", "client_secret", {"account_name": "me", "client_id": "c", "tenant_id": "t"}),
    ("gs://bucket", "bearer_token", {}),
    ("http://127.0.0.1:9/x", "authorization", {}),
]


@pytest.mark.parametrize(("url", "name", "settings"), OTHERS, ids=[name for _, name, _ in OTHERS])
@pytest.mark.parametrize("bad", SOME)
def test_secrets_of_other_stores(
    caplog: pytest.LogCaptureFixture, url: str, name: str, settings: dict[str, str], bad: str
) -> None:
    error = asked("s3.obstore", caplog, url=url, store_options=settings, store_secrets={name: BAD[bad]})
    assert isinstance(error, ConfigError)
    assert f"{name}: its value has a" in str(error)


@pytest.mark.parametrize("bad", SOME)
def test_settings_that_no_request_can_carry(caplog: pytest.LogCaptureFixture, bad: str) -> None:
    for url, name in (("az://container", "account_name"), ("gs://bucket", "base_url"), ("az://container", "client_id")):
        assert isinstance(asked("s3.obstore", caplog, url=url, store_options={name: BAD[bad]}), ConfigError)


def test_a_signature_in_the_url_of_a_store_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    error = asked(
        "s3.obstore",
        caplog,
        url="az://container",
        store_options={"account_name": "me", "endpoint": "http://127.0.0.1:9/me", "allow_http": True},
        store_secrets={"sas_token": f"sv=2024&sig={CANARY}"},
    )
    assert "no connection" in str(error)


@pytest.mark.parametrize("interface", ["s3", "s3.obstore"])
@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_a_login_in_the_endpoint_of_the_environment(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, interface: str, name: str
) -> None:
    monkeypatch.setenv(name, f"http://me:{CANARY}@127.0.0.1:9")
    asked(interface, caplog, endpoint=None, **KEYS)


WRONG: list[dict[str, Any]] = [
    {"bucket": f"{CANARY}/x y"},
    {"bucket": f"s3://{CANARY}"},
    {"prefix": f"{CANARY}/../x"},
    {"prefix": [CANARY]},
    {"region": f"{CANARY} x"},
    {"endpoint": f"https://me:{CANARY}@host"},
    {"endpoint": f"https://host/?X-Amz-Signature={CANARY}"},
    {"endpoint": f"{CANARY}"},
    {"role": {"arn": CANARY}},
    {"role": {"arn": "arn:aws:iam::123456789012:role/r", "external_id": f"{CANARY} x"}},
    {"role": {"arn": "arn:aws:iam::123456789012:role/r", "session_name": f"{CANARY} x"}},
    {"encryption": {"sse": "aws:kms", "kms_key": f"{CANARY} x"}},
    {"storage_class": f"{CANARY} x"},
    {"acl": f"{CANARY} x"},
    {"metadata": {"made-by": f"{CANARY}\n"}},
    {"tags": {"a": CANARY * 20}},
]


@pytest.mark.parametrize("interface", ["s3", "s3.obstore"])
@pytest.mark.parametrize("options", WRONG, ids=[f"{next(iter(options))}{n}" for n, options in enumerate(WRONG)])
def test_no_option_is_quoted(caplog: pytest.LogCaptureFixture, interface: str, options: dict[str, Any]) -> None:
    assert isinstance(asked(interface, caplog, **options), ConfigError)


@pytest.mark.parametrize(
    "url",
    [
        CANARY,
        f"{CANARY}://x",
        f"s3://me:{CANARY}@bucket",
        f"s3://bucket/../{CANARY}",
        f"https://me:{CANARY}@host/x",
        f"https://host/x?sig={CANARY}",
        f"file://{CANARY}/x",
        f"memory://{CANARY}",
        f"az://container?sig={CANARY}",
    ],
)
def test_no_url_is_quoted(caplog: pytest.LogCaptureFixture, url: str) -> None:
    assert isinstance(asked("s3.obstore", caplog, url=url), ConfigError)


def test_spaces_inside() -> None:
    """A secret key is never sent, so that of a store that allows it may have some."""
    from dao.secrets import Secret
    from dao_s3._values import reveal

    assert reveal("secret_access_key", Secret("two words")) == "two words"
    assert reveal("authorization", Secret("Bearer x")) == "Bearer x"
    with pytest.raises(ConfigError, match="access_key_id: its value has a space"):
        reveal("access_key_id", Secret("two words"))
    with pytest.raises(ConfigError, match="session_token: its value is empty"):
        reveal("session_token", Secret(""))


def test_texts() -> None:
    assert [described(value) for value in (True, 2.5, None, "", "x\ny", {}, b"")] == [
        "True", "2.5", "None", "an empty text", "a text of 3 characters", "a dict", "a bytes",
    ]  # fmt: skip
    keys = ("ASIAIOSFODNN7EXAMPLE", "raw/AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab")
    names = ("lake", "Lake_2025", "a" * 63, "exports-2025-customer-transactions-by-region-and-day")
    assert all(map(looks_like_key, keys))
    assert not any(map(looks_like_key, names))
    told = f'Could not connect to "http://me:{CANARY}@h/p?x={CANARY}" (sig={CANARY}&a=1) for AKIAIOSFODNN7EXAMPLE'
    assert CANARY not in mask_text(told)
    assert "AKIA" not in mask_text(told)
    assert "Could not connect" in mask_text(told)


def test_the_head_of_an_xml_document_is_no_query() -> None:
    assert mask_text('404 <?xml version="1.0"?><Code>x</Code>') == '404 <?xml version="1.0"?><Code>x</Code>'
