"""``dao explain``."""

from __future__ import annotations

from typing import Any

import click

from dao._cli import output
from dao._cli.given import goes_as_bytes
from dao._cli.options import NAME, STORE_OR_OBJECT, arguments_option
from dao._cli.options import command as subcommand
from dao._cli.session import Session
from dao.data_object import DataObject
from dao.interface import ACTIONS

__all__ = ["command"]


@click.argument("action", type=click.Choice(list(ACTIONS)))
@click.argument("name", type=STORE_OR_OBJECT)
@click.argument("target", type=NAME, required=False)
@arguments_option("An argument of the action.")
@click.option(
    "--data",
    type=click.Choice(["rows", "bytes"]),
    help="What would be written. By default bytes for a file without a format, else rows.",
)
@click.option("--check", is_flag=True, help="Print nothing where the call can be made; the exit status says it.")
def explain(
    session: Session,
    action: str,
    name: str,
    target: str | None,
    arguments: dict[str, Any],
    data: str | None,
    check: bool,
) -> None:
    """Say what an action would do, without touching a store.

    The call is checked as the action itself checks it: an argument that can't
    be meant, or a call that no interface takes, is an error, and the exit
    status is not 0.

    ACTION is a method of DataAccessObject. TARGET is for copy and move.

    \b
    Keys of --json:
      action, note, way, passed_over (reasons by way), steps (a list of action,
      data_object, key, interface, route, place, details, filled, considered
      (a list of interface, route, reason))

    \b
    Examples:
      dao explain read silver.flights --arg where="month = 1" --arg limit=10
      dao explain copy bronze.flights silver.flights
    """
    access = session.access()
    roles = ACTIONS[action]
    given: dict[str, Any] = {**arguments, "data_object": name}
    if target is not None:
        given["target"] = target
    missing = [role for role in roles if role not in given and role != "data"]
    if missing:
        told = "TARGET" if missing == ["target"] else f"--arg {missing[0]}=..."
        raise click.UsageError(f"{action} needs {told}.")
    if "data" in roles:
        given["data"] = _example(access.catalog.get(name), data)
    explanation = access.explain(action, **given)
    if check:
        return
    if session.as_json:
        output.document(explanation)
    else:
        output.line(explanation.text(output.room()))


def _example(data_object: DataObject | None, kind: str | None) -> Any:
    """A sample of the type to be written: routes are chosen by type, not by value."""
    if kind == "bytes" or (kind is None and goes_as_bytes(data_object)):
        return b""
    import pyarrow as pa

    return pa.table({})


command = subcommand(explain)
