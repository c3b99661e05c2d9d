"""The command ``dao``: its subcommands by name, each imported on demand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from dao._cli.failures import reporting
from dao._cli.options import common_options

__all__ = ["dao"]

_COMMANDS = (
    "stores",
    "objects",
    "ls",
    "head",
    "profile",
    "schema",
    "count",
    "history",
    "read",
    "write",
    "upsert",
    "delete",
    "copy",
    "move",
    "run",
    "explain",
    "plugins",
    "doctor",
    "new-backend",
)
"""In the order of the help; each is ``command`` of the module of its name in ``dao._cli.commands``."""


class _Dao(click.Group):
    """Imports subcommands on demand, and turns errors into messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"dao._cli.commands.{cmd_name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        with reporting(ctx):
            return super().invoke(ctx)


def _show_version(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        import platform

        from dao._cli.versions import version_of

        click.echo(f"dao {version_of('dao-core') or 'from its source'}, Python {platform.python_version()}")
        ctx.exit()


@click.group(
    cls=_Dao, epilog="Documentation of a command: dao COMMAND --help.", context_settings={"max_content_width": 100}
)
@common_options
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def dao() -> None:
    """Look at the stores and objects of a catalog, and change what is in them.

    \b
    The catalog is the file or files that --catalog names, else those in the
    environment variable DAO_CATALOG, else catalog.yaml, catalog.yml,
    catalog.json or catalog.toml in the working directory.

    \b
    Example:
      dao head silver.flights -n 5
      dao -c base.yaml -c prod.yaml copy bronze.flights silver.flights
    """
