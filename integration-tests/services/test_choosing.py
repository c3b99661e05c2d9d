"""The first way that goes is taken; a way that was asked for is taken or missed aloud; each service answers."""

from __future__ import annotations

from contextlib import closing, nullcontext

import psycopg
import pytest

from services import minio
from services.choosing import VARIABLE, WAYS, Offer, choose
from services.minio import ObjectServer
from services.postgres import PostgresServer


def offers(**present: bool) -> list[Offer[None]]:
    return [
        Offer(way, f"{way} of it", lambda here=here: here, nullcontext)
        for way, here in zip(WAYS, present.values(), strict=True)
    ]


@pytest.mark.parametrize(
    ("docker", "programs", "chosen"),
    [(True, True, "docker"), (False, True, "programs"), (False, False, "stand-ins")],
)
def test_the_first_that_is_there_is_taken(
    monkeypatch: pytest.MonkeyPatch, docker: bool, programs: bool, chosen: str
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert choose("it", offers(docker=docker, programs=programs, stand_ins=True)).way == chosen


def test_what_is_asked_for_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "stand-ins")
    assert choose("it", offers(docker=True, programs=True, stand_ins=True)).way == "stand-ins"


@pytest.mark.parametrize(("wanted", "told"), [("docker", "none of: docker of it"), ("podman", "it may be docker")])
def test_what_can_not_be_had_is_missed_aloud(monkeypatch: pytest.MonkeyPatch, wanted: str, told: str) -> None:
    monkeypatch.setenv(VARIABLE, wanted)
    with pytest.raises(pytest.UsageError, match=told):
        choose("it", offers(docker=False, programs=True, stand_ins=True))


def test_the_object_server_keeps_bytes(object_server: ObjectServer, bucket: str) -> None:
    with closing(minio.client(object_server)) as s3:
        s3.put_object(Bucket=bucket, Key="k", Body=b"content")
        assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"


def test_postgres_answers(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.url) as connection:
        assert connection.execute("SELECT 1 + 1").fetchall() == [(2,)]
