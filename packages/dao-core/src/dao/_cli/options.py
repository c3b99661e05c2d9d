"""The options of every command, at any position: ``dao --json ls bronze`` or ``dao ls bronze --json``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from dao._arguments import MODES
from dao._cli.session import Session

__all__ = [
    "NAME",
    "STORE_OR_OBJECT",
    "arguments_option",
    "columns_option",
    "command",
    "common_options",
    "dry_run_option",
    "given_data",
    "keys_option",
    "limit_option",
    "mode_option",
    "order_by_option",
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


def _named(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    arguments = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE")
        try:
            arguments[name] = json.loads(value)
        except ValueError:  # a text needs no quotes
            arguments[name] = value
    return arguments


def arguments_option(help: str) -> Callable[[F], F]:
    """Add ``--arg NAME=VALUE``, for the arguments of a call that have no option of their own."""
    text = f"{help} VALUE is JSON, or a text."
    return click.option("--arg", "-a", "arguments", multiple=True, metavar="NAME=VALUE", callback=_named, help=text)


def keys_option(help: str) -> Callable[[F], F]:
    """Add ``--keys``."""
    return click.option("--keys", metavar="A,B", callback=_comma_separated, help=help)


order_by_option = click.option(
    "--order-by",
    metavar="A,B",
    callback=_comma_separated,
    help="Of rows with one key the greatest by these columns wins, a stored one too.",
)
mode_option = click.option(
    "--mode",
    type=click.Choice(MODES),
    default="error",
    show_default=True,
    help="What to do with what is there: error refuses, ignore leaves it.",
)
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Check everything, count what would be changed, and change nothing."
)
_file_argument = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, allow_dash=True), default="-", required=False
)
_format_option = click.option(
    "--format",
    metavar="FORMAT",
    help="What FILE is: csv, json, ndjson, parquet, arrow, orc, avro; or bytes, to be stored as they are. "
    "By default what its name says.",
)
_reading_option = click.option(
    "--read-arg",
    "reading",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_named,
    help="How FILE is read: columns, where, limit, and the options of its format, such as delimiter=;",
)


def given_data(*own: Callable[[Any], Any], arguments: str) -> Callable[[F], F]:
    """Add the object's name, the data for it and ``--dry-run`` to a command.

    Args:
        own: options of the command alone; they come after the format.
        arguments: the help of ``--arg``.
    """
    name, others = click.argument("name", type=NAME), (_reading_option, arguments_option(arguments), dry_run_option)
    added: list[Callable[[Any], Any]] = [name, _file_argument, _format_option, *own, *others]

    def decorate(function: F) -> F:
        for add in reversed(added):  # what is added last stands first in the help
            function = add(function)
        return function

    return decorate


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
