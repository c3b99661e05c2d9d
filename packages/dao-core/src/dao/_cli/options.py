"""The options of every command, at any position: ``dao --json ls bronze`` or ``dao ls bronze --json``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from dao._cli.session import Session

__all__ = [
    "NAME",
    "STORE_OR_OBJECT",
    "columns_option",
    "command",
    "common_options",
    "keys_option",
    "limit_option",
    "where_option",
]

F = TypeVar("F", bound=Callable[..., Any])


def _note(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
        # If given before and after the subcommand, the latter wins.
        session = ctx.ensure_object(Session)
        if value:
            setattr(session, attribute, value)

    return callback


def common_options(function: F) -> F:
    """Add ``--catalog``, ``--untrusted``, ``--json`` and ``--debug`` to a command."""
    options = (
        click.option(
            *("--catalog", "-c"),
            multiple=True,
            metavar="FILE",
            type=click.Path(),
            expose_value=False,
            callback=_note("files"),
            help="The catalog; several times for a base and its overlays.",
        ),
        click.option(
            "--untrusted",
            is_flag=True,
            expose_value=False,
            callback=_note("untrusted"),
            help="Don't trust the catalog: refuse classes, ${...} and folders outside of its own.",
        ),
        click.option(
            "--json",
            is_flag=True,
            expose_value=False,
            callback=_note("as_json"),
            help="Machine-readable results, as JSON.",
        ),
        click.option(
            "--debug", is_flag=True, expose_value=False, callback=_note("debug"), help="Show tracebacks of errors."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def command(function: Callable[..., Any]) -> click.Command:
    """Turn a function that takes the session first into a subcommand of the same name."""
    return click.command(name=function.__name__.replace("_", "-"))(common_options(click.pass_obj(function)))


def _comma_separated(ctx: click.Context, parameter: click.Parameter, value: str | None) -> list[str] | None:
    return [name.strip() for name in value.split(",") if name.strip()] if value else None


keys_option = click.option(
    "--keys", metavar="A,B", callback=_comma_separated, help="With --incremental: the columns that tell rows apart."
)
columns_option = click.option(
    "--columns", metavar="A,B", callback=_comma_separated, help="Only these columns, in this order."
)
where_option = click.option("--where", metavar="SQL", help="Only the rows for which this SQL expression is true.")
limit_option = click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most so many rows.")


if TYPE_CHECKING:
    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType  # generic only since click 8.4


class _CatalogName(_TextType):
    """A name from the catalog, with completion."""

    name = "name"

    def __init__(self, *, stores: bool) -> None:
        self._stores = stores

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        session = ctx.find_object(Session) or Session()
        try:
            catalog = session.catalog()
            names = [*(catalog.stores if self._stores else ()), *catalog]
        except Exception:  # completion ignores faults of the catalog
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


NAME = _CatalogName(stores=False)
"""The type of an argument that is an object's name, ``store.object``."""

STORE_OR_OBJECT = _CatalogName(stores=True)
"""The type of an argument that is a store's or an object's name."""
