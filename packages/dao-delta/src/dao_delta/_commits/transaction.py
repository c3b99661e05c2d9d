"""Commits changes of a table: planned on its newest version, and planned again where another writer came first.

So every change is serializable: nothing was committed between the version that it was planned on and its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from attrs import evolve, field, frozen

from dao.errors import ConflictError, DaoError, TransientError
from dao.results import WriteResult
from dao.tables import RetryBudget
from dao_delta._commits.remembered import NOTHING, Remembered
from dao_delta._commits.vacancy import check_vacant
from dao_delta._errors import translate
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.log import Action, now, put_commit
from dao_delta._tables.properties import number_in

__all__ = ["Change", "commit", "commit_info"]

_ENGINE = "dao-delta"
_CHECKPOINT_EVERY = 100


@frozen(kw_only=True)
class Change:
    """A change of a table, planned on one version.

    Attributes:
        operation: what is done, in Delta's words: ``WRITE``, ``MERGE``, ``DELETE``...
        parameters: of the operation, for the history.
        actions: what the commit does; with none there is no commit.
        result: the result without versions.
        blind: whether it only adds rows, whatever the table holds.
        is_ignored: whether the call does nothing since the table is there: then its position isn't kept.
    """

    operation: str
    parameters: Mapping[str, Any] = field(factory=dict)
    actions: Sequence[Action] = ()
    result: WriteResult = field(factory=WriteResult)
    blind: bool = False
    is_ignored: bool = False


def commit(
    client: Client,
    table: str,
    plan: Callable[[Snapshot | None], Change],
    timeout: float,
    discard: Callable[[], None],
    remembered: Remembered = NOTHING,
    read_rest: Callable[[], None] = lambda: None,
) -> WriteResult:
    """Plan a change on the newest version of a table, and commit it as the next one.

    Args:
        client: the store.
        table: the table's key.
        plan: makes the change; it gets the newest version, None if there is no table, and is called again after each
            conflict.
        timeout: seconds for which it is planned again after a first conflict.
        discard: deletes the files that plans have written; called only once no commit can name them.
        remembered: what the commit keeps beside the change.
        read_rest: reads the rows of a call with an idempotency key that were not yet read, for their digest.

    Raises:
        ConflictError: the time is used up, or the table has another position than the one that rows continue from.
        DataError: another call had the idempotency key; or a new table would be inside of another one, or around it.
        AlreadyExistsError: there are files that are in no table.
        TransientError: the store doesn't answer; the message says whether the commit may have been made.
    """
    budget = RetryBudget(timeout)
    snapshot: Snapshot | None = None
    while True:
        try:
            snapshot = client.find(table) if snapshot is None else client.newest(snapshot)
            before = None if snapshot is None else snapshot.version
            version = 0 if before is None else before + 1
            if snapshot is None:
                check_vacant(client, table)
            elif remembered.keyed is not None:
                done = remembered.keyed.find_result(snapshot, read_rest)
                if done is not None:
                    discard()
                    return done
            remembered.check(snapshot)
            change = plan(snapshot)
        except BaseException:
            discard()
            raise
        if change.is_ignored:
            remembered = evolve(remembered, position=None)
        if not change.actions and not remembered.needs_commit:
            discard()
            return evolve(change.result, version_before=before, version_after=before)
        token = uuid4().hex
        try:
            actions = [commit_info(change, before, token), *change.actions, *remembered.actions(version)]
            put_commit(client.transport, table, version, actions, token)
        except ConflictError as error:
            _wait(budget, error, discard)
            continue
        except TransientError:
            raise  # the commit may have been made: its files stay, as after an interrupt
        except Exception:
            discard()
            raise
        _tidy(client, table, snapshot, version)
        return evolve(change.result, version_before=before, version_after=version)


def _wait(budget: RetryBudget, error: ConflictError, discard: Callable[[], None]) -> None:
    try:
        budget.wait(error)
    except BaseException:
        discard()
        raise


def commit_info(change: Change, before: int | None, token: str) -> Action:
    result = change.result
    metrics = {
        "numOutputRows": result.rows_inserted,
        "numUpdatedRows": result.rows_updated,
        "numDeletedRows": result.rows_deleted,
        "numFiles": result.files,
        "numOutputBytes": result.bytes,
    }
    info: dict[str, Any] = {
        "timestamp": now(),
        "operation": change.operation,
        "operationParameters": {name: str(value) for name, value in change.parameters.items() if value is not None},
        "isolationLevel": "Serializable",
        "isBlindAppend": change.blind,
        "operationMetrics": {name: str(value) for name, value in metrics.items() if value is not None},
        "engineInfo": _ENGINE,
        "txnId": token,
    }
    if before is not None:
        info["readVersion"] = before
    return {"commitInfo": info}


def _tidy(client: Client, table: str, snapshot: Snapshot | None, version: int) -> None:
    """Write a checkpoint where one is due, from which the next readers begin.

    The commit is made already: a checkpoint that fails must not look like a failed change, so the log of Python tells
    of it, and the next one makes up for it.
    """
    try:
        properties = {} if snapshot is None else snapshot.properties
        every = number_in(properties, "delta.checkpointInterval", _CHECKPOINT_EVERY)
        if version and version % every == 0:
            client.open(table, version).table.create_checkpoint()
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
            raise  # any other is an error, also a panic of Rust, which is no Exception
        # Of an error that is no DaoError only the type: its text may be anything.
        told = error if isinstance(error, DaoError) else translate(error) or type(error).__name__
        logging.getLogger("dao").warning("no checkpoint was written for version %d of %r: %s", version, table, told)
