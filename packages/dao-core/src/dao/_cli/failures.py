"""Error reporting: one message, no traceback unless requested, never a secret."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from dao._cli.output import OutputClosed, flush, forget
from dao._cli.secrecy import without_secrets
from dao._cli.session import Session
from dao.errors import DaoError

__all__ = ["message", "reporting"]

_INTERRUPTED = 130
_PIPE_CLOSED = 141
"""Exit statuses of a program terminated by SIGINT or SIGPIPE, as shells report them."""


@contextmanager
def reporting(ctx: click.Context) -> Iterator[None]:
    """Run a command, close its resources, and exit with the right status if it fails."""
    session = ctx.ensure_object(Session)
    try:
        try:
            yield
        finally:
            session.close()
        flush()
    except click.ClickException as error:
        if not session.as_json:
            raise
        _write_json(type(error).__name__, error.format_message())
        sys.exit(error.exit_code)
    except click.exceptions.Exit:
        raise
    except OutputClosed:
        forget()
        sys.exit(_PIPE_CLOSED)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(_INTERRUPTED)
    except Exception as error:
        _fail(error, session)


def _fail(error: Exception, session: Session) -> NoReturn:
    text = without_secrets(message(error), session.opened())
    if session.debug:
        import traceback

        trace = without_secrets("".join(traceback.format_exception(error)), session.opened())
        click.echo(trace.rstrip(), err=True)
    if session.as_json:
        _write_json(type(error).__name__, text)
    elif not session.debug:
        click.echo(f"{click.style('error:', fg='red')} {text}", err=True)
    sys.exit(1)


def _write_json(error: str, text: str) -> None:
    click.echo(json.dumps({"error": error, "message": text}, ensure_ascii=False), err=True)


def message(error: BaseException) -> str:
    """The message for an error. One that isn't DAO's own is a bug: the message gives its type and notes."""
    notes = "".join(f"\n  {note}" for note in getattr(error, "__notes__", ()))
    if isinstance(error, DaoError):
        return f"{error}{notes}"
    return f"{type(error).__name__}: {error}{notes}\n  this looks like a bug; --debug shows where it happened"
